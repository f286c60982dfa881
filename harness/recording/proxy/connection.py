"""One client of the proxy, and the connection to the upstream that stands behind it.

What the upstream sends is written to the client before anything else is done with it. Both sides are kept, closed and
reset alike; each client has a connection of its own behind it, opened when it first asks for something.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from harness.recording.listening import END_GRACE_S
from harness.recording.proxy.intake import Intake
from harness.recording.proxy.passage import Keeper, Passage
from harness.recording.proxy.refusal import Refused
from harness.recording.proxy.upstream import Upstream
from harness.wire.tcp import reset, unacknowledged

AHEAD_LIMIT = 256 * 1024
"""Bytes of a client that may wait here for the upstream, or for the end of the answer before."""
LINGER_S = 2.0
"""How long we read on behind a FIN, so that closing does not destroy it on its way (RFC 9112, section 9.6)."""
RESET_FLUSH_S = 5.0
"""How long a reset waits for the client's kernel to take what was sent before."""
RESET_FLUSH_STEP_S = 0.001


class Desk(Keeper, Protocol):
    """The proxy, as its connections see it."""

    upstream: Upstream
    authority: str

    async def reach(self, client: ClientSide) -> UpstreamSide:
        """A new connection to the upstream for this client; raises Refused."""

    def refused(self, refusal: Refused) -> None:
        """A request was not relayed."""

    def odd(self, intake: Intake, problem: str) -> None:
        """An answer was relayed that is not as HTTP has it."""


class UpstreamSide(asyncio.Protocol):
    """The connection to the upstream: hands on what comes, to its one client."""

    def __init__(self, client: ClientSide) -> None:
        self.was_reset: bool | None = None
        """How the upstream closed the connection; None while it stands, and where we closed it."""
        self._client = client
        self._writable = asyncio.Event()
        self._writable.set()
        self._closed = False

    async def send(self, data: bytes) -> None:
        """Sends bytes; returns when there is room for more."""
        self._transport.write(data)
        await self._writable.wait()

    def hold(self, waiting: bool) -> None:
        """Reads no more for now, or reads on."""
        if waiting:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def hang_up(self) -> None:
        """Closes, now."""
        self._closed = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection stands."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came."""
        if not self._closed:
            self._client.answer_came(data)

    def eof_received(self) -> None:
        """asyncio: the upstream closed its side; servers close both."""
        self._end(was_reset=False)
        self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio: the connection is gone."""
        self._writable.set()
        self._end(was_reset=isinstance(error, OSError))

    def pause_writing(self) -> None:
        """asyncio: the kernel takes no more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """asyncio: it takes more."""
        self._writable.set()

    def _end(self, *, was_reset: bool) -> None:
        if not self._closed:
            self._closed = True
            self.was_reset = was_reset
            self._client.upstream_closed(self, was_reset=was_reset)


class ClientSide(asyncio.Protocol):
    """Relays one client's requests, one after another, until either side closes. It is in `clients` meanwhile."""

    def __init__(self, desk: Desk, clients: set[ClientSide]) -> None:
        self._desk = desk
        self._clients = clients
        self._inbox: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._flushed = asyncio.Event()
        self._flushed.set()
        self._upstream: UpstreamSide | None = None
        self._intake: Intake | None = None
        self._passage: Passage | None = None
        self._answered = asyncio.Event()
        self._asking = False  # whether a request has begun to come, and none of it has gone out
        self._parting = False
        self._holding = False  # whether the client is not being read from
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # What the event loop tells of the client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the client connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=0)  # so that nothing lies here which the upstream could hold
        self._clients.add(self)
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came."""
        if self._parting:
            return
        self._inbox.append(data)
        self._news.set()
        if sum(map(len, self._inbox)) > AHEAD_LIMIT:
            self._holding = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """asyncio: the client closed its side. HTTP clients do not half-close, so it has left; many do so at a
        vendor's end mark, and what ends the body is on its way then."""
        if self._passage is not None and self._passage.begun and not self._passage.over:
            self._passage.read_to_its_last()
            asyncio.get_running_loop().call_later(END_GRACE_S, self.drop)
            return True
        self.drop()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio: the connection is gone for good."""
        self._leave()
        self._clients.discard(self)
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        """asyncio: the client takes no more for now, so no more is taken from the upstream."""
        self._flushed.clear()
        if self._upstream is not None:
            self._upstream.hold(True)

    def resume_writing(self) -> None:
        """asyncio: everything that was written is with the kernel."""
        self._flushed.set()
        if self._upstream is not None:
            self._upstream.hold(False)

    def drop(self) -> None:
        """Ends the connection at once, whatever is being relayed; an answer under way was cancelled."""
        self._leave()
        self._transport.close() if self._parting else self._transport.abort()

    def _leave(self) -> None:
        self._task.cancel()
        if self._passage is not None and not self._passage.over:
            self._passage.left()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._upstream is not None:
            self._upstream.hang_up()
            self._upstream = None

    # What the upstream does

    def answer_came(self, data: bytes) -> None:
        """Bytes of the upstream: they go to the client first of all, also those that nobody asked for."""
        self._transport.write(data)
        if self._intake is None or self._passage is None:
            return
        if self._passage.left_by_reader:
            self._passage.came(data)
            self.drop()
            return
        problem = "more came than the answer" if self._passage.over else self._passage.came(data)
        if problem is not None:
            self._desk.odd(self._intake, problem)
            self._task.cancel()
            self._part()

    def upstream_closed(self, side: UpstreamSide, *, was_reset: bool) -> None:
        """The upstream hung up: so do we, in the same way."""
        if side is not self._upstream:
            return
        self._upstream = None
        if self._passage is not None and not self._passage.over:
            self._passage.closed(reset=was_reset)
        elif self._passage is None and (self._inbox or self._asking):
            return  # the next request has not gone out yet: it gets a new connection
        self._task.cancel()
        if was_reset:
            self._task = asyncio.get_running_loop().create_task(self._reset())
        else:
            self._part()

    # Relaying

    async def _serve(self) -> None:
        try:
            while await self._relay():
                pass
        except Refused as refused:
            self._desk.refused(refused)
            self._refuse(refused)
        except Exception:
            self._transport.abort()
            raise
        self._part()

    async def _relay(self) -> bool:
        """Relays one exchange; says whether both sides can take another."""
        intake = self._intake = Intake(self._desk.upstream, self._desk.authority)
        onward = intake.feed(await self._next())
        self._asking = True
        while not intake.has_head:
            onward = intake.feed(await self._next())
        side = self._upstream = self._upstream or await self._desk.reach(self)
        self._answered.clear()
        self._passage, self._asking = Passage(intake, self._desk, self._answered.set), False
        if side.was_reset is not None:  # it closed as soon as it stood
            self.upstream_closed(side, was_reset=side.was_reset)
            await asyncio.sleep(0)  # where this task ends
        await side.send(onward)
        while not intake.over:
            onward = intake.feed(await self._next())
            await side.send(onward)
        self._passage.sent()
        if intake.rest:
            self._inbox.appendleft(intake.rest)
            self._news.set()
        await self._answered.wait()
        keeps = self._passage.keeps
        self._passage = None
        return keeps

    async def _next(self) -> bytes:
        """What the client sent since the last call, once it has sent something."""
        while not self._inbox:
            self._news.clear()
            await self._news.wait()
        data = b"".join(self._inbox)
        self._inbox.clear()
        if self._holding:
            self._holding = False
            self._transport.resume_reading()
        return data

    def _refuse(self, refused: Refused) -> None:
        """Says why, unless an answer is on its way already."""
        begun = self._passage is not None and self._passage.begun
        if self._passage is not None and not self._passage.over:
            self._passage.left()
        if begun:
            self._transport.abort()
        else:
            is_head = self._intake is not None and self._intake.method == b"HEAD"
            self._transport.write(refused.answer(with_body=not is_head))

    # Closing

    def _part(self) -> None:
        """FIN, behind everything that was written; what the client still sends is thrown away for a while."""
        self._hang_up()
        if self._transport.is_closing() or self._parting:
            return
        self._parting = True
        self._inbox.clear()
        if self._holding:
            self._transport.resume_reading()
        self._transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER_S, self._transport.close)

    async def _reset(self) -> None:
        """RST, once the client's kernel has everything that was written."""
        await self._flushed.wait()
        connection = self._transport.get_extra_info("socket")
        for _ in range(round(RESET_FLUSH_S / RESET_FLUSH_STEP_S)):
            if not unacknowledged(connection):
                break
            await asyncio.sleep(RESET_FLUSH_STEP_S)
        reset(self._transport)
