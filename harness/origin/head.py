"""The head of a response as it goes over the wire, and how its body is framed (RFC 9112, sections 4 and 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Literal, TypeAlias

from harness.wire.response import Ending, HeaderCase, WireResponse

LEFT_TO_US = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
"""Headers that say how the body is transferred: the player writes them, whatever the plan has."""
SERVER = "harness-origin"

PHRASES = {status.value: status.phrase for status in HTTPStatus} | {529: "Overloaded"}

_SPELLED: dict[HeaderCase, Callable[[str], str]] = {"lower": str, "title": str.title, "upper": str.upper}

Close: TypeAlias = Literal["keep", "close", "cut", "reset", "stall"]
"""What happens after the last chunk: the body ends well and the connection stays open (`keep`) or closes (`close`), or
the connection is closed without a word (`cut`), is reset, or falls silent (`stall`)."""

CLOSES: dict[Ending, Close] = {
    "clean": "keep",
    "no_last_chunk": "cut",
    "short_length": "cut",
    "reset": "reset",
    "stall": "stall",
    "timeout": "stall",
    "cancelled": "stall",
}


@dataclass(frozen=True, slots=True)
class Framing:
    """How a body is framed, and what happens after its last chunk. `length` is what Content-Length promises."""

    chunked: bool
    length: int | None
    close: Close

    @property
    def ends_well(self) -> bool:
        """Whether the body ends as its framing says it should."""
        return self.close in ("keep", "close")

    @property
    def promises_more(self) -> bool:
        """Whether a client can tell from the framing that the body is not whole."""
        return not self.ends_well and (self.chunked or self.length is not None)


def framing(response: WireResponse, *, last: bool = False, http10: bool = False) -> Framing:
    """The framing of a response's body. `last`: the client wants the connection closed after it.

    An HTTP/1.0 client is never sent chunked coding. A body that does not end well never reaches its Content-Length.
    """
    close = CLOSES[response.ending]
    if close == "keep" and (last or response.transfer == "close" or (http10 and response.transfer == "chunked")):
        close = "close"
    if not response.head and close in ("keep", "close"):
        close = "cut"
    if response.status in (204, 304):
        return Framing(False, None, close)
    if response.ending == "short_length" or response.transfer == "length":
        missing = 0 if close in ("keep", "close") else max(1, response.missing_bytes)
        return Framing(False, len(response.body) + missing, close)
    return Framing(response.transfer == "chunked" and not http10, None, close)


def head_fields(response: WireResponse, body: Framing) -> list[tuple[bytes, bytes]]:
    """All header fields of the response in order: the plan's own, then Date and Server, then the transfer headers."""
    planned = [(name, value) for name, value in response.headers if name not in LEFT_TO_US]
    names = {name for name, _ in planned}
    added = [("date", formatdate(usegmt=True)), ("server", SERVER)]
    transfer = [
        *([("transfer-encoding", "chunked")] if body.chunked else []),
        *([("content-length", str(body.length))] if body.length is not None else []),
        *([("connection", "close")] if body.close == "close" else []),
    ]
    fields = [*planned, *((name, value) for name, value in added if name not in names), *transfer]
    spelled = _SPELLED[response.header_case]
    return [(spelled(name).encode("latin-1"), _field_value(value)) for name, value in fields]


def head_bytes(status: int, fields: list[tuple[bytes, bytes]]) -> bytes:
    """The status line and the fields, as bytes, with the empty line that ends them."""
    status_line = b"HTTP/1.1 %d %s\r\n" % (status, phrase(status))
    return status_line + b"".join(b"%s: %s\r\n" % field for field in fields) + b"\r\n"


def phrase(status: int) -> bytes:
    """The reason phrase of a status; of an unassigned one, a word that says so."""
    return PHRASES.get(status, "Unassigned").encode("ascii")


def _field_value(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8")


def unplayable(response: WireResponse) -> str | None:
    """Why this response cannot be put on a wire, in words; None when it can."""
    for name, value in response.headers:
        if not name or not name.isascii() or any(character in name for character in "\r\n\0: "):
            return f"header name {name!r} cannot be sent"
        if any(character in value for character in "\r\n\0"):
            return f"the value of header {name!r} holds a line end or a null"
    if response.head and not 200 <= response.status <= 999:
        return f"status {response.status} is no final HTTP status"
    return None
