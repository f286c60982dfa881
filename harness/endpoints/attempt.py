"""One request of a probe: sent by the reference client, recorded on its way, and looked at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from harness.endpoints.asking import dialect_at
from harness.endpoints.plan import Step
from harness.events import AnyEvent
from harness.recording.cassette import Exchange
from harness.recording.tape import Recorder
from harness.recording.transport import RecordingTransport
from harness.stack.client import Client
from harness.stack.gate import CONTENT
from harness.stack.policy import Policy
from harness.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one request came to. `missing` says what its answer does not show of what it is to show."""

    transcript: Transcript
    exchange: Exchange | None
    missing: tuple[str, ...]
    unreachable: str | None = None
    """Why no connection could be made."""

    @property
    def http_status(self) -> int | None:
        """The status of the answer; None where none began."""
        return self.exchange.response.status if self.exchange and self.exchange.response.head else None


async def attempt(
    step: Step, timeout_s: float, connect: Callable[[], httpx.AsyncBaseTransport] = httpx.AsyncHTTPTransport
) -> Attempt:
    """Sends the step's request once, and waits for the end of its answer. Never raises for what the server does."""
    kept: list[Exchange] = []
    network = _Network(connect())
    recorder = Recorder(kept.append, provider=step.where.provider, scenario=step.probe.name)
    changes = step.probe.dialects.get(step.where.dialect)
    client = Client(
        dialect_at(step.where, [changes] if changes else ()),
        step.where.base_url,
        api_key=step.key,
        policy=Policy.named("none").patient_for(timeout_s),
        transport=RecordingTransport(recorder, network),
        clock=_TransportTime(),
        literal=True,
    )
    async with client:
        transcript = client.fold(await _events(client, step))
    exchange = kept[-1] if kept else None
    response = exchange.response if exchange and exchange.response.head else None
    return Attempt(transcript, exchange, step.probe.check.missing(transcript, response), network.unreachable)


async def _events(client: Client, step: Step) -> list[AnyEvent]:
    events: list[AnyEvent] = []
    async with client.stream(step.request) as stream:
        async for event in stream:
            events.append(event)
            if step.probe.cancel and isinstance(event, CONTENT):
                stream.cancel()
    return events


class _TransportTime:
    """The machine's time, in a form that leaves time-outs to the transport: so silence is recorded as a time-out.

    By the client's own timer the transport would only see that it is left.
    """

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Network(httpx.AsyncBaseTransport):
    """A transport that remembers that no connection could be made: then there is nothing to record."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.unreachable: str | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            self.unreachable = str(error) or type(error).__name__
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()
