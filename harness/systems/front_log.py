"""Writes down what passes between a gateway and our client in front of it: a transport of httpx around another one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

from harness.catalogue.observation import Attempt, FrontLog
from harness.systems.base import Clock
from harness.wire.response import Chunk, Ending, Transfer, WireResponse


class RecordingTransport(httpx.AsyncBaseTransport):
    """Hands everything on, and writes each request with its answer into `log`; times are seconds from now on.

    `base_path` is left out of the paths; after each read it rests for `read_pause_s`. `inner` is not closed with it.
    """

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        log: FrontLog,
        clock: Clock,
        *,
        base_path: str = "",
        read_pause_s: float = 0.0,
    ) -> None:
        self._inner = inner
        self._log = log
        self._clock = clock
        self._base_path = base_path
        self._read_pause_s = read_pause_s
        self._began = clock.now() if log.began is None else log.began

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the transport within; raises what that raises."""
        record = _Record(self._log, self._asked(request, await request.aread()), self._clock, self._began)
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException as error:
            record.broke(error)
            raise
        record.head(response)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_Body(response, record, self._read_pause_s),
            extensions=response.extensions,
        )

    def _asked(self, request: httpx.Request, body: bytes) -> Attempt:
        path = request.url.raw_path.decode("latin-1").removeprefix(self._base_path)
        headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw
        )
        at_s = self._clock.now() - self._began
        return Attempt(len(self._log.attempts) + 1, at_s, request.method, path, headers, body, (), None, (), None)


@dataclass(slots=True)
class _Record:
    """One request and what has come in answer to it; the log's entry is renewed with its head and with its end."""

    log: FrontLog
    asked: Attempt
    clock: Clock
    began: float
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    chunks: list[bytes] = field(default_factory=list)
    read_s: list[float] = field(default_factory=list)
    place: int = field(init=False)
    over: bool = False

    def __post_init__(self) -> None:
        self.place = len(self.log.attempts)
        self.log.attempts.append(self.asked)

    def head(self, response: httpx.Response) -> None:
        """The head came."""
        self.status = response.status_code
        self.headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw
        )
        self._write("stall", None)

    def read(self, data: bytes) -> None:
        """Bytes came."""
        self.chunks.append(data)
        self.read_s.append(self._now())

    def end(self) -> None:
        """The body ended as HTTP says it should."""
        self._finish("clean")

    def broke(self, error: BaseException) -> None:
        """Nothing more comes, and why."""
        match error:
            case httpx.TimeoutException():
                self._finish("timeout")
            case httpx.RemoteProtocolError():
                self._finish("short_length" if self._transfer == "length" else "no_last_chunk")
            case httpx.HTTPError():
                self._finish("reset")
            case _:
                self.leave()

    def leave(self) -> None:
        """Our client closes; that counts only where the answer had not ended."""
        self._finish("cancelled", client_left=True)

    @property
    def _transfer(self) -> Transfer:
        fields = dict(self.headers)
        if "content-length" in fields:
            return "length"
        return "chunked" if "transfer-encoding" in fields else "close"

    def _finish(self, ending: Ending, *, client_left: bool = False) -> None:
        if not self.over:
            self.over = True
            self._write(ending, self._now(), client_left=client_left)

    def _write(self, ending: Ending, ended_s: float | None, *, client_left: bool = False) -> None:
        chunks = tuple(map(Chunk, self.chunks))
        response = WireResponse(self.status, self.headers, chunks, ending, self._transfer, head=self.status != 0)
        asked = self.asked
        self.log.attempts[self.place] = Attempt(
            number=asked.number,
            at_s=asked.at_s,
            method=asked.method,
            path=asked.path,
            headers=asked.headers,
            body=asked.body,
            faults=(),
            response=response,
            sent_s=tuple(self.read_s),
            ended_s=ended_s,
            client_left=client_left,
        )

    def _now(self) -> float:
        return self.clock.now() - self.began


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response, record: _Record, read_pause_s: float) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._stream = response.stream
        self._record = record
        self._read_pause_s = read_pause_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for data in self._stream:
                self._record.read(data)
                yield data
                if self._read_pause_s:
                    await self._record.clock.sleep(self._read_pause_s)
        except httpx.HTTPError as error:
            self._record.broke(error)
            raise
        self._record.end()

    async def aclose(self) -> None:
        self._record.leave()
        await self._stream.aclose()
