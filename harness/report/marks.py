"""The marks of a cell: how the content and the ending of a case stand, as symbol, colour and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from harness.catalogue.findings import Column, Finding
from harness.catalogue.models import Level
from harness.runner.results import Result

State: TypeAlias = Literal["pass", "silent", "hang", "fail", "unsupported", "error"]

LEVELS: tuple[Level, ...] = ("must", "should", "may")

STATE_WORDS: dict[State, str] = {
    "pass": "passes",
    "silent": "fails silently",
    "hang": "hangs",
    "fail": "fails",
    "unsupported": "unsupported",
    "error": "not measured",
}

STATE_MEANINGS: dict[State, str] = {
    "pass": "as the scenario demands",
    "silent": "wrong, and the caller had no way to notice",
    "hang": "nothing more happened, and the caller was not told",
    "fail": "wrong, and the caller could notice",
    "unsupported": "the system never claimed it; no failure and no pass",
    "error": "the harness, the adapter or the environment broke; no failure and no pass",
}

_GRAVITY: dict[State, int] = {"silent": 0, "hang": 1, "fail": 2, "error": 3, "unsupported": 4, "pass": 5}


@dataclass(frozen=True, slots=True)
class Mark:
    """One half of a cell."""

    state: State
    level: Level

    @property
    def words(self) -> str:
        """What a screen reader says, and what stands where there is room."""
        words = STATE_WORDS[self.state]
        return f"{words} ({self.level})" if self.failing and self.level != "must" else words

    @property
    def failing(self) -> bool:
        """Whether a rule was broken."""
        return self.state in ("silent", "hang", "fail")

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts the gravest first: `must` before `should` before `may`, silent failures before all others."""
        if not self.failing:
            return (len(LEVELS), _GRAVITY[self.state])
        return (LEVELS.index(self.level), _GRAVITY[self.state])

    @property
    def symbol(self) -> str:
        """The name of its symbol. A failure of a `should` or `may` has a symbol of its own, too."""
        if self.state == "fail" and self.level != "must":
            return self.level
        return self.state


def mark(result: Result, column: Column) -> Mark:
    """How that column of the case stands."""
    verdict = result.content if column == "content" else result.ending
    if verdict != "fail":
        return Mark(verdict, result.level)
    findings = [finding for finding in result.failures if finding.column == column]
    return Mark(_failing_state(findings), result.level)


def worst(result: Result) -> Mark:
    """The graver of the two halves."""
    return min(mark(result, "content"), mark(result, "ending"), key=lambda each: each.rank)


def by_gravity(findings: list[Finding]) -> list[Finding]:
    """Findings with the gravest first; silent ones above all others."""
    return sorted(findings, key=lambda finding: _GRAVITY[_failing_state([finding])])


def _failing_state(findings: list[Finding]) -> State:
    if any(finding.silent and finding.kind != "hang" for finding in findings):
        return "silent"
    return "hang" if any(finding.kind == "hang" for finding in findings) else "fail"
