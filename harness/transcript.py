"""Folds events into a Transcript: what a stream amounts to, in one form for every dialect.

The fold knows no dialect. Where vendors' practice conflicts, its rules are: the first stop reason stands; usage is
cumulative and a zero or null never replaces a number; content after the end or after an error is kept; arguments that
do not parse to an object give `input: None`; final tool-call ids are unique, and missing ones are made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from harness.events import (
    AnyEvent,
    End,
    ErrorInfo,
    Event,
    Failure,
    Finish,
    FinishReason,
    Other,
    Reasoning,
    Refusal,
    Signature,
    Start,
    Status,
    Text,
    ToolCall,
    Usage,
    Warning,
)

MADE_ID_PREFIX = "call_made_"
"""Ids that we had to make begin so: no vendor uses it, so a reader can tell a made id from a given one."""

ERROR_KEYS = ("kind", "status", "code", "message", "retryable", "retry_after_s")
"""The keys of `error` in the JSON form, in its order."""


@dataclass(frozen=True, slots=True)
class Call:
    """One assembled tool call. `input` is the parsed object, None when `arguments` is not one."""

    id: str
    name: str
    arguments: str
    input: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the answer in order, as the next turn's history needs it.

    `kind` is `text`, `reasoning`, `refusal`, `signature` or `tool_call`; `call` is the position in `tool_calls`.
    """

    kind: str
    text: str = ""
    call: int | None = None
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What one choice (candidate) of a response says."""

    index: int
    text: str
    reasoning: str
    refusal: str | None
    tool_calls: tuple[Call, ...]
    finish: FinishReason | None
    finish_raw: str | None
    parts: tuple[Part, ...]

    def to_dict(self) -> dict[str, Any]:
        """Its JSON form: the same keys as a transcript's, for this choice alone."""
        return {
            "index": self.index,
            "finish": self.finish,
            "finish_raw": self.finish_raw,
            "text": self.text,
            "reasoning": self.reasoning,
            "refusal": self.refusal,
            "tool_calls": [
                {"id": call.id, "name": call.name, "arguments": call.arguments, "input": call.input}
                for call in self.tool_calls
            ],
        }


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a stream amounts to. The first choice is spread over the top level; others are in `other_choices`."""

    dialect: str
    status: Status
    choice: Choice
    usage: Usage
    error: ErrorInfo | None
    id: str | None
    model: str | None
    other_choices: tuple[Choice, ...]
    warnings: tuple[Warning, ...]
    others: tuple[Other, ...]

    @property
    def text(self) -> str:
        """The visible answer of the first choice."""
        return self.choice.text

    @property
    def reasoning(self) -> str:
        """The reasoning of the first choice."""
        return self.choice.reasoning

    @property
    def refusal(self) -> str | None:
        """The refusal of the first choice, None where there was none."""
        return self.choice.refusal

    @property
    def tool_calls(self) -> tuple[Call, ...]:
        """The tool calls of the first choice, in order of appearance."""
        return self.choice.tool_calls

    @property
    def finish(self) -> FinishReason | None:
        """The canonical stop reason of the first choice."""
        return self.choice.finish

    @property
    def finish_raw(self) -> str | None:
        """The stop reason as the wire had it."""
        return self.choice.finish_raw

    @property
    def parts(self) -> tuple[Part, ...]:
        """The first choice's pieces in order, signatures included."""
        return self.choice.parts

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; keys are always present, None where nothing is known."""
        main = self.choice.to_dict()
        main.pop("index")
        return {
            "dialect": self.dialect,
            "status": self.status,
            **main,
            "usage": {name: getattr(self.usage, name) for name in self.usage.__struct_fields__},
            "error": {key: getattr(self.error, key) for key in ERROR_KEYS} if self.error else None,
            "id": self.id,
            "model": self.model,
            "other_choices": [choice.to_dict() for choice in self.other_choices],
            "warnings": [
                {"rule": warning.rule, "offset": warning.offset, "message": warning.message}
                for warning in self.warnings
            ],
        }


@dataclass(slots=True)
class _CallDraft:
    id: str | None = None
    name: str | None = None
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _ChoiceDraft:
    """The growing state of one choice. Runs of one kind are joined once, at the end."""

    runs: list[tuple[str, list[str]]] = field(default_factory=list)
    marks: dict[int, Part] = field(default_factory=dict)  # run position -> call or signature
    calls: dict[int, _CallDraft] = field(default_factory=dict)
    finish: Finish | None = None

    def text(self, kind: str, text: str) -> None:
        if not text:
            return  # an empty delta is no content, and an empty part would be refused in the next turn's history
        if self.runs and self.runs[-1][0] == kind:
            self.runs[-1][1].append(text)
        else:
            self.runs.append((kind, [text]))

    def mark(self, part: Part) -> None:
        self.marks[len(self.runs)] = part
        self.runs.append((part.kind, []))

    def call(self, event: ToolCall) -> None:
        draft = self.calls.get(event.index)
        if draft is None:
            draft = self.calls[event.index] = _CallDraft()
            self.mark(Part("tool_call", call=len(self.calls) - 1))
        if event.id and not draft.id:
            draft.id = event.id
        if event.name:
            draft.name = event.name
        if event.arguments:
            draft.arguments.append(event.arguments)


class Assembler:
    """The incremental fold: `feed(events)` any number of times, then `close()` for the transcript.

    Without an End event the transcript is `failed` where a Failure came, else `truncated`.
    """

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._choices: dict[int, _ChoiceDraft] = {}
        self._usage = Usage()
        self._start = Start()
        self._error: ErrorInfo | None = None
        self._status: Status | None = None
        self._warnings: list[Warning] = []
        self._others: list[Other] = []

    def feed(self, events: Iterable[Event]) -> None:
        """Take in events, in order."""
        for event in events:
            self._take(event)

    def _choice(self, index: int) -> _ChoiceDraft:
        draft = self._choices.get(index)
        if draft is None:
            draft = self._choices[index] = _ChoiceDraft()
        return draft

    def _take(self, event: Event) -> None:
        match event:
            case Text():
                self._choice(event.choice).text("text", event.text)
            case ToolCall():
                self._choice(event.choice).call(event)
            case Reasoning():
                self._choice(event.choice).text("reasoning", event.text)
            case Refusal():
                self._choice(event.choice).text("refusal", event.text)
            case Signature():
                self._choice(event.choice).mark(Part("signature", signature=event))
            case Finish():
                self._finish(event)
            case Usage():
                self._usage = merge_usage(self._usage, event)
            case Start():
                self._start = Start(self._start.id or event.id, self._start.model or event.model)
            case Warning():
                self._warnings.append(event)
            case Failure():
                self._error = self._error or _mended_error(event.error)
            case End():
                self._status = event.status
            case Other():
                self._others.append(event)
            case _:  # Retry belongs to the conversation with the server, not to the answer
                pass

    def _finish(self, event: Finish) -> None:
        draft = self._choice(event.choice)
        if draft.finish is None:
            draft.finish = event

    def close(self) -> Transcript:
        """The transcript of everything fed so far."""
        choices = [_choice_value(index, self._choices[index]) for index in sorted(self._choices)]
        taken = {call.id for choice in choices for call in choice.tool_calls}
        made = [_unique_ids(choice, taken) for choice in choices]
        main, *rest = [choice for choice, _ in made] or [_choice_value(0, _ChoiceDraft())]
        return Transcript(
            dialect=self._dialect,
            status=self._status or ("failed" if self._error else "truncated"),
            choice=main,
            usage=self._usage,
            error=self._error,
            id=_mend(self._start.id),
            model=_mend(self._start.model),
            other_choices=tuple(rest),
            warnings=(*self._warnings, *(warning for _, warnings in made for warning in warnings)),
            others=tuple(self._others),
        )


def fold(dialect: str, events: Iterable[AnyEvent]) -> Transcript:
    """The transcript of a whole sequence of events."""
    assembler = Assembler(dialect)
    assembler.feed(events)
    return assembler.close()


def merge_usage(old: Usage, new: Usage) -> Usage:
    """Cumulative usage: the last value of each field stands, but zero or None never replaces a number."""
    fields = Usage.__struct_fields__
    return Usage(**{name: _last_count(getattr(old, name), getattr(new, name)) for name in fields})


def _last_count(old: int | None, new: int | None) -> int | None:
    return new if new or old is None else old


def parse_arguments(arguments: str) -> dict[str, Any] | None:
    """The JSON object that a tool call's arguments spell, None when they spell anything else.

    Integers stay exact. `NaN` and `Infinity` are no JSON. Escaped lone surrogates become U+FFFD.
    """
    try:
        value = json.loads(arguments, parse_constant=_refuse_constant)
        if "\\u" in arguments:
            value = _mend_values(value)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _mend_values(value: Any) -> Any:
    match value:
        case str():
            return mend_surrogates(value)
        case dict():
            return {mend_surrogates(key): _mend_values(item) for key, item in value.items()}
        case list():
            return [_mend_values(item) for item in value]
    return value


def _choice_value(index: int, draft: _ChoiceDraft) -> Choice:
    parts = tuple(
        draft.marks.get(position) or Part(kind, mend_surrogates("".join(pieces)))
        for position, (kind, pieces) in enumerate(draft.runs)
    )
    refusal = "".join(part.text for part in parts if part.kind == "refusal")
    return Choice(
        index=index,
        text="".join(part.text for part in parts if part.kind == "text"),
        reasoning="".join(part.text for part in parts if part.kind == "reasoning"),
        refusal=refusal or None,
        tool_calls=tuple(_call_value(call) for call in draft.calls.values()),
        finish=draft.finish.reason if draft.finish else None,
        finish_raw=_mend(draft.finish.raw) if draft.finish else None,
        parts=parts,
    )


def _call_value(draft: _CallDraft) -> Call:
    arguments = mend_surrogates("".join(draft.arguments))
    return Call(_mend(draft.id) or "", _mend(draft.name) or "", arguments, parse_arguments(arguments))


def _unique_ids(choice: Choice, taken: set[str]) -> tuple[Choice, list[Warning]]:
    """The choice with an id for every call, each id once, and a warning for every id that we made.

    `taken` holds the ids of the whole transcript; made ones are added, so that no two choices share one.
    """
    seen: set[str] = {""}
    calls, warnings = [], []
    for position, call in enumerate(choice.tool_calls):
        if call.id in seen:
            number = position
            while (made := f"{MADE_ID_PREFIX}{number}") in taken:
                number += 1
            taken.add(made)
            what = f"repeats the id {call.id!r}" if call.id else "has no id"
            warnings.append(Warning("tool-call-id-made", f"tool call {position} {what}; it is called {made}"))
            call = replace(call, id=made)
        seen.add(call.id)
        calls.append(call)
    return replace(choice, tool_calls=tuple(calls)), warnings


def _mend(text: str | None) -> str | None:
    return mend_surrogates(text) if text else None


def _mended_error(error: ErrorInfo) -> ErrorInfo:
    return msgspec.structs.replace(error, message=mend_surrogates(error.message), code=_mend(error.code))


def mend_surrogates(text: str) -> str:
    """`text` with surrogate pairs that two deltas shared joined, and lone halves replaced by U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
