"""The encodings that a secret may hide in: JSON's escapes, percent signs, base64, hexadecimal digits, gzip and zlib."""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Callable, Container, Iterator
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from harness.recording.secrets.views import Bits, Joined, Piece, View

UNPACKED_LIMIT = 4 * 1024 * 1024
"""Bytes that something packed inside a text is unpacked to; what comes behind them is not looked at."""

_ESCAPE = re.compile(rb"(\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\.)", re.DOTALL)
_SHORT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"/": b"/", b'"': b'"', b"\\": b"\\"}
_PERCENT = re.compile(rb"(%[0-9a-fA-F]{2})")
_HAS_PERCENT = re.compile(rb"%[0-9a-fA-F]{2}")  # without a group the search for it is several times as fast
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{20,}")
_BASE64_LINES = re.compile(
    rb"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{60,76}[ \t]*\r?\n[ \t]*)+[A-Za-z0-9+/]{2,76}(?![A-Za-z0-9+/])"
)
_LINE_ENDS = re.compile(rb"([ \t]*\r?\n[ \t]*)")
_HEX = re.compile(rb"[0-9a-fA-F]{32,}")
_STANDARD = bytes.maketrans(b"-_", b"+/")
_SEPARATOR = b"\n"

Reader: TypeAlias = Callable[[bytes], Iterator[tuple[int, int, bytes]]]
"""Gives what a stretch of text holds, each with the start and the end of the part that holds it."""
_PRINTABLE = bytes(range(32, 127)) + b"\r\n\t"


def readings(view: View) -> Iterator[View]:
    """Every other text that a view can be read as without unpacking anything."""
    if b"\\" in view.data:
        yield Joined(view, _parts(view.data, _ESCAPE, _unescaped))
    if b"%" in view.data and _HAS_PERCENT.search(view.data):
        yield Joined(view, _parts(view.data, _PERCENT, _unquoted))
    if b"\n" in view.data and _BASE64_LINES.search(view.data):
        yield _unfolded(view)


class Unpacked(NamedTuple):
    """What is packed in a view: texts, which may hold more, and the rest, of which nothing more can be read."""

    texts: View | None
    rest: View | None
    rest_runs: frozenset[bytes]
    """The stretches that all of `rest` was read from, as far as they hold no text."""


def unpacked(view: View, known: Container[bytes]) -> Unpacked:
    """What stretches of base64 and of hexadecimal digits hold; those that are `known` to hold nothing are left out."""
    texts: list[Piece] = []
    rest: list[Piece] = []
    runs: set[bytes] = set()
    for pattern, read, bits in _PACKINGS:
        for run, pieces in _packed(view.data, pattern, read, bits, known):
            before = len(texts)
            for piece in pieces:
                (texts if is_text(piece.data) else rest).append(piece)
            if len(texts) == before:
                runs.add(run)
    made = [Joined(view, pieces, _SEPARATOR) if pieces else None for pieces in (texts, rest)]
    return Unpacked(made[0], made[1], frozenset(runs))


def _parts(data: bytes, escape: re.Pattern[bytes], read: Callable[[bytes], bytes]) -> Iterator[Piece]:
    """The text with its escapes read; those that stand side by side stay apart, so that each can be masked."""
    parts = escape.split(data)
    starts = accumulate(map(len, parts), initial=0)
    for number, (part, start) in enumerate(zip(parts, starts, strict=False)):
        if number % 2:
            yield Piece(read(part), start, start + len(part), 0)
        else:
            yield Piece(part, start, start + len(part))


def _unescaped(escape: bytes) -> bytes:
    if escape[1:2] in b"ux" and len(escape) > 2:
        return chr(int(escape[2:], 16)).encode("utf-8", "surrogatepass")
    return _SHORT.get(escape[1:], escape)


def _unquoted(escape: bytes) -> bytes:
    return binascii.unhexlify(escape[1:])


def _unfolded(view: View) -> View:
    """Base64 that was laid out in lines, in one line each."""
    pieces: list[Piece] = []
    for found in _BASE64_LINES.finditer(view.data):
        start = found.start()
        parts = _LINE_ENDS.split(found[0])
        for part, at in zip(parts, accumulate(map(len, parts), initial=start), strict=False):
            if part.strip():
                pieces.append(Piece(part, at, at + len(part)))
        pieces.append(Piece(b"\n", found.end(), found.end()))
    return Joined(view, pieces)


def _packed(
    data: bytes, pattern: re.Pattern[bytes], read: Reader, bits: Bits, known: Container[bytes]
) -> Iterator[tuple[bytes, list[Piece]]]:
    """What the stretches of a pattern hold, each once however often it stands there: ids do in every event."""
    places: dict[bytes, list[int]] = {}
    for found in pattern.finditer(data):
        places.setdefault(found[0], []).append(found.start())
    for run, (start, *others) in places.items():
        if run not in known:
            also = tuple(other - start for other in others)
            yield (
                run,
                [
                    Piece(
                        inner,
                        start + first,
                        start + last,
                        bits if len(inner) == (last - first) * bits // 8 else 0,
                        also,
                    )
                    for first, last, inner in read(run)
                ],
            )


def _decoded(run: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Base64, read from each of the four places where it may begin: what stands before may be of the same letters."""
    standard = run.translate(_STANDARD)
    for first in range(4):
        last = len(run) - (1 if (len(run) - first) % 4 == 1 else 0)
        if last - first < 4:
            continue
        inner = binascii.a2b_base64(standard[first:last] + b"=" * (-(last - first) % 4))
        yield first, last, inner
        if (unpacked := _unpacked(inner)) is not None:
            yield 0, len(run), unpacked


def _from_digits(run: bytes) -> Iterator[tuple[int, int, bytes]]:
    for first in range(2):
        last = len(run) - (len(run) - first) % 2
        yield first, last, binascii.unhexlify(run[first:last])


_PACKINGS: tuple[tuple[re.Pattern[bytes], Reader, Bits], ...] = ((_BASE64, _decoded, 6), (_HEX, _from_digits, 4))


def _unpacked(data: bytes) -> bytes | None:
    """What is packed in there by gzip or zlib, as far as it goes; None where nothing is."""
    if not (data.startswith(b"\x1f\x8b") or (data[:1] == b"\x78" and int.from_bytes(data[:2], "big") % 31 == 0)):
        return None
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, UNPACKED_LIMIT) or None
    except zlib.error:
        return None


def is_text(data: bytes) -> bool:
    """Whether most of it can be printed; what is not has no encoding inside of its own."""
    return len(data.translate(None, _PRINTABLE)) * 4 <= len(data)
