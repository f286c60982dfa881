"""The rule for tool calls: each one arrives once, whole, apart from the others, and only if it is whole.

The caller's fragments have been folded by index into calls, so merged, lost and repeated calls show as such.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.catalogue.checks.differences import excerpt
from harness.catalogue.checks.facts import Breach, Facts
from harness.catalogue.checks.locate import call_offset
from harness.catalogue.findings import FailureKind
from harness.catalogue.models import AnyValue, CallExpectation
from harness.transcript import MADE_ID_PREFIX, Call

_IDS_OPTIONAL = ("gemini", "ollama")
"""Dialects in which a call need not have an id."""


def tool_calls_as_sent(facts: Facts) -> Iterator[Breach]:
    """The tool calls are those that were sent: number, order, names, ids and arguments."""
    expected = facts.expectation.tool_calls
    if isinstance(expected, AnyValue) or ("tool_calls" not in facts.features and not expected):
        return
    seen = facts.transcript.tool_calls
    merged = list(_merges(expected, seen))
    yield from merged or _compare(expected, seen, facts)


def cut_calls_not_executable(facts: Facts) -> Iterator[Breach]:
    """A call whose arguments were cut off is not handed over as one that can be executed."""
    expected = facts.expectation.tool_calls
    if isinstance(expected, AnyValue):
        return
    for pair in _pairs(expected, facts.transcript.tool_calls):
        if pair.expected is None or pair.seen is None or pair.expected.executable:
            continue
        if pair.seen.input is not None:
            yield Breach(
                "arguments",
                f"the call of {pair.seen.name} was cut off, and looks as if it could be executed",
                expected="arguments that do not parse to an object, or no call",
                seen=_call_json(pair.seen),
                offset=_offset(facts, pair.position),
            )


def _merges(expected: Sequence[CallExpectation], seen: Sequence[Call]) -> Iterator[Breach]:
    """Two calls that reached the caller as one: names, ids or arguments run together."""
    names = [call.name for call in expected]
    ids = [call.id for call in expected if call.id]
    for call in seen:
        if _runs_together(call.name, names):
            yield Breach("merge", "names of calls run together", sorted(set(names)), call.name)
        elif _runs_together(call.id, ids):
            yield Breach("merge", "ids of calls run together", ids, call.id)
        elif len(expected) > 1 and call.input is None and (count := _objects_in(call.arguments)) > 1:
            message = f"the arguments of {count} calls reached the caller as those of one"
            yield Breach("merge", message, [_expected_json(one) for one in expected], _call_json(call))


def _runs_together(word: str, parts: Sequence[str]) -> bool:
    if not parts or word in parts:
        return False
    return re.fullmatch(f"(?:{'|'.join(map(re.escape, parts))}){{2,}}", word) is not None


def _objects_in(text: str) -> int:
    """How many JSON objects the text consists of, 0 if it is not just objects in a row."""
    decoder, position, count = json.JSONDecoder(), 0, 0
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return 0
        if not isinstance(value, dict):
            return 0
        count += 1
        position = len(text) - len(text[position:].lstrip())
    return count


@dataclass(frozen=True, slots=True)
class _Pair:
    """An expected call and the one seen for it; `position` is the expected call's, or else the seen one's."""

    expected: CallExpectation | None
    seen: Call | None
    position: int


def _pairs(expected: Sequence[CallExpectation], seen: Sequence[Call]) -> list[_Pair]:
    """Each expected call with its equal first, then with one of its name, then with any that is left, in order."""
    free = dict(enumerate(seen))
    found: dict[int, int] = {}
    for fits in (_same, _same_name, _any):
        if fits is _any and len(seen) != len(expected):
            break
        for position, call in enumerate(expected):
            if position not in found:
                match = next((at for at, other in free.items() if fits(call, other)), None)
                if match is not None:
                    found[position] = match
                    del free[match]
    pairs = [
        _Pair(call, seen[found[position]] if position in found else None, position)
        for position, call in enumerate(expected)
    ]
    return [*pairs, *(_Pair(None, call, at) for at, call in free.items())]


def _same(expected: CallExpectation, seen: Call) -> bool:
    same_id = expected.id is None or expected.id == seen.id
    return same_id and expected.name == seen.name and _arguments_fit(expected, seen)


def _same_name(expected: CallExpectation, seen: Call) -> bool:
    return expected.name == seen.name


def _any(_expected: CallExpectation, _seen: Call) -> bool:
    return True


def _compare(expected: Sequence[CallExpectation], seen: Sequence[Call], facts: Facts) -> Iterator[Breach]:
    pairs = _pairs(expected, seen)
    for pair in pairs:
        if pair.expected is not None and pair.seen is not None:
            yield from _compare_pair(pair.expected, pair.seen, pair.position, facts)
        elif pair.expected is not None and pair.expected.executable:
            message = f"the call of {pair.expected.name} never reached the caller"
            wanted = _expected_json(pair.expected)
            yield Breach("loss", message, wanted, [_call_json(call) for call in seen], _offset(facts, pair.position))
        elif pair.seen is not None:
            yield _surplus(pair.seen, seen, expected)
    order = [seen.index(pair.seen) for pair in pairs if pair.expected is not None and pair.seen is not None]
    if order != sorted(order):
        yield Breach(
            "order", "the calls came in another order", [call.name for call in expected], [call.name for call in seen]
        )


def _surplus(call: Call, seen: Sequence[Call], expected: Sequence[CallExpectation]) -> Breach:
    wanted = [_expected_json(one) for one in expected]
    if any(other is not call and (other.name, other.arguments) == (call.name, call.arguments) for other in seen):
        return Breach("duplicate", f"the call of {call.name} reached the caller twice", wanted, _call_json(call))
    return Breach("corruption", "a call reached the caller that was never sent", wanted, _call_json(call))


def _compare_pair(expected: CallExpectation, seen: Call, position: int, facts: Facts) -> Iterator[Breach]:
    if not seen.name:
        yield Breach("loss", f"call {position} has lost its name", expected.name, None, _offset(facts, position))
    elif seen.name != expected.name:
        message = f"call {position} has another name"
        yield Breach("corruption", message, expected.name, seen.name, _offset(facts, position))
    if _is_another_id(expected, seen, facts):
        yield _other_id(expected, seen, _offset(facts, position))
    if not _arguments_fit(expected, seen) and (expected.executable or seen.input is None):
        wanted = _expected_json(expected).get("arguments", "a JSON object")
        repeated = _objects_in(seen.arguments) > 1
        message = (
            f"the arguments of {expected.name} {'came more than once' if repeated else 'are not those that were sent'}"
        )
        kind: FailureKind = "duplicate" if repeated else "arguments"
        yield Breach(kind, message, wanted, excerpt(seen.arguments, 0), _offset(facts, position))


def _is_another_id(expected: CallExpectation, seen: Call, facts: Facts) -> bool:
    """Whether the id that was sent is not the one that came. A gateway may give its client ids of its own making."""
    if expected.id is None or seen.id == expected.id or expected.id.encode() not in facts.body:
        return False
    if facts.upstream is None:
        return True
    if facts.dialect in _IDS_OPTIONAL:
        return False
    bodies = [each.response.body for each in facts.observation.front if each.response is not None]
    return not any(seen.id.encode() in body for body in bodies)


def _other_id(expected: CallExpectation, seen: Call, offset: int | None) -> Breach:
    if seen.id.startswith(MADE_ID_PREFIX):
        return Breach("loss", f"the call of {expected.name} has no id of its own", expected.id, None, offset)
    return Breach("corruption", f"the call of {expected.name} has another id", expected.id, seen.id, offset)


def _arguments_fit(expected: CallExpectation, seen: Call) -> bool:
    if not expected.executable:
        return seen.input is None and (expected.arguments is None or expected.arguments.startswith(seen.arguments))
    if expected.verbatim:
        return seen.arguments == expected.arguments
    wanted = expected.input
    if wanted is None and expected.arguments is not None:
        wanted = _object(expected.arguments)
        if wanted is None:
            return seen.arguments == expected.arguments
    given = _object(seen.arguments)
    return given is not None and (wanted is None or same_json(wanted, given))


def _object(arguments: str) -> dict[str, Any] | None:
    """The object that arguments spell; none at all are an empty object."""
    try:
        value = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def same_json(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: 1 is 1.0 but not true, and big integers count to the last digit."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _offset(facts: Facts, position: int) -> int | None:
    return call_offset(facts.wire_dialect, facts.body, position)


def _call_json(call: Call) -> dict[str, Any]:
    return {"id": call.id, "name": call.name, "arguments": excerpt(call.arguments, 0)}


def _expected_json(call: CallExpectation) -> dict[str, Any]:
    arguments = call.arguments if call.input is None else json.dumps(call.input, ensure_ascii=False)
    fields = {"id": call.id, "name": call.name, "arguments": arguments and excerpt(arguments, 0)}
    return {key: value for key, value in fields.items() if value is not None}
