"""Places in a frame's payload, and the types that are wanted there, as the tables write them.

A path is field names between dots; `[]` after a name stands for every element of that list, and `?` at the end says
that the field may be missing. A type is one of TYPES, a literal after `=`, or several of these with `|` between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

MISSING = object()
"""The value of a field that is not there."""

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "any": lambda value: True,
    "null": lambda value: value is None,
    "string": lambda value: type(value) is str,
    "text": lambda value: type(value) is str and value != "",
    "boolean": lambda value: type(value) is bool,
    "number": lambda value: type(value) in (int, float),
    "integer": lambda value: type(value) is int,
    "count": lambda value: type(value) is int and value >= 0,
    "object": lambda value: type(value) is dict,
    "list": lambda value: type(value) is list,
    "filled": lambda value: type(value) is list and value != [],
}


def value_at(payload: Any, path: str) -> Any:
    """The value at a path without `[]`; MISSING where there is none."""
    for name in _names(path):
        if type(payload) is not dict or name not in payload:
            return MISSING
        payload = payload[name]
    return payload


def values_at(payload: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value at a path, each with its own place; MISSING for a field that an object there lacks.

    Where what should hold the field is no object or list, there is nothing: that fault is the holder's.
    """
    names = _names(path)
    if _has_list(path):
        yield from _walk(payload, names, "")
        return
    *holders, last = names  # most paths: without a list on the way there is one value at most
    for name in holders:
        if type(payload) is not dict:
            return
        payload = payload.get(name, MISSING)
    if type(payload) is dict:
        yield path.removesuffix("?"), payload.get(last, MISSING)


def _walk(value: Any, names: tuple[str, ...], place: str) -> Iterator[tuple[str, Any]]:
    if not names:
        yield place, value
        return
    name, is_list = names[0].removesuffix("[]"), names[0].endswith("[]")
    if type(value) is not dict:
        return
    here = f"{place}.{name}" if place else name
    inner = value.get(name, MISSING)
    if not is_list:
        if inner is not MISSING or len(names) == 1:
            yield from _walk(inner, names[1:], here)
    elif type(inner) is list:
        for position, item in enumerate(inner):
            yield from _walk(item, names[1:], f"{here}[{position}]")


@cache
def _names(path: str) -> tuple[str, ...]:
    return tuple(path.removesuffix("?").split("."))


@cache
def _has_list(path: str) -> bool:
    return "[]" in path


@dataclass(frozen=True, slots=True)
class Wanted:
    """A type that is wanted at a path."""

    path: str
    type: str
    optional: bool
    tests: tuple[Callable[[Any], bool], ...]

    def faults(self, payload: Any) -> Iterator[tuple[str, bool]]:
        """What is wrong there, in words, and whether it is that the field is missing."""
        for place, value in values_at(payload, self.path):
            if value is MISSING:
                if not self.optional:
                    yield f"{place} is missing", True
            elif not any(test(value) for test in self.tests):
                yield f"{place} is {_kind_of(value)}, not {self.type.replace('|', ' or ')}", False


@cache
def wanted(path: str, type_: str) -> Wanted:
    """The check for one line of a table. Raises ValueError for a type that there is not."""
    return Wanted(path.removesuffix("?"), type_, path.endswith("?"), tuple(_test(word) for word in type_.split("|")))


def _test(word: str) -> Callable[[Any], bool]:
    if word.startswith("="):
        return lambda value: value == word[1:]
    if word not in TYPES:
        raise ValueError(f"{word!r} is no type; the types are {', '.join(TYPES)}")
    return TYPES[word]


def _kind_of(value: Any) -> str:
    """A value's type in the tables' words; a short text as it is."""
    if type(value) is str and 0 < len(value) <= 40:
        return repr(value)
    if type(value) is str:
        return "a long string" if value else "an empty string"
    if type(value) is int and value < 0:
        return "negative"
    return next((name for name in ("null", "boolean", "number", "object", "list") if TYPES[name](value)), "odd")
