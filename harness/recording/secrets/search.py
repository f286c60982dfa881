"""Searches a text for secrets in every way in which it can be read, and masks them at the same length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

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


Stretch: TypeAlias = tuple[str, int, int]
"""A secret in one view: the rule, the start and the end."""


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
        run = _Run(self.plain, text, named)
        run.look(Whole(text), 0)
        return sorted(run.found, key=lambda hit: hit.spans[0])

    def plain_hits(self, text: bytes) -> list[Hit]:
        """The secrets that stand in a text as they are, in no encoding."""
        found = {(start, end): rule for rule, start, end in self.plain(text)}
        return [Hit(rule, (span,)) for span, rule in sorted(found.items())]

    def plain(self, text: bytes) -> Iterator[Stretch]:
        """The same as rule, start and end; in no order, and perhaps one in another."""
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


class _Run:
    """One search: what was found, where, and what was looked at in vain, which need not be looked at again."""

    def __init__(self, plain: Callable[[bytes], Iterator[Stretch]], text: bytes, named: Iterable[Hit]) -> None:
        self._plain = plain
        self._covered = bytearray(len(text))
        self._left = GROWTH * len(text) + 65536
        self._clean_texts: dict[bytes, int] = {}  # digests, and how deep in the text each was met
        self._clean_runs: set[bytes] = set()
        self.found = list(named)
        for hit in self.found:
            self._cover(hit.spans)

    def look(self, view: View, depth: int) -> bool:
        """Searches a view and everything that can be read out of it, as deep and as much as the limits allow; whether
        there was anything."""
        digest = blake2b(view.data, digest_size=16).digest()
        if self._left <= 0 or self._clean_texts.get(digest, depth + 1) <= depth:
            return False
        hit = self._search(view)
        if depth < DEPTH:
            packed = unpacked(view, self._clean_runs)
            if packed.rest is not None:
                if self._search(packed.rest):
                    hit = True
                else:
                    self._clean_runs |= packed.rest_runs
            for reading in self._readings(view, packed.texts):
                hit |= self.look(reading, depth + 1)
        if not hit:
            self._clean_texts[digest] = depth
        return hit

    @staticmethod
    def _readings(view: View, texts: View | None) -> Iterator[View]:
        yield from joined_deltas(view)
        yield from readings(view)
        if texts is not None:
            yield texts

    def _search(self, view: View) -> bool:
        self._left -= len(view.data)
        hit = False
        for rule, start, end in self._plain(view.data):
            hit = True
            spans = tuple(view.spans(start, end))
            if any(self._covered.find(0, first, last) >= 0 for first, last in spans):
                self.found.append(Hit(rule, spans))
                self._cover(spans)
        return hit

    def _cover(self, spans: Iterable[Span]) -> None:
        for first, last in spans:
            self._covered[first:last] = b"\1" * (last - first)


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
