"""What real endpoints are asked, each to show one thing, and how to see that they did: `specs/probes.yaml`.

    - name: tool-call
      title: One tool call
      request:                     # the canonical request, without the model
        messages: [{role: user, content: "What is the weather in Oslo?"}]
        tools: [{name: get_weather, parameters: {type: object, properties: {city: {type: string}}}}]
        max_output_tokens: 512
      dialects:                    # what the body of one dialect gets besides
        gemini: {put: {toolConfig: {functionCallingConfig: {mode: ANY}}}}
      check: {tool_calls: {least: 1, most: 1, names: [get_weather]}}

A check says what an answer must show; one that does not show it was *not elicited*. It judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import msgspec
from pydantic import Field, field_validator, model_validator

from harness.catalogue.records import Record, did_you_mean, wrong
from harness.dialects import dialect_names
from harness.endpoints.data_file import read_data_file
from harness.endpoints.providers import Changes
from harness.events import ErrorKind, FinishReason, Status
from harness.folders import data_folder
from harness.request import Message, Request, TextPart, read_request
from harness.transcript import Transcript
from harness.wire.response import Ending, WireResponse

CHARACTERS_PER_TOKEN = 4
"""About as many of English text make a token, whoever counts."""
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FILLING = "the quick brown fox jumps over the lazy dog "
"""Nine words, which every tokenizer makes at least nine tokens of."""
_FILLING_TOKENS = 9


class UnknownProbe(ValueError):
    """There is no probe of that name; the message has the nearest one."""


class ToolCallsCheck(Record):
    """How many calls there must be; each has a name among `names` and arguments that are a JSON object."""

    least: int = 1
    most: int | None = None
    names: tuple[str, ...] = ()


class ErrorCheck(Record):
    """What the error must be: one of these kinds, with one of these HTTP statuses; empty is any."""

    kind: tuple[ErrorKind, ...] = ()
    status: tuple[int, ...] = ()


class Check(Record):
    """What an answer must show: everything that is given here."""

    status: Status = "completed"
    finish: tuple[FinishReason, ...] = ()
    text: bool = False
    """There is text."""
    text_has: str | None = None
    """A regular expression that is found in the text."""
    text_lacks: str | None = None
    reasoning: bool = False
    """There is reasoning: its text, or its tokens in the usage where the vendor keeps the text."""
    refusal: bool = False
    """It refuses: in the field for refusals, or by its stop reason."""
    tool_calls: ToolCallsCheck | None = None
    usage: bool = False
    """Tokens of the request and of the answer are counted."""
    error: ErrorCheck | None = None
    ending: Ending | None = None
    """The connection ended so."""
    any_of: tuple[Check, ...] = ()
    """One of these holds, and nothing else is looked at."""

    @field_validator("text_has", "text_lacks")
    @classmethod
    def _a_pattern(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise wrong(f"{pattern!r} is no regular expression: {error}") from None
        return pattern

    def missing(self, seen: Transcript, response: WireResponse | None) -> tuple[str, ...]:
        """What the answer does not show, in words; empty where it shows all. `response`: None where none began."""
        if self.any_of:
            ways = [each.missing(seen, response) for each in self.any_of]
            near = [way for each, way in zip(self.any_of, ways, strict=True) if each.status == seen.status]
            return () if () in ways else tuple(dict.fromkeys(word for way in near or ways[:1] for word in way))
        return tuple(self._missing(seen, response))

    def _missing(self, seen: Transcript, response: WireResponse | None) -> Iterable[str]:
        if seen.status != self.status:
            yield f"it {_ENDED[seen.status]}{_error_words(seen)}, where it should have {_ENDED[self.status]}"
            return
        if self.finish and seen.finish not in self.finish:
            yield f"its stop reason is {seen.finish or 'not there'}, not {' or '.join(self.finish)}"
        yield from self._missing_text(seen)
        if self.reasoning and not seen.reasoning.strip() and not seen.usage.reasoning_tokens:
            yield "there is no reasoning"
        if self.refusal and not seen.refusal and seen.finish not in ("refusal", "content_filter"):
            yield "it refuses nothing"
        if self.tool_calls:
            yield from _missing_calls(self.tool_calls, seen)
        if self.usage and not (seen.usage.input_tokens and seen.usage.output_tokens):
            yield "the tokens are not counted"
        if self.error:
            yield from _missing_error(self.error, seen, response.status if response else None)
        if self.ending and (response is None or response.ending != self.ending):
            yield f"the connection ended {response.ending if response else 'before any answer'}, not {self.ending}"

    def _missing_text(self, seen: Transcript) -> Iterable[str]:
        if self.text and not seen.text.strip():
            yield "there is no text"
        if self.text_has and not re.search(self.text_has, seen.text):
            yield f"the text has nothing that fits {self.text_has}"
        if self.text_lacks and re.search(self.text_lacks, seen.text):
            yield f"the text has something that fits {self.text_lacks}"


_ENDED = {
    "completed": "ended well",
    "truncated": "broke off",
    "failed": "failed",
    "cancelled": "been cancelled",
}


def _error_words(seen: Transcript) -> str:
    if seen.error is None:
        return ""
    words = " ".join(seen.error.message.split())[:200]
    http = f", HTTP {seen.error.status}" if seen.error.status else ""
    return f" ({seen.error.kind}{http}: {words})"


def _missing_calls(wanted: ToolCallsCheck, seen: Transcript) -> Iterable[str]:
    calls = seen.tool_calls
    if len(calls) < wanted.least:
        yield f"there are {len(calls)} tool calls, not {wanted.least} or more"
    if wanted.most is not None and len(calls) > wanted.most:
        yield f"there are {len(calls)} tool calls, not {wanted.most} or fewer"
    for call in calls:
        if wanted.names and call.name not in wanted.names:
            yield f"the tool {call.name!r} is called, which is not on offer"
        if call.input is None:
            yield f"the arguments of {call.name!r} are no JSON object"


def _missing_error(wanted: ErrorCheck, seen: Transcript, status: int | None) -> Iterable[str]:
    kind = seen.error.kind if seen.error else None
    if wanted.kind and kind not in wanted.kind:
        yield f"the error is {kind}, not {' or '.join(wanted.kind)}"
    if wanted.status and status not in wanted.status:
        yield f"the HTTP status is {status}, not {' or '.join(map(str, wanted.status))}"


class Probe(Record):
    """One request, and what its answer is to show."""

    name: str
    title: str
    why: str | None = None
    request: dict[str, Any]
    """The canonical request without a model, which the endpoint gives."""
    model: str | None = None
    """Asked in place of the endpoint's own."""
    key: Literal["wrong"] | None = None
    """`wrong`: the request shows a key that nobody has."""
    overflows: bool = False
    """The last message is preceded by more text than the model's context holds."""
    cancel: bool = False
    """We hang up after the first content."""
    dialects: dict[str, Changes] = Field(default={})
    """What is done to the body in one dialect, besides what its provider needs."""
    cannot: dict[str, str] = Field(default={})
    """Dialects that cannot say this, each with the reason."""
    check: Check

    @field_validator("name")
    @classmethod
    def _a_slug(cls, name: str) -> str:
        if not _SLUG.fullmatch(name):
            raise wrong(f"{name!r} is no name: small letters, digits and hyphens")
        return name

    @model_validator(mode="after")
    def _askable(self) -> Self:
        for field in ("dialects", "cannot"):
            for name in getattr(self, field):
                if name not in dialect_names():
                    raise wrong(f"unknown dialect{did_you_mean(name, dialect_names())}", [field, name])
        if "model" in self.request:
            raise wrong("the endpoint says the model; leave it out", ["request", "model"])
        try:
            asked = self.asked("model")
        except msgspec.ValidationError as error:
            raise wrong(str(error), ["request"]) from None
        if asked.max_output_tokens is None:
            raise wrong("max_output_tokens keeps the answer from being long and dear; give it", ["request"])
        return self

    @property
    def provokes_error(self) -> bool:
        """Whether it asks for something that is to be refused, so that asking again makes no sense."""
        return self.overflows or self.check.status == "failed"

    def asked(self, model: str, context_tokens: int = 0) -> Request:
        """The canonical request to that model, whose context has so many tokens."""
        request = read_request({**self.request, "model": self.model or model})
        return _overflowing(request, context_tokens) if self.overflows and context_tokens else request


def _overflowing(request: Request, context_tokens: int) -> Request:
    """The request with more tokens than that before the last message's own text."""
    times = context_tokens // _FILLING_TOKENS + 1
    *before, last = request.messages
    longer = Message(last.role, [TextPart(_FILLING * times), *last.content])
    return msgspec.structs.replace(request, messages=[*before, longer])


class _File(Record):
    probes: tuple[Probe, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [probe.name for probe in self.probes]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise wrong(f"there are two probes named {name!r}", ["probes", place, "name"])
        return self


def load_probes(path: Path | None = None) -> tuple[Probe, ...]:
    """All probes, in the file's order. Raises BadDataFile, a ValueError."""
    return _loaded(path or data_folder("specs") / "probes.yaml")


@cache
def _loaded(path: Path) -> tuple[Probe, ...]:
    return read_data_file(path, _File).probes


def probes_named(names: Iterable[str] | None) -> tuple[Probe, ...]:
    """The probes of these names, in the file's order; all where None. Raises UnknownProbe or BadDataFile."""
    probes = load_probes()
    known = [probe.name for probe in probes]
    wanted = known if names is None else list(names)
    for name in wanted:
        if name not in known:
            raise UnknownProbe(f"unknown probe{did_you_mean(name, known)}")
    return tuple(probe for probe in probes if probe.name in wanted)
