"""A response's headers as they came, kept apart: what the player needs, and what only the record needs.

The player has names in lower case and writes the transfer headers anew. A cassette shows what came: names in their own
case, transfer headers among them. The form holds what the playable headers leave out, and no value that could be a
secret: each value stands in one place only, so that what is masked there is masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Headers: TypeAlias = tuple[tuple[str, str], ...]
HeaderForm: TypeAlias = tuple[tuple[str, str | None], ...]
"""For each header that came, its name as written; with a transfer header its value too, else None."""

TRANSFER_HEADERS = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
"""Recorded headers that the player writes anew."""


def parted(came: Sequence[tuple[str, str]]) -> tuple[Headers, HeaderForm]:
    """The playable headers and the form of headers as they came; the form is empty where it would say nothing."""
    playable = tuple((name.lower(), value) for name, value in came if name.lower() not in TRANSFER_HEADERS)
    if playable == tuple(came):
        return playable, ()
    return playable, tuple((name, value if name.lower() in TRANSFER_HEADERS else None) for name, value in came)


def joined(playable: Headers, form: HeaderForm, body_length: int) -> Headers:
    """The headers as they came, from both halves.

    Playable headers that were taken out since are out, those added since come last. Where the body was unpacked since,
    Content-Length is what the body has now.
    """
    if not form:
        return playable
    waiting = grouped(playable)
    was_coded = any(name.lower() == "content-encoding" for name, _ in form)
    unpacked = was_coded and "content-encoding" not in waiting
    came: list[tuple[str, str]] = []
    for name, value in form:
        known = name.lower()
        if value is not None:
            came.append((name, str(body_length) if unpacked and known == "content-length" else value))
        elif waiting.get(known):
            came.append((name, waiting[known].pop(0)))
    return (*came, *((name, value) for name, values in waiting.items() for value in values))


def grouped(headers: Headers) -> dict[str, list[str]]:
    """The values of each name, as vcrpy has them: names in the order in which they first come."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    return values


def order_of(headers: Headers) -> str | None:
    """For each header in turn the number of its name in `grouped`; None where the groups alone give the order."""
    names = list(grouped(headers))
    numbers = [names.index(name) for name, _ in headers]
    return None if numbers == sorted(numbers) else " ".join(map(str, numbers))


def ordered(headers: Headers, order: str) -> Headers:
    """Headers that were grouped, in the order in which they came; raises ValueError where it is another number."""
    values = grouped(headers)
    names = list(values)
    try:
        numbers = [int(number) for number in order.split()]
    except ValueError:
        numbers = [-1]
    if sorted(numbers) != [number for number, name in enumerate(names) for _ in values[name]]:
        raise ValueError("these are not the numbers of the headers that are there")
    return tuple((names[number], values[names[number]].pop(0)) for number in numbers)
