"""What every recorder is made of: a tape takes down one exchange as it happens, and the recorder hands it on.

    recorder = Recorder(CassetteWriter("chat.yaml").append)
    tape = recorder.begin(RecordedRequest("POST", url, headers, body))
    tape.sent()                                        # the request is out: offsets count from here
    tape.head(200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")], "OK")
    tape.read(b"data: ...")                            # each read as it comes
    tape.end("clean")                                  # the exchange goes to the recorder's sink

Nothing here reads from a network. A tape costs two list appends for each read, and does all else at the end.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias

from harness import __version__
from harness.recording.cassette import Exchange, RecordedRequest
from harness.recording.received import parted
from harness.wire.response import Chunk, Ending, Transfer, WireResponse

Sink: TypeAlias = Callable[[Exchange], object]
"""Takes an exchange that has ended; `CassetteWriter.append` is one. It may be called from any thread."""

_LEISURE_S = 0.05
"""How long the background waits before it works on an exchange: whoever read the stream is not done with its end yet,
and would wait for the interpreter's lock at every step of it."""

TOOL = f"harness {__version__}"


class RecordingLost(UserWarning):
    """An exchange was not kept, because its sink raised; the program that was recorded has not noticed."""


class RecordingError(Exception):
    """Exchanges were not kept; the message says how many, and why the first was not."""


def utc_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


class Recorder:
    """Begins tapes, and gives each exchange that has ended to its sink. One serves any number of streams at once.

    `provider` and `scenario` are noted in each exchange that ends from now on; they may be changed in between.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        provider: str | None = None,
        scenario: str | None = None,
        in_background: bool = False,
        now_ns: Callable[[], int] = time.perf_counter_ns,
        today: Callable[[], datetime] = utc_now,
    ) -> None:
        """`now_ns` gives nanoseconds of a clock that never goes back, `today` the time of the day.

        A stream ends for its reader when the sink has its exchange, which takes a cassette's writer some milliseconds,
        and an event loop stands still for as long. With `in_background` a thread of the recorder's own calls the sink:
        no stream waits, `flush` and `close` do, and a process that is killed may lose what still waited.
        """
        self.provider = provider
        self.scenario = scenario
        self.lost: list[tuple[RecordedRequest, Exception]] = []
        """What the sink could not keep, and what it raised."""
        self._sink = sink
        self._now_ns = now_ns
        self._today = today
        self._open: set[Tape] = set()
        self._lock = threading.Lock()
        self._background = ThreadPoolExecutor(1, "recorder") if in_background else None
        self._hurry = threading.Event()

    def begin(self, request: RecordedRequest) -> Tape:
        """A tape for the answer to a request. Its clock runs from now, until `Tape.sent` starts it anew."""
        tape = Tape(request, self._now_ns, self._today(), self._close)
        with self._lock:
            self._open.add(tape)
        return tape

    def close(self) -> None:
        """Ends what is still open as `cancelled`. Raises RecordingError where anything recorded so far is lost."""
        with self._lock:
            still_open = list(self._open)
        for tape in still_open:
            tape.end("cancelled")
        if self._background is not None:
            self._hurry.set()
            self._background.shutdown()
            self._background = None
        if self.lost:
            request, error = self.lost[0]
            first = f"{_named(request)}: {type(error).__name__}: {error}"
            raise RecordingError(
                f"{len(self.lost)} of the exchanges could not be kept; the first is {first}"
            ) from error

    def flush(self) -> None:
        """Waits until the sink has all that ended so far."""
        if self._background is not None:
            self._hurry.set()
            self._background.submit(self._hurry.clear).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _close(self, tape: Tape, exchange: Exchange | None) -> None:
        with self._lock:
            self._open.discard(tape)
        if exchange is None:
            return
        exchange = replace(exchange, provider=self.provider, scenario=self.scenario)
        if self._background is None:
            self._keep(exchange)
        else:
            self._background.submit(self._keep_at_leisure, exchange, time.monotonic())

    def _keep_at_leisure(self, exchange: Exchange, ended: float) -> None:
        self._hurry.wait(max(0.0, ended + _LEISURE_S - time.monotonic()))
        self._keep(exchange)

    def _keep(self, exchange: Exchange) -> None:
        try:
            self._sink(exchange)
        except Exception as error:  # whatever it is, it is ours, and not the caller's whose stream this was
            self.lost.append((exchange.request, error))
            what = f"{_named(exchange.request)} was not recorded"
            warnings.warn(RecordingLost(f"{what}: {type(error).__name__}: {error}"), stacklevel=2)


class _Head(NamedTuple):
    """What stands before a body; `came` has the headers as they are written."""

    status: int
    came: tuple[tuple[str, str], ...]
    reason: str
    transfer: Transfer


_NO_HEAD = _Head(0, (), "", "chunked")


class Tape:
    """One exchange being taken down. Whoever records calls its methods in the order in which things happen."""

    def __init__(
        self,
        request: RecordedRequest,
        now_ns: Callable[[], int],
        began: datetime,
        close: Callable[[Tape, Exchange | None], None],
    ) -> None:
        self._request = request
        self._now_ns = now_ns
        self._began = began
        self._close = close
        self._start_ns = now_ns()
        self._head: _Head | None = None
        self._head_ns = 0
        self._written: list[bytes] = []
        self._times: list[int] = []
        self._reads: list[bytes] = []
        self._once = threading.Lock()

    @property
    def received(self) -> int:
        """How many bytes of the body have come."""
        return sum(map(len, self._reads))

    @property
    def ended(self) -> bool:
        """Whether the exchange is over."""
        return self._once.locked()

    def wrote(self, data: bytes) -> None:
        """A piece of the request's body went out, behind what `begin` was given of it."""
        self._written.append(data)

    def sent(self) -> None:
        """The whole request is out. Offsets count from here: what connecting took is no time of the server's."""
        self._start_ns = self._now_ns()

    def head(
        self, status: int, headers: Sequence[tuple[str, str]], reason: str = "", transfer: Transfer | None = None
    ) -> None:
        """The head came: its headers as they are written, transfer headers included.

        `transfer` None: as the headers say it.
        """
        self._head_ns = self._now_ns()
        self._head = _Head(status, tuple(headers), reason, transfer or transfer_of(headers))

    def read(self, data: bytes) -> None:
        """A piece of the body came, transfer decoded, content coding as it is; nothing is made of an empty one."""
        if data:
            self._times.append(self._now_ns())
            self._reads.append(data)

    def end(self, ending: Ending, *, missing_bytes: int = 0, note: str | None = None) -> None:
        """The answer ended so; the first end is the one that counts.

        Before any head, a connection that was merely closed is `clean`. `missing_bytes` goes with `short_length`;
        `note` says what a reader of the cassette should know. The sink is called before this returns (or
        in the background); what it raises is kept in `Recorder.lost`.
        """
        if self._once.acquire(blocking=False):
            self._close(self, self._exchange(ending, missing_bytes, note))

    def cut_off(self, *, note: str | None = None) -> None:
        """The connection was closed before the body was whole, as its framing shows."""
        head = self._head or _NO_HEAD
        if head.transfer == "length":
            promised = next((value for name, value in head.came if name.lower() == "content-length"), "").split(",")[0]
            missing = int(promised) - self.received if promised.isdecimal() else 0
            self.end("short_length", missing_bytes=max(0, missing), note=note)
        else:
            self.end("no_last_chunk", note=note)

    def drop(self) -> None:
        """There was no exchange: the request never reached a server."""
        if self._once.acquire(blocking=False):
            self._close(self, None)

    def _exchange(self, ending: Ending, missing_bytes: int, note: str | None) -> Exchange:
        request = self._request
        if self._written:
            request = replace(request, body=request.body + b"".join(self._written))
        head = self._head or _NO_HEAD
        headers, form = parted(head.came)
        response = WireResponse(
            status=head.status,
            headers=headers,
            chunks=self._chunks(),
            ending=ending if self._head or ending not in ("no_last_chunk", "short_length") else "clean",
            transfer=head.transfer,
            missing_bytes=missing_bytes if self._head else 0,
            before_head_s=self._offset_us(self._head_ns if self._head else self._now_ns()) / 1e6,
            head=self._head is not None,
        )
        recorded_at = self._began.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Exchange(
            request, response, tool=TOOL, recorded_at=recorded_at, note=note, reason=head.reason, header_form=form
        )

    def _chunks(self) -> tuple[Chunk, ...]:
        chunks: list[Chunk] = []
        then = self._offset_us(self._head_ns)
        for data, at_ns in zip(self._reads, self._times, strict=False):  # a time may be there whose read is not yet
            at = self._offset_us(at_ns)
            chunks.append(Chunk(data, (at - then) / 1e6))
            then = at
        return tuple(chunks)

    def _offset_us(self, at_ns: int) -> int:
        return max(0, at_ns - self._start_ns) // 1000


def _named(request: RecordedRequest) -> str:
    """A request in a message: without its query, where keys may stand."""
    return f"{request.method} {request.url.partition('?')[0]}"


def transfer_of(headers: Sequence[tuple[str, str]]) -> Transfer:
    """How the end of the body is marked, by the headers of a response to HTTP/1.1."""
    names = {name.lower(): value.lower() for name, value in headers}
    if "chunked" in names.get("transfer-encoding", ""):
        return "chunked"
    return "length" if "content-length" in names and "transfer-encoding" not in names else "close"
