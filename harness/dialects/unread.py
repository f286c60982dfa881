"""What of a request's body nobody reads: a walk along a grammar of what is read.

A grammar is a mapping (the fields of an object that are read, each with its own grammar), `READ` (the whole value is
read), `Only` (some values are read, or say nothing), `Each` (a list, or its only element) or `Kinds` (an object told
apart by one of its fields). What says nothing is never unread: null, false, zero and what is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from harness.dialects.base import Loss
from harness.dialects.decoding import as_dict

_FIELD = re.compile(r"[A-Za-z0-9_.-]{1,48}")
_DEPTH = 24


@dataclass(frozen=True, slots=True)
class Only:
    """Only these values are read; lower-case texts match in any case."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Each:
    """Every element of a list, or a value that stands for its only one. A text is read as it is."""

    grammar: Grammar


@dataclass(frozen=True, slots=True)
class Kinds:
    """Objects told apart by the text in `field`, which is `default` where it is missing; other kinds are unread.

    Without `field`, the kind is the first of the mapping's names that the object has.
    """

    kinds: Mapping[str, Grammar]
    field: str | None = "type"
    default: str = ""


READ: Final = "read"
Grammar: TypeAlias = "str | Only | Each | Kinds | Mapping[str, Grammar]"


def unread_of(value: Any, grammar: Grammar) -> tuple[Loss, ...]:
    """The losses, each name once, with the first place as detail."""
    found: dict[str, Loss] = {}
    for name, where in _unread(value, grammar, "", 0):
        slug = f"unread-{name}" if _FIELD.fullmatch(name) else "unread-field"
        found.setdefault(slug, Loss(slug, where[:120]))
    return tuple(found.values())


def _unread(value: Any, grammar: Grammar, where: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEPTH or grammar == READ:
        return
    match grammar:
        case Each(inner):
            for position, item in enumerate(value if type(value) is list else [value]):
                if type(item) is dict:
                    yield from _unread(item, inner, f"{where}[{position}]", depth + 1)
        case Kinds():
            if type(value) is dict:
                yield from _unread_kind(value, grammar, where, depth)
        case Mapping():
            for name, inner in as_dict(value).items():
                place = f"{where}.{name}" if where else name
                yield from _unread_field(name, inner, _grammar_of(grammar, name), place, depth)


def _grammar_of(grammar: Mapping[str, Grammar], name: str) -> Grammar | None:
    """What a field holds; a snake-case name is that of the camel-case one."""
    if name in grammar:
        return grammar[name]
    head, *tail = name.split("_")
    return grammar.get(head + "".join(part.capitalize() for part in tail))


def _unread_field(name: str, value: Any, grammar: Grammar | None, where: str, depth: int) -> Iterator[tuple[str, str]]:
    if value in (None, False, 0, "", [], {}):
        return
    if grammar is None:
        yield name, where
    elif isinstance(grammar, Only):
        if (value.lower() if type(value) is str else value) not in grammar.values:
            yield name, where
    else:
        yield from _unread(value, grammar, where, depth + 1)


def _unread_kind(value: dict[str, Any], grammar: Kinds, where: str, depth: int) -> Iterator[tuple[str, str]]:
    if grammar.field is None:
        kind = next((name for name in grammar.kinds if _has(value, name)), "")
        if not kind:
            name = next(iter(value), "")
            yield str(name), where
            return
    else:
        kind = value.get(grammar.field, grammar.default)
    inner = grammar.kinds.get(kind) if type(kind) is str else None
    if inner is None:
        yield str(kind), where
    else:
        yield from _unread(value, inner, where, depth + 1)


def _has(value: Mapping[str, Any], name: str) -> bool:
    snake = "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
    return value.get(name, value.get(snake)) is not None
