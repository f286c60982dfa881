"""What all requests of a gateway share: the way to the upstreams, what was said before, and who is being answered."""

from __future__ import annotations

import asyncio
from urllib.request import getproxies

import httpx
from starlette.types import Receive

from harness.stack.client import Client
from harness.stack.clock import Clock
from harness.stack.gateway.connections import Connections
from harness.stack.gateway.conversations import Conversations
from harness.stack.gateway.desk import Visit
from harness.stack.gateway.refusal import Refusal
from harness.stack.gateway.relay import CLOSING, Asked, Relay
from harness.stack.gateway.settings import GatewaySettings
from harness.stack.overflow import drop_oldest_turns


class Gateway:
    """One gateway. Made once, for one event loop."""

    def __init__(self, settings: GatewaySettings, transport: httpx.AsyncBaseTransport | None, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.conversations = Conversations(settings.stored_responses, settings.stored_bytes)
        self.client = Client.over(
            settings.upstreams,
            policy=settings.policy,
            transport=transport or _connections(),
            clock=clock,
            think_tags=settings.think_tags,
            compact=drop_oldest_turns if settings.compaction else None,
        )
        self._relays: set[Relay] = set()
        self._closing = False

    @property
    def streams(self) -> int:
        """How many answers are under way."""
        return len(self._relays)

    def close(self) -> None:
        """Tell every client that is being answered that it is over, in its own dialect; new ones are refused."""
        self._closing = True
        for relay in list(self._relays):
            relay.close()

    async def aclose(self) -> None:
        """Close the connections to the upstreams."""
        await self.client.aclose()

    async def relay(self, visit: Visit, asked: Asked, receive: Receive) -> None:
        """Answer one request. Raises Refusal for what is an HTTP error."""
        if self._closing:
            raise Refusal(CLOSING)
        relay = Relay(self.client, self.settings, self.clock, asked, visit.outlet)
        self._relays.add(relay)
        # a task of its own: a wait that ends there wakes a few frames, and not all those of the server above us
        running = asyncio.get_running_loop().create_task(relay.run(receive))
        try:
            await running
        finally:
            self._relays.discard(relay)
            visit.notes |= relay.notes()


def _connections() -> httpx.AsyncBaseTransport | None:
    """The way to the upstreams; None, which is httpx's own, where the environment asks for a proxy."""
    return None if getproxies() else Connections()
