"""AWS event streams: the binary framing in which Bedrock carries other vendors' events.

A message is a prelude of twelve bytes (its whole length, the length of its headers, and a CRC-32 of these two), the
headers, the payload, and a CRC-32 of everything before; numbers are big-endian. Bedrock puts the vendor's own JSON,
in base64, into the payload's `bytes`. The first byte is always zero, which no text framing begins with.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator
from zlib import crc32

import msgspec

from harness.wire.frame import FRAME_LIMIT, Frame

FIRST_BYTE = b"\0"
"""What every message begins with, since none is longer than the limit."""

_PRELUDE = struct.Struct(">III")
_CRC = struct.Struct(">I")
_FIXED_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type; types 6 and 7 are strings behind a length of two bytes."""


class _Payload(msgspec.Struct):
    bytes: str | None = None
    message: str = ""


class Framer:
    """Bytes to messages, whose `data` is the vendor's own JSON; an exception becomes an `error` event."""

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._pending = bytearray()
        self._offset = 0
        self._dead = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes; after one that is damaged or too long, none."""
        frames: list[Frame] = []
        if self._dead:
            return frames
        self._pending += data
        at = 0
        while not self._dead and len(self._pending) - at >= _PRELUDE.size:
            total, _, check = _PRELUDE.unpack_from(self._pending, at)
            if crc32(self._pending[at : at + 8]) != check or total < _PRELUDE.size + _CRC.size:
                frames.append(self._broken(at))
            elif total > self._limit:
                frames.append(self._broken(at, too_long=True))
            elif len(self._pending) - at < total:
                break
            else:
                frames.append(self._message(bytes(self._pending[at : at + total]), at))
                at += total
        self._offset += at
        del self._pending[:at]
        return frames

    @property
    def waiting(self) -> int:
        """Bytes that wait for more; a read that comes then is taken as if they came with it."""
        return len(self._pending)

    def close(self) -> list[Frame]:
        """Half a message, where the body ends within one."""
        if self._dead or not self._pending:
            return []
        self._dead = True
        return [Frame(b"half a message", self._offset, complete=False)]

    def _message(self, message: bytes, at: int) -> Frame:
        body, check = message[: -_CRC.size], message[-_CRC.size :]
        if _CRC.pack(crc32(body)) != check:
            return self._broken(at)
        headers_end = _PRELUDE.size + _PRELUDE.unpack_from(message)[1]
        headers = dict(_headers(body[_PRELUDE.size : headers_end]))
        return Frame(_vendor_data(body[headers_end:], headers), self._offset + at)

    def _broken(self, at: int, *, too_long: bool = False) -> Frame:
        """Nothing after this can be trusted: the lengths may be wrong."""
        self._dead = True
        return Frame(b"" if too_long else b"a damaged message", self._offset + at, too_long=too_long)


def _headers(block: bytes) -> Iterator[tuple[str, str]]:
    """The string headers; the others are passed over, and so is what follows one that cannot be read."""
    at = 0
    while at < len(block):
        name_end = at + 1 + block[at]
        name, kind = block[at + 1 : name_end], block[name_end : name_end + 1]
        at = name_end + 1
        if kind in (b"\6", b"\7"):
            size = int.from_bytes(block[at : at + 2], "big")
            yield name.decode("utf-8", "replace"), block[at + 2 : at + 2 + size].decode("utf-8", "replace")
            at += 2 + size
        elif kind and kind[0] in _FIXED_SIZES:
            at += _FIXED_SIZES[kind[0]]
        else:
            return


def _vendor_data(payload: bytes, headers: dict[str, str]) -> bytes:
    """The vendor's own JSON; an exception of AWS's as an error event; any other payload as it is."""
    try:
        read = msgspec.json.decode(payload, type=_Payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        read = _Payload()
    if headers.get(":message-type", "event") != "event":
        kind = headers.get(":exception-type") or headers.get(":error-code") or "exception"
        message = read.message or headers.get(":error-message") or kind
        return msgspec.json.encode({"type": "error", "error": {"type": kind, "message": message}})
    if read.bytes is None:
        return payload
    try:
        return base64.b64decode(read.bytes, validate=True)
    except binascii.Error:
        return payload
