"""The encodings that a secret may hide in: JSON's escapes, percent signs, base64, hexadecimal digits, gzip and zlib."""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Callable, Iterator
from itertools import accumulate

from harness.recording.secrets.views import Joined, Piece, View

UNPACKED_LIMIT = 4 * 1024 * 1024
"""Bytes that something packed inside a text is unpacked to; what comes behind them is not looked at."""

_ESCAPE = re.compile(rb"(\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\.)", re.DOTALL)
_SHORT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"/": b"/", b'"': b'"', b"\\": b"\\"}
_PERCENT = re.compile(rb"(%[0-9a-fA-F]{2})")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{20,}")
_BASE64_LINES = re.compile(rb"(?:[A-Za-z0-9+/]{60,76}[ \t]*\r?\n[ \t]*)+[A-Za-z0-9+/]{2,76}(?![A-Za-z0-9+/])")
_LINE_ENDS = re.compile(rb"([ \t]*\r?\n[ \t]*)")
_HEX = re.compile(rb"(?:[0-9a-f]{2}){16,}|(?:[0-9A-F]{2}){16,}")
_STANDARD = bytes.maketrans(b"-_", b"+/")
_SEPARATOR = b"\n"
_PRINTABLE = bytes(range(32, 127)) + b"\r\n\t"


def readings(view: View) -> Iterator[tuple[View, bool]]:
    """Every other text that a view can be read as, and whether that may be read as another one again."""
    if b"\\" in view.data:
        yield Joined(view, _parts(view.data, _ESCAPE, _unescaped)), True
    if b"%" in view.data and _PERCENT.search(view.data):
        yield Joined(view, _parts(view.data, _PERCENT, _unquoted)), True
    if b"\n" in view.data and _BASE64_LINES.search(view.data):
        yield _unfolded(view), True
    packed = [*_base64(view.data), *(_hexadecimal(found) for found in _HEX.finditer(view.data))]
    texts = [is_text(piece.data) for piece in packed]
    for deeper in (True, False):
        if pieces := [piece for piece, text in zip(packed, texts, strict=True) if text is deeper]:
            yield Joined(view, pieces, _SEPARATOR), deeper


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


def _base64(data: bytes) -> Iterator[Piece]:
    """What stretches of base64 hold, read from each of the four places where it may begin: what stands before it may
    be of the same letters."""
    seen: dict[bytes, list[tuple[int, int, bytes]]] = {}
    for found in _BASE64.finditer(data):
        run = found[0]
        if run not in seen:
            seen[run] = list(_decoded(run))
        for first, last, inner in seen[run]:
            plain = len(inner) == (last - first) * 3 // 4
            yield Piece(inner, found.start() + first, found.start() + last, 6 if plain else 0)


def _decoded(run: bytes) -> Iterator[tuple[int, int, bytes]]:
    standard = run.translate(_STANDARD)
    for first in range(4):
        last = len(run) - (1 if (len(run) - first) % 4 == 1 else 0)
        if last - first < 4:
            continue
        inner = binascii.a2b_base64(standard[first:last] + b"=" * (-(last - first) % 4))
        yield first, last, inner
        if (unpacked := _unpacked(inner)) is not None:
            yield 0, len(run), unpacked


def _hexadecimal(found: re.Match[bytes]) -> Piece:
    return Piece(binascii.unhexlify(found[0]), found.start(), found.end(), 4)


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
