"""Will this client work with this server? Each stream that a server was seen to send, held against what the client was
shown to read. Nothing is guessed: what no cell shows is not known, and is counted as that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from harness.lint.traits import ASKED_FOR
from harness.report.served import Alike, Server
from harness.report.stood import Failed, Standing

Outcome: TypeAlias = Literal["silent", "fails", "unknown", "counts", "reads"]
Verdict: TypeAlias = Literal["not ready", "limits", "not known", "ready"]

OUTCOMES: tuple[Outcome, ...] = ("silent", "fails", "unknown", "counts", "reads")
OUTCOME_WORDS: dict[Outcome, str] = {
    "silent": "fails silently",
    "fails": "fails, and says so",
    "unknown": "not known",
    "counts": "reads, but for the token counts",
    "reads": "reads",
}
VERDICTS: tuple[Verdict, ...] = ("not ready", "limits", "not known", "ready")
VERDICT_WORDS: dict[Verdict, str] = {
    "not ready": "not ready",
    "limits": "ready with limits",
    "not known": "not known",
    "ready": "ready",
}

MUCH = 0.10
"""The share of failing streams from which on a client is not ready."""
MUCH_SILENT = 0.01
"""The same, of streams that fail silently."""
SEVERAL = 2
"""So many streams must fail before a client can be called not ready: a single one may be an accident."""
MUCH_UNKNOWN = 0.10
"""The share of streams of which nothing is known from which on nothing is said of the whole."""
ENOUGH = 10
"""So many streams of a server must have been seen before a client can be called ready for it."""
NEVER_ASKED = frozenset({"json-array", "finish-number"})
"""Streams with these traits answer requests that no client here makes; they are left out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one client reading streams with one set of traits.

    `because` are the failed cells that show that it fails; `doubts` those that keep it from being known, and `untried`
    the traits with which the client was never seen to read a stream rightly. `asked_for`: this comes of nothing but
    traits that a stream has where the request asks for them, and is a limit and no verdict.
    """

    alike: Alike
    outcome: Outcome
    because: tuple[Failed, ...] = ()
    doubts: tuple[Failed, ...] = ()
    untried: frozenset[str] = frozenset()
    asked_for: bool = False


def reading(standing: Standing, alike: Alike) -> Reading:
    """What is known of the client reading these streams."""
    broken = [each for each in standing.failed if each.blamed and each.needed <= alike.traits]
    answers = tuple(each for each in broken if each.aspect == "answer")
    if answers:
        asked_for = all(each.blamed <= ASKED_FOR for each in answers)
        return Reading(alike, _loudness(answers), answers, asked_for=asked_for)
    untried = frozenset(trait for trait in alike.traits if trait not in standing.read["answer"])
    doubts = tuple(each for each in standing.unexplained if each.traits and each.traits <= alike.traits)
    if untried or doubts:
        return Reading(alike, "unknown", (), doubts, untried, untried <= ASKED_FOR and not doubts)
    return Reading(alike, "counts", tuple(broken)) if broken else Reading(alike, "reads")


def _loudness(failed: Iterable[Failed]) -> Outcome:
    return "silent" if any(each.silent for each in failed) else "fails"


@dataclass(frozen=True, slots=True)
class Pairing:
    """One client and one server in one dialect: a reading of each kind of stream, and what follows from all."""

    standing: Standing
    server: Server
    readings: tuple[Reading, ...]

    @property
    def every(self) -> int:
        """How many streams were held against what the client reads."""
        return sum(each.alike.streams for each in self.readings)

    def streams(self, *outcomes: Outcome) -> int:
        """How many of these have one of the outcomes."""
        return sum(each.alike.streams for each in self.readings if each.outcome in outcomes)

    def _weighing(self, *outcomes: Outcome) -> int:
        found = [each for each in self.readings if each.outcome in outcomes and not each.asked_for]
        return sum(each.alike.streams for each in found)

    @property
    def verdict(self) -> Verdict:
        """Failures weigh more than what is not known, and silent ones most; see MUCH and what follows it."""
        every = self.every
        silent, failing = self._weighing("silent"), self._weighing("silent", "fails")
        if self.standing.suspect:
            return "not known"
        if failing >= SEVERAL and (failing >= MUCH * every or silent >= max(SEVERAL, MUCH_SILENT * every)):
            return "not ready"
        if every < ENOUGH or self._weighing("unknown") > MUCH_UNKNOWN * every:
            return "not known"
        return "ready" if self.streams("reads") == every else "limits"


def pairings(standings: Iterable[Standing], servers: Iterable[Server]) -> tuple[Pairing, ...]:
    """Every client with every server of its dialect of which a stream was seen."""
    every = list(servers)
    return tuple(
        Pairing(standing, server, readings)
        for standing in standings
        for server in every
        if server.dialect == standing.column.dialect and (readings := _readings(standing, server))
    )


def _readings(standing: Standing, server: Server) -> tuple[Reading, ...]:
    return tuple(reading(standing, alike) for alike in server.alike if not alike.traits & NEVER_ASKED)
