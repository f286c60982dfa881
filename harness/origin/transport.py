"""A case as a transport of httpx: no socket, no wall time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from harness.origin.case import CasePlan, Script
from harness.origin.clock import Clock
from harness.origin.log import CaseLog
from harness.origin.playback import Playback, Stage, received


class InProcessTransport(httpx.AsyncBaseTransport):
    """Plays one case to whatever client it is given to; requests go to `base_url`, and `log` has what came."""

    def __init__(self, plan: CasePlan | Script, clock: Clock | None = None) -> None:
        """`clock` None: a virtual clock of its own. Raises ValueError for a plan that cannot be played."""
        self._stage = Stage(plan, clock)

    @property
    def base_url(self) -> str:
        """The case's base URL, without a version path. Only its path matters."""
        return self._stage.base_url

    @property
    def clock(self) -> Clock:
        """The clock that everything here is timed by."""
        return self._stage.clock

    @property
    def log(self) -> CaseLog:
        """What came, and what was played in answer."""
        return self._stage.log

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request; raises what httpx raises over a socket."""

        def fail(name: str, message: str) -> Exception:
            error: Exception = getattr(httpx, name)(message, request=request)
            return error

        incoming = received(request.method, request.url.raw_path, request.headers.raw, await request.aread())
        playback = self._stage.play(incoming, request.extensions.get("timeout", {}), fail)
        await playback.head()
        return httpx.Response(
            playback.status, headers=playback.fields, stream=_Body(playback), extensions=playback.extensions
        )


class _Body(httpx.AsyncByteStream):
    def __init__(self, playback: Playback) -> None:
        self._playback = playback

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._playback.chunks():
            yield chunk

    async def aclose(self) -> None:
        self._playback.leave()
