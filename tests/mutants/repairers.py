"""Clients that mend a history wrongly, or not at all."""

from __future__ import annotations

from itertools import pairwise

from msgspec.structs import replace

from harness.request import Message, Request, ToolCallPart, ToolResultPart
from tests.mutants.asking import parts
from tests.mutants.machine import Mutant

_REFUSED = (
    "words-between-a-call-and-its-result",
    "two-calls-in-two-messages",
    "result-behind-the-users-words",
    "result-behind-the-next-call",
    "three-results-as-they-were-done",
    "result-missing-before-the-users-words",
    "result-missing-of-one-of-two",
    "result-missing-at-the-end",
    "result-without-a-call-at-the-beginning",
    "result-without-a-call-in-the-middle",
    "result-before-its-call",
    "result-given-twice",
    "result-with-an-empty-id",
    "calls-with-one-id-in-one-turn",
    "calls-with-one-id-in-two-turns",
    "answer-to-go-on-with-ends-in-a-space",
    "assistant-begins",
    "instruction-between-a-call-and-its-result",
    "reasoning-without-what-it-led-to",
)
"""What some vendor refuses, or takes for something else, as it is."""
_MANY_WORDS = (
    "result-missing-before-the-users-words",
    "result-missing-of-one-of-two",
    "result-without-a-call-at-the-beginning",
    "result-without-a-call-in-the-middle",
    "result-before-its-call",
    "text-of-white-space",
    "answer-to-go-on-with-ends-in-a-space",
    "assistant-begins",
    "user-speaks-twice",
    "message-that-says-nothing",
    "instruction-between-a-call-and-its-result",
    "reasoning-without-what-it-led-to",
    "arguments-that-were-cut-off",
)


def _history(*slugs: str) -> tuple[str, ...]:
    return tuple(f"history/{slug}" for slug in slugs)


def _calls(message: Message) -> set[str]:
    return {part.id for part in message.content if isinstance(part, ToolCallPart)}


def _answers(message: Message) -> set[str]:
    return {part.tool_call_id for part in message.content if isinstance(part, ToolResultPart)}


def _without_open_turns(request: Request) -> Request:
    """Without messages whose calls are not answered by the next one, and without what their tools said."""
    pairs = [*pairwise([*request.messages, Message("user", [])])]
    dropped = {id for said, after in pairs for id in _calls(said) if not _calls(said) <= _answers(after)}
    kept = [said for said in request.messages if not (_calls(said) | _answers(said)) & dropped]
    return replace(request, messages=kept)


def _closed_at_once(request: Request) -> Request:
    """With a failure behind each call that the next message does not answer, and without what comes for it later."""
    talk: list[Message] = []
    closed: set[str] = set()
    for said, after in pairwise([*request.messages, Message("user", [])]):
        talk.append(parts_without(said, closed))
        for id in _calls(said) - _answers(after):
            talk.append(Message("tool", [ToolResultPart(id, "aborted", is_error=True)]))
            closed.add(id)
    return replace(request, messages=[said for said in talk if said.content])


def parts_without(said: Message, closed: set[str]) -> Message:
    """The message without the results of those calls."""
    kept = [part for part in said.content if not (isinstance(part, ToolResultPart) and part.tool_call_id in closed)]
    return Message(said.role, kept)


def _first_stands(request: Request) -> Request:
    """Of several results, calls and messages in a row the first stands."""
    seen: set[tuple[type, str]] = set()

    def once(part: object) -> bool:
        key = part.tool_call_id if isinstance(part, ToolResultPart) else getattr(part, "id", "")
        if not isinstance(part, ToolResultPart | ToolCallPart):
            return True
        new = (type(part), key) not in seen
        seen.add((type(part), key))
        return new

    return parts(lambda part: [part] if once(part) else [])(request)


def _one_message_a_side(request: Request) -> Request:
    """Of messages of one side in a row the last stands."""
    pairs = pairwise([*request.messages, Message("system", [])])
    return replace(request, messages=[said for said, after in pairs if said.role != after.role])


REPAIRERS = (
    Mutant(
        "sends-histories-as-they-are",
        "takes what it has stored for what a vendor takes",
        kills=_history(*_REFUSED),
        literal=True,
    ),
    Mutant(
        "sends-blank-texts",
        "asks whether there is a text, and white space is one",
        kills=_history("text-of-white-space", "answer-of-white-space", "message-that-says-nothing"),
        literal=True,
        sends=lambda body: body | {"messages": [_with_a_space(said) for said in body["messages"]]},
        dialects=("anthropic-messages",),
    ),
    Mutant(
        "repairs-by-forgetting",
        "begins anew with the user's last words when a history looks odd",
        kills=_history(*_MANY_WORDS),
        recalls=lambda request: replace(request, messages=request.messages[-1:]),
    ),
    Mutant(
        "drops-turns-with-open-calls",
        "leaves out a turn whose calls are not answered right behind it, whatever it says besides",
        kills=_history(
            "words-between-a-call-and-its-result",
            "two-calls-in-two-messages",
            "result-behind-the-users-words",
            "result-behind-the-next-call",
            "three-results-as-they-were-done",
            "result-missing-before-the-users-words",
            "result-missing-of-one-of-two",
        ),
        recalls=_without_open_turns,
    ),
    Mutant(
        "closes-calls-at-each-message",
        "makes a failure up for a call as soon as the next message is no result",
        kills=_history(
            "words-between-a-call-and-its-result",
            "two-calls-in-two-messages",
            "result-behind-the-users-words",
            "result-behind-the-next-call",
            "three-results-as-they-were-done",
        ),
        recalls=_closed_at_once,
    ),
    Mutant(
        "the-first-of-an-id-stands",
        "keeps calls and results by their ids, and what has an id that it knows is a repetition",
        kills=_history("result-given-twice", "calls-with-one-id-in-one-turn", "calls-with-one-id-in-two-turns"),
        recalls=_first_stands,
    ),
    Mutant(
        "results-need-an-id",
        "throws results away that do not say whose they are",
        kills=_history("result-with-an-empty-id"),
        recalls=parts(lambda part: [] if isinstance(part, ToolResultPart) and not part.tool_call_id else [part]),
    ),
    Mutant(
        "the-last-of-a-side-stands",
        "has one message for each side's turn",
        kills=_history("user-speaks-twice", "two-calls-in-two-messages"),
        recalls=_one_message_a_side,
    ),
)


def _with_a_space(said: dict[str, object]) -> dict[str, object]:
    """The message with a block of white space, as one whose text was taken for a text has it."""
    content = said["content"] if isinstance(said["content"], list) else [{"type": "text", "text": said["content"]}]
    return said | {"content": [{"type": "text", "text": " "}, *content]}
