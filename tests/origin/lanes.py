"""One response, seen by a plain client over a socket and in process; for httpx and for httpx2."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from harness.catalogue.observation import Attempt
from harness.origin.case import Script
from harness.origin.clock import VirtualClock
from harness.origin.server import Origin
from harness.wire.response import WireResponse

from .wire import Always

Connect = Callable[..., AbstractAsyncContextManager[Any]]
"""A library's AsyncClient."""
Transport = Callable[[Script, VirtualClock], Any]
"""A library's in-process transport."""


@dataclass
class Sight:
    """What a client saw of one response, and what the log says of the attempt."""

    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    raised: str | None = None
    said: str = ""
    attempt: Attempt | None = None

    @property
    def logged(self) -> tuple[object, ...]:
        """What both lanes log alike."""
        assert self.attempt is not None
        headers = [field for field in self.attempt.headers if field[0] != "host"]
        sent = len(self.attempt.sent_s)
        return (self.attempt.path, self.attempt.body, headers, sent, self.attempt.client_left, self.attempt.number)


def timeouts(response: WireResponse) -> dict[str, float]:
    """Little patience where nothing will come, and plenty where something will."""
    silent = response.ending in ("stall", "timeout", "cancelled") or response.before_head_s > 1
    silent = silent or any(chunk.pause_s > 1 for chunk in response.chunks)
    return {"connect": 10, "write": 10, "pool": 10, "read": 0.1 if silent else 10}


async def look(client: Any, base_url: str, patience: dict[str, float]) -> Sight:
    """What this client sees of a request below `base_url`."""
    sight = Sight()
    try:
        asking = client.stream("POST", f"{base_url}/v1/x?a=b", json={"q": 1}, extensions={"timeout": patience})
        async with asking as answer:
            sight.status = answer.status_code
            sight.headers = [(name, value) for name, value in answer.headers.items() if name != "date"]
            async for piece in answer.aiter_raw():
                sight.pieces.append(piece)
    except Exception as error:
        sight.raised, sight.said = type(error).__name__, str(error)
        assert error.request.method == "POST"  # type: ignore[attr-defined]  # both libraries' errors name it
    return sight


def over_a_socket(connect: Connect, response: WireResponse) -> Sight:
    """Through the origin."""

    async def main() -> Sight:
        async with Origin() as origin, connect() as client:
            sight = await look(client, origin.mount("c", Always(response)), timeouts(response))
            return replace(sight, attempt=(await origin.finish("c", 5)).attempts[0])

    return asyncio.run(main())


def in_process(connect: Connect, transport: Transport, response: WireResponse) -> Sight:
    """Through the in-process transport."""

    async def main() -> Sight:
        playing = transport(Always(response), VirtualClock())
        async with connect(transport=playing) as client:
            sight = await look(client, playing.base_url, timeouts(response))
            return replace(sight, attempt=playing.log.attempts[0])

    return asyncio.run(main())
