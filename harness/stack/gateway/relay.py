"""One request through the gateway: the upstream's answer in the client's dialect, as it comes or as a whole.

Until the first content nothing is sent, so that a failure is an HTTP error with its own status. After it, or after a
sign of life that had to be sent, a failure is the dialect's error frame, and no end marker follows.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from starlette.types import Receive

from harness.dialects import dialect
from harness.dialects.base import Dialect, Loss
from harness.events import AnyEvent, End, ErrorInfo, Failure, Other, Retry, Start, ToolCall, Warning
from harness.request import Request
from harness.stack.client import Client, Stream
from harness.stack.clock import Clock
from harness.stack.gate import CONTENT
from harness.stack.gateway.form import Form
from harness.stack.gateway.outlet import Outlet
from harness.stack.gateway.refusal import Refusal, told
from harness.stack.gateway.settings import GatewaySettings
from harness.stack.translate.stream import CUT_OFF, StreamWriter
from harness.stack.translate.whole import joined_answer

CLOSING: Final = ErrorInfo("overloaded", "the gateway is shutting down", status=503, retryable=True)
LOSSES_HEADER: Final = "x-harness-losses"
_SLUG = re.compile(r"(?:^|; )([a-z][a-z0-9-]*)(?=:|;|$)")
_STREAM_HEADERS: Final = {"cache-control": "no-cache", "x-accel-buffering": "no"}
_ID_PREFIXES: Final = {
    "openai-chat": "chatcmpl-",
    "openai-responses": "resp_",
    "anthropic-messages": "msg_",
    "gemini": "",
}
_SETTLE_S: Final = 0.25  # seconds of silence after which a call that seems whole is not held back any more
_INSTANT: Final = 1e-6  # seconds that do not count


@dataclass(slots=True)
class Asked:
    """What a client asks for. `form` is how its dialect's streams are laid on the wire for it."""

    served: Dialect
    request: Request
    form: Form
    headers: dict[str, str]
    losses: list[Loss] = field(default_factory=list)
    answer_id: str | None = None
    """The id that the answer must have, whatever the upstream calls it."""
    keep: Callable[[Sequence[AnyEvent]], None] | None = None
    """Gets all events of an answer that ended well."""


class Relay:
    """One answer on its way. `outcome` is how it ended, or the kind of its error; `losses` what could not be said."""

    def __init__(self, client: Client, settings: GatewaySettings, clock: Clock, asked: Asked, outlet: Outlet) -> None:
        self.outcome = "cancelled"
        self.events = 0
        self._client, self._settings, self._clock, self._asked, self._outlet = client, settings, clock, asked, outlet
        self._upstream = settings.upstreams[0].record
        self._writer = self._new_writer()
        self._request_losses: list[Loss] = []
        self._stream: Stream | None = None
        self._closing = False
        self._silent_since = clock.now()
        self._started = False
        self._settling: asyncio.Task[None] | None = None
        self._kept: list[AnyEvent] = []

    @property
    def losses(self) -> list[Loss]:
        """What of the request and of its answer could not be said, so far, each thing once."""
        found = [*self._asked.losses, *self._request_losses, *self._writer.losses]
        return list({loss.what: loss for loss in found}.values())

    @property
    def upstream(self) -> str:
        """The dialect of the upstream that answers."""
        return self._upstream.name

    def notes(self) -> dict[str, str]:
        """What the log says of it."""
        said = {
            "dialects": f"{self.upstream}->{self._asked.served.name}",
            "model": self._asked.request.model,
            "outcome": self.outcome,
            "events": str(self.events),
        }
        lost = ",".join(loss.what for loss in self.losses)
        return {**said, "losses": lost} if lost else said

    def close(self) -> None:
        """The gateway shuts down: the client is told, now."""
        self._closing = True
        if self._stream is not None:
            self._stream.cancel()

    async def run(self, receive: Receive) -> None:
        """Answer, to the end or until the client leaves. Raises Refusal for what is an HTTP error."""
        async with self._client.stream(self._asked.request) as stream:
            self._stream = stream
            if self._closing:
                raise Refusal(CLOSING)
            async with _beside(_watch(receive, stream)):
                if self._asked.request.stream:
                    async with _beside(self._keep_alive()), self._settled():
                        await self._hand_on(stream)
                else:
                    await self._gather(stream)

    async def _hand_on(self, stream: Stream) -> None:
        """The answer as it comes."""
        while batch := await stream.batch():
            if batch[-1] == End("cancelled"):
                if not self._closing:  # the client is gone
                    return
                batch = [*batch[:-1], Failure(CLOSING), End("failed")]
            events = self._seen(batch)
            if not self._outlet.begun and (error := _failed_first(events)):
                raise self._refusal(error)
            await self._send(self._asked.form.frames(self._writer.feed(events)))
            if self._settling is None and any(type(event) is ToolCall for event in events):
                self._settling = asyncio.get_running_loop().create_task(self._settle())
            if events and type(events[-1]) is End:
                await self._ended(events[-1])

    async def _ended(self, end: End) -> None:
        self.outcome = end.status if self.outcome == "cancelled" else self.outcome
        self._keep(end)
        self._stream = None
        await self._send(self._asked.form.close())
        await self._begin()
        await self._outlet.end()

    async def _gather(self, stream: Stream) -> None:
        """The answer as a whole."""
        events: list[AnyEvent] = []
        while batch := await stream.batch():
            seen = self._seen(batch)
            if error := next((event.error for event in seen if type(event) is Failure), None):
                raise self._refusal(error)
            events += seen
        end = events[-1]
        if end == End("cancelled"):
            if self._closing:
                raise self._refusal(CLOSING)
            return
        if end != End("completed"):
            raise self._refusal(CUT_OFF)
        try:
            answer = joined_answer(self._writer, self._asked.served, events)
        except ValueError as error:  # a call that no document can hold
            raise self._refusal(ErrorInfo("protocol", str(error))) from None
        self._request_losses += answer.losses
        self._keep(End("completed"))
        self.outcome = "completed"
        headers = {"content-type": "application/json", **self._headers()}
        await self._outlet.whole(200, headers, answer.body)

    def _refusal(self, error: ErrorInfo) -> Refusal:
        self.outcome = error.kind
        return Refusal(error, headers=self._headers())

    def _seen(self, batch: list[AnyEvent]) -> list[AnyEvent]:
        """The events that concern the client, as it may see them."""
        events: list[AnyEvent] = []
        for event in batch:
            match event:
                case Other(kind="fallback", data={"dialect": str(name)}):
                    self._turn_to(dialect(name))
                case Warning(rule="request-loss", message=message):
                    self._request_losses += [Loss(slug) for slug in _SLUG.findall(message)]
                case Warning():
                    self._writer.feed([event])  # which writes nothing of it, and bears it in mind
                case Retry():  # begins nothing
                    events.append(event)
                case Failure(error):
                    shown = told(error, self._settings.upstreams)
                    self.outcome = shown.kind
                    events.append(Failure(shown))
                case _:
                    events += self._started_by(event)
        self.events += len(events)
        if self._asked.keep is not None:
            self._kept += events
        return events

    def _turn_to(self, upstream: Dialect) -> None:
        """Another upstream takes over; nothing of the first one's answer was handed on."""
        self._upstream = upstream
        self._writer = self._new_writer()

    def _new_writer(self) -> StreamWriter:
        """The ids that an answer gets where its upstream names none are unlike those of every other answer."""
        served, salt = self._asked.served, secrets.token_hex(12)
        prefix = _ID_PREFIXES.get(served.name)
        start = Start(None if prefix is None else prefix + salt, self._asked.request.model)
        return StreamWriter(self._upstream, served, answer=start, salt=salt)

    def _started_by(self, event: AnyEvent) -> list[AnyEvent]:
        """The event, behind a start with the answer's id where there has to be one."""
        wanted = self._asked.answer_id
        if wanted is None or type(event) is End:
            return [event]
        if type(event) is Start:
            self._started = True
            return [msgspec.structs.replace(event, id=wanted)]
        if self._started:
            return [event]
        self._started = True
        return [Start(wanted), event]

    def _keep(self, end: End) -> None:
        if self._asked.keep is not None and end.status == "completed":
            self._asked.keep(self._kept)

    async def _keep_alive(self) -> None:
        """A sign of life whenever nothing was sent for so long. A client that is slow to read needs none."""
        limit = self._settings.heartbeat_s
        while limit:
            await self._clock.sleep(self._silent_since + limit - self._clock.now())
            if self._silent_since + limit - self._clock.now() > _INSTANT:
                continue
            if not self._outlet.busy and self._stream is not None:
                await self._send(self._asked.form.alive(self._writer.keep_alive()))
            self._silent_since = self._clock.now()

    async def _settle(self) -> None:
        """Lets go, in a short silence, of a call that is held only because more of it might follow."""
        while (left := self._silent_since + _SETTLE_S - self._clock.now()) > _INSTANT:
            await self._clock.sleep(left)
        self._settling = None
        if self._stream is not None and not self._outlet.busy:
            await self._send(self._asked.form.frames(self._writer.settle()))

    @asynccontextmanager
    async def _settled(self) -> AsyncGenerator[None]:
        """Around an answer: nothing of what it began goes on behind it."""
        try:
            yield
        finally:
            if self._settling is not None:
                self._settling.cancel()

    async def _send(self, data: bytes) -> None:
        if data:
            await self._begin()
            self._silent_since = self._clock.now()
            await self._outlet.data(data)

    async def _begin(self) -> None:
        if not self._outlet.begun:
            kind = {"content-type": self._asked.form.content_type}
            own = self._asked.served.facts.get("response_headers", {})
            await self._outlet.head(200, {**kind, **_STREAM_HEADERS, **own, **self._headers()})

    def _headers(self) -> dict[str, str]:
        lost = {LOSSES_HEADER: ", ".join(loss.what for loss in losses)} if (losses := self.losses) else {}
        return {**self._asked.headers, **lost}


def _failed_first(events: Sequence[AnyEvent]) -> ErrorInfo | None:
    """The error among these events, if no content stands before it."""
    for event in events:
        if type(event) is Failure:
            return event.error
        if isinstance(event, CONTENT):
            return None
        if type(event) is End and event.status in ("truncated", "failed"):
            return CUT_OFF
    return None


async def _watch(receive: Receive, stream: Stream) -> None:
    """The client leaves: the upstream's answer is of no use to anybody any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.cancel()


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Runs `work` beside the block, and ends it with the block."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
