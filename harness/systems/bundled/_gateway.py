"""Our own gateway as a system: the dialect of its upstream is fixed, and it serves every dialect.

In process a case has a gateway of its own, on the case's clock. Over sockets one server has them all: the first segment
of a path is the case.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator, MutableMapping
from contextlib import aclosing, contextmanager, suppress
from typing import Any

import uvicorn

from harness import __version__
from harness.catalogue.models import FEATURES
from harness.dialects import dialect_names
from harness.events import AnyEvent
from harness.stack.fallback import Target
from harness.stack.gateway import AsgiTransport, GatewaySettings, create_app
from harness.stack.policy import Policy
from harness.systems.base import Case, Description
from harness.systems.front import FrontClient

TOKEN = "sk-client-0123456789"
"""What our client shows to the gateway; the gateway has another key for its upstream."""
MAX_REQUEST_BYTES = 4 * 1024 * 1024
"""More than any scenario asks for in earnest."""
IN_PROCESS_URL = "http://gateway.invalid"


class ReferenceOver:
    """The system called `reference-over-<upstream>`. It claims every feature there is."""

    def __init__(self, upstream: str) -> None:
        self.description = Description(
            f"reference-over-{upstream}",
            __version__,
            "python",
            dialect_names(),
            frozenset(FEATURES),
            kind="gateway",
            default_retries=dict.fromkeys(dialect_names(), Policy().max_retries),
            upstream=upstream,
        )
        self._upstream = upstream
        self._server: _Server | None = None

    async def run(self, case: Case) -> AsyncGenerator[AnyEvent]:
        """The events that a client of the gateway sees."""
        app = create_app(self._settings(case), transport=case.transport, clock=case.clock)
        try:
            if case.transport is not None:
                inside = AsgiTransport(app, clock=case.clock)
                client = FrontClient(IN_PROCESS_URL, TOKEN, inside, case.clock)
            else:
                self._server = self._server or _Server()
                client = FrontClient(await self._server.add(case.id, app), TOKEN)
            async with aclosing(client.events(case)) as events:
                async for event in events:
                    yield event
        finally:
            if case.transport is not None:
                await inside.aclose()
            elif self._server is not None:
                self._server.remove(case.id)
            await app.state.gateway.aclose()

    async def aclose(self) -> None:
        """Stops the server, where there is one."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop()

    def _settings(self, case: Case) -> GatewaySettings:
        options = case.options
        upstreams = [Target(self._upstream, case.base_url, case.api_key)]
        if case.fallback_base_url:
            upstreams.append(Target(self._upstream, case.fallback_base_url, case.api_key))
        policy = Policy().limited(options.get("max_retries"))
        timeout_s = options.get("timeout_s")
        return GatewaySettings(
            tuple(upstreams),
            token=TOKEN,
            policy=policy if timeout_s is None else policy.patient_for(timeout_s),
            max_request_bytes=MAX_REQUEST_BYTES,
        )


class _Quiet(uvicorn.Server):
    """A server that leaves the signals of this process alone."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class _Server:
    """A server on 127.0.0.1 for the applications of many cases; each is found by the first segment of the path."""

    def __init__(self) -> None:
        self._apps: dict[str, Any] = {}
        self._started: asyncio.Task[None] | None = None
        self._server: uvicorn.Server | None = None
        self._url = ""

    async def add(self, case_id: str, app: Any) -> str:
        """Begins to serve an application; gives its base URL."""
        if self._started is None:
            self._start()
        while self._server is not None and not self._server.started:
            await asyncio.sleep(0.005)
        self._apps[case_id] = app
        return f"{self._url}/{case_id}"

    def remove(self, case_id: str) -> None:
        """Stops to serve it."""
        self._apps.pop(case_id, None)

    async def stop(self) -> None:
        """Ends the server with all its connections."""
        if self._server is not None and self._started is not None:
            self._server.should_exit = self._server.force_exit = True
            with suppress(asyncio.CancelledError):
                await self._started

    def _start(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            self._route, lifespan="off", log_config=None, interface="asgi3", ws="none", access_log=False
        )
        self._server = _Quiet(config)
        self._started = asyncio.create_task(self._server.serve(sockets=[listening]))

    async def _route(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        case_id = scope["path"].split("/", 2)[1]
        app = self._apps.get(case_id)
        if app is None:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await app({**scope, "root_path": f"{scope.get('root_path', '')}/{case_id}"}, receive, send)
