"""What a gateway's client must see: an expectation in the upstream's dialect, made fit for the client's own.

Written by hand, from the table of losses and the conventions of each dialect. No translator takes part: the one that
is judged must not say what is right.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, product
from typing import Any

import msgspec

from harness.catalogue.expectations import (
    AnyValue,
    CallExpectation,
    ErrorExpectation,
    Expectation,
    PartialText,
    TextExpectation,
)
from harness.catalogue.losses import Losses, losses_into
from harness.catalogue.models import Scenario
from harness.catalogue.render import RenderedScenario
from harness.catalogue.requests import RequestExpectation
from harness.dialects import dialect
from harness.events import RETRYABLE_KINDS, ErrorKind, FinishReason, Signature, Usage
from harness.request import Message, Part, ReasoningPart, ToolCallPart
from harness.transcript import merge_usage, parse_arguments
from harness.wire.response import WireResponse

BEHIND_A_GATEWAY: frozenset[ErrorKind] = frozenset(
    {"connection", "protocol", "timeout", "server", "overloaded", "unknown"}
)
"""What a client may be told of an upstream that broke down: for its own connection, all of it is the gateway's."""
BROKEN_DOWN: frozenset[ErrorKind] = frozenset({"connection", "protocol", "timeout", "server", "unknown"})


SENT_BACK: dict[str, frozenset[str]] = {
    "anthropic-messages": frozenset({"signature", "redacted"}),
    "gemini": frozenset({"signature", "call", "unsigned"}),
    "ollama": frozenset({"unsigned"}),
    "openai-chat": frozenset({"call", "unsigned"}),
    "openai-responses": frozenset({"encrypted"}),
}
"""By the client's dialect: what of an earlier answer's reasoning our client can send back, as its vendor documents it.

`call` is the signature of a tool call, `unsigned` reasoning without any.
"""


COUNTED_LAST = ("anthropic-messages", "ollama")
"""Dialects whose streams count tokens as they end well, so that one that fails has counted nothing by then."""


def expectation_of(scenario: Scenario, dialect_name: str, upstream: str | None) -> Expectation:
    """The right outcome in that dialect; of a gateway (`upstream` given), for its client there."""
    if upstream is None:
        return scenario.expectation_in(dialect_name)
    way = _Way(scenario, upstream, dialect_name, _losses(scenario, upstream, dialect_name))
    expected = scenario.expectation_in(upstream)
    for fitted in (_calls, _finish, _refusal, _choices, _signatures, _usage, _error, _ending, _requests):
        changes = fitted(way, expected)
        expected = expected.model_copy(update=changes) if changes else expected
    return expected


def expresses_request(scenario: Scenario, served: str) -> bool:
    """Whether our client can ask in that dialect what the scenario asks, without a loss."""
    if served not in scenario.served_in():
        return False
    wire = dialect(served).build_request(scenario.request, "sk-test")
    return not wire.losses and dialect(served).matches(wire.method, wire.path)  # a path may have no place for a model


def without_gates(rendered: RenderedScenario, scenario: Scenario, served: str) -> RenderedScenario:
    """The same, held back by nothing where a dialect that has only whole calls could never let its client know more."""
    calls = scenario.expectation_in(rendered.dialect).tool_calls
    if not calls or not losses_into(served, rendered.dialect).arguments_respelled:
        return rendered
    return replace(rendered, responses=tuple(map(_ungated, rendered.responses)))


def _ungated(response: WireResponse) -> WireResponse:
    return replace(response, chunks=tuple(replace(chunk, gate=None) for chunk in response.chunks))


@dataclass(frozen=True, slots=True)
class _Way:
    """From the upstream's dialect to the client's."""

    scenario: Scenario
    upstream: str
    served: str
    losses: Losses

    def events(self, kind: type) -> Iterator[Any]:
        """What the upstream sends of that kind, as far as it is written in events."""
        for response in self.scenario.responses_in(self.upstream):
            yield from (event for event in response.events or () if isinstance(event, kind))

    def loses(self, form: str, data: str) -> bool:
        """Whether such a signature has no place; Gemini has one for whatever is base64, as its own are."""
        if form == "signature" and self.served == "gemini":
            return re.fullmatch(r"(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?", data) is None
        return form in self.losses.signatures


def _losses(scenario: Scenario, upstream: str, served: str) -> Losses:
    calls = scenario.expectation_in(upstream).tool_calls
    broken = not isinstance(calls, AnyValue) and any(map(_has_no_object, calls))
    return losses_into(served, upstream, with_broken_calls=broken)


def _has_no_object(call: CallExpectation) -> bool:
    """Whether the arguments are whole, and no object: what some dialects have no place for."""
    return bool(call.executable and call.arguments) and parse_arguments(call.arguments or "") is None


def _calls(way: _Way, expected: Expectation) -> dict[str, Any]:
    """Arguments that are objects on the wire are compared by value; what is no object may be missing."""
    if isinstance(expected.tool_calls, AnyValue) or not way.losses.arguments_respelled:
        return {}
    return {"tool_calls": tuple(map(_respelled, expected.tool_calls))}


def _respelled(call: CallExpectation) -> CallExpectation:
    if _has_no_object(call):
        return CallExpectation(name=call.name, id=call.id, executable=False)
    changes: dict[str, Any] = {"verbatim": False} if call.verbatim else {}
    if call.executable and call.arguments and _has_number_out_of_range(call.arguments):
        changes["arguments"] = None
    return call.model_copy(update=changes) if changes else call


def _has_number_out_of_range(arguments: str) -> bool:
    """Whether a number is larger than any that the readers of an object hold: then they read something else."""
    numbers: list[float] = []
    json.loads(arguments, parse_float=lambda text: numbers.append(float(text)))
    return any(map(math.isinf, numbers))


def _finish(way: _Way, expected: Expectation) -> dict[str, Any]:
    """A stop reason may arrive as what the table says of it; with a refusal, as what refusals arrive as."""
    if expected.finish is None:
        return {}
    given: list[FinishReason] = list(expected.finish)
    worded = expected.refusal != "" and not isinstance(expected.refusal, AnyValue)
    if worded and not {"stop", "refusal"}.isdisjoint(given):
        given += ["stop", "refusal"]
    reasons = dict.fromkeys(given)
    for reason in given:
        reasons |= dict.fromkeys(word for word in way.losses.finish.get(reason, ()) if _may_be(reason, word, expected))
    return {"finish": tuple(reasons)}


def _may_be(reason: FinishReason, word: FinishReason, expected: Expectation) -> bool:
    """Whether the answer has what that word is read off, where a dialect reads the stop reason off the answer."""
    if reason not in ("stop", "tool_calls", "pause"):
        return True
    return (word != "tool_calls" or bool(expected.tool_calls)) and (word != "refusal" or expected.refusal != "")


def _refusal(way: _Way, expected: Expectation) -> dict[str, Any]:
    """Where there is no place for a refusal, it is part of the text."""
    if expected.refusal == "" or not way.losses.refusal_as_text:
        return {}
    order = expected.order and tuple("text" if kind == "refusal" else kind for kind in expected.order)
    return {
        "text": _joined(expected.text, expected.refusal),
        "refusal": "",
        "order": order and tuple(kind for kind, _ in groupby(order)),
    }


def _joined(text: TextExpectation, refusal: TextExpectation) -> TextExpectation:
    if isinstance(text, AnyValue) or isinstance(refusal, AnyValue):
        return AnyValue(any=True)
    if isinstance(text, str) and isinstance(refusal, str):
        return text + refusal
    if isinstance(text, PartialText):
        return (
            text if refusal == "" else PartialText(prefix_of=text.prefix_of + _whole(refusal), at_least=text.at_least)
        )
    assert isinstance(refusal, PartialText)
    return PartialText(prefix_of=text + refusal.prefix_of, at_least=text + refusal.at_least)


def _whole(text: str | PartialText) -> str:
    return text if isinstance(text, str) else text.prefix_of


def _choices(way: _Way, expected: Expectation) -> dict[str, Any]:
    """Where there is one choice, it is the first."""
    return {"other_choices": None} if way.losses.first_choice_only and expected.other_choices is not None else {}


def _signatures(way: _Way, expected: Expectation) -> dict[str, Any]:
    """Signatures are compared where all of them are of forms that have a place."""
    if not expected.signatures:
        return {}
    forms = {event.data: "call" if event.tool_index is not None else event.form for event in way.events(Signature)}
    kept = all(data in forms and not way.loses(forms[data], data) for data in expected.signatures)
    return {} if kept else {"signatures": None}


def _usage(way: _Way, expected: Expectation) -> dict[str, Any]:
    """Counts by the convention of the client's dialect: cached tokens in the input or not, thoughts in the output."""
    if expected.usage is None:
        return {}
    if "completed" not in expected.ending and way.served in COUNTED_LAST:
        return {"usage": None}
    counts = _Counts(way, expected.usage)
    fitted = {name: counts.fitted(name) for name in expected.usage if name not in way.losses.usage}
    return {"usage": {name: count for name, count in fitted.items() if count} or None}


class _Counts:
    """The counts that were sent, with their alternatives.

    Those that are not expected are as the events have them, and unknown where the answer is not written in events.
    """

    def __init__(self, way: _Way, wanted: dict[str, tuple[int, ...]]) -> None:
        sent = Usage()
        for event in way.events(Usage):
            sent = merge_usage(sent, event)
        literal = any(response.events is None and response.error is None for response in _responses(way))
        self._counts: dict[str, tuple[int, ...]] = {
            name: wanted.get(name) or (() if literal else (getattr(sent, name) or 0,))
            for name in Usage.__struct_fields__
        }
        self._way = way

    def fitted(self, name: str) -> tuple[int, ...]:
        """What that count may be for the client; nothing where that cannot be told."""
        parts = {"input_tokens": ("cache_read_tokens", "cache_write_tokens"), "output_tokens": ("reasoning_tokens",)}
        fact = {"input_tokens": "input_excludes_cache", "output_tokens": "output_excludes_reasoning"}.get(name)
        if fact is None:
            return self._counts[name]
        apart = [bool(dialect(side).facts.get(fact)) for side in (self._way.upstream, self._way.served)]
        if apart[0] == apart[1]:
            return self._counts[name]
        sign = 1 if apart[0] else -1
        rows = product(self._counts[name], *(self._counts[part] for part in parts[name]))
        return tuple(dict.fromkeys(max(0, count + sign * sum(others)) for count, *others in rows))


def _error(way: _Way, expected: Expectation) -> dict[str, Any]:
    """The kind survives, as far as the client's dialect has words for it; the vendor's own status and words may not."""
    if expected.error is None:
        return {}
    wanted = expected.error
    natural = {kind in RETRYABLE_KINDS for kind in wanted.kind}
    in_stream = any(response.error is None and (response.status or 200) < 400 for response in _responses(way))
    return {
        "error": ErrorExpectation(
            kind=tuple(dict.fromkeys(kind for each in wanted.kind for kind in _kinds(way, each))),
            retryable=wanted.retryable if natural == {wanted.retryable} else None,
            retry_after_s=None if in_stream else wanted.retry_after_s,
        )
    }


def _responses(way: _Way) -> Iterable[Any]:
    return way.scenario.responses_in(way.upstream)


def _kinds(way: _Way, kind: ErrorKind) -> tuple[ErrorKind, ...]:
    others = BEHIND_A_GATEWAY if kind in BROKEN_DOWN else frozenset()
    return (kind, *way.losses.errors.get(kind, ()), *sorted(others))


def _requests(way: _Way, expected: Expectation) -> dict[str, Any]:
    """What the vendor wants back comes back where the client could be given it, and can send it back."""
    return {"requests": tuple(_request(way, each) for each in expected.requests)} if expected.requests else {}


def _request(way: _Way, wanted: RequestExpectation) -> RequestExpectation:
    talks = {name: getattr(wanted, name) for name in ("messages", "last_messages")}
    changes: dict[str, Any] = {
        name: [_message(way, message) for message in talk] for name, talk in talks.items() if talk is not None
    }
    if wanted.reasoning and "unsigned" not in SENT_BACK[way.served]:
        changes["reasoning"] = None
    return wanted.model_copy(update=changes) if changes else wanted


def _message(way: _Way, message: Message) -> Message:
    return msgspec.structs.replace(message, content=[_part(way, part) for part in message.content])


def _part(way: _Way, part: Part) -> Part:
    """The part without what the client could not be given, or cannot send back."""

    def comes_back(form: str, data: str | None) -> str | None:
        return data if data and form in SENT_BACK[way.served] and not way.loses(form, data) else None

    match part:
        case ReasoningPart():
            forms = ("signature", "redacted", "encrypted")
            return msgspec.structs.replace(part, **{form: comes_back(form, getattr(part, form)) for form in forms})
        case ToolCallPart():
            return msgspec.structs.replace(part, signature=comes_back("call", part.signature))
    return part


def _ending(way: _Way, expected: Expectation) -> dict[str, Any]:
    """An ending may arrive as what the table says of it."""
    others = [other for ending in expected.ending for other in way.losses.ending.get(ending, ())]
    return {"ending": (*expected.ending, *others)} if others else {}
