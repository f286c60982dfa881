"""Our own reference stack, driven as its users drive it: in process, or over sockets like any other system."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from harness import __version__
from harness.catalogue.models import FEATURES, GATEWAY_FEATURES
from harness.dialects import dialect_names
from harness.events import AnyEvent
from harness.request import read_request
from harness.stack.client import Client
from harness.stack.fallback import Target
from harness.stack.overflow import drop_oldest_turns
from harness.stack.policy import Policy
from harness.stack.turns import converse
from harness.systems.base import Case, Description


class Reference:
    """The system called `reference`. It claims every feature that a client can have."""

    description = Description(
        "reference",
        __version__,
        "python",
        dialect_names(),
        frozenset(FEATURES) - GATEWAY_FEATURES,
        default_retries=dict.fromkeys(dialect_names(), Policy().max_retries),
    )

    def __init__(self, *, literal: bool = False) -> None:
        """`literal`: requests are sent as they are, and what is wrong with a history is left as it is."""
        self._literal = literal

    async def run(self, case: Case) -> AsyncGenerator[AnyEvent]:
        """The events that a user of `harness.Client` sees."""
        tools = case.options.get("tool_results") or {}
        async with (
            _client(case, literal=self._literal) as client,
            aclosing(converse(client, read_request(case.request), tools)) as events,
        ):
            async for event in events:
                yield event


def _client(case: Case, *, literal: bool) -> Client:
    options, fallback_url = case.options, case.fallback_base_url
    policy = Policy().limited(options.get("max_retries"))
    timeout_s = options.get("timeout_s")
    return Client(
        case.dialect,
        case.base_url,
        api_key=case.api_key,
        policy=policy if timeout_s is None else policy.patient_for(timeout_s),
        transport=case.transport,
        clock=case.clock,
        think_tags=bool(options.get("think_tags")),
        fallback=(Target(case.dialect, fallback_url, case.api_key),) if fallback_url else (),
        compact=drop_oldest_turns if options.get("compaction") else None,
        literal=literal,
    )


SYSTEM = Reference()
