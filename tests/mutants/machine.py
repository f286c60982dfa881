"""The reference client with one thing broken: its bytes, its events, its policy, what it was told, or what it asks."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from harness.catalogue.models import FEATURES
from harness.dialects import dialect, dialect_names
from harness.dialects.base import Dialect, HttpRequest
from harness.events import AnyEvent, End, Failure, Status
from harness.request import Request, read_request
from harness.stack.client import Client
from harness.stack.fallback import Target
from harness.stack.overflow import drop_oldest_turns
from harness.stack.policy import Policy
from harness.stack.turns import converse
from harness.systems.base import Case, Description

EventFilter = Callable[[AnyEvent], Iterable[AnyEvent]]
"""One event as it comes, and the events that the broken client hands on in its place."""
ByteFilter = Callable[[bytes], bytes]
"""One read as it comes (empty at the end), and what the broken client makes of it."""


@dataclass(frozen=True)
class Mutant:
    """One broken client. `story` says what its author got wrong; `kills` names the scenarios that catch it.

    `events` and `reads` are filters that see each item once, and may keep state: `make_…` makes one anew for each case.
    `policy` changes the client's patience, `options` what it was told.
    """

    name: str
    story: str
    kills: tuple[str, ...]
    events: EventFilter | None = None
    make_events: Callable[[], EventFilter] | None = None
    reads: ByteFilter | None = None
    make_reads: Callable[[], ByteFilter] | None = None
    policy: Callable[[Policy], Policy] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    response: Callable[[httpx.Response], httpx.Response] | None = None
    literal: bool = False
    """Whether requests are sent as they are, histories that no vendor takes among them."""
    recalls: Callable[[Request], Request] | None = None
    """What the broken client has of the talk, before it makes it fit for its vendor."""
    asks: Callable[[Request], Request] | None = None
    """What the broken client makes of each request before it sends it."""
    sends: Callable[[Any], Any] | None = None
    """What the broken client makes of each request's body, which is JSON."""
    dialects: tuple[str, ...] = field(default_factory=dialect_names)
    again: Callable[[End], bool] | None = None
    """Whether the whole request is made once more after such an end."""
    other_target_on_failure: bool = False
    goes_on: bool = False
    """Whether the request is left alone when the caller stops, rather than stopped too."""

    @property
    def description(self) -> Description:
        """It claims everything, so that nothing that it breaks is excused."""
        retries = dict.fromkeys(self.dialects, 3)
        return Description(self.name, "0", "python", self.dialects, frozenset(FEATURES), default_retries=retries)

    async def run(self, case: Case) -> AsyncGenerator[AnyEvent]:
        """Runs the case as the broken client would."""
        hand_on = self.make_events() if self.make_events else self.events or (lambda event: [event])
        end = End("truncated")
        events = self._reference(case)
        if self.goes_on:
            _ABANDONED.append(events)
        try:
            async for event in events:
                if isinstance(event, End):
                    end = event
                    break
                for each in hand_on(event):
                    yield each
        finally:
            if not self.goes_on:
                await events.aclose()
        if self.again and self.again(end):
            async for event in self._reference(case):
                yield event
        elif end.status == "failed" and self.other_target_on_failure and case.fallback_base_url:
            async for event in self._reference(replace(case, base_url=case.fallback_base_url)):
                yield event
        for each in hand_on(end):
            yield each

    async def _reference(self, case: Case) -> AsyncGenerator[AnyEvent]:
        client = self._client(case, {**case.options, **self.options})
        asked = read_request(case.request)
        talk = self.recalls(asked) if self.recalls else asked
        async with aclosing(converse(client, talk, case.options["tool_results"])) as events:
            async for event in events:
                yield event

    def _dialect(self, name: str) -> Dialect:
        """The dialect as the broken client writes it."""
        record = dialect(name)

        def build_request(request: Request, api_key: str | None) -> HttpRequest:
            built = record.build_request(self.asks(request) if self.asks else request, api_key)
            return replace(built, body=json.dumps(self.sends(json.loads(built.body))).encode()) if self.sends else built

        return replace(record, build_request=build_request)

    def _client(self, case: Case, options: dict[str, Any]) -> Client:
        policy = Policy().limited(options["max_retries"]).patient_for(options["timeout_s"])
        second = None if options.get("no_fallback") else case.fallback_base_url
        assert case.transport is not None
        return Client(
            self._dialect(case.dialect),
            case.base_url,
            api_key=case.api_key,
            policy=self.policy(policy) if self.policy else policy,
            transport=_Tampering(case.transport, self),
            clock=case.clock,
            think_tags=options["think_tags"],
            fallback=[Target(case.dialect, second, case.api_key)] if second else [],
            compact=drop_oldest_turns if options["compaction"] else None,
            literal=self.literal,
        )


_ABANDONED: list[AsyncGenerator[AnyEvent]] = []
"""Kept, since a generator that nobody holds is closed, and its request with it."""


class _Tampering(httpx.AsyncBaseTransport):
    """Gives the client other bytes, or another status, than the origin sent."""

    def __init__(self, inner: httpx.AsyncBaseTransport, mutant: Mutant) -> None:
        self._inner, self._mutant = inner, mutant

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        change = self._mutant.make_reads() if self._mutant.make_reads else self._mutant.reads
        if change is not None:
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = _Reads(response.stream, change)
        return self._mutant.response(response) if self._mutant.response else response


class _Reads(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, change: Callable[[bytes], bytes]) -> None:
        self._inner, self._change = inner, change

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            yield self._change(chunk)
        if rest := self._change(b""):
            yield rest

    async def aclose(self) -> None:
        await self._inner.aclose()


def end_as(event: AnyEvent, status: Status) -> AnyEvent:
    """An End as one of that status; every other event as it is."""
    return End(status) if isinstance(event, End) else event


def swallows_errors(event: AnyEvent) -> list[AnyEvent]:
    """Hands no failure on, and takes every end for a good one."""
    return [] if isinstance(event, Failure) else [end_as(event, "completed")]


def stops_after(last: type[AnyEvent]) -> Callable[[], EventFilter]:
    """Hands nothing on after the first event of that type but the end."""

    def make() -> EventFilter:
        over = False

        def hand_on(event: AnyEvent) -> list[AnyEvent]:
            nonlocal over
            after, over = over, over or isinstance(event, last)
            return [] if after and not isinstance(event, End) else [event]

        return hand_on

    return make
