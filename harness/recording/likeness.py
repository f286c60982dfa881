"""How like two request bodies are, and where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, TypeAlias

import msgspec

NESTING_LIMIT = 100
"""Levels of nesting up to which a body is compared as JSON."""
VALUE_SHOWN = 60
"""Characters of a value that an explanation shows."""
NOTHING = object()
"""Stands for a value that is not there."""

Words: TypeAlias = Counter[tuple[str, str]]
"""The words of a body, each with the place that it stands in."""

_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def words_of(body: bytes) -> Words:
    """The words of a body with the place each stands in; positions in lists do not count, so that one message more
    does not make everything after it different."""
    return Counter((place, word) for place, text in _leaves(parsed(body), "") for word in text.split() or [""])


def likeness(one: Words, other: Words) -> float:
    """The part of the words of both that they share: 1 for the same words, 0 for none."""
    return (one & other).total() / ((one | other).total() or 1) if one != other else 1.0


def parsed(body: bytes) -> Any:
    """The body's JSON; its text where it is no JSON, or none that anybody sends."""
    text = body.decode("utf-8", "replace")
    if text.count("[") + text.count("{") > NESTING_LIMIT and _nesting(text) > NESTING_LIMIT:
        return text
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text


def _nesting(text: str) -> int:
    """The deepest nesting that the brackets of a text can amount to."""
    return max(accumulate((_STEPS.get(character, 0) for character in text), initial=0))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, f"{place}.{key}")
        case list():
            for inner in value:
                yield from _leaves(inner, f"{place}[]")
        case str():
            yield place, value
        case _:
            yield place, repr(value)


def body_differences(recorded: bytes, sent: bytes) -> Iterator[str]:
    """Every place where two bodies differ, in words."""
    for place, mine, theirs in compare(parsed(recorded), parsed(sent), ""):
        yield f"{place or 'body'}: recorded {shown(mine)}, sent {shown(theirs)}"


def compare(mine: Any, theirs: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Every place below `place` where two JSON values differ, with both values; NOTHING where there is none."""
    match mine, theirs:
        case dict(), dict():
            for key in [*mine, *(key for key in theirs if key not in mine)]:
                inner = f"{place}.{key}" if place else key
                yield from compare(mine.get(key, NOTHING), theirs.get(key, NOTHING), inner)
        case list(), list():
            for number in range(max(len(mine), len(theirs))):
                inner = f"{place}[{number}]"
                yield from compare(_nth(mine, number), _nth(theirs, number), inner)
        case _ if mine != theirs or type(mine) is not type(theirs):
            yield place, mine, theirs


def _nth(values: list[Any], number: int) -> Any:
    return values[number] if number < len(values) else NOTHING


def shown(value: Any) -> str:
    """A JSON value as an explanation shows it."""
    if value is NOTHING or value is None:
        return "nothing"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return repr(text if len(text) <= VALUE_SHOWN else f"{text[: VALUE_SHOWN - 1]}…")
