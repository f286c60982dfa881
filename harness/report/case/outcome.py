"""The outcome of a case, part by part: what the scenario expected beside what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import inf
from typing import Any

import msgspec
from markupsafe import Markup

from harness.report.case.difference import pair, value
from harness.report.case.words import (
    end_words,
    error_seen_words,
    error_words,
    expectation_words,
    request_words,
    wait_words,
)
from harness.report.visible import laid_out, shown
from harness.runner.results import Evidence

_ALWAYS_SEEN = ("text", "reasoning", "refusal", "tool_calls", "error", "usage")
"""What the caller got is shown even where the scenario expects nothing there."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

_ALWAYS_GIVEN = ("text", "refusal", "tool_calls")
"""What differs where only one side has something of it."""

_ALTERNATIVES = ("ending", "finish")
"""Parts whose expectation lists what will do."""


@dataclass(frozen=True, slots=True)
class FieldView:
    """One part of the outcome, expected beside seen. `equal` None: the two cannot be compared as they are."""

    name: str
    expected: Markup
    seen: Markup
    equal: bool | None


def field_views(evidence: Evidence) -> Iterable[FieldView]:
    """Every part that the scenario names, then what else the caller got."""
    for name, expected in evidence.expected.items():
        yield _field(name, expected, _seen_value(name, evidence))
    for name in _ALWAYS_SEEN:
        seen = _seen_value(name, evidence)
        if name not in evidence.expected and not _is_nothing(seen):
            yield _field(name, ..., seen)


def alternatives(expected: Any) -> Markup:
    """Several right outcomes, of which one must be met."""
    each = expected if isinstance(expected, list) else [expected]
    return Markup(" <em>or</em> ").join(map(value, each)) if each else value(None)


def _field(name: str, expected: Any, seen: Any) -> FieldView:
    """One part; `...` is expected of one that is not compared. Of systems that do alike, it is laid out once."""
    try:
        return _known_field(name, b"" if expected is ... else _encode(expected), _encode(seen))
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 cannot say
        return _not_compared(name, seen) if expected is ... else _laid_out(name, expected, seen)


@lru_cache(maxsize=1_024)
def _known_field(name: str, expected: bytes, seen: bytes) -> FieldView:
    return _laid_out(name, _decode(expected), _decode(seen)) if expected else _not_compared(name, _decode(seen))


def _not_compared(name: str, seen: Any) -> FieldView:
    shown_seen = laid_out(error_seen_words(seen)) if name == "error" and isinstance(seen, dict) else value(seen)
    return FieldView(name, Markup("<em>not compared</em>"), shown_seen, None)


def _laid_out(name: str, expected: Any, seen: Any) -> FieldView:
    words = expectation_words(expected)
    if words is not None:
        return FieldView(name, shown(words), value(seen), _is_met(expected, seen))
    if name == "error" and isinstance(expected, dict):
        seen_words = laid_out(error_seen_words(seen)) if isinstance(seen, dict) else value(seen)
        return FieldView(name, laid_out(error_words(expected)), seen_words, None)
    if name == "waits" and isinstance(expected, list):
        return FieldView(name, laid_out("\n".join(map(wait_words, expected))), laid_out(str(seen)), None)
    if name == "requests" and isinstance(expected, list):
        return FieldView(name, laid_out(request_words(expected)), laid_out(request_words(seen or [])), None)
    if name in _ALTERNATIVES:
        return FieldView(name, alternatives(expected), value(seen), _is_among(expected, seen))
    if _is_nothing(expected) or _is_nothing(seen):
        return FieldView(name, value(expected), value(seen), _is_there(name, expected, seen))
    if name == "usage" and isinstance(expected, dict) and isinstance(seen, dict):
        expected = {count: _that_is_met(right, seen.get(count)) for count, right in expected.items()}
    both = pair(_without_defaults(expected), _like(_without_defaults(expected), seen))
    return FieldView(name, both.expected, both.seen, both.equal)


def _is_met(expected: Any, seen: Any) -> bool | None:
    """Whether a count is one that was demanded; None for demands that only a check can judge."""
    match expected:
        case {"at_least": int() | float()} | {"at_most": int() | float()} if isinstance(seen, int | float):
            most = expected.get("at_most")
            return (expected.get("at_least") or 0) <= seen <= (inf if most is None else most)
    return None


def _is_there(name: str, expected: Any, seen: Any) -> bool | None:
    """Of parts of which one side has nothing: whether neither has; None for those that a system need not give."""
    if _is_nothing(expected) and _is_nothing(seen):
        return True
    return False if name in _ALWAYS_GIVEN else None


def _is_among(expected: Any, seen: Any) -> bool | None:
    """Whether one of several outcomes was met; None where what was seen has other words for it."""
    right = expected if isinstance(expected, list) else [expected]
    if seen in right:
        return True
    return False if seen == "completed" else None


def _that_is_met(right: Any, seen: Any) -> Any:
    """Of several right counts the one that was seen; else all of them, or the only one."""
    if not isinstance(right, list):
        return right
    return seen if seen in right else right[0] if len(right) == 1 else right


def _is_nothing(data: Any) -> bool:
    return data in (None, "", [], {}) or (isinstance(data, dict) and all(each is None for each in data.values()))


def _without_defaults(expected: Any) -> Any:
    """Tool calls that must not be executable have no readable input: said so, the two sides have the same fields."""
    match expected:
        case {"name": str(), "executable": False, **rest}:
            return {"name": expected["name"], **rest, "input": None}
        case list():
            return [_without_defaults(each) for each in expected]
    return expected


def _like(expected: Any, seen: Any) -> Any:
    """`seen` without the object fields that `expected` does not have, in the order of `expected`."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        return {name: _like(wanted, seen[name]) for name, wanted in expected.items() if name in seen}
    if isinstance(expected, list) and isinstance(seen, list) and expected:
        last = len(expected) - 1
        return [_like(expected[min(position, last)], each) for position, each in enumerate(seen)]
    return seen


def _seen_value(name: str, evidence: Evidence) -> Any:
    reader = _READERS.get(name)
    return reader(evidence) if reader else evidence.seen.get(name)


def _end(evidence: Evidence) -> Mapping[str, Any]:
    end = evidence.seen.get("end")
    return end if isinstance(end, dict) else {}


def _ending(evidence: Evidence) -> str | None:
    end = _end(evidence)
    return end_words(end) if end else evidence.seen.get("status")


def _waits(evidence: Evidence) -> str:
    attempts = [attempt for attempt in evidence.wire if not attempt.fallback]
    return "\n".join(
        f"{after.at_s - before.ended_s:.3f} s before attempt {after.number}"
        for before, after in pairwise(attempts)
        if before.ended_s is not None
    )


def _order(evidence: Evidence) -> list[str]:
    """The kinds of the answer's parts in order: text and reasoning in runs, each tool call once."""
    parts = [
        (kind, record.event.get("index") if kind == "tool_call" else None)
        for record in evidence.events
        if (kind := record.event.get("type")) in ("text", "reasoning", "refusal", "tool_call")
    ]
    calls: set[Any] = set()
    order: list[str] = []
    for kind, index in parts:
        if index in calls if kind == "tool_call" else order[-1:] == [kind]:
            continue
        calls.add(index)
        order.append(str(kind))
    return order


_READERS: dict[str, Callable[[Evidence], Any]] = {
    "ending": _ending,
    "error": lambda evidence: _end(evidence).get("error") or evidence.seen.get("error"),
    "attempts": lambda evidence: sum(not attempt.fallback for attempt in evidence.wire),
    "fallback_attempts": lambda evidence: sum(attempt.fallback for attempt in evidence.wire),
    "waits": _waits,
    "order": _order,
    "signatures": lambda evidence: [
        record.event.get("data") for record in evidence.events if record.event.get("type") == "signature"
    ],
    "other_choices": lambda evidence: [choice.get("text") for choice in evidence.seen.get("other_choices") or []],
    "warnings": lambda evidence: [each.get("rule") for each in evidence.seen.get("warnings") or []],
    "upstream_stopped": lambda evidence: any(attempt.client_left for attempt in evidence.wire),
}
"""Parts that do not lie in the transcript under their own name."""
