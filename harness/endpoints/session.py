"""Carries a plan out: asks an endpoint every probe, keeps what came, and says what it showed.

    plan = make_plan("openai", key=key)
    recording = await record(plan, Path("cassettes/openai"))

Each probe's cassette is written when its answer is there, at `<out>/<dialect>/<probe>.yaml`, so whatever stops a
recording, everything before it is on the disk. A probe is asked again, twice at most, where its answer did not show
what it is to show, or where the server asks for patience; what came last is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

import httpx

from harness.endpoints.attempt import Attempt, attempt
from harness.endpoints.plan import TRIES, Plan, Step, cost_of
from harness.recording.cassette import Exchange
from harness.recording.golden import Undecoded, decoded
from harness.recording.writer import Cleaner, save_cassette
from harness.recording.written import canonical
from harness.stack.clock import Clock, SystemClock
from harness.stack.policy import Policy
from harness.stack.retry import Again, Tries, decide, describe

State: TypeAlias = Literal["recorded", "not elicited", "not asked"]
"""`recorded`: the answer shows what it is to show; `not elicited`: it does not, and was kept all the same."""

PATIENCE = Policy(retry_after_limit_s=60.0)
"""How long is waited before a server is asked again that asks for patience."""


class LimitExceeded(ValueError):
    """The plan asks for more than a limit allows; nothing was asked."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a recording may use; None is no limit. `max_cost` is in US dollars."""

    max_requests: int | None = None
    max_cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one probe. `why` says what is missing; `http_status` is None where no answer began."""

    dialect: str
    probe: str
    state: State
    why: str | None = None
    requests: int = 0
    file: Path | None = None
    http_status: int | None = None
    ending: str | None = None
    cost: Decimal | None = Decimal(0)

    def to_dict(self) -> dict[str, Any]:
        """Its JSON form."""
        shown = {name: getattr(self, name) for name in ("dialect", "probe", "state", "why", "requests")}
        shown |= {"file": self.file and str(self.file), "http_status": self.http_status, "ending": self.ending}
        return {**shown, "cost": None if self.cost is None else float(self.cost)}


@dataclass(frozen=True, slots=True)
class Asking:
    """A request is about to be sent, for the so-manieth time."""

    step: Step
    number: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """The server asks for patience."""

    step: Step
    seconds: float
    reason: str


Told: TypeAlias = Asking | Waiting | Outcome


@dataclass(frozen=True, slots=True)
class Recording:
    """What a whole recording came to. `cost` is in US dollars, of the requests whose price is known."""

    provider: str
    outcomes: tuple[Outcome, ...]
    requests: int
    cost: Decimal

    def of(self, state: State) -> tuple[Outcome, ...]:
        """The outcomes of that state."""
        return tuple(outcome for outcome in self.outcomes if outcome.state == state)

    def to_dict(self) -> dict[str, Any]:
        """Its JSON form."""
        outcomes = [outcome.to_dict() for outcome in self.outcomes]
        return {
            "provider": self.provider,
            "requests": self.requests,
            "cost": float(self.cost),
            "outcomes": outcomes,
        }


async def record(
    plan: Plan,
    out: Path,
    *,
    limits: Limits = Limits(),
    timeout_s: float = 120.0,
    on_event: Callable[[Told], object] = lambda told: None,
    redactor: Cleaner | None = None,
    clock: Clock | None = None,
    connect: Callable[[], httpx.AsyncBaseTransport] = httpx.AsyncHTTPTransport,
) -> Recording:
    """Asks everything in the plan, and writes what came below `out`.

    `timeout_s` is how long a server may be silent. `on_event` is told of every request, wait and outcome as it comes.
    `connect` makes the transport of each request, in place of the network. Never raises for what the server does;
    raises LimitExceeded before any request, and OSError where a cassette cannot be written.
    """
    check_limits(plan, limits)
    keys = {step.where.key for step in plan.steps} - {""}
    cleaner = redactor or _redactor(keys)
    session = _Session(plan.provider, out, limits, timeout_s, on_event, cleaner, clock or SystemClock(), connect)
    return await session.run(plan)


def check_limits(plan: Plan, limits: Limits) -> None:
    """Raises LimitExceeded where even one request for each probe is more than the limits allow."""
    fewer = "name fewer probes with --probe, or allow more"
    if limits.max_requests is not None and plan.requests > limits.max_requests:
        raise LimitExceeded(
            f"{plan.requests} requests are planned, and --max-requests allows {limits.max_requests}; {fewer}"
        )
    if limits.max_cost is None:
        return
    if plan.unpriced:
        models = ", ".join(plan.unpriced)
        raise LimitExceeded(f"no price is known for {models}, so --max-cost cannot be kept; use --max-requests instead")
    if plan.cost > limits.max_cost:
        raise LimitExceeded(f"the plan costs up to ${plan.cost:.4f}, and --max-cost allows ${limits.max_cost}; {fewer}")


def _redactor(keys: set[str]) -> Cleaner:
    from harness.recording.secrets import Redactor

    return Redactor(sorted(keys))


@dataclass(slots=True)
class _Session:
    provider: str
    out: Path
    limits: Limits
    timeout_s: float
    on_event: Callable[[Told], object]
    redactor: Cleaner
    clock: Clock
    connect: Callable[[], httpx.AsyncBaseTransport]
    requests: int = 0
    spent: Decimal = Decimal(0)
    closed: dict[str, str] = field(default_factory=dict)
    """Base URLs and dialects that are asked no more, each with why."""
    answered: set[str] = field(default_factory=set)
    """Dialects in which something was answered that was no error."""

    async def run(self, plan: Plan) -> Recording:
        outcomes = []
        for step in plan.steps:
            outcome = await self._probe(step)
            outcomes.append(outcome)
            self.on_event(outcome)
        return Recording(self.provider, tuple(outcomes), self.requests, self.spent)

    async def _probe(self, step: Step) -> Outcome:
        """Asks one probe as often as it needs."""
        if why := self._forbidden(step):
            return Outcome(step.where.dialect, step.probe.name, "not asked", why)
        number, tries = 0, Tries()
        costs: list[Decimal | None] = []
        while True:
            number += 1
            made = await self._ask(step, number)
            costs.append(self._spend(step, made))
            again = self._again(step, made, number, tries)
            if again is None or self._forbidden(step):
                return self._outcome(step, made, number, costs)
            if again.delay_s:
                self.on_event(Waiting(step, again.delay_s, again.reason))
                await self.clock.sleep(again.delay_s)
            tries = again.tries

    def _forbidden(self, step: Step) -> str | None:
        """Why nothing more may be asked; None where it may."""
        if why := self.closed.get(step.where.base_url) or self.closed.get(step.where.dialect):
            return why
        if self.limits.max_requests is not None and self.requests >= self.limits.max_requests:
            return f"--max-requests {self.limits.max_requests} is reached"
        if self.limits.max_cost is not None and self.spent + (step.cost or 0) > self.limits.max_cost:
            return f"it might pass --max-cost {self.limits.max_cost}: ${self.spent:.4f} are spent"
        return None

    async def _ask(self, step: Step, number: int) -> Attempt:
        self.on_event(Asking(step, number))
        self.requests += 1
        made = await attempt(step, self.timeout_s, self.connect)
        error = made.transcript.error
        if made.unreachable:
            self.closed[step.where.base_url] = f"{step.where.base_url} cannot be reached: {made.unreachable}"
        elif error is None:
            self.answered.add(step.where.dialect)
        elif error.kind == "auth" and step.probe.key is None and step.where.dialect not in self.answered:
            self.closed[step.where.dialect] = f"the key is refused: {describe(error)}"
        return made

    def _spend(self, step: Step, made: Attempt) -> Decimal | None:
        """What the request cost; where the answer does not say it, as much as was planned."""
        seen = made.transcript
        counted = seen.usage.input_tokens is not None or seen.usage.output_tokens is not None
        if seen.status == "completed" and counted:
            cost = cost_of(step.where, seen.usage)
        else:
            answers = made.http_status is not None and 200 <= made.http_status < 300
            cost = step.cost if answers else Decimal(0)
        self.spent += cost or 0
        return cost

    def _again(self, step: Step, made: Attempt, number: int, tries: Tries) -> Again | None:
        """How the probe is asked again; None where it is not."""
        if not made.missing or number >= TRIES:
            return None
        error = made.transcript.error
        if made.transcript.status == "failed" and error is not None:
            decision = decide(PATIENCE, tries, error)
            return decision if isinstance(decision, Again) else None
        if step.probe.provokes_error:
            return None
        return Again(0.0, made.missing[0], number + 1, TRIES, tries)

    def _outcome(self, step: Step, made: Attempt, number: int, costs: list[Decimal | None]) -> Outcome:
        where, name = step.where, step.probe.name
        cost = None if None in costs else sum((each for each in costs if each), Decimal(0))
        why = "; ".join(made.missing) or None
        if made.exchange is None:
            return Outcome(where.dialect, name, "not asked", self.closed.get(where.base_url) or why, number, cost=cost)
        path = self.out / where.dialect / f"{name}.yaml"
        if why and path.exists():
            file, why = None, f"{why}; the older recording stays"
        else:
            file = self._keep(path, made.exchange, why)
        state: State = "not elicited" if why else "recorded"
        ending = made.exchange.response.ending
        return Outcome(where.dialect, name, state, why, number, file, made.http_status, ending, cost)

    def _keep(self, path: Path, exchange: Exchange, why: str | None) -> Path:
        """Writes the probe's cassette. The golden transcript is that of what is on the disk, with secrets masked."""
        cleaned = canonical(self.redactor.clean(exchange)[0])
        amounts = decoded(cleaned)
        transcript = None if isinstance(amounts, Undecoded) else amounts.to_dict()
        notes = [cleaned.note, f"not elicited: {why}" if why else None]
        note = "; ".join(filter(None, notes)) or None
        save_cassette(path, [replace(cleaned, transcript=transcript, note=note)], redactor=self.redactor)
        return path
