"""One connection of the socket origin: requests come in through h11, planned responses go out exactly as planned.

Each chunk is one write, with the kernel before the next one starts. Whatever waits here (a pause, a stall, a full
socket) also waits for the client to leave, so that leaving is noticed at once.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import h11

from harness.origin.case import ReceivedRequest, own_answer
from harness.origin.head import Framing, framing, head_bytes, head_fields
from harness.origin.log import OpenAttempt
from harness.origin.peer import PeerQueues
from harness.wire.response import Gate, WireResponse
from harness.wire.tcp import reset, unacknowledged

BODY_LIMIT = 64 * 1024 * 1024
"""Bytes that a request body may have: room for a history with images in it."""
HEAD_LIMIT = 64 * 1024
"""Bytes that a request's head may have."""
AHEAD_LIMIT = 1024 * 1024
"""Bytes that a client may send ahead while the answer to its last request is played."""
REQUEST_TIMEOUT_S = 60.0
"""How long a request may take to come in, once its first byte has come."""
LINGER_S = 2.0
"""How long we read on after a refusal, so that closing does not destroy it on its way (RFC 9112, section 9.6)."""
RESET_FLUSH_S = 5.0
"""How long a reset waits for the peer's kernel to take what was sent before."""
RESET_FLUSH_STEP_S = 0.001
READ_WAITS_S = (0.0, 0.0, 0.0, 0.0, *(0.0005 * 2**step for step in range(10)))
"""How often, and after how long, we look whether the client has read the last chunk before we send the next one: half
a second in all. A client that takes longer is not reading, and gets the rest of its answer without this."""
READ_BUDGET_S = 5.0
"""How long one answer waits for its client to read chunk by chunk; the rest comes as fast as the client takes it."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A whole request, with what its head says about the connection."""

    request: ReceivedRequest
    last: bool
    http10: bool


@dataclass(frozen=True, slots=True)
class Routed:
    """What is played in answer to a request, where that is logged, and which connections play the same case."""

    response: WireResponse
    attempt: OpenAttempt | None = None
    players: set[Connection] = field(default_factory=set)


Router = Callable[[ReceivedRequest], Routed]
"""A request with its whole path -> what to do about it."""


class ClientLeft(Exception):
    """The client closed or reset the connection."""


class Refused(Exception):
    """What came is no request that the origin takes; `answer` says why, in the origin's own name."""

    def __init__(self, answer: WireResponse) -> None:
        self.answer = answer


class Connection(asyncio.Protocol):
    """Serves one client, request after request, until either side closes. It is in `open_connections` meanwhile."""

    def __init__(self, route: Router, open_connections: set[Connection], queues: PeerQueues) -> None:
        self._route = route
        self._open = open_connections
        self._queues = queues
        self._inbox: list[bytes] = []
        self._reading = True
        self._written = 0
        self._discarding = False
        self._news = asyncio.Event()  # bytes came, or the client left
        self._gone = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # What the event loop tells us

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._socket: socket.socket = transport.get_extra_info("socket")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=0)  # so that a finished write is with the kernel
        self._addresses = (transport.get_extra_info("sockname")[:2], transport.get_extra_info("peername")[:2])
        self._open.add(self)
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._discarding:
            return
        self._inbox.append(data)
        if not self._reading and sum(map(len, self._inbox)) > AHEAD_LIMIT:
            self.drop()
        self._news.set()

    def eof_received(self) -> bool:
        """The client closed its side. HTTP clients do not half-close, so it has left; `_serve` closes ours."""
        self._leave()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone for good."""
        self._leave()
        self._open.discard(self)
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        """The kernel takes no more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Everything written is with the kernel."""
        self._writable.set()

    def _leave(self) -> None:
        self._gone.set()
        self._news.set()
        self._writable.set()

    # What the origin tells us

    def drop(self) -> None:
        """Ends the connection at once, whatever is being played."""
        self._task.cancel()
        self._transport.abort()

    # Serving

    async def _serve(self) -> None:
        try:
            while (incoming := await self._next_request()) is not None:
                if not await self._answer(incoming):
                    break
        except Refused as refused:
            await self._refuse(refused.answer)
        except ClientLeft:
            pass
        finally:
            self._transport.close()

    async def _answer(self, incoming: Incoming) -> bool:
        """Plays the answer; says whether the connection can take another request."""
        routed = self._route(incoming.request)
        body = framing(routed.response, last=incoming.last, http10=incoming.http10)
        routed.players.add(self)
        try:
            await self._play(routed.response, body, routed.attempt, incoming.request.method)
        except ClientLeft:
            if routed.attempt is not None:
                routed.attempt.end(client_left=True)
            raise
        finally:
            routed.players.discard(self)
        return body.close == "keep"

    async def _refuse(self, answer: WireResponse) -> None:
        self._discarding = True
        with suppress(ClientLeft, TimeoutError, OSError):
            await self._play(answer, framing(answer, last=True), None, "POST")
            self._transport.write_eof()
            await asyncio.wait_for(self._gone.wait(), LINGER_S)

    # Playing

    async def _play(self, response: WireResponse, body: Framing, attempt: OpenAttempt | None, method: str) -> None:
        await self._pause(response.before_head_s)
        if response.head:
            self._write(head_bytes(response.status, head_fields(response, body)))
            if method != "HEAD":
                await self._play_body(response, body, attempt)
        await self._finish(body, attempt)

    async def _play_body(self, response: WireResponse, body: Framing, attempt: OpenAttempt | None) -> None:
        budget = READ_BUDGET_S
        for number, chunk in enumerate(response.chunks):
            if chunk.gate is not None and attempt is not None:
                await self._hold(chunk.gate, attempt, number)
            await self._pause(chunk.pause_s)
            if number and budget > 0:
                budget = await self._read_by_peer(budget)
            if chunk.data:  # an HTTP chunk without data would end the body
                self._write(_http_chunk(chunk.data, response) if body.chunked else chunk.data)
            await self._flushed()
            if attempt is not None:
                attempt.sent()
        if body.chunked and body.ends_well:
            self._write(b"0\r\n\r\n")

    async def _finish(self, body: Framing, attempt: OpenAttempt | None) -> None:
        await self._flushed()
        if body.close == "stall":
            await self._gone.wait()
            raise ClientLeft
        if body.close == "reset":
            await self._taken_by_peer()
        if attempt is not None:
            attempt.end()
        if body.close == "reset":
            reset(self._transport)

    def _write(self, data: bytes) -> None:
        if self._gone.is_set():
            raise ClientLeft
        self._transport.write(data)
        self._written += len(data)

    async def _flushed(self) -> None:
        await self._writable.wait()
        if self._gone.is_set():
            raise ClientLeft

    async def _pause(self, seconds: float) -> None:
        """Lets the loop turn at least once, so that other cases play on and a client that left is seen."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), seconds)
        else:
            await asyncio.sleep(0)
        if self._gone.is_set():
            raise ClientLeft

    async def _hold(self, gate: Gate, attempt: OpenAttempt, chunk: int) -> None:
        """Waits until the gate opens or gives up."""
        waiting = [asyncio.ensure_future(attempt.opened(gate)), asyncio.ensure_future(self._gone.wait())]
        try:
            await asyncio.wait(waiting, timeout=gate.at_most_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
        if self._gone.is_set():
            raise ClientLeft
        if attempt.opened_at(gate) is None:
            attempt.give_up(chunk)

    async def _read_by_peer(self, budget: float) -> float:
        """Waits until the client has read what was sent, so that the next chunk is a read of its own.

        HTTP's chunks carry the cuts to clients that heed them; this carries them to all others too. Gives what is left
        of the seconds in `budget`: nothing for a client that is not reading, or whose reading cannot be seen.
        """
        ours, peers = self._addresses
        began = time.monotonic()
        for wait in READ_WAITS_S:
            unread = self._queues.unread(ours, peers, self._written)
            if not unread:
                return 0.0 if unread is None else budget - (time.monotonic() - began)
            await self._pause(wait)
        return 0.0

    async def _taken_by_peer(self) -> None:
        """A reset throws away what the peer's kernel has not taken yet, so it waits for that first."""
        for _ in range(round(RESET_FLUSH_S / RESET_FLUSH_STEP_S)):
            if not unacknowledged(self._socket):
                return
            await self._pause(RESET_FLUSH_STEP_S)

    # Requests

    async def _next_request(self) -> Incoming | None:
        """The next whole request; None when the client left instead of sending one. Raises Refused."""
        self._reading = True
        if not await self._more():
            return None
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                return await self._read_request()
        except TimeoutError:
            raise Refused(_refusal(408, "request-timeout", "the request did not come to its end")) from None
        finally:
            self._reading = False

    async def _more(self) -> bool:
        """Waits for bytes; False when the client left without sending any."""
        while not self._inbox:
            if self._gone.is_set():
                return False
            self._news.clear()
            await self._news.wait()
        return True

    async def _read_request(self) -> Incoming | None:
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
        head: h11.Request | None = None
        body = bytearray()
        while True:
            match _next_event(parser):
                case h11.Request() as head:
                    self._continue(parser)
                case h11.Data(data=data):
                    body += data
                    if len(body) > BODY_LIMIT:
                        raise Refused(_refusal(413, "body-too-large", f"the body is larger than {BODY_LIMIT} bytes"))
                case h11.EndOfMessage() if head is not None:
                    self._put_back(parser.trailing_data[0])
                    return _incoming(head, bytes(body), last=parser.their_state is h11.MUST_CLOSE)
                case _:
                    if not await self._more():
                        return None
                    parser.receive_data(b"".join(self._inbox))
                    self._inbox.clear()

    def _continue(self, parser: h11.Connection) -> None:
        if parser.they_are_waiting_for_100_continue:
            self._write(parser.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")) or b"")

    def _put_back(self, ahead: bytes) -> None:
        if ahead:
            self._inbox.insert(0, ahead)


def _http_chunk(data: bytes, response: WireResponse) -> bytes:
    extension = f";{response.chunk_extension}".encode("ascii") if response.chunk_extension else b""
    return b"%x%b\r\n%b\r\n" % (len(data), extension, data)


def _next_event(parser: h11.Connection) -> object:
    try:
        return parser.next_event()
    except h11.RemoteProtocolError as error:
        raise Refused(_refusal(error.error_status_hint, "not-http", f"this is no HTTP request: {error}")) from None


def _incoming(head: h11.Request, body: bytes, *, last: bool) -> Incoming:
    headers = tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers)
    request = ReceivedRequest(head.method.decode("ascii"), head.target.decode("latin-1"), headers, body)
    return Incoming(request, last, head.http_version == b"1.0")


def _refusal(status: int, slug: str, problem: str) -> WireResponse:
    return own_answer(status, slug, problem, "send one whole HTTP/1.1 request")
