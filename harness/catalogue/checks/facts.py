"""What the rules look at: the expectation, and the observation joined from the caller's side and the wire's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

from harness.catalogue.across import expectation_of
from harness.catalogue.findings import FailureKind
from harness.catalogue.models import Expectation, Scenario
from harness.catalogue.observation import Attempt, Observation
from harness.events import ErrorInfo, Warning
from harness.transcript import Transcript, fold

Outcome: TypeAlias = Literal["completed", "truncated", "cancelled", "error", "hung"]


@dataclass(frozen=True, slots=True)
class Breach:
    """How a rule was broken. `silent` None: silent unless something told the caller that all is not well."""

    kind: FailureKind
    message: str
    expected: Any = None
    seen: Any = None
    offset: int | None = None
    attempt: int | None = None
    silent: bool | None = None


@dataclass(frozen=True)
class Facts:
    """One case, ready to be judged. `transcript` is what the caller's events amount to."""

    scenario: Scenario
    dialect: str
    expectation: Expectation
    features: frozenset[str]
    observation: Observation
    transcript: Transcript
    documented_retries: int | None = None
    """How often the system repeats a request by default, as its documentation has it."""
    upstream: str | None = None
    """Of a gateway: the dialect that it reads; `dialect` is then its client's."""

    @property
    def wire_dialect(self) -> str:
        """What the origin spoke."""
        return self.dialect if self.upstream is None else self.upstream

    @cached_property
    def outcome(self) -> Outcome:
        """How the caller learnt that it was over; an error event tells it as much as an exception does."""
        end = self.observation.end
        if self.observation.hung or end is None:
            return "hung"
        if end.status == "completed" and self.transcript.error is not None:
            return "error"
        return end.status

    @cached_property
    def error(self) -> ErrorInfo | None:
        """The error that the caller learnt of, where it was given one."""
        end = self.observation.end
        return end.error if end is not None and end.error is not None else self.transcript.error

    @cached_property
    def told(self) -> bool:
        """Whether anything told the caller that not all was well."""
        return self.outcome != "completed" or any(isinstance(timed.event, Warning) for timed in self.observation.events)

    @cached_property
    def cut_short(self) -> bool:
        """Whether the caller was told of a failure where all should have gone well: then more is missing, of course."""
        return self.expectation.ending == ("completed",) and self.outcome != "completed"

    @cached_property
    def attempts(self) -> tuple[Attempt, ...]:
        """The requests to the first provider."""
        return tuple(attempt for attempt in self.observation.attempts if not attempt.fallback)

    @cached_property
    def fallback_attempts(self) -> tuple[Attempt, ...]:
        """The requests to the second provider."""
        return tuple(attempt for attempt in self.observation.attempts if attempt.fallback)

    @cached_property
    def answered(self) -> Attempt | None:
        """The last attempt that got a planned answer: what the caller saw should come from there."""
        return next((attempt for attempt in reversed(self.observation.attempts) if attempt.response is not None), None)

    @cached_property
    def body(self) -> bytes:
        """The body of that last answer; nothing where a content coding hides what stands where."""
        response = self.answered.response if self.answered else None
        return b"" if response is None or response.header("content-encoding") else response.body


Rule: TypeAlias = Callable[[Facts], Iterator[Breach]]
"""A pure function: every way in which the rule was broken."""


def read_facts(
    scenario: Scenario,
    dialect: str,
    features: frozenset[str],
    observation: Observation,
    documented_retries: int | None = None,
    upstream: str | None = None,
) -> Facts:
    """The observation, joined with what was expected of it in that dialect."""
    transcript = fold(dialect, (timed.event for timed in observation.events))
    expectation = expectation_of(scenario, dialect, upstream)
    return Facts(scenario, dialect, expectation, features, observation, transcript, documented_retries, upstream)
