"""The recording proxy: listens for any program's requests, relays them to one server, and records the exchanges.

async with proxying("https://api.openai.com", Recorder(writer.append), on_event=print) as proxy:
    ...  # clients take proxy.url as their base URL
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import urlsplit

import httpx

from harness.recording.cassette import RecordedRequest
from harness.recording.proxy.connection import ClientSide, UpstreamSide
from harness.recording.proxy.events import Listening, NotRecorded, NotRelayed, OddAnswer, ProxyEvent, Recorded
from harness.recording.proxy.intake import Intake
from harness.recording.proxy.refusal import Refused
from harness.recording.proxy.upstream import Upstream
from harness.recording.tape import Recorder, RecordingLost, Tape

CONNECT_TIMEOUT_S = 30.0
"""How long the upstream may take to be connected to."""
BACKLOG = 1024
"""Connections that may wait to be accepted."""
_NEXT_ADDRESS_S = 0.25  # seconds after which another address of the upstream is tried beside the first (RFC 8305)

OnEvent: TypeAlias = Callable[[ProxyEvent], None]


class ProxyError(Exception):
    """The proxy cannot run; the message says why, and what to do about it."""


async def record_through_proxy(
    upstream: str,
    recorder: Recorder,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    on_event: OnEvent,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Relays and records until it is cancelled; what is under way then is recorded as `cancelled`.

    `upstream` is a base URL whose path goes before that of each request; `port` 0 takes a free one, and `on_event`
    tells which, and what becomes of each request; a thread of the proxy's own waits for the recorder's sink. `tls` None
    trusts whom httpx trusts. Raises ValueError for a URL that is none, and ProxyError when it cannot listen.
    """
    async with proxying(upstream, recorder, host=host, port=port, on_event=on_event, tls=tls):
        await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def proxying(
    upstream: str,
    recorder: Recorder,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    on_event: OnEvent,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Proxy]:
    """The same for the length of a `with` block; at its end, everything is on the recorder's other side."""
    async with Proxy(Upstream.of(upstream), recorder, on_event, tls) as proxy:
        await proxy.listen(host, port)
        yield proxy


class Proxy:
    """Clients on one side, one upstream on the other, and a thread that files what was recorded."""

    def __init__(
        self, upstream: Upstream, recorder: Recorder, on_event: OnEvent, tls: ssl.SSLContext | None = None
    ) -> None:
        self.upstream = upstream
        self.authority = ""
        self._recorder = recorder
        self._on_event = on_event
        self._tls = tls
        self._clients: set[ClientSide] = set()
        self._filing: set[asyncio.Future[None]] = set()
        self._filer = ThreadPoolExecutor(1, "harness-filing")  # a disk that is slow does not hold up the streams
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"http://{self.authority}"

    async def listen(self, host: str, port: int) -> None:
        """Begins to listen; raises ProxyError."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: ClientSide(self, self._clients), host, port, backlog=BACKLOG
            )
        except OSError as error:
            raise ProxyError(_cannot_listen(host, port, error)) from error
        port = self._server.sockets[0].getsockname()[1]
        self.authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if self.upstream.names(urlsplit(self.url)):
            raise ProxyError(f"the upstream {self.upstream.url} is this proxy itself; give the server behind it")
        self._on_event(Listening(self.url, self.upstream.url))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops listening, ends every connection, and returns when everything recorded is filed."""
        if self._server is not None:
            self._server.close()
        clients = list(self._clients)
        for client in clients:
            client.drop()
        await asyncio.gather(*(client.closed for client in clients))
        await asyncio.gather(*self._filing)
        if self._server is not None:
            await self._server.wait_closed()
        self._filer.shutdown()

    # What its connections ask of it

    async def reach(self, client: ClientSide) -> UpstreamSide:
        """A new connection to the upstream; raises Refused."""
        upstream = self.upstream
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, side = await asyncio.get_running_loop().create_connection(
                    lambda: UpstreamSide(client),
                    upstream.host,
                    upstream.port,
                    ssl=self._context() if upstream.scheme == "https" else None,
                    happy_eyeballs_delay=_NEXT_ADDRESS_S,
                )
        except (OSError, UnicodeError) as error:
            raise _unreachable(upstream, error) from None
        return side

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        return self._tls

    def begin(self, request: RecordedRequest) -> Tape:
        """A tape for the answer to a request."""
        return self._recorder.begin(request)

    def keep(self, tape: Tape, outcome: Recorded, missing_bytes: int, note: str | None) -> None:
        """Files what is on a tape, behind everything that was to be filed before."""

        def file() -> str | None:
            lost = len(self._recorder.lost)
            with suppress(RecordingLost):  # where warnings are errors
                tape.end(outcome.ending, missing_bytes=missing_bytes, note=note)
            return next((str(error) or type(error).__name__ for _, error in self._recorder.lost[lost:]), None)

        filing = asyncio.get_running_loop().run_in_executor(self._filer, file)
        done = asyncio.ensure_future(self._told(filing, outcome))
        self._filing.add(done)
        done.add_done_callback(self._filing.discard)

    async def _told(self, filing: asyncio.Future[str | None], outcome: Recorded) -> None:
        if problem := await filing:
            self.lose(outcome.method, outcome.url, problem)
        else:
            self._on_event(outcome)

    def lose(self, method: str, url: str, problem: str) -> None:
        """Tells that an exchange is not kept."""
        self._on_event(NotRecorded(method, url, problem))

    def refused(self, refusal: Refused) -> None:
        """Tells that a request was not relayed."""
        self._on_event(NotRelayed(refusal.status, refusal.problem, refusal.mend))

    def odd(self, intake: Intake, problem: str) -> None:
        """Tells of an answer that is not as HTTP has it."""
        request = intake.recorded
        self._on_event(OddAnswer(request.method, request.url, problem))


def _unreachable(upstream: Upstream, error: Exception) -> Refused:
    """The 502 for an upstream that cannot be connected to: what is wrong with it, and what to do."""
    where = f"the upstream {upstream.url}"
    match error:
        case TimeoutError():
            return Refused(502, "upstream-timeout", f"{where} does not take the connection", "is it up, and reachable?")
        case ssl.SSLCertVerificationError():
            problem = f"{where} shows a certificate that is not trusted: {error.verify_message}"
            mend = "check the host name; an authority of your own is trusted with SSL_CERT_FILE=its.pem"
            return Refused(502, "upstream-certificate", problem, mend)
        case ssl.SSLError():
            problem = f"{where} does not speak TLS as we do: {error.reason or error}"
            return Refused(502, "upstream-tls", problem, "should its URL begin with http://?")
    problem = f"{where} cannot be reached: {error.strerror if isinstance(error, OSError) and error.strerror else error}"
    return Refused(502, "upstream-unreachable", problem, "is it up, and is the URL right?")


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} on {host} is in use; choose another one, or 0 for any that is free"
        case errno.EACCES:
            return f"port {port} on {host} is not ours to use; choose one above 1023, or 0 for any that is free"
    return f"cannot listen on {host}, port {port}: {error.strerror or error}; 127.0.0.1 and port 0 work everywhere"
