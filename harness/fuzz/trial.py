"""Runs variants of one stream through one reader, and says what each of them broke."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import islice
from typing import Any

from harness.catalogue.findings import FailureKind
from harness.fuzz.outcome import Difference, Outcome, differences
from harness.fuzz.shrink import played_chunks
from harness.fuzz.stream import Stream
from harness.fuzz.subject import Subject
from harness.fuzz.variant import Variant
from harness.wire.response import WireResponse

BATCH = 64
"""Variants that are made and handed to a reader together."""

MANY_HANGS = 24
"""So many hangs are enough for one stream: each costs its whole deadline."""

MANY_BREAKDOWNS = 12
"""So many variants that break a reader or its adapter down are run again alone."""

ARGUMENTS_AS_OBJECTS = ("gemini", "ollama", "anthropic-messages")
"""Dialects in which arguments may stand on the wire as an object, whose white space and key order are nobody's."""


def worst_first(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """Silent differences before those that the caller could notice."""
    return tuple(sorted(found, key=lambda each: not each.silent))


class Trial:
    """One stream and one reader, whose `intact` outcome is known. No variant is run twice, save to confirm it."""

    def __init__(self, subject: Subject, stream: Stream, intact: Outcome) -> None:
        self.intact = intact
        self.tried: Counter[str] = Counter()
        """The variants that were run, by family."""
        self.notes: list[str] = []
        """What went wrong with the reader itself, or with its adapter."""
        self._subject, self._stream = subject, stream
        self._exact = bool(getattr(subject, "exact", False))
        self._respelled = stream.dialect in ARGUMENTS_AS_OBJECTS
        self._uncoded: Outcome | None = None
        self._known: dict[bytes, tuple[Difference, ...]] = {}
        self._hangs = self._breakdowns = 0

    def seen(self, variant: Variant) -> bool:
        """Whether it has been run."""
        return _digest(variant) in self._known

    def broken_by(self, variant: Variant) -> tuple[Difference, ...]:
        """What is wrong with the outcome of one variant, the worst first."""
        [(_, found)] = self.run([variant])
        return found

    def run(
        self, variants: Iterable[Variant], together: int = BATCH
    ) -> Iterator[tuple[Variant, tuple[Difference, ...]]]:
        """The same for many, so many of them together."""
        turns = iter(variants)
        while batch := list(islice(turns, together)):
            keys = [_digest(variant) for variant in batch]
            fresh = {key: variant for key, variant in zip(keys, batch, strict=True) if key not in self._known}
            self._run_fresh([(key, variant) for key, variant in fresh.items() if self._is_played(key, variant)])
            yield from ((variant, self._known[key]) for key, variant in zip(keys, batch, strict=True))

    def _is_played(self, key: bytes, variant: Variant) -> bool:
        """Whether anything could be said of it; where not, it counts as one that broke nothing."""
        plays: Callable[[Stream, WireResponse], bool] | None = getattr(self._subject, "plays", None)
        if plays is None or plays(self._stream, variant.response):
            return True
        self._known[key] = ()
        return False

    def _run_fresh(self, fresh: Sequence[tuple[bytes, Variant]]) -> None:
        if self._hangs >= MANY_HANGS:
            self._known |= dict.fromkeys((key for key, _ in fresh), ())
            return
        if not fresh:
            return
        outcomes = self._subject.outcomes(self._stream, [variant.response for _, variant in fresh])
        for (key, variant), outcome in zip(fresh, outcomes, strict=True):
            self.tried[variant.family] += 1
            self._known[key] = self._judged(variant, outcome)

    def _judged(self, variant: Variant, outcome: Outcome) -> tuple[Difference, ...]:
        if outcome.ended == "broken" and self._breakdowns < MANY_BREAKDOWNS:
            self._breakdowns += 1  # it may have been another one's doing
            outcome = self._subject.outcome(self._stream, variant.response)
        if outcome.ended == "broken":
            self._note(f"{variant.words}: {outcome.note}")
            return ()
        found = self.judge(variant, outcome)
        self._hangs += any(each.kind == "hang" for each in found)
        if self._hangs == MANY_HANGS:
            self._note(f"not all was tried: {MANY_HANGS} inputs of this stream already hung")
        return found

    def _note(self, words: str) -> None:
        if not self.notes:
            self.notes.append(words)

    def judge(self, variant: Variant, outcome: Outcome) -> tuple[Difference, ...]:
        """What is wrong with an outcome of that variant, the worst first."""
        intact = self.intact_for(variant)
        if variant.demand is not None:
            return worst_first(variant.demand.broken_by(outcome, intact))
        cuts = variant.kind == "cuts"
        respelled = self._respelled and not cuts
        return worst_first(differences(intact, outcome, exact=self._exact and cuts, respelled=respelled))

    def intact_for(self, variant: Variant) -> Outcome:
        """What a variant is compared with: the stream itself, without its content codings where the variant has none.

        A scenario may be about a coding that is broken, while its plain form is whole.
        """
        response = self._stream.response
        if not response.codings or variant.response.codings:
            return self.intact
        if self._uncoded is None:
            self._uncoded = self._subject.outcome(self._stream, replace(response, codings=()))
        return self._uncoded

    def confirmations(self, variant: Variant, kind: FailureKind, times: int) -> tuple[int, Outcome | None]:
        """How many of so many fresh runs, one after another, fail in that way; and the outcome of the last that did."""
        again, last = 0, None
        for _ in range(times):
            outcome = self._subject.outcome(self._stream, variant.response)
            if outcome.ended != "broken" and any(each.kind == kind for each in self.judge(variant, outcome)):
                again, last = again + 1, outcome
        return again, last


def _digest(variant: Variant) -> bytes:
    """What tells a variant from all others of its stream; two plans of the same cuts make the same."""
    said: Any = variant.plan
    if variant.kind == "cuts":
        said = (variant.plan.get("coding"), [len(chunk.data) for chunk in played_chunks(variant)])
    return blake2b(json.dumps(said, sort_keys=True, default=str).encode(), digest_size=12).digest()
