"""The origin over real sockets: HTTP/1.1 on one port, a case for each URL prefix, hundreds of them at once.

async with Origin() as origin:
    base_url = origin.add(CasePlan("c1", "openai-chat", (response,)))
    ...
    log = origin.remove("c1")
"""

from __future__ import annotations

import asyncio
import errno
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import quote

from harness.origin.case import Answer, CasePlan, PlanScript, ReceivedRequest, Script, own_answer
from harness.origin.connection import Connection, Routed
from harness.origin.log import CaseLog
from harness.origin.peer import PeerQueues

BACKLOG = 1024
"""Connections that may wait to be accepted: a run starts hundreds at once."""
MAX_SEGMENTS = 4
"""Path segments that a case id may have."""

MAX_LATE = 256
"""How many requests are remembered that came when no case was there for them."""

GRACE_S = 0.25
"""How long a client that is done may take to hang up."""


class OriginError(Exception):
    """The origin cannot do what was asked of it; the message says why, and what to do about it."""


@dataclass(slots=True)
class _Case:
    script: Script
    log: CaseLog
    players: set[Connection] = field(default_factory=set)


class Origin:
    """Plays cases over real sockets; an async context manager. It listens on 127.0.0.1 unless told otherwise."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, elsewhere: Script | None = None) -> None:
        """`port` 0 takes a free one, and `url` says which; `elsewhere` answers where no case is served."""
        self._elsewhere = elsewhere or NoCase()
        self._host = host
        self._port = port
        self._cases: dict[str, _Case] = {}
        self._aliases: dict[str, str | None] = {}  # alias -> the path of the case that plays for it now
        self._late: deque[ReceivedRequest] = deque(maxlen=MAX_LATE)
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Starts to listen; raises OriginError when the address cannot be had."""
        loop = asyncio.get_running_loop()
        queues = self._queues = PeerQueues()
        try:
            self._server = await loop.create_server(
                lambda: Connection(self._route, self._connections, queues), self._host, self._port, backlog=BACKLOG
            )
        except OSError as error:
            queues.close()
            raise OriginError(_cannot_listen(self._host, self._port, error)) from error
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops listening and ends every connection, whatever is being played on it."""
        assert self._server is not None
        self._server.close()
        connections = list(self._connections)
        for connection in connections:
            connection.drop()
        await asyncio.gather(*(connection.closed for connection in connections))
        await self._server.wait_closed()
        self._queues.close()

    @property
    def url(self) -> str:
        """Where the origin listens, without a path."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def add(self, plan: CasePlan) -> str:
        """Begins to serve a case; gives its base URL. Raises OriginError for a plan that cannot be played."""
        try:
            script = PlanScript(plan)
        except ValueError as error:
            raise OriginError(str(error)) from error
        return self.mount(plan.id, script)

    def mount(self, case_id: str, script: Script, *, keep: int | None = None) -> str:
        """Begins to serve a script of any kind; gives its base URL. The id is its path, and may have slashes.

        `keep`: how many requests the log remembers (None: all of them).
        """
        if not case_id or case_id != case_id.strip("/"):
            raise OriginError(f"case id {case_id!r} is no path: it is empty, or begins or ends with a slash")
        base = quote(case_id)
        if base in self._cases or base in self._aliases:
            raise OriginError(f"case {case_id!r} is being served already; remove it first")
        if base.count("/") >= MAX_SEGMENTS:
            raise OriginError(f"case id {case_id!r} has more than {MAX_SEGMENTS} segments")
        self._cases[base] = _Case(script, CaseLog(time.monotonic, keep))
        return f"{self.url}/{base}"

    def point(self, alias: str, case_id: str | None) -> str:
        """From now on the case plays what comes below `/<alias>/`; gives the alias's base URL. None: no case does.

        For systems that know one address for all of their cases, which must then come one after another. An alias is
        one segment. A request that comes while it points nowhere is answered 503 and kept in `late_requests`.
        """
        base = quote(alias, safe="")
        if not alias or alias != base:
            raise OriginError(f"alias {alias!r} is no plain segment of a path: letters, digits, '-', '.', '_' and '~'")
        if base in self._cases:
            raise OriginError(f"alias {alias!r} is the path of a case that is being served; choose another one")
        if case_id is not None:
            self._case(case_id)
        self._aliases[base] = None if case_id is None else quote(case_id)
        return f"{self.url}/{base}"

    @property
    def late_requests(self) -> tuple[ReceivedRequest, ...]:
        """The last requests that came below an alias while it pointed nowhere, with their whole paths."""
        return tuple(self._late)

    def log(self, case_id: str) -> CaseLog:
        """The log of a case that is being served; raises OriginError when there is none of that id."""
        return self._case(case_id).log

    def remove(self, case_id: str) -> CaseLog:
        """Stops serving a case, ends what is being played of it, and gives its log."""
        case = self._case(case_id)
        del self._cases[quote(case_id)]
        for connection in list(case.players):
            connection.drop()
        return case.log

    async def finish(self, case_id: str, grace_s: float = GRACE_S) -> CaseLog:
        """Removes a case whose client is done, once every answer has ended or `grace_s` has passed.

        The client may have hung up a moment ago, and we may not have been told yet.
        """
        log = self.log(case_id)
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await log.wait_until(lambda log: log.idle)
        return self.remove(case_id)

    def _case(self, case_id: str) -> _Case:
        try:
            return self._cases[quote(case_id)]
        except KeyError:
            raise OriginError(f"no case {case_id!r} is being served; there are {len(self._cases)}") from None

    def _route(self, request: ReceivedRequest) -> Routed:
        path = _origin_form(request.path)
        for base in _bases(path):
            case = self._cases.get(self._aliases.get(base, base) or "")
            if case is None and base in self._aliases:
                self._late.append(request)
                return Routed(_points_nowhere(base).response)
            if case is not None:
                below = ReceivedRequest(request.method, path[len(base) + 1 :], request.headers, request.body)
                answer = case.script.answer(below)
                return Routed(answer.response, case.log.begin(below, answer), case.players)
        return Routed(self._elsewhere.answer(request).response)


def _points_nowhere(alias: str) -> Answer:
    response = own_answer(
        503,
        "points-nowhere",
        f"no case is under way at {alias}",
        "it came too late: the case that it was for has ended",
    )
    return Answer(response, planned=False, stray=True)


class NoCase:
    """What answers where no case is served."""

    def answer(self, request: ReceivedRequest) -> Answer:
        """The origin's 404."""
        response = own_answer(
            404,
            "no-such-case",
            f"{request.method} {request.path}: no case is served at this address",
            "use the base URL that the harness gave for the case; a case that has ended is served no more",
        )
        return Answer(response, planned=False, stray=True)


def _origin_form(target: str) -> str:
    """The path and query of a request target, also of one in absolute form (RFC 9112, section 3.2.2)."""
    if target.startswith("/"):
        return target
    _, separator, rest = target.partition("://")
    return "/" + rest.partition("/")[2] if separator else "/" + target


def _bases(path: str) -> Iterator[str]:
    """The beginnings of a path that may be a case's: its first four segments, its first three, and so on."""
    segments = path.partition("?")[0].split("/", MAX_SEGMENTS + 1)[1 : MAX_SEGMENTS + 1]
    return ("/".join(segments[:count]) for count in range(len(segments), 0, -1))


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} on {host} is in use; choose another one, or 0 for any that is free"
        case errno.EACCES:
            return f"port {port} on {host} is not ours to use; choose one above 1023, or 0 for any that is free"
    return f"cannot listen on {host}, port {port}: {error.strerror or error}; 127.0.0.1 and port 0 work everywhere"
