"""The rule about what requests say: what was asked reaches the vendor, whatever its form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import structs

from harness.catalogue.checks.differences import difference, excerpt
from harness.catalogue.checks.facts import Breach, Facts
from harness.catalogue.checks.schemas import tool_difference
from harness.catalogue.checks.talk import talk_difference, turns_of
from harness.catalogue.observation import Attempt
from harness.catalogue.requests import AskedField, RequestExpectation
from harness.dialects import dialect
from harness.request import Message, NamedTool, ReasoningPart, Request, ResponseFormat, TextPart, ToolResultPart

_SETTINGS: tuple[AskedField, ...] = (
    *("parallel_tool_calls", "max_output_tokens", "temperature", "top_p", "stop"),
    *("top_k", "seed", "presence_penalty", "frequency_penalty", "response_format"),
)


def requests_as_asked(facts: Facts) -> Iterator[Breach]:
    """What is asked reaches the vendor whole: texts, images, calls, results, signatures, tools and settings."""
    for wanted in facts.expectation.requests:
        if wanted.attempt <= len(facts.attempts):
            attempt = facts.attempts[wanted.attempt - 1]
            yield from _differences(wanted, attempt, facts)
        elif facts.outcome == "completed":
            message = f"request {wanted.attempt} was never sent"
            yield Breach("request", message, f"{wanted.attempt} requests", len(facts.attempts))


def _differences(wanted: RequestExpectation, attempt: Attempt, facts: Facts) -> Iterator[Breach]:
    seen = dialect(facts.wire_dialect).read_request(attempt.path, dict(attempt.headers), attempt.body)
    asked = facts.scenario.request
    for what, expected, given in (
        *_system(wanted, asked, seen),
        *_talk(wanted, asked, seen, (facts.dialect, facts.wire_dialect)),
        *_contained(wanted, seen),
        *_reasoning(wanted, seen),
        *_tools(wanted, asked, seen),
        *_settings(wanted, asked, seen),
    ):
        yield Breach("request", f"request {wanted.attempt}: {what}", expected, given, attempt=attempt.number)


_Found = Iterator[tuple[str, Any, Any]]
"""What differs, in words; what was asked; what was seen."""


def _system(wanted: RequestExpectation, asked: Request, seen: Request) -> _Found:
    texts = [wanted.wanted("system", asked), *_system_messages(wanted.wanted("messages", asked) or [])]
    whole = "\n\n".join(_system_texts(seen))
    for text in texts:
        if text and text not in whole:
            if not whole:
                yield "the system text is missing", excerpt(text, 0), None
                continue
            found = difference(text, whole)
            what = f"the system text is not what was asked: {found.what}"
            yield what, excerpt(text, found.at), excerpt(whole, found.at)


def _system_texts(request: Request) -> list[str]:
    """The system text, wherever it stands."""
    return [*([request.system] if request.system else []), *_system_messages(request.messages)]


def _system_messages(messages: list[Message]) -> list[str]:
    return [
        "".join(part.text for part in message.content if isinstance(part, TextPart))
        for message in messages
        if message.role in ("system", "developer")
    ]


def _talk(wanted: RequestExpectation, asked: Request, seen: Request, dialects: tuple[str, ...]) -> _Found:
    by_dialect = {turn for name in dialects for turn in dialect(name).facts.get("unordered_turns", ())}
    unordered = ("user", "assistant") if wanted.any_order else tuple(sorted(by_dialect))
    given = turns_of(_without_what_was_kept(seen.messages) if len(set(dialects)) > 1 else seen.messages, unordered)
    for messages, tail in ((wanted.wanted("messages", asked), False), (wanted.last_messages, True)):
        if messages is None:
            continue
        found = talk_difference(turns_of(messages, unordered), given, tail=tail)
        if found is not None:
            yield found.what, found.expected, found.seen


def _without_what_was_kept(messages: list[Message]) -> list[Message]:
    """Without encrypted reasoning: that a gateway brought it back through another dialect is more than can be asked."""
    return [
        structs.replace(
            said, content=[part for part in said.content if not (isinstance(part, ReasoningPart) and part.encrypted)]
        )
        for said in messages
    ]


def _contained(wanted: RequestExpectation, seen: Request) -> _Found:
    texts = _said(seen)
    for text in wanted.contains:
        if not any(text in said for said in texts):
            nearest = max(texts, key=len, default="")
            found = difference(text, nearest)
            what = f"what was asked does not stand in it: {found.what}"
            yield what, excerpt(text, found.at), excerpt(nearest, found.at)


def _said(request: Request) -> list[str]:
    """Every text of the request."""
    parts = [part for message in request.messages for part in message.content]
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    results = [part.content for part in parts if isinstance(part, ToolResultPart)]
    return [*([request.system] if request.system else []), *texts, *results]


def _reasoning(wanted: RequestExpectation, seen: Request) -> _Found:
    given = reasoning_texts(seen.messages)
    if wanted.reasoning and not any(wanted.reasoning in text for text in given):
        yield "the reasoning did not come back", excerpt(wanted.reasoning, 0), [excerpt(text, 0) for text in given]


def reasoning_texts(messages: list[Message]) -> list[str]:
    """The words of the reasoning that goes back, signed or not."""
    return [part.text for said in messages for part in said.content if isinstance(part, ReasoningPart) and part.text]


def _tools(wanted: RequestExpectation, asked: Request, seen: Request) -> _Found:
    choice = wanted.wanted("tool_choice", asked)
    if choice is not None and not _same_choice(choice, seen):
        yield "the choice among the tools is not the one that was asked", _choice(choice), _choice(seen.tool_choice)
    if choice == "none" and not seen.tools:
        return  # what may not be called need not be offered
    tools = wanted.wanted("tools", asked)
    found = None if tools is None else tool_difference(tools, seen.tools)
    if found is not None:
        yield found.what, found.expected, found.seen


def _format(asked: ResponseFormat | None) -> dict[str, Any] | None:
    """The form of an answer by its schema, which `{}` stands for where it is any object."""
    return None if asked is None else asked.schema or {}


def _same_choice(choice: str | NamedTool, seen: Request) -> bool:
    """`auto` goes without saying, `none` where no tools are, and the only tool is the one that is required."""
    given, tools = seen.tool_choice, seen.tools or []
    if choice == given:
        return True
    if choice == "required" and isinstance(given, NamedTool):
        return [tool.name for tool in tools] == [given.name]
    return given is None and (choice == "auto" or (choice == "none" and not tools))


def _choice(choice: str | NamedTool | None) -> Any:
    return {"name": choice.name} if isinstance(choice, NamedTool) else choice


def _settings(wanted: RequestExpectation, asked: Request, seen: Request) -> _Found:
    for name in _SETTINGS:
        expected, given = wanted.wanted(name, asked), getattr(seen, name)
        if expected is None:
            continue
        if name == "stop":
            expected, given = list(expected), list(given or [])
        if name == "response_format":
            expected, given = _format(expected), _format(given)
        if expected != given:
            what = "was not sent" if given in (None, []) else "is not what was asked"
            yield f"`{name}` {what}", expected, given
