"""Searches for changes of one stream that a reader does not stand: exhaustively first, then with Hypothesis.

The harness is suspected first. The intact stream is run twice before anything, and once more in the end; where it does
not pass its own scenario, or is read in two ways, there are no findings. What fails is made as small as it goes, told
apart by what it breaks, and run again three times: what happens only now and then is noted as an error, and is no
finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import Phase, Verbosity, find, settings
from hypothesis.errors import NoSuchExample, Unsatisfiable

from harness.catalogue.findings import FailureKind, Verdict
from harness.fuzz.choice import chosen
from harness.fuzz.database import Kept
from harness.fuzz.kinds import Source, source_of
from harness.fuzz.outcome import Difference, Outcome, differences
from harness.fuzz.shrink import Explanations, alone, pieces_of, smallest, spelled_out
from harness.fuzz.steady import steady_draws
from harness.fuzz.stream import Stream
from harness.fuzz.subject import Subject
from harness.fuzz.trial import Trial
from harness.fuzz.variant import Kind, Variant

CONFIRMATIONS = 3
MOST = 6
"""Findings of one stream and kind; more of them would seldom tell more."""

FEW_PIECES = 24
"""Pieces up to which each piece of a failing plan is tried by itself."""
MANY = 200
"""Failing variants of several pieces that wait to be made smaller; the smaller ones explain most of them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The smallest input found that breaks the reader in one way. `intact` and `seen` are what the reader made of the
    stream as it was, and of this one."""

    variant: Variant
    differences: tuple[Difference, ...]
    intact: Outcome
    seen: Outcome

    @property
    def kind(self) -> FailureKind:
        """The failure kind of the worst difference."""
        return self.differences[0].kind

    @property
    def silent(self) -> bool:
        """Whether the reader's user had no way to notice."""
        return any(each.silent for each in self.differences)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought to light. `tried` counts the inputs by family; `note` says what went wrong, if anything."""

    verdict: Verdict
    tried: dict[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    note: str = ""
    intact: Outcome | None = None


def search(
    subject: Subject,
    stream: Stream,
    kind: Kind,
    *,
    seed: int = 0,
    examples: int = 100,
    database: Path | None = None,
    exhaustive: int | None = None,
    source: Source | None = None,
) -> Found:
    """Searches one stream for one kind of change.

    `examples`: how many plans Hypothesis makes; `exhaustive`: at most so many of the variants that are tried one by
    one, spread over all families (None: all of them). `database`: the folder in which failing inputs are kept, to be
    tried first the next time. `source`: where the variants come from, None for the built-in ones of that kind. The
    same arguments, and an empty database, give the same result of a reader that is deterministic.
    """
    if not subject.takes(stream):
        return Found("unsupported", note=f"{subject.description.name} does not read {stream.dialect}")
    if why := _unfit(subject, stream):
        return Found("unsupported", note=why)
    first, second = (subject.outcome(stream, stream.response) for _ in range(2))
    if why := _unstable(first, second):
        return Found("error", note=why, intact=first)
    hunt = _Hunt(subject, stream, kind, source or source_of(kind), Trial(subject, stream, first), seed)
    kept = Kept(database, subject.spec, stream, kind) if database is not None else None
    hunt.again(kept.plans() if kept else ())
    hunt.one_by_one(exhaustive)
    hunt.sampled(examples)
    found = hunt.found()
    if kept is not None:
        kept.keep([finding.variant.plan for finding in found.findings])
    return found


def _unfit(subject: Subject, stream: Stream) -> str:
    """Why the reader tells nothing of changes of this stream; empty where it does."""
    unfit: Callable[[Stream], str] | None = getattr(subject, "unfit", None)
    return unfit(stream) if unfit is not None else ""


def _unstable(first: Outcome, second: Outcome) -> str:
    """Why nothing can be compared with what became of the intact stream; empty where it can."""
    for outcome in (first, second):
        if outcome.ended in ("broken", "hung"):
            return f"the intact stream was not read: {outcome.note or outcome.ended}"
    if changed := differences(first, second):
        return f"the intact stream was read in two ways: {changed[0].what}"
    return ""


class _Hunt:
    """One search under way."""

    def __init__(self, subject: Subject, stream: Stream, kind: Kind, source: Source, trial: Trial, seed: int) -> None:
        self._subject, self._stream, self._kind, self._source = subject, stream, kind, source
        self._trial, self._seed = trial, seed
        self._explained = Explanations()
        self._candidates: dict[tuple[FailureKind, str], Variant] = {}  # by what it breaks, and by family

    def again(self, plans: Iterable[Mapping[str, Any]]) -> None:
        """Plans that failed in an earlier search."""
        variants = [made for plan in plans if (made := self._made(plan)) is not None]
        self._take(self._trial.run(variants))

    def _made(self, plan: Mapping[str, Any]) -> Variant | None:
        try:
            return self._source.variant_of(self._stream, plan)
        except (ValueError, LookupError):
            return None  # the stream has changed since

    def one_by_one(self, at_most: int | None) -> None:
        """The variants that are made one by one; those of several pieces are made smaller, unless one says why."""
        self._take(self._trial.run(self._chosen(at_most, self._number("choice"))))

    def _chosen(self, at_most: int | None, number: int) -> Iterator[Variant]:
        source, stream, listed = self._source, self._stream, self._source.listed
        if listed is None or at_most is None:
            return chosen(lambda: source.variants(stream), at_most, number)
        return (source.variant_of(stream, each.plan) for each in chosen(lambda: listed(stream), at_most, number))

    def _take(self, runs: Iterable[tuple[Variant, Sequence[Difference]]]) -> None:
        several: list[tuple[Variant, FailureKind]] = []
        for variant, broken in runs:
            if not broken:
                continue
            kind = broken[0].kind
            if len(pieces_of(variant)) <= 1:
                self._keep(variant, kind)
            elif len(several) < MANY and not self._explained.explain(variant, kind):
                several.append((variant, kind))
        for variant, kind in several:
            if len(self._candidates) < 2 * MOST and not self._explained.explain(variant, kind):
                self._keep(self._shrunk(variant, kind), kind)

    def sampled(self, examples: int) -> None:
        """Plans that Hypothesis makes; each that fails is made smaller."""
        left, rounds = examples, 0
        while left > 0 and rounds < MOST:
            if getattr(self._subject, "at_once", 1) > 1:
                ahead = list(self._trial.run(self._ahead(left, rounds)))
                if not any(self._tells(variant, broken) for variant, broken in ahead):
                    return
            used, found = self._round(left, rounds)
            if found is None:
                return
            left, rounds = left - used, rounds + 1

    def _round(self, examples: int, number: int) -> tuple[int, Variant | None]:
        """One go of Hypothesis: how many examples it took, and the smallest that failed."""
        used = 0
        wanted: list[FailureKind] = []

        def fails(variant: Variant) -> bool:
            nonlocal used
            used += not wanted
            broken = self._trial.broken_by(variant)
            if not self._tells(variant, broken) or (wanted and broken[0].kind != wanted[0]):
                return False
            wanted[:] = [broken[0].kind]
            return True

        found = self._find(fails, examples, number)
        if found is not None:
            self._keep(self._shrunk(found, wanted[0]), wanted[0])
        return used, found

    def _find(
        self, condition: Callable[[Variant], bool], examples: int, number: int, *, dry: bool = False
    ) -> Variant | None:
        chosen_settings = settings(
            max_examples=examples,
            database=None,  # what failed is kept as plans, which outlive changes of the strategies
            phases=(Phase.generate,) if dry else (Phase.generate, Phase.shrink),
            deadline=None,
            derandomize=False,
            print_blob=False,
            verbosity=Verbosity.quiet,
        )
        try:
            with steady_draws():
                return find(
                    self._source.plans(self._stream),
                    condition,
                    settings=chosen_settings,
                    random=Random(self._number(f"round {number}")),
                )
        except (NoSuchExample, Unsatisfiable):
            return None

    def _ahead(self, examples: int, number: int) -> list[Variant]:
        """The plans that a round is going to make, so that many can be run side by side before it."""
        made: list[Variant] = []

        def note(variant: Variant) -> bool:
            made.append(variant)
            return False

        self._find(note, examples, number, dry=True)
        return made

    def _tells(self, variant: Variant, broken: Sequence[Difference]) -> bool:
        """Whether it fails in a way that is not known yet. If one of its pieces fails by itself, that one is kept."""
        if not broken or self._is_known(variant, broken[0].kind):
            return False
        if len(pieces_of(variant)) <= FEW_PIECES:
            for single, found in self._trial.run(alone(self._stream, variant, self._source)):
                if found:
                    self._keep(single, found[0].kind)
        return not self._is_known(variant, broken[0].kind)

    def _is_known(self, variant: Variant, kind: FailureKind) -> bool:
        return (kind, variant.family) in self._candidates or self._explained.explain(variant, kind)

    def _shrunk(self, variant: Variant, kind: FailureKind) -> Variant:
        def first_failing(candidates: Sequence[Variant]) -> int | None:
            runs = enumerate(self._trial.run(candidates, together=getattr(self._subject, "at_once", 1)))
            return next((at for at, (_, broken) in runs if broken and broken[0].kind == kind), None)

        return smallest(self._stream, variant, self._source, first_failing)

    def _keep(self, variant: Variant, kind: FailureKind) -> None:
        """Of all that break the same in one family, the first is kept, unless a smaller one explains it."""
        variant = spelled_out(self._stream, variant, self._source)
        if not self._is_known(variant, kind):
            self._candidates[kind, variant.family] = variant
        self._explained.add(variant, kind)

    def _number(self, what: str) -> int:
        """A seed that is this search's own, the same in every process."""
        said = (self._seed, self._subject.spec, self._stream.dialect, self._stream.id, self._kind, what)
        return int.from_bytes(blake2b(repr(said).encode(), digest_size=8).digest(), "big")

    def found(self) -> Found:
        """What stands: each candidate is run again, and so is the intact stream."""
        notes, findings = list(self._trial.notes), list[Finding]()
        for (kind, _), variant in self._worst_first():
            again, seen = self._trial.confirmations(variant, kind, CONFIRMATIONS)
            if seen is not None and again == CONFIRMATIONS:
                findings.append(
                    Finding(variant, self._trial.judge(variant, seen), self._trial.intact_for(variant), seen)
                )
            else:
                notes.append(f"{variant.words}: it failed once, and then {again} times of {CONFIRMATIONS}")
        tried = dict(self._trial.tried)
        if self._candidates and (changed := self._changed_since()):
            return Found("error", tried, note=changed, intact=self._trial.intact)
        verdict: Verdict = "fail" if findings else "error" if notes else "pass"
        return Found(verdict, tried, tuple(findings), "; ".join(notes), self._trial.intact)

    def _worst_first(self) -> Iterable[tuple[tuple[FailureKind, str], Variant]]:
        """What must not be before what should not, the silent before the rest, and then the smallest."""

        def turn(item: tuple[object, Variant]) -> tuple[bool, bool, int]:
            silent = any(each.silent for each in self._trial.broken_by(item[1]))
            return item[1].level != "must", not silent, len(pieces_of(item[1]))

        return islice(sorted(self._candidates.items(), key=turn), MOST)

    def _changed_since(self) -> str:
        last = self._subject.outcome(self._stream, self._stream.response)
        return _unstable(self._trial.intact, last)
