"""A gateway without sockets: its upstream is a list of answers, and time is virtual."""

from __future__ import annotations

from typing import Any

import httpx

from harness.dialects import dialect
from harness.events import AnyEvent
from harness.origin.clock import VirtualClock
from harness.stack.fallback import Target
from harness.stack.gateway import AsgiTransport, GatewaySettings, create_app

from ..fakes import Answer, Network
from .behind import HELLO, PLAIN, frames, run

KEY = "sk-upstream-secret"
URL = "http://upstream.example:8080/base"


class _OnClock(Network):
    """The network of the client's tests, whose silences are real waits on the clock."""

    def __init__(self, *answers: Answer, on: VirtualClock) -> None:
        super().__init__(*answers)
        self._on = on

    async def _meet(self, item: Any, request: httpx.Request) -> None:
        if isinstance(item, int | float):
            await self._on.sleep(item)
        else:
            await super()._meet(item, request)


class Inside:
    """A gateway over `name` whose upstream plays `answers`; `lines` is its log."""

    def __init__(self, name: str, *answers: Answer, **settings: Any) -> None:
        self.clock = VirtualClock()
        self.network = _OnClock(*answers, on=self.clock)
        self.lines: list[str] = []
        target = Target(name, URL, KEY)
        made = GatewaySettings(**{"upstreams": (target,), "policy": PLAIN, "log": self.lines.append, **settings})
        self.app = create_app(made, transport=self.network, clock=self.clock)
        self.gateway = self.app.state.gateway

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request, to its end."""

        async def asked() -> httpx.Response:
            transport = AsgiTransport(self.app, clock=self.clock)
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=None) as client:
                return await client.request(method, path, **options)

        return run(asked())


def stream(name: str, events: tuple[AnyEvent, ...] = HELLO) -> Answer:
    """A whole answer of a dialect, frame by frame."""
    return Answer(frames(name, events), headers={"content-type": dialect(name).content_type})
