"""Will this client work with this server? Each stream that a server was seen to send, held against what the client was
shown to read. Nothing is guessed: what no cell shows is not known, and is counted as that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

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
MUCH_UNKNOWN = 0.10
"""The share of streams of which nothing is known from which on nothing is said of the whole."""
ENOUGH = 10
"""So many streams of a server must have been seen before a client can be called ready for it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one client reading streams with one set of traits.

    `because` are the failed cells that show that it fails; `doubts` those that keep it from being known, and `untried`
    the traits with which the client was never seen to read a stream rightly.
    """

    alike: Alike
    outcome: Outcome
    because: tuple[Failed, ...] = ()
    doubts: tuple[Failed, ...] = ()
    untried: frozenset[str] = frozenset()


def reading(standing: Standing, alike: Alike) -> Reading:
    """What is known of the client reading these streams."""
    traits = alike.traits
    broken = [each for each in standing.failed if each.blamed and each.blamed <= traits]
    answers = tuple(each for each in broken if each.aspect == "answer")
    if answers:
        return Reading(alike, "silent" if any(each.silent for each in answers) else "fails", answers)
    untried = frozenset(trait for trait in traits if trait not in standing.read["answer"])
    doubts = tuple(each for each in standing.unexplained if each.traits and each.traits <= traits)
    if untried or doubts:
        return Reading(alike, "unknown", (), doubts, untried)
    return Reading(alike, "counts", tuple(broken)) if broken else Reading(alike, "reads")


@dataclass(frozen=True, slots=True)
class Pairing:
    """One client and one server in one dialect: a reading of each kind of stream, and what follows from all."""

    standing: Standing
    server: Server
    readings: tuple[Reading, ...]

    def streams(self, *outcomes: Outcome) -> int:
        """How many streams of the server have one of these outcomes."""
        return sum(each.alike.streams for each in self.readings if each.outcome in outcomes)

    @property
    def verdict(self) -> Verdict:
        """Failures weigh more than what is not known, and silent ones most; see MUCH and what follows it."""
        every = self.server.streams
        silent, failing = self.streams("silent"), self.streams("silent", "fails")
        if self.standing.suspect:
            return "not known"
        if (silent and silent >= MUCH_SILENT * every) or (failing and failing >= MUCH * every):
            return "not ready"
        if every < ENOUGH or self.streams("unknown") > MUCH_UNKNOWN * every:
            return "not known"
        return "ready" if self.streams("reads") == every else "limits"


def pairings(standings: Iterable[Standing], servers: Iterable[Server]) -> tuple[Pairing, ...]:
    """Every client with every server of its dialect."""
    every = list(servers)
    return tuple(
        Pairing(standing, server, tuple(reading(standing, alike) for alike in server.alike))
        for standing in standings
        for server in every
        if server.dialect == standing.column.dialect and server.streams
    )
