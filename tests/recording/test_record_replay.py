"""What is recorded, replayed and recorded again is the same: bytes, boundaries, endings and times.

In process, where time is virtual, an arrival may differ by TICK_S. Over sockets nothing arrives earlier than it was
recorded, and how much later depends on the machine: LATE_S is far more than any that works at all.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.origin.case import ReceivedRequest, Script
from harness.origin.cassette import CassetteScript
from harness.origin.clock import VirtualClock
from harness.origin.head import framing, head_bytes, head_fields
from harness.origin.server import Origin
from harness.origin.transport import InProcessTransport
from harness.origin.transport_httpx2 import InProcessTransport2
from harness.recording.cassette import Exchange, RecordedRequest, load_cassette
from harness.recording.proxy.events import Recorded
from harness.recording.proxy.intake import Intake
from harness.recording.proxy.passage import Passage
from harness.recording.proxy.server import proxying
from harness.recording.proxy.upstream import Upstream
from harness.recording.secrets import Redactor
from harness.recording.tape import Recorder, Tape
from harness.recording.transport import RecordingTransport
from harness.recording.transport_httpx2 import RecordingTransport2
from harness.recording.writer import CassetteWriter
from harness.wire.response import Chunk, Ending, Transfer, WireResponse

from ..origin.wire import Always

TICK_S = 2e-6
SOONER_S = 1e-3
LATE_S = 5.0
PATIENCE_S = 60.0
"""How long the in-process clients wait for bytes, in virtual time."""

ENDINGS: dict[Transfer, tuple[Ending, ...]] = {
    "chunked": ("clean", "no_last_chunk", "reset", "stall"),
    "length": ("clean", "short_length", "reset", "stall"),
    "close": ("clean", "reset", "stall"),
}
STATUSES = (200, 201, 206, 400, 401, 404, 429, 500, 503, 529, 599)
HEADERS = (
    ("content-type", "text/event-stream; charset=utf-8"),
    ("x-request-id", "r-1"),
    ("x-two", "a"),
    ("x-two", "b"),
)


@st.composite
def responses(draw: st.DrawFn, most_bytes: int, longest_us: int) -> WireResponse:
    """Any cutting of any bytes, any pauses in whole microseconds, any status, any ending that its framing can have."""
    waits = st.integers(0, longest_us).map(lambda microseconds: microseconds / 1e6)
    before_head_s = draw(waits)
    if draw(st.integers(0, 9)) == 0:
        ending = draw(st.sampled_from(("clean", "reset", "stall")))
        return WireResponse(0, (), (), ending, before_head_s=before_head_s, head=False)  # type: ignore[arg-type]
    if draw(st.integers(0, 9)) == 0:
        return WireResponse(204, HEADERS[1:], (), transfer="length", before_head_s=before_head_s)
    transfer = draw(st.sampled_from(tuple(ENDINGS)))
    ending = draw(st.sampled_from(ENDINGS[transfer]))
    data = st.one_of(st.binary(min_size=1, max_size=most_bytes), st.just('data: {"é"}\r\n\n'.encode()))
    return WireResponse(
        draw(st.sampled_from(STATUSES)),
        HEADERS,
        tuple(draw(st.lists(st.builds(Chunk, data, waits), max_size=6))),
        ending,
        transfer,
        missing_bytes=draw(st.integers(1, 10_000)) if ending == "short_length" else 0,
        before_head_s=before_head_s,
    )


def again(exchange: Exchange) -> tuple[Exchange, CassetteScript]:
    """An exchange as a cassette keeps it, and what plays that."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.yaml"
        with CassetteWriter(path, redactor=Redactor(environment={})) as writer:
            kept = writer.append(exchange)
        cassette = load_cassette(path)
    assert cassette.exchanges == (kept,)
    return kept, CassetteScript(cassette)


def arrivals(response: WireResponse) -> list[float]:
    """When the head and each chunk came, in seconds after the request was sent."""
    return list(accumulate((response.before_head_s, *(chunk.pause_s for chunk in response.chunks))))


def untimed(response: WireResponse) -> WireResponse:
    """The response without its times, and without what the origin adds."""
    headers = tuple(field for field in response.headers if field[0] not in ("date", "server"))
    chunks = tuple(Chunk(chunk.data) for chunk in response.chunks)
    return replace(response, headers=headers, chunks=chunks, before_head_s=0.0)


def check(planned: WireResponse, first: Exchange, second: Exchange, *, gave_up: Ending) -> None:
    """Both recordings are of what was played, but for their times; a client that met silence gave up."""
    assert untimed(first.response) == untimed(second.response)
    recorded = first.response
    assert [chunk.data for chunk in recorded.chunks] == [chunk.data for chunk in planned.chunks]
    assert (recorded.head, recorded.status) == (planned.head, planned.status)
    assert recorded.ending == (gave_up if planned.ending == "stall" else planned.ending)
    assert recorded.missing_bytes == planned.missing_bytes
    if planned.head and planned.status != 204:  # without a body, nothing marks its end
        assert recorded.transfer == planned.transfer
        assert untimed(recorded).headers == HEADERS
    assert first.request == second.request


# In process: many examples, exact times


async def by_httpx(script: Script) -> Exchange:
    """Recorded by httpx's transport."""
    clock = VirtualClock()
    inner = InProcessTransport(script, clock)
    return await by_client(httpx.AsyncClient, RecordingTransport, inner, clock)


async def by_httpx2(script: Script) -> Exchange:
    """Recorded by httpx2's transport."""
    clock = VirtualClock()
    inner = InProcessTransport2(script, clock)
    return await by_client(httpx2.AsyncClient, RecordingTransport2, inner, clock)


async def by_client(client: Any, transport: Any, inner: Any, clock: VirtualClock) -> Exchange:
    """One request of a client in virtual time, read until its end, or until its patience is at one."""
    kept: list[Exchange] = []
    recorder = Recorder(kept.append, now_ns=lambda: round(clock.now() * 1e9))
    async with client(transport=transport(recorder, inner), timeout=PATIENCE_S) as asking:
        with suppress(httpx.TransportError, httpx2.TransportError):
            async with asking.stream("POST", f"{inner.base_url}/v1/x?a=b", json={"q": 1}) as answer:
                async for _ in answer.aiter_raw():
                    pass
    (exchange,) = kept
    return exchange


async def by_passage(script: Script) -> Exchange:
    """Recorded by what watches in the proxy, which is given the bytes that a socket would bring when it would."""
    desk = _Desk()
    intake = Intake(Upstream.of("http://origin.invalid"))
    intake.feed(b'POST /v1/x?a=b HTTP/1.1\r\nHost: proxy\r\nContent-Length: 7\r\n\r\n{"q":1}')
    passage = Passage(intake, desk, lambda: None)
    passage.sent()
    request = ReceivedRequest("POST", "/v1/x?a=b", (), b'{"q":1}')
    for wait_s, data in _on_the_wire(script.answer(request).response):
        desk.now_s += wait_s
        match data:
            case bytes():
                passage.came(data)
            case "FIN" | "RST":
                passage.closed(reset=data == "RST")
            case _:
                desk.now_s += PATIENCE_S
                passage.left()
    (exchange,) = desk.kept
    return exchange


def _on_the_wire(response: WireResponse) -> Iterator[tuple[float, bytes | str]]:
    """After how long which bytes come, and how the connection ends."""
    body = framing(response)
    ends = {"keep": "FIN", "close": "FIN", "cut": "FIN", "reset": "RST", "stall": "silence"}
    if not response.head:
        silent = body.close == "stall"  # what it waits for before its silence is silence too
        yield 0.0 if silent else response.before_head_s, ends[body.close]
        return
    yield response.before_head_s, head_bytes(response.status, head_fields(response, body))
    for chunk in response.chunks:
        yield chunk.pause_s, b"%x\r\n%b\r\n" % (len(chunk.data), chunk.data) if body.chunked else chunk.data
    if body.chunked and body.ends_well:
        yield 0.0, b"0\r\n\r\n"
    yield 0.0, ends[body.close]


class _Desk:
    """Keeps what one passage recorded."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.kept: list[Exchange] = []
        self._recorder = Recorder(self.kept.append, now_ns=lambda: round(self.now_s * 1e9))

    def begin(self, request: RecordedRequest) -> Tape:
        return self._recorder.begin(request)

    def keep(self, tape: Tape, outcome: Recorded, missing_bytes: int, note: str | None) -> None:
        tape.end(outcome.ending, missing_bytes=missing_bytes, note=note)

    def lose(self, method: str, url: str, problem: str) -> None:
        raise AssertionError(problem)


@pytest.mark.parametrize(
    ("record", "gave_up"),
    [(by_httpx, "timeout"), (by_httpx2, "timeout"), (by_passage, "cancelled")],
    ids=["httpx", "httpx2", "proxy"],
)
@settings(max_examples=100, deadline=None)
@given(planned=responses(most_bytes=400, longest_us=20_000_000))
def test_a_recording_of_a_replay_is_the_recording(
    record: Callable[[Script], Awaitable[Exchange]], gave_up: Ending, planned: WireResponse
) -> None:
    async def both() -> tuple[Exchange, Exchange]:
        first, script = again(await record(Always(planned)))
        second, _ = again(await record(script))
        return first, second

    first, second = asyncio.run(both())
    check(planned, first, second, gave_up=gave_up)
    assert arrivals(second.response) == pytest.approx(arrivals(first.response), abs=TICK_S)
    if planned.head or planned.ending != "stall":
        assert arrivals(first.response) == pytest.approx(arrivals(planned), abs=TICK_S)


# Over sockets: fewer examples, and the machine's own time


async def asked(client: Any, url: str, planned: WireResponse) -> None:
    """Reads an answer to its end; where silence follows, leaves when everything has come that will come."""
    patience = (
        PATIENCE_S if planned.head or planned.ending != "stall" else 0.05
    )  # nothing comes, however long one waits
    left = len(planned.body) if planned.ending == "stall" else -1
    with suppress(httpx.TransportError, httpx2.TransportError):
        async with client.stream("POST", f"{url}/v1/x?a=b", json={"q": 1}, timeout=patience) as answer:
            if left != 0:
                async for data in answer.aiter_raw():
                    left -= len(data)
                    if left == 0:
                        break


@asynccontextmanager
async def socket_httpx(recorder: Recorder, origin: Origin) -> Any:
    """A client of httpx that is recorded, and where it asks."""
    async with httpx.AsyncClient(transport=RecordingTransport(recorder)) as client:
        yield client, origin.url


@asynccontextmanager
async def socket_httpx2(recorder: Recorder, origin: Origin) -> Any:
    """The same of httpx2."""
    async with httpx2.AsyncClient(transport=RecordingTransport2(recorder)) as client:
        yield client, origin.url


@asynccontextmanager
async def socket_proxy(recorder: Recorder, origin: Origin) -> Any:
    """A client that knows nothing of the recording, and the proxy that it asks."""
    async with proxying(origin.url, recorder, on_event=lambda _: None) as proxy, httpx.AsyncClient() as client:
        yield client, proxy.url


async def over_sockets(recording: Any, script: Script, planned: WireResponse) -> Exchange:
    """One exchange over sockets, recorded in that way."""
    kept: list[Exchange] = []
    recorder = Recorder(kept.append)
    async with Origin() as origin:
        below = origin.mount("c", script).removeprefix(origin.url)
        async with recording(recorder, origin) as (client, url):
            await asked(client, url + below, planned)
            await origin.finish("c", 10)
    (exchange,) = kept
    return replace(exchange, request=replace(exchange.request, url="http://origin/c/v1/x?a=b", headers=()))


@pytest.mark.parametrize("recording", [socket_httpx, socket_httpx2, socket_proxy], ids=["httpx", "httpx2", "proxy"])
@settings(max_examples=12, deadline=None)
@given(planned=responses(most_bytes=2000, longest_us=15_000))
def test_over_sockets_too(recording: Any, planned: WireResponse) -> None:
    async def both() -> tuple[Exchange, Exchange]:
        first, script = again(await over_sockets(recording, Always(planned), planned))
        second, _ = again(await over_sockets(recording, script, planned))
        return first, second

    async def in_time() -> tuple[Exchange, Exchange]:
        async with asyncio.timeout(60):
            return await both()

    first, second = asyncio.run(in_time())
    gave_up: Ending = "timeout" if not planned.head and recording is not socket_proxy else "cancelled"
    check(planned, first, second, gave_up=gave_up)
    if planned.head or planned.ending != "stall":
        for played, recorded in ((planned, first.response), (first.response, second.response)):
            late = [there - here for here, there in zip(arrivals(played), arrivals(recorded), strict=True)]
            assert all(-SOONER_S <= each <= LATE_S for each in late)
