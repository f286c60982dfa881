"""A talk of several turns: what an answer says as the next request's history, and a loop that answers tool calls.

Vendors want back what they sent: thinking with its signature, encrypted reasoning under its id, a call with the
signature that came with it, all in the order in which they came.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

import msgspec

from harness.events import TOOL_RESULT, AnyEvent, End, Other, Signature, ToolCall
from harness.request import Message, Part, ReasoningPart, Request, TextPart, ToolCallPart, ToolResultPart
from harness.stack.client import Client
from harness.transcript import MADE_ID_PREFIX, Call, Transcript

TURN_LIMIT = 20
"""Answers with tool calls after which the loop leaves the last one to its caller."""


def assistant_message(transcript: Transcript) -> Message:
    """What the first choice of an answer is in the next request: all its parts, in order."""
    call_signatures = {
        part.signature.tool_index: part.signature.data
        for part in transcript.parts
        if part.signature is not None and part.signature.tool_index is not None
    }
    content: list[Part] = []
    for part in transcript.parts:
        match part.kind:
            case "text" | "refusal":
                content.append(TextPart(part.text))
            case "reasoning":
                content.append(ReasoningPart(part.text))
            case "tool_call" if part.call is not None:
                call = transcript.tool_calls[part.call]
                content.append(_call_part(call, call_signatures.get(part.call)))
            case "signature" if part.signature is not None and part.signature.tool_index is None:
                _sign(content, part.signature)
    return Message("assistant", content)


def _call_part(call: Call, signature: str | None) -> ToolCallPart:
    return ToolCallPart(call.id, call.name, call.arguments or "{}", signature)


def _sign(content: list[Part], signature: Signature) -> None:
    """Put a signature to the reasoning just before it; one that stands alone is reasoning without words."""
    fields = {signature.form: signature.data, "id": signature.id}
    last = content[-1] if content else None
    if signature.form != "redacted" and isinstance(last, ReasoningPart) and not _is_signed(last):
        content[-1] = msgspec.structs.replace(last, **fields)
    else:
        content.append(msgspec.convert({"type": "reasoning", **fields}, ReasoningPart))


def _is_signed(part: ReasoningPart) -> bool:
    return bool(part.signature or part.redacted or part.encrypted)


def with_results(request: Request, transcript: Transcript, results: Mapping[str, str]) -> Request:
    """The request that follows an answer with tool calls; `results` gives each call's id the text that its tool said.

    An id that we had to make is made anew where an earlier turn has it too. Raises KeyError for a call without a
    result.
    """
    names = _new_names(request, transcript)
    said = assistant_message(transcript)
    content = [_renamed(part, names) if isinstance(part, ToolCallPart) else part for part in said.content]
    answers = [
        Message("tool", [ToolResultPart(names.get(call.id, call.id), results[call.id])])
        for call in transcript.tool_calls
    ]
    talk = [*request.messages, Message("assistant", content), *answers]
    return msgspec.structs.replace(request, messages=talk)


def _new_names(request: Request, transcript: Transcript) -> dict[str, str]:
    """Made ids that the history has already, and what they are called instead."""
    taken = {part.id for message in request.messages for part in message.content if isinstance(part, ToolCallPart)}
    calls = sum(part.startswith(MADE_ID_PREFIX) for part in taken)
    own = [call.id for call in transcript.tool_calls if call.id.startswith(MADE_ID_PREFIX)]
    return {id: f"{MADE_ID_PREFIX}{calls + number}" for number, id in enumerate(own)} if taken & {*own} else {}


def _renamed(part: ToolCallPart, names: Mapping[str, str]) -> ToolCallPart:
    return msgspec.structs.replace(part, id=names.get(part.id, part.id))


async def converse(client: Client, request: Request, tools: Mapping[str, str]) -> AsyncGenerator[AnyEvent]:
    """The events of all turns until an answer without calls comes; `tools` gives each tool's name what it says.

    Calls are numbered through all turns, what their tools said comes between the turns, and there is one End, the last
    answer's. A call that is not whole, or of a
    tool that is not there, ends the talk: it is its caller's.
    """
    counted = 0
    for turn in range(1, TURN_LIMIT + 1):
        events: list[AnyEvent] = []
        async with client.stream(request) as stream:
            async for event in stream:
                events.append(event)
                if not isinstance(event, End):
                    yield _renumbered(event, counted)
        transcript = client.fold(events)
        if turn == TURN_LIMIT or not _answerable(transcript, tools):
            yield events[-1]
            return
        for place, call in enumerate(transcript.tool_calls):
            yield Other(TOOL_RESULT, {"index": counted + place, "name": call.name, "content": tools[call.name]})
        request = with_results(request, transcript, {call.id: tools[call.name] for call in transcript.tool_calls})
        counted += len(transcript.tool_calls)


def _renumbered(event: AnyEvent, counted: int) -> AnyEvent:
    match event:
        case ToolCall():
            return msgspec.structs.replace(event, index=event.index + counted)
        case Signature(tool_index=int(index)):
            return msgspec.structs.replace(event, tool_index=index + counted)
    return event


def _answerable(transcript: Transcript, tools: Mapping[str, str]) -> bool:
    """Whether a whole answer asks for tools, and for no other than those that there are."""
    calls = transcript.tool_calls
    known = all(call.name in tools and (call.input is not None or not call.arguments) for call in calls)
    return transcript.status == "completed" and bool(calls) and known
