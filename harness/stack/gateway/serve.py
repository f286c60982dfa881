"""The gateway as a server of its own: from the first listening to a shutdown that nobody has to guess about."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn

from harness.stack.gateway.app import create_app
from harness.stack.gateway.gateway import Gateway
from harness.stack.gateway.settings import GatewaySettings

GRACE_S = 10.0
"""Seconds that streams get to finish once the gateway is told to stop; then they are told."""
_PARTING_S = 5  # seconds after which connections that still stand are cut
_IDLE_S = 75  # seconds that an idle connection stays open, longer than the pools of common clients keep theirs
_BACKLOG = 2048
_COLLECT_AFTER = 20_000  # objects


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def url_of(listening: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    settings: GatewaySettings,
    listening: socket.socket,
    *,
    grace_s: float = GRACE_S,
    on_listening: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGINT or SIGTERM, on the fastest event loop that there is. A second signal does not wait."""
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(serve(settings, listening, grace_s=grace_s, on_listening=on_listening))


async def serve(
    settings: GatewaySettings,
    listening: socket.socket,
    *,
    grace_s: float = GRACE_S,
    on_listening: Callable[[], None] = lambda: None,
) -> None:
    """Serve on this event loop until SIGINT or SIGTERM."""
    app = create_app(settings)
    _spare_the_collector()
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here depends on where a client says that it is
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=int(grace_s) + _PARTING_S,
    )
    await _Server(config, app.state.gateway, grace_s, on_listening).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends with the streams in flight finished or told; signals do not outlive it."""

    def __init__(
        self, config: uvicorn.Config, gateway: Gateway, grace_s: float, on_listening: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._gateway, self._grace_s, self._on_listening = gateway, grace_s, on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        telling = asyncio.get_running_loop().call_later(self._grace_s, self._gateway.close)
        try:
            await super().shutdown(sockets)
        finally:
            telling.cancel()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """As the server has it, save that a signal which ended it well is not raised once more."""
        loop = asyncio.get_running_loop()
        handled = (signal.SIGINT, signal.SIGTERM)
        for number in handled:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in handled:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


def _spare_the_collector() -> None:
    """What was made so far stays; what streams leave behind has few cycles, and is looked through more rarely."""
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # where it cannot be had, the standard one does
        return None
    return uvloop.new_event_loop
