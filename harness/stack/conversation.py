"""What happens between a request and its answer: attempts, repeats, compaction, fallback, each seen as an event."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import httpx
import msgspec

from harness.dialects.base import HttpRequest, lose
from harness.events import AnyEvent, End, ErrorInfo, Failure, Other, Retry, Warning
from harness.request import Request
from harness.stack.clock import Clock
from harness.stack.exchange import Exchange, Switch
from harness.stack.fallback import Target, falls_back
from harness.stack.gate import Gate
from harness.stack.overflow import Compaction, CompactionFailed, compacted
from harness.stack.policy import Policy
from harness.stack.retry import Again, Tries, decide, describe
from harness.stack.think_tags import ThinkTags
from harness.stack.thinking import fit_reasoning
from harness.stack.translate.requests import Prepared, prepared


@dataclass(frozen=True, slots=True)
class Step:
    """What follows a failed attempt: the events that show it, and the error that stands where it is the last."""

    events: tuple[AnyEvent, ...] = ()
    delay_s: float = 0.0
    stands: ErrorInfo | None = None


@dataclass(slots=True)
class Conversation:
    """One request to a row of targets. `batches()` gives its events; the last one of all is End."""

    request: Request
    targets: Sequence[Target]
    policy: Policy
    clock: Clock
    switch: Switch
    http: Callable[[], httpx.AsyncClient]
    new_tags: Callable[[], ThinkTags | None]
    compact: Compaction | None = None
    literal: bool = False
    """The request goes out as it is, neither repaired nor fitted to its vendor's rules."""
    luck: Callable[[], float] = random.random
    _place: int = field(default=0, init=False)
    _tries: Tries = field(default=Tries(), init=False)
    _compaction_asked: bool = field(default=False, init=False)
    _next: Step | None = field(default=None, init=False)

    async def batches(self) -> AsyncGenerator[list[AnyEvent], None]:
        """The events, as they come. Closing the iterator stops the request. Raises StreamCancelled."""
        if isinstance(missing := self.targets[0].key(), ErrorInfo):
            step = self._other_target(missing)
            yield [*step.events, *_failed(step.stands)]
            if step.stands:
                return
        while True:
            self._next = None
            async with aclosing(self._attempt()) as batches:
                async for batch in batches:
                    yield batch
            if self._next is None:
                return
            yield list(self._next.events)
            if self._next.delay_s:
                with self.switch.waiting():
                    await self.clock.sleep(self._next.delay_s)

    async def _attempt(self) -> AsyncGenerator[list[AnyEvent], None]:
        """One exchange. Sets `_next` where it failed before any content and something else is tried."""
        target = self.targets[self._place]
        asked, wire, warnings = self._wire_request(target)
        if warnings and self._tries.requests == 1:
            yield warnings
        gate = Gate()
        exchange = self._exchange(target, wire)
        async with aclosing(exchange.batches()) as batches:
            async for batch in batches:
                events = gate.feed(asked.restored(batch))
                if gate.error and not gate.opened:
                    step = await self._after(gate.error, exchange.server_says)
                    if step.stands is None:
                        self._next = replace(step, events=(*gate.warnings, *step.events))
                        return
                    events = [*step.events, *gate.open(step.stands)]
                if events:
                    yield events

    def _wire_request(self, target: Target) -> tuple[Prepared, HttpRequest, list[AnyEvent]]:
        """The request fitted to the target, as its dialect has it, and warnings about what that cannot say."""
        asked = msgspec.structs.replace(self.request, model=target.model or self.request.model)
        fitted, warnings = fit_reasoning(asked, target.record.name)
        key = target.key()
        ready = Prepared(fitted) if self.literal else prepared(fitted, target.record)
        wire = target.record.build_request(ready.request, key if isinstance(key, str) and key else None)
        losses = (*ready.losses, *wire.losses)
        return ready, wire, [*warnings, *([Warning("request-loss", lose(losses))] if losses else [])]

    def _exchange(self, target: Target, wire: HttpRequest) -> Exchange:
        return Exchange(
            http=self.http(),
            dialect=target.record,
            base_url=target.base_url,
            wire=wire,
            streams=self.request.stream,
            policy=self.policy,
            clock=self.clock,
            switch=self.switch,
            tags=self.new_tags(),
        )

    async def _after(self, error: ErrorInfo, server_says: bool | None) -> Step:
        """What follows a failure before any content."""
        if error.kind == "context_overflow":
            return await self._compaction(error)
        decision = decide(self.policy, self._tries, error, server_says=server_says, luck=self.luck())
        if isinstance(decision, Again):
            self._tries = decision.tries
            retry = Retry(decision.attempt, decision.max_attempts, decision.delay_s, decision.reason)
            return Step((retry,), decision.delay_s)
        return self._other_target(decision.error)

    async def _compaction(self, error: ErrorInfo) -> Step:
        """The shorter request that the hook makes, which is asked once; without one the error stands."""
        if self.compact is None or self._compaction_asked:
            return Step(stands=error)
        self._compaction_asked = True
        try:
            with self.switch.waiting():
                shorter = await compacted(self.compact, self.request, error)
        except CompactionFailed as problem:
            return Step((Warning("compaction-failed", str(problem)),), stands=error)
        if shorter is None:
            return Step(stands=error)
        self.request = shorter
        attempt = self._tries.requests + 1
        self._tries = replace(self._tries, compacted=True)
        return Step((Retry(attempt, None, 0.0, f"compacted after {describe(error)}"),))

    def _other_target(self, error: ErrorInfo) -> Step:
        """The next target that is configured, if this error may be served elsewhere; else the error stands."""
        warnings: list[AnyEvent] = []
        for place in range(self._place + 1, len(self.targets)) if falls_back(error) else ():
            target = self.targets[place]
            if isinstance(missing := target.key(), ErrorInfo):
                warnings.append(Warning("fallback-not-configured", missing.message))
                continue
            self._place, self._tries = place, Tries()
            return Step((*warnings, _fallback_event(target, error)))
        return Step(tuple(warnings), stands=error)


def _fallback_event(target: Target, error: ErrorInfo) -> Other:
    shown = {"dialect": target.record.name, "base_url": target.place, "model": target.model, "reason": describe(error)}
    return Other("fallback", shown)


def _failed(error: ErrorInfo | None) -> list[AnyEvent]:
    return [Failure(error), End("failed")] if error else []
