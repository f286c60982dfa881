"""What goes on in one process of a campaign: a system is started, and searched stream by stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from harness.fuzz.proof_store import ProofStore
from harness.fuzz.proving import NOTHING, SAMPLED, Shown, proof_of, with_proof
from harness.fuzz.readers import behind, fronts_of, known_of, start
from harness.fuzz.result_lines import Asked, result_line, unsearched_line
from harness.fuzz.search import Found, search
from harness.fuzz.stream import Stream
from harness.fuzz.subject import Subject
from harness.fuzz.variant import Kind
from harness.runner.results import FuzzResult
from harness.systems.base import Description, SystemBroken
from harness.systems.environment import cache_folder
from harness.systems.known_lists import KnownLists

LONG_STREAM = 32_768
"""Bytes above which fewer inputs of a stream are tried, and nothing is proved unless all is asked for."""
FEW, MANY = 2, 12
"""Of the longest streams: at least so many examples, and so many inputs that are made one by one."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried of one kind of change in one stream: plans that are made at random, and at most so many of
    those that are made one by one (None: all of them)."""

    examples: int = 20
    exhaustive: int | None = 100

    def of(self, size: int) -> Effort:
        """What is tried of a stream of so many bytes: of a very long one less, or it would take all the time."""
        if size <= LONG_STREAM:
            return self
        share = LONG_STREAM / size
        exhaustive = None if self.exhaustive is None else min(self.exhaustive, max(MANY, int(self.exhaustive * share)))
        return Effort(min(self.examples, max(FEW, int(self.examples * share))), exhaustive)


@dataclass(frozen=True, slots=True)
class Task:
    """One search in the stream of that number, or, without a kind, the question who a system is."""

    spec: str
    stream: int = 0
    kind: Kind | None = None
    seed: int = 0
    front: str | None = None
    """Of a gateway: the dialect of the client in front of it."""
    first_round: bool = True
    """What is made one by one would be the same in every round."""

    def of(self, seed: int, number: int) -> Task:
        """The same search in a round."""
        return replace(self, seed=seed, first_round=number == 0)


@dataclass(frozen=True, slots=True)
class Described:
    """Who a system is, and the numbers of the streams that it takes; None: it could not be started.

    A gateway takes streams for each of the dialects that it serves, everything else for None.
    """

    description: Description | None
    taken: Mapping[str | None, tuple[int, ...]]
    why_not: str = ""


Told: TypeAlias = FuzzResult | Described


class Searcher:
    """Carries out the tasks of one process, with one system at a time."""

    def __init__(
        self,
        streams: Sequence[Stream],
        effort: Effort,
        database: Path | None,
        in_process: bool,
        unbuilt: Mapping[str, SystemBroken],
        known: KnownLists | None = None,
    ) -> None:
        self._streams = streams
        self._effort = effort
        self._database = database
        self._in_process = in_process
        self._unbuilt = unbuilt
        self._known = known or KnownLists()
        self._subject: Subject | None = None
        self._store: ProofStore | None = None

    def serve(self) -> tuple[Callable[[Task], Told], Callable[[], None]]:
        """What each process calls."""
        return self.carry_out, self.close

    def carry_out(self, task: Task) -> Told:
        """One task. What goes wrong in a search is a result too."""
        if task.kind is None:
            return self._described(task.spec)
        return self._searched(task, task.kind)

    def close(self) -> None:
        """Stops the system that runs."""
        if self._subject is not None:
            self._subject.close()
            self._subject = None

    def _described(self, spec: str) -> Described:
        try:
            subject = self._opened(spec)
        except SystemBroken as error:
            return Described(None, {}, str(error))
        taken = {front: self._taken(behind(subject, front)) for front in fronts_of(subject)}
        return Described(subject.description, taken)

    def _taken(self, subject: Subject) -> tuple[int, ...]:
        return tuple(at for at, stream in enumerate(self._streams) if subject.takes(stream))

    def _opened(self, spec: str) -> Subject:
        if self._subject is None or self._subject.spec != spec:
            self.close()
            self._subject = start(spec, self._unbuilt, in_process=self._in_process)
        return self._subject

    def _searched(self, task: Task, kind: Kind) -> FuzzResult:
        asked = self._asked(task, kind)
        began = time.monotonic()
        try:
            subject = behind(self._opened(task.spec), task.front)
            found, shown = self._found(subject, asked)
            known = known_of(task.spec, subject.description, self._known)
        except Exception as error:  # ours, or the system's end: it costs this search its verdict, and no other
            description = self._subject.description if self._subject else Description(task.spec, "", "", ())
            self.close()
            return unsearched_line(asked, description, f"{type(error).__name__}: {error}")
        taken = time.monotonic() - began
        return result_line(asked, subject.description, found, known, shown=shown, duration_s=taken)

    def _found(self, subject: Subject, asked: Asked) -> tuple[Found, Shown]:
        """What was found, and how far cuttings are covered. Where a proof covers all of them, few are tried besides."""
        stream, kind = asked.stream, asked.kind
        small = len(stream.body) <= LONG_STREAM or asked.exhaustive is None
        proof = proof_of(subject, stream, self._proofs()) if kind == "cuts" and small else None
        found = search(
            *(subject, stream, kind),
            seed=asked.seed,
            examples=asked.examples,
            database=self._database,
            exhaustive=0 if proof is not None and proof.complete else asked.exhaustive,
        )
        if proof is not None:
            return with_proof(subject, stream, found, proof)
        return found, SAMPLED if kind == "cuts" and found.verdict in ("pass", "fail") else NOTHING

    def _proofs(self) -> ProofStore:
        if self._store is None:
            self._store = ProofStore((self._database or cache_folder()) / "proofs")
        return self._store

    def _asked(self, task: Task, kind: Kind) -> Asked:
        stream = self._streams[task.stream]
        effort = self._effort.of(len(stream.body))
        exhaustive = effort.exhaustive if task.first_round else 0
        return Asked(
            *(task.spec, stream, kind, task.seed, effort.examples, exhaustive, self._in_process), front=task.front
        )
