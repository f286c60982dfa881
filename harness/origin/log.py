"""The log of one case: every request that came, what was played in answer and when, and events to wait on.

The socket origin and the in-process transport write it as they play; the checks read its attempts.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable

from harness.catalogue.observation import Attempt
from harness.origin.caller import Caller
from harness.origin.case import Answer, ReceivedRequest
from harness.wire.response import Gate


class OpenAttempt:
    """One request that is being answered. The player tells it what it does; times are seconds on the log's clock."""

    def __init__(self, log: CaseLog, number: int, request: ReceivedRequest, answer: Answer) -> None:
        self._log = log
        self.number = number
        self._at = log.now()
        self._request = request
        self._answer = answer
        self._sent: list[float] = []
        self._ended: float | None = None
        self._client_left = False
        self._given_up: list[int] = []

    def sent(self, at: float | None = None) -> None:
        """The next chunk was handed over, now or at `at`."""
        self._sent.append(self._log.now() if at is None else at)
        self._log.tell()

    def end(self, at: float | None = None, *, client_left: bool = False) -> None:
        """The answer ended, now or at `at`. Only the first call counts."""
        if self._ended is None:
            self._ended = self._log.now() if at is None else at
            self._client_left = client_left
            self._log.tell()

    @property
    def ended(self) -> bool:
        """Whether the answer ended."""
        return self._ended is not None

    def opened_at(self, gate: Gate) -> float | None:
        """When the gate opened, on the log's clock; None while it is to be held.

        Once a gate of this answer has given up, none is held any more: the caller waits for the end.
        """
        caller = self._log.caller
        return self._at if caller is None or self._given_up else caller.met_at(gate)

    async def opened(self, gate: Gate) -> None:
        """Returns when the gate opens."""
        await self._log.wait_until(lambda _: self.opened_at(gate) is not None)

    def give_up(self, chunk: int) -> None:
        """The gate before that chunk opened because it gave up."""
        self._given_up.append(chunk)

    def value(self) -> Attempt:
        """The attempt as it stands."""
        began = self._log.began
        return Attempt(
            number=self.number,
            at_s=self._at - began,
            method=self._request.method,
            path=self._request.path,
            headers=self._request.headers,
            body=self._request.body,
            faults=self._answer.faults,
            response=self._answer.response if self._answer.planned else None,
            sent_s=tuple(at - began for at in self._sent),
            ended_s=None if self._ended is None else self._ended - began,
            client_left=self._client_left,
            fallback=self._answer.fallback,
            given_up=tuple(self._given_up),
        )


class CaseLog:
    """Everything that came to one case, in the order of arrival, and events to wait on instead of sleeping."""

    def __init__(self, now: Callable[[], float], keep: int | None = None) -> None:
        """`now` gives seconds since some fixed moment; of many requests, only the last `keep` are remembered."""
        self.now = now
        self.began = now()
        self.caller: Caller | None = None
        self._attempts: deque[tuple[Answer, OpenAttempt]] = deque(maxlen=keep)
        self._counts: Counter[tuple[bool, bool]] = Counter()
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The attempts so far, those at the second provider among them."""
        return tuple(attempt.value() for answer, attempt in self._attempts if not answer.stray)

    @property
    def strays(self) -> tuple[Attempt, ...]:
        """Requests that were no attempts: a GET of some other path, for example."""
        return tuple(attempt.value() for answer, attempt in self._attempts if answer.stray)

    @property
    def idle(self) -> bool:
        """Whether nothing is being played: every answer so far has ended."""
        return all(attempt.ended for _, attempt in self._attempts)

    def listen(self) -> Caller:
        """What is to be told from now on of everything that reaches the caller; gates wait for it."""
        self.caller = Caller(self.now, self.tell)
        return self.caller

    def begin(self, request: ReceivedRequest, answer: Answer) -> OpenAttempt:
        """A request came, and this will be played; numbers count main, fallback and stray requests apart."""
        lane = (answer.fallback, answer.stray)
        self._counts[lane] += 1
        attempt = OpenAttempt(self, self._counts[lane], request, answer)
        self._attempts.append((answer, attempt))
        self.tell()
        return attempt

    def tell(self) -> None:
        """Wakes everybody who waits for a change."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def changed(self) -> None:
        """Returns at the next change: a request came, a chunk was sent, or an answer ended."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    async def wait_until(self, holds: Callable[[CaseLog], bool]) -> None:
        """Returns once `holds(log)` is true; looks again at every change."""
        while not holds(self):
            await self.changed()

    async def wait_for_attempt(self, number: int, *, fallback: bool = False) -> Attempt:
        """Attempt `number`, as soon as its request has come."""
        await self.wait_until(lambda log: log._find(number, fallback) is not None)
        attempt = self._find(number, fallback)
        assert attempt is not None
        return attempt.value()

    async def wait_for_end(self, number: int, *, fallback: bool = False) -> Attempt:
        """Attempt `number`, as soon as its answer has ended."""
        await self.wait_until(lambda log: (found := log._find(number, fallback)) is not None and found.ended)
        attempt = self._find(number, fallback)
        assert attempt is not None
        return attempt.value()

    def _find(self, number: int, fallback: bool) -> OpenAttempt | None:
        lane = (attempt for answer, attempt in self._attempts if answer.fallback == fallback and not answer.stray)
        return next((attempt for attempt in lane if attempt.number == number), None)
