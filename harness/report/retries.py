"""How a system repeats a refused request: what it waits for what the server says, and how often it tries.

Measured, not claimed: from the times at which the requests of a few scenarios came, as the evidence of their results
has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from harness.runner.results import AttemptRecord, Evidence, Result

State: TypeAlias = Literal["kept", "soon", "waiting", "gave-up", "tried", "unnoticed", "none"]
"""`kept`: no repeat came too soon; `soon`: one did; `waiting`: it still waited when the harness stopped looking;
`gave-up`: an error at once; `tried`: repeats where no time was asked for; `unnoticed`: the refusal passed for an
answer; `none`: nothing was measured."""

TOLERANCE_S: Final = 0.05
"""How much sooner than asked a repeat may come, as in the checks: clocks and sleeps are not exact."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One row: what the server says each time, or first, and the scenario that shows it.

    `asked_s`: the least wait that it asks for, in seconds; None where it names no time, or none that can be kept.
    """

    scenario: str
    says: str
    asked_s: float | None = None


WAITS: Final = (
    Situation("rate-limits/retry-after-zero", "429, Retry-After: 0", 0.0),
    Situation("rate-limits/tries-run-out", "429, Retry-After: 1, each time", 1.0),
    Situation("rate-limits/retry-after-fraction", "429, Retry-After: 3.5", 3.5),
    Situation("rate-limits/retry-after-seconds", "429, Retry-After: 4", 4.0),
    Situation("rate-limits/retry-after-seven-seconds", "429, Retry-After: 7", 7.0),
    Situation("rate-limits/retry-after-a-minute", "429, Retry-After: 61, each time", 61.0),
    Situation("rate-limits/retry-after-five-minutes", "429, Retry-After: 300, each time", 300.0),
    Situation("rate-limits/retry-after-absurd", "429, Retry-After: 86400, each time", 86400.0),
    Situation("rate-limits/retry-after-http-date", "429, Retry-After: an HTTP date in 5 s", 3.95),
    Situation("rate-limits/retry-after-milliseconds", "429, retry-after-ms: 3700", 3.7),
    Situation("rate-limits/gemini-retry-delay-in-body", "429, RetryInfo of 4.5 s in the body", 4.5),
    Situation("overload/retry-after-with-503", "503, Retry-After: 4", 4.0),
    Situation("rate-limits/retry-after-unreadable", "429, Retry-After: soon"),
    Situation("rate-limits/retry-after-negative", "429, Retry-After: -3"),
    Situation("rate-limits/no-time-named", "429, no time named"),
)
"""What it waits, by what the server asks for. A date has whole seconds: one in 5 s may mean hardly more than 4."""

TRIES: Final = (
    Situation("overload/five-529", "529 each time, two repeats allowed"),
    Situation("overload/default-retries-of-a-529", "529 each time, its own default"),
    Situation("overload/not-retried-when-told-so", "529, repeats turned off"),
    Situation("rate-limits/default-retries-run-out", "429 each time, its own default"),
    Situation("overload/default-retries-of-a-503", "503 each time, its own default"),
    Situation("overload/default-retries-of-a-500", "500 each time, its own default"),
    Situation("disconnects/default-retries-of-a-reset", "Connection reset each time, its own default"),
)
"""How often it tries."""

SCENARIOS: Final = frozenset(situation.scenario for situation in (*WAITS, *TRIES))
"""The scenarios whose evidence is needed."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What one system did in one situation. `requests` and `gaps_s` are empty where nothing was measured.

    `gaps_s`: seconds between the arrivals of successive requests. `watched_s`: how long the harness looked on after
    the last one, where the system was still waiting.
    """

    state: State
    requests: int = 0
    gaps_s: tuple[float, ...] = ()
    watched_s: float | None = None
    note: str = ""
    """Why nothing was measured."""

    @property
    def waits(self) -> str:
        """In words: what it waited, and what came of it."""
        waited = ", ".join(f"{gap:.2f} s" for gap in self.gaps_s)
        match self.state:
            case "none":
                return self.note
            case "waiting":
                still = f"still waiting after {self.watched_s or 0:.0f} s"
                return f"{waited}, then {still}" if waited else still
            case "gave-up":
                return "gives up at once"
            case "unnoticed":
                return (
                    f"{waited}, then takes the refusal for an answer" if waited else "takes the refusal for an answer"
                )
        return waited

    @property
    def tries(self) -> str:
        """In words: how many requests it sent, and what it waited between them."""
        if self.state == "none":
            return self.note
        many = f"{self.requests} {'request' if self.requests == 1 else 'requests'}"
        waited = f"{', '.join(f'{gap:.2f}' for gap in self.gaps_s)} s apart" if self.gaps_s else ""
        still = f"still waiting after {self.watched_s:.0f} s" if self.watched_s is not None else ""
        unnoticed = "the refusal passed for an answer" if self.state == "unnoticed" else ""
        return "; ".join(filter(None, (f"{many}, {waited}" if waited else many, still, unnoticed)))


def behaviour(result: Result, situation: Situation) -> Behaviour:
    """What the system of this result did, by its evidence."""
    if result.verdict in ("unsupported", "error"):
        return Behaviour("none", note=result.note or "not measured")
    evidence = result.evidence
    requests = [] if evidence is None else [each for each in evidence.wire if not each.fallback]
    if evidence is None or not requests:
        return Behaviour("none", note="no request was seen")
    gaps = tuple(round(after.at_s - before.at_s, 3) for before, after in pairwise(requests))
    since_first = requests[-1].at_s - requests[0].at_s  # the case began hardly before its first request
    watched = result.duration_s - since_first if _still_ran(evidence) else None
    return Behaviour(_state(situation, gaps, evidence, requests), len(requests), gaps, watched)


def _still_ran(evidence: Evidence) -> bool:
    """Whether the case had no end when the harness stopped looking."""
    end = evidence.seen.get("end")
    return isinstance(end, dict) and bool(end.get("hung"))


def _state(situation: Situation, gaps: Sequence[float], evidence: Evidence, requests: Sequence[AttemptRecord]) -> State:
    asked = situation.asked_s
    if asked is not None and any(gap < asked - TOLERANCE_S for gap in gaps):
        return "soon"
    if _still_ran(evidence):
        return "waiting"
    if evidence.seen.get("status") == "completed" and _refused(requests[-1]):
        return "unnoticed"
    if not gaps:
        return "gave-up" if _refused(requests[-1]) else "tried"
    return "tried" if asked is None else "kept"


def _refused(attempt: AttemptRecord) -> bool:
    return attempt.status is None or attempt.status >= 400
