"""How the literal bytes of a situation are written down."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Answer:
    """The bytes that one connection gets, and what becomes of it then.

    `close` ends it in order, `reset` breaks it off (RST), `hold` leaves it open until the client closes it.
    """

    data: bytes
    then: Literal["close", "reset", "hold"] = "close"


Situation: TypeAlias = tuple[Answer, ...]
"""The answers to successive connections; the last one answers all further ones."""


def stream(*pieces: str, content_type: str = "text/event-stream") -> bytes:
    """A 200 in chunked coding, whole: a chunk for each piece, and the last chunk.

    It says that the connection closes, as it does: a client that kept it for its next request would find it dead.
    """
    whole = unended(*pieces, content_type=content_type) + b"0\r\n\r\n"
    return whole.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n", 1)


def unended(*pieces: str, content_type: str = "text/event-stream") -> bytes:
    """A 200 in chunked coding that lacks its last chunk."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = [f"{len(piece.encode()):x}\r\n{piece}\r\n" for piece in pieces]
    return (head + "".join(chunks)).encode()


def with_extensions(*pieces: str, content_type: str = "text/event-stream") -> bytes:
    """A 200 in chunked coding whose chunks have two extensions behind their size."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    chunks = [f'{len(piece.encode()):x};seq=7;sig="a"\r\n{piece}\r\n' for piece in pieces]
    return (head + "".join(chunks) + "0\r\n\r\n").encode()


def without_length(*pieces: str, content_type: str = "text/event-stream") -> bytes:
    """A 200 whose body ends where the connection does."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\nconnection: close\r\n\r\n"
    return (head + "".join(pieces)).encode()


def gzip_broken_off(*pieces: str, content_type: str = "text/event-stream") -> bytes:
    """A 200 whose gzip coding stops after the last piece, without its end, in a body that ends well."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    packed = b"".join(packer.compress(piece.encode()) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in pieces)
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-encoding: gzip\r\n"
    return f"{head}content-length: {len(packed)}\r\nconnection: close\r\n\r\n".encode() + packed


def untyped(answer: bytes) -> bytes:
    """The same answer without its content type."""
    lines = answer.split(b"\r\n")
    return b"\r\n".join([line for line in lines if not line.startswith(b"content-type:")])


def data(payload: str) -> str:
    """An SSE event without a name."""
    return f"data: {payload}\n\n"


def event(name: str, payload: str) -> str:
    """An SSE event with a name."""
    return f"event: {name}\ndata: {payload}\n\n"


def refused(status: str, body: str, headers: Sequence[str] = (), content_type: str = "application/json") -> bytes:
    """An HTTP error, or any answer with a length. `status` is the code and its reason: `429 Too Many Requests`."""
    length = len(body.encode())
    lines = [f"HTTP/1.1 {status}", f"content-type: {content_type}", f"content-length: {length}", *headers]
    return "\r\n".join([*lines, "connection: close", "", body]).encode()
