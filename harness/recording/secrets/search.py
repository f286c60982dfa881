"""Searches a text for secrets in every way in which it can be read, and masks them at the same length."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from harness.recording.secrets.deltas import joined_deltas
from harness.recording.secrets.encodings import readings, unpacked
from harness.recording.secrets.fields import named_secrets
from harness.recording.secrets.shapes import SHAPES
from harness.recording.secrets.views import Span, View, Whole

DEPTH = 6
"""How many encodings, one in another, are read."""
GROWTH = 40
"""How many times its own length all readings of a text may amount to; none beyond that is looked at."""
KNOWN_VALUE = "known-value"
MASK = 0x2A
_ESCAPED_MASK = b"\\u002a"


class Hit(NamedTuple):
    """A secret in a text: the rule that found it, and all stretches of the text that it stands in."""

    rule: str
    spans: tuple[Span, ...]


class Search:
    """Finds secrets: `values` that are known, and what the rules tell."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = sorted({form for value in values for form in _forms(value)}, key=len, reverse=True)

    def hits(self, text: bytes, named: Iterable[Hit] = ()) -> list[Hit]:
        """The secrets in a text, each once, in the order in which they begin; those `named` are known already."""
        found = list(named)
        covered = bytearray(len(text))
        for first, last in (span for hit in found for span in hit.spans):
            covered[first:last] = b"\1" * (last - first)
        dull: set[bytes] = set()
        for view, runs in _all_readings(Whole(text), dull):
            hit = False
            for rule, start, end in self._in(view.data):
                hit = True
                spans = tuple(view.spans(start, end))
                if any(covered.find(0, first, last) >= 0 for first, last in spans):
                    found.append(Hit(rule, spans))
                    for first, last in spans:
                        covered[first:last] = b"\1" * (last - first)
            if not hit:
                dull |= runs
        return sorted(found, key=lambda hit: hit.spans[0])

    def plain_hits(self, text: bytes) -> list[Hit]:
        """The secrets that stand in a text as they are, in no encoding."""
        found = {(start, end): rule for rule, start, end in self._in(text)}
        return [Hit(rule, (span,)) for span, rule in sorted(found.items())]

    def _in(self, text: bytes) -> Iterator[tuple[str, int, int]]:
        for value in self._values:
            at = text.find(value)
            while at >= 0:
                yield KNOWN_VALUE, at, at + len(value)
                at = text.find(value, at + 1)
        for shape in SHAPES:
            if shape.mark in text:
                for start, end in shape.found(text):
                    yield shape.name, start, end
        yield from named_secrets(text)


def masked(text: bytes, hits: Iterable[Hit]) -> bytes:
    """The text with asterisks where the secrets stood; what was written as one JSON escape stays one."""
    cleaned = bytearray(text)
    for first, last in (span for hit in hits for span in hit.spans):
        is_escape = last - first == len(_ESCAPED_MASK) and text.startswith(b"\\u", first)
        cleaned[first:last] = _ESCAPED_MASK if is_escape else bytes([MASK]) * (last - first)
    return bytes(cleaned)


def _all_readings(text: View, dull: set[bytes]) -> Iterator[tuple[View, frozenset[bytes]]]:
    """The text and everything that can be read out of it, as deep and as much as the limits allow. Each comes with what
    it was unpacked from, if nothing else can be read in that; what of it turned out to hold nothing is put in `dull`,
    and is not unpacked again."""
    left = GROWTH * len(text.data) + 65536
    waiting = deque([(text, 0)])
    while waiting and left > 0:
        view, depth = waiting.popleft()
        left -= len(view.data)
        yield view, frozenset()
        if depth == DEPTH:
            continue
        packed = unpacked(view, dull)
        if packed.rest is not None:
            left -= len(packed.rest.data)
            yield packed.rest, packed.rest_runs
        others = [*joined_deltas(view), *readings(view), *([packed.texts] if packed.texts is not None else [])]
        waiting.extend((other, depth + 1) for other in others)


def _forms(value: str) -> Iterator[bytes]:
    """A value in the letters that it may stand in: UTF-8, also with its surrogates apart, as JSON's escapes have it."""
    raw = value.encode("utf-8", "surrogateescape")
    yield raw
    if not value.isascii():
        yield value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
        units = value.encode("utf-16-be", "surrogatepass")
        yield "".join(chr(int.from_bytes(units[at : at + 2], "big")) for at in range(0, len(units), 2)).encode(
            "utf-8", "surrogatepass"
        )
    yield value.replace(" ", "+").encode("utf-8", "surrogateescape")
