"""A response as wire truth: status, headers, and the chunks of its body with the time and the ending of each.

The catalogue renders scenarios to it, cassettes store it, the origin and the in-process transport play it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Literal, TypeAlias, get_args

from harness.wire.content_coding import accepts

Ending: TypeAlias = Literal["clean", "no_last_chunk", "short_length", "reset", "stall", "timeout", "cancelled"]
"""How the body ended.

`clean`: as HTTP says it should; `no_last_chunk`: chunked, then FIN without the last chunk; `short_length`: FIN before
Content-Length was reached; `reset`: TCP RST; `stall`: nothing more comes, the connection stays open. Recordings also
know `timeout` (we gave up waiting; plays as a stall) and `cancelled` (we hung up; plays as what came, then a stall).
"""
ENDINGS: tuple[Ending, ...] = get_args(Ending)

Transfer: TypeAlias = Literal["chunked", "length", "close"]
"""How the body's end is marked: chunked coding, Content-Length, or the closing of the connection alone."""

HeaderCase: TypeAlias = Literal["lower", "title", "upper"]
"""How the names of headers are spelled: `content-type`, `Content-Type` or `CONTENT-TYPE`."""

_DATE = re.compile(r"\{http-date([+-]\d+)?\}")
"""In a header's value: the moment at which the header is sent, and so many seconds more or less."""


GATE_LIMIT_S = 60.0
"""How long a gate waits unless it says otherwise: far longer than a loaded machine needs to hand a word on."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What must have reached the caller before the body goes on: so many events with content in them, so much text.

    White space does not count. A gate gives up after `at_most_s` seconds. It stands open once the caller has ended, and
    where nobody tells what the caller has.
    """

    until_events: int = 0
    until_text: str = ""
    at_most_s: float = GATE_LIMIT_S


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of the body as it goes over the wire; before it is sent, `gate` opens and then `pause_s` passes."""

    data: bytes
    pause_s: float = 0.0
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class WireResponse:
    """One response, ready to be played. Header names are lower case; transfer headers are left to the player."""

    status: int
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[Chunk, ...]
    ending: Ending = "clean"
    transfer: Transfer = "chunked"
    missing_bytes: int = 0
    """With `short_length`: how many more bytes Content-Length promises than come."""
    before_head_s: float = 0.0
    """How long the server waits before the status line."""
    codings: tuple[tuple[str, WireResponse], ...] = ()
    """The same response in content codings, the server's first choice first, for requests that accept one of them."""
    chunk_extension: str = ""
    """Stands behind the size of each HTTP chunk (RFC 9112, section 7.1.1)."""
    header_case: HeaderCase = "lower"
    """How the names of all headers are spelled on the wire, those of the player's own too."""
    head: bool = True
    """False: the connection ends (or stalls) as `ending` says before any status line."""

    @property
    def body(self) -> bytes:
        """All bytes of the body that are sent."""
        return b"".join(chunk.data for chunk in self.chunks)

    def header(self, name: str) -> str | None:
        """The first header of that lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    def accepted_by(self, accept_encoding: str | None) -> WireResponse:
        """The response in the first coding that a request with that Accept-Encoding takes, or as it is."""
        return next((other for coding, other in self.codings if accepts(accept_encoding, coding)), self)

    def headers_at(self, now: datetime) -> tuple[tuple[str, str], ...]:
        """The headers as they are sent at that moment: `{http-date+3}` in a value is the HTTP date 3 seconds later."""

        def date(found: re.Match[str]) -> str:
            moment = now.astimezone(UTC) + timedelta(seconds=int(found[1] or 0))
            return format_datetime(moment, usegmt=True)

        return tuple((name, _DATE.sub(date, value)) for name, value in self.headers)
