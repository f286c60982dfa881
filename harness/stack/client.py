"""The reference client: one request in, a stream of canonical events out, whatever the dialect and whatever happens.

It never raises for what a peer does: every failure is a Failure event, and exactly one End closes the stream. Until
the first content it may repeat the request, compact it, or turn to another target; each such step is an event. Once
content was handed on, a failure is final, and what was received stands.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from types import TracebackType
from typing import Any, Literal, Self

import httpx

from harness.dialects.base import Dialect
from harness.events import AnyEvent, End, Other
from harness.request import Request
from harness.stack.clock import Clock, SystemClock
from harness.stack.conversation import Conversation
from harness.stack.exchange import StreamCancelled, Switch
from harness.stack.fallback import Target
from harness.stack.overflow import Compaction
from harness.stack.policy import Policy
from harness.stack.think_tags import ThinkTags
from harness.transcript import Transcript, fold

ThinkTagMode = Literal[False, True, "assume-open"]


class Stream:
    """The events of one request. Iterate it, best inside `async with`, so that leaving early stops the request.

    Nothing is sent before the first event is asked for.
    """

    def __init__(self, batches: Callable[[Switch], AsyncGenerator[list[AnyEvent], None]]) -> None:
        self._switch = Switch()
        self._batches = batches(self._switch)
        self._ready: deque[AnyEvent] = deque()
        self._over = False
        self._waiting = False

    def cancel(self) -> None:
        """Stop the request at once. The iteration goes on to `End("cancelled")`; what was handed on stands."""
        self._switch.turn_off()

    async def aclose(self) -> None:
        """Stop the request and the iteration, without further events."""
        self._switch.turn_off()
        self._over = True
        if not self._waiting:  # else the task that waits ends it: the switch has woken it
            await self._batches.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AnyEvent:
        while not self._over:
            if self._switch.off:
                return await self._cancelled()
            if self._ready:
                event = self._ready.popleft()
                self._over = type(event) is End
                return event
            await self._fetch()
        await self._batches.aclose()
        raise StopAsyncIteration

    async def batch(self) -> list[AnyEvent]:
        """The next events, all that are there already; empty after the last one."""
        while not self._over:
            if self._switch.off:
                return [await self._cancelled()]
            if self._ready:
                events = list(self._ready)
                self._ready.clear()
                self._over = type(events[-1]) is End
                return events
            self._waiting = True
            try:
                self._ready.extend(await anext(self._batches))
            except StreamCancelled:
                pass
            finally:
                self._waiting = False
        await self._batches.aclose()
        return []

    async def _fetch(self) -> None:
        """Wait for the next events."""
        self._waiting = True
        try:
            self._ready.extend(await anext(self._batches))
        except StreamCancelled:
            pass
        finally:
            self._waiting = False

    async def _cancelled(self) -> AnyEvent:
        self._over = True
        await self._batches.aclose()
        return End("cancelled")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class Client:
    """A client of one target, and of those that stand in for it.

    `dialect` is a name or a record; `base_url` carries no version path; `api_key` is as Target says. With
    `think_tags`, inline think blocks become reasoning ("assume-open": the text begins inside one). `compact` is asked
    once when the context overflows. `transport` and `clock` replace the network and the time. With `literal`, requests
    are sent as they are: neither repaired nor fitted to the vendor's rules. Raises ValueError for a dialect or a URL
    that is none.
    """

    def __init__(
        self,
        dialect: str | Dialect,
        base_url: str,
        *,
        api_key: str | None = None,
        policy: Policy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        think_tags: ThinkTagMode = False,
        fallback: Sequence[Target] = (),
        compact: Compaction | None = None,
        literal: bool = False,
    ) -> None:
        self._targets: tuple[Target, ...] = (Target(dialect, base_url, api_key), *fallback)
        self._policy = policy or Policy()
        self._transport = transport
        self._clock = clock or SystemClock()
        self._think_tags: ThinkTagMode = think_tags
        self._compact = compact
        self._literal = literal
        self._http: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def over(cls, targets: Sequence[Target], **options: Any) -> Self:
        """A client of these targets, in turn; `options` are those of a client of one. Raises ValueError."""
        client = cls(targets[0].dialect, targets[0].base_url, **options)
        client._targets = tuple(targets)
        return client

    def stream(self, request: Request) -> Stream:
        """The events of the answer to `request`, as they come; all at once where it asks for no stream."""
        return Stream(lambda switch: self._conversation(request, switch).batches())

    async def collect(self, request: Request) -> Transcript:
        """What the answer to `request` amounts to."""
        async with self.stream(request) as stream:
            return self.fold([event async for event in stream])

    def fold(self, events: Sequence[AnyEvent]) -> Transcript:
        """What the events of one answer amount to, in the dialect of the target that gave it."""
        dialect = self._targets[0].record.name
        for event in events:
            match event:
                case Other(kind="fallback", data={"dialect": str(name)}):
                    dialect = name
        return fold(dialect, events)

    def transcript(self, request: Request) -> Transcript:
        """The same for programs without an event loop; raises RuntimeError where one is running."""
        if _loop_is_running():
            raise RuntimeError("an event loop is running here: use `await client.collect(request)`")

        async def run() -> Transcript:
            async with self:
                return await self.collect(request)

        return asyncio.run(run())

    async def aclose(self) -> None:
        """Close all connections. The client opens new ones when it is used again."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _conversation(self, request: Request, switch: Switch) -> Conversation:
        return Conversation(
            request=request,
            targets=self._targets,
            policy=self._policy,
            clock=self._clock,
            switch=switch,
            http=self._connections,
            new_tags=self._new_tags,
            compact=self._compact,
            literal=self._literal,
        )

    def _new_tags(self) -> ThinkTags | None:
        if not self._think_tags:
            return None
        return ThinkTags(assume_open=self._think_tags == "assume-open")

    def _connections(self) -> httpx.AsyncClient:
        """The connection pool, which belongs to one event loop."""
        loop = asyncio.get_running_loop()
        if self._http is None or self._loop is not loop:
            self._http, self._loop = _Plain(transport=self._transport, follow_redirects=False), loop
        return self._http


class _Plain(httpx.AsyncClient):
    """httpx's client without what a model's API has no use for.

    Above all without cookies: what a server sets for one request is none of the next one's, which a gateway may send
    for somebody else.
    """

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """The answer, its body unread. Redirects are not followed."""
        response = await self._transport_for_url(request.url).handle_async_request(request)
        response.request = request
        return response


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
