"""Plays a case in process, for any HTTP library: what its user would see over a socket, without one.

The server's side keeps its own time, as over a socket: a chunk is sent when it is due, whether or not the client has
asked for it yet, and a client that leaves finds everything sent that was due by then.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from harness.origin.case import CasePlan, PlanScript, ReceivedRequest, Script
from harness.origin.clock import Clock, VirtualClock
from harness.origin.head import framing, head_fields, phrase
from harness.origin.log import CaseLog, OpenAttempt
from harness.wire.response import Chunk, Gate, WireResponse

HOST = "http://in-process.invalid"
"""No name below .invalid ever resolves (RFC 2606), so a request that bypasses the transport goes nowhere."""

Fail: TypeAlias = Callable[[str, str], Exception]
"""(name of the library's exception, message) -> the exception, ready to be raised."""


class Stage:
    """One case in process: where its requests arrive, and its log."""

    def __init__(self, plan: CasePlan | Script, clock: Clock | None = None) -> None:
        """Raises ValueError for a plan that cannot be played."""
        self.clock = clock or VirtualClock()
        self.log = CaseLog(self.clock.now)
        self._script = PlanScript(plan) if isinstance(plan, CasePlan) else plan
        self._base = f"/{plan.id}" if isinstance(plan, CasePlan) else ""
        self.base_url = HOST + self._base

    def play(self, request: ReceivedRequest, timeouts: Mapping[str, float | None], fail: Fail) -> Playback:
        """The answer to a request whose sender waits `timeouts["read"]` seconds for bytes (None: for ever).

        It may write another number there between two reads.
        """
        below = replace(request, path=request.path.removeprefix(self._base))
        answer = self._script.answer(below)
        return Playback(below, answer.response, self.log.begin(below, answer), self.clock, timeouts, fail)


def received(method: str, path: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> ReceivedRequest:
    """A library's request as a socket would bring it."""
    fields = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers)
    return ReceivedRequest(method, path.decode("latin-1"), fields, body)


class Playback:
    """One answer being read. Await `head` first, then read `chunks`; call `leave` when the client closes."""

    def __init__(
        self,
        request: ReceivedRequest,
        response: WireResponse,
        attempt: OpenAttempt,
        clock: Clock,
        timeouts: Mapping[str, float | None],
        fail: Fail,
    ) -> None:
        last = "close" in dict(request.headers).get("connection", "").lower()
        self._body = framing(response, last=last)
        self._response = response
        self._chunks = response.chunks if request.method != "HEAD" and response.head else ()
        self._attempt = attempt
        self._clock = clock
        self._timeouts = timeouts
        self._fail = fail
        self._at = clock.now() + response.before_head_s  # when the server is done with what it has sent so far
        self._sent = 0

    @property
    def status(self) -> int:
        """The status of the head."""
        return self._response.status

    @property
    def fields(self) -> list[tuple[bytes, bytes]]:
        """The header fields, as a socket would bring them."""
        return head_fields(self._response, self._body)

    @property
    def extensions(self) -> dict[str, object]:
        """What httpx and httpx2 tell of a response besides."""
        return {"http_version": b"HTTP/1.1", "reason_phrase": phrase(self._response.status)}

    async def head(self) -> None:
        """Returns when the head has come; raises the library's exception when none will."""
        if self._response.head:
            await self._reach(self._at)
        else:
            await self._finish("Server disconnected without sending a response.")

    async def chunks(self) -> AsyncIterator[bytes]:
        """The chunks of the body as they come; raises the library's exception where the body breaks off."""
        for chunk in self._chunks:
            if chunk.gate is not None:
                await self._hold(chunk.gate)
            await self._reach(self._due(chunk))
            self._send(self._due(chunk))
            if chunk.data:
                yield chunk.data
        await self._finish(self._cut_off())

    def leave(self) -> None:
        """The client closes, now. What was due by now was sent before it left."""
        if self._attempt.ended:
            return
        now = self._clock.now()
        for chunk in self._chunks[self._sent :]:
            if (due := self._due(chunk)) > now:
                break
            self._send(due)
        if self._sent == len(self._chunks) and self._end_due <= now:
            self._attempt.end(self._end_due)
        else:
            self._attempt.end(now, client_left=True)

    def _due(self, chunk: Chunk) -> float:
        """When the server sends the next chunk, as far as is known now."""
        at = self._at
        if chunk.gate is not None:
            opened = self._attempt.opened_at(chunk.gate)
            at = max(at, min(math.inf if opened is None else opened, at + chunk.gate.at_most_s))
        return at + chunk.pause_s

    def _send(self, due: float) -> None:
        self._at = due
        self._sent += 1
        self._attempt.sent(due)

    @property
    def _end_due(self) -> float:
        """When the server is done with the answer, once all of it is sent."""
        return math.inf if self._body.close == "stall" else self._at

    async def _finish(self, cut_off: str) -> None:
        await self._reach(self._end_due)
        self._attempt.end(self._end_due)
        if self._body.close == "reset":
            raise self._fail("ReadError", "")
        if self._body.close == "cut" and (self._body.promises_more or not self._response.head):
            raise self._fail("RemoteProtocolError", cut_off)

    def _cut_off(self) -> str:
        how = "incomplete chunked read"
        if self._body.length is not None:
            received = sum(len(chunk.data) for chunk in self._chunks)
            how = f"received {received} bytes, expected {self._body.length}"
        return f"peer closed connection without sending complete message body ({how})"

    async def _hold(self, gate: Gate) -> None:
        """Waits until the gate opens or gives up, or until the client's patience ends."""
        until = self._at + gate.at_most_s
        wait, patience = max(0.0, until - self._clock.now()), self._patience()
        opened = asyncio.ensure_future(self._attempt.opened(gate))
        sleeping = asyncio.ensure_future(self._sleep(min(wait, patience)))
        try:
            await asyncio.wait((opened, sleeping), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self.leave()
            raise
        finally:
            opened.cancel()
            sleeping.cancel()
        if self._attempt.opened_at(gate) is not None:
            return
        if wait > patience:
            self.leave()
            raise self._fail("ReadTimeout", "")
        self._at = until
        self._attempt.give_up(self._sent)

    def _patience(self) -> float:
        """How long the client waits for the next bytes, in seconds."""
        limit = self._timeouts.get("read")
        return math.inf if limit is None else limit

    async def _reach(self, due: float) -> None:
        """Waits until the server does what is due then, or until the client's patience ends."""
        wait = max(0.0, due - self._clock.now())
        patience = self._patience()
        try:
            await self._sleep(min(wait, patience))
        except asyncio.CancelledError:
            self.leave()
            raise
        if wait > patience:
            self.leave()
            raise self._fail("ReadTimeout", "")

    async def _sleep(self, seconds: float) -> None:
        if math.isinf(seconds):
            await asyncio.get_running_loop().create_future()
        await self._clock.sleep(seconds)
