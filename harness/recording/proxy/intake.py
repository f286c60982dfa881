"""A client's request on its way through: its head is written anew for the upstream, its body goes on as it came."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import h11

from harness.recording.cassette import RecordedRequest
from harness.recording.proxy.refusal import Refused
from harness.recording.proxy.upstream import Upstream

HEAD_LIMIT = 100 * 1024
"""Bytes that the head of a request, or of a chunk, may have."""
RECORD_LIMIT = 64 * 1024 * 1024
"""Bytes that either body of an exchange may have to be recorded: a cassette may have no more. What is longer is relayed
all the same, and not kept."""

_HEAD_END = re.compile(rb"\n\r?\n")
_FOR_THE_PROXY = frozenset({"proxy-connection", "proxy-authorization", "keep-alive", "upgrade", "http2-settings"})
_STILL_TRUE = ("close", "keep-alive", "te")
"""What `Connection` may say on the other side too: both sides are kept and closed together, and trailers go through."""
_FRAMING = frozenset({"host", "content-length", "transfer-encoding"})
"""What no word of `Connection` takes out."""
_IGNORED_UPGRADES = ("", "h2c")
"""Offers that a server may pass over in silence (RFC 9110, section 7.8); their clients go on in HTTP/1.1."""


class Intake:
    """One request being read. Feed it bytes and send on what it gives; at the end `rest` is what came behind it."""

    def __init__(self, upstream: Upstream, own_authority: str = "") -> None:
        self.over = False
        self.rest = b""
        self.method = b""
        self.body_size = 0
        self.last = False
        """Whether the client wants the connection closed after the answer."""
        self._upstream = upstream
        self._own_authority = own_authority
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
        self._raw: bytearray | None = bytearray()  # of the head, until it is whole
        self._url = ""
        self._fields: list[tuple[str, str]] = []
        self._body: list[bytes] = []

    @property
    def has_head(self) -> bool:
        """Whether the head is whole."""
        return self._raw is None

    @property
    def recorded(self) -> RecordedRequest:
        """The request as far as it has come, as it is sent to the upstream."""
        headers = tuple((name.lower(), value) for name, value in self._fields)
        return RecordedRequest(self.method.decode("ascii"), self._url, headers, b"".join(self._body))

    def feed(self, data: bytes) -> bytes:
        """The bytes to send on now that these have come; raises Refused."""
        onward = b""
        if self._raw is not None:
            self._raw += data
        self._parser.receive_data(data)
        while not self.over:
            match self._event():
                case h11.Request() as request:
                    onward, data = self._head(request), self._behind_head()
                case h11.Data(data=piece):
                    self._keep(bytes(piece))
                case h11.EndOfMessage():
                    self.over = True
                    self.last = self._parser.their_state is h11.MUST_CLOSE
                    self.rest = self._parser.trailing_data[0]
                case _:
                    break
        if self._raw is not None:
            return b""
        return onward + data[: len(data) - len(self.rest)]

    def _keep(self, piece: bytes) -> None:
        self.body_size += len(piece)
        if self.body_size <= RECORD_LIMIT:
            self._body.append(piece)

    def _event(self) -> object:
        try:
            return self._parser.next_event()
        except h11.RemoteProtocolError as error:
            mend = "send one HTTP/1.1 request after another"
            raise Refused(error.error_status_hint, "not-http", f"this is no HTTP request: {error}", mend) from None

    def _behind_head(self) -> bytes:
        assert self._raw is not None
        found = _HEAD_END.search(self._raw)
        behind = bytes(self._raw[found.end() :]) if found else b""
        self._raw = None
        return behind

    def _head(self, request: h11.Request) -> bytes:
        self.method = request.method
        if request.http_version not in (b"1.0", b"1.1"):
            problem = f"this is a request of HTTP/{request.http_version.decode('ascii')}"
            raise Refused(505, "other-version", problem, "only HTTP/1.1 is relayed here; let your client speak that")
        fields = [(name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers.raw_items()]
        _check_upgrade(fields)
        target = self._upstream.target(self._origin_form(request))
        self._url = self._upstream.url_of(target)
        self._fields = _onward(fields, self._upstream.authority)
        line = f"{self.method.decode('ascii')} {target} HTTP/{request.http_version.decode('ascii')}\r\n"
        head = line + "".join(f"{name}: {value}\r\n" for name, value in self._fields) + "\r\n"
        return head.encode("latin-1")

    def _origin_form(self, request: h11.Request) -> str:
        """The path and query asked for; raises Refused for what is meant for a forward proxy."""
        target = request.target.decode("latin-1")
        if target.startswith("/") or target == "*":
            return target
        absolute = urlsplit(target)
        known = self._upstream.names(absolute) or absolute.netloc == self._own_authority
        if request.method == b"CONNECT" or not known:
            problem = f"{self.method.decode('ascii')} {target} asks a forward proxy, and this one stands for one server"
            mend = f"use this proxy's URL as the base URL of your client; what comes goes to {self._upstream.url}"
            raise Refused(421, "no-forward-proxy", problem, mend)
        return (absolute.path or "/") + (f"?{absolute.query}" if absolute.query else "")


def _check_upgrade(fields: list[tuple[str, str]]) -> None:
    wanted = next((value for name, value in fields if name.lower() == "upgrade"), "")
    if any(offer.strip().lower() not in _IGNORED_UPGRADES for offer in wanted.split(",")):
        problem = f"an upgrade to {wanted!r} is not relayed: only HTTP/1.1 can be recorded"
        raise Refused(501, "no-upgrade", problem, "use the vendor's streaming over HTTP, or leave the proxy out")


def _onward(fields: list[tuple[str, str]], authority: str) -> list[tuple[str, str]]:
    """The fields for the upstream: the Host that it knows, and nothing that was for the proxy alone."""
    options = [option for name, value in fields if name.lower() == "connection" for option in _options(value)]
    dropped = _FOR_THE_PROXY | ({*options} - {*_STILL_TRUE} - _FRAMING)
    if any(name.lower() == "transfer-encoding" for name, _ in fields):
        dropped = dropped | {"content-length"}  # which it overrides (RFC 9112, section 6.3)
    kept: list[tuple[str, str]] = [] if any(name.lower() == "host" for name, _ in fields) else [("Host", authority)]
    for name, value in fields:
        match name.lower():
            case "host":
                kept.append((name, authority))
            case "connection":
                if still := [option for option in _options(value) if option in _STILL_TRUE]:
                    kept.append((name, ", ".join(still)))
            case lower if lower not in dropped:
                kept.append((name, value))
    return kept


def _options(value: str) -> list[str]:
    return [option for part in value.split(",") if (option := part.strip().lower())]
