"""Hypothesis strategies for your own tests of what reads a model's stream: cut it, change its spelling, damage it.

    from hypothesis import given
    from harness.strategies import cuttings

    BODY = Path("answer.sse").read_bytes()

    @given(cuttings(BODY, dialect="openai-chat"))
    def test_no_cutting_changes_the_answer(reads: list[bytes]) -> None:
        assert my_client.read(reads) == my_client.read([BODY])

`streams` gives whole bodies of the built-in catalogue, `neutral` a body that says the same otherwise, `damaged` one
that is broken, with what may be made of it. What fails shrinks to the fewest cuts, to one change, to the shortest body.
`harness.fuzz.places.describe` says in words what lies at a cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from harness.catalogue.loader import load_catalogue
from harness.catalogue.models import Level
from harness.fuzz import damage
from harness.fuzz import neutral as spelled
from harness.fuzz.cuts import cut_plans
from harness.fuzz.outcome import Outcome
from harness.fuzz.stream import Stream, body_stream, catalogue_streams
from harness.fuzz.subjects.decoders import DecoderSubject
from harness.fuzz.variant import Variant
from harness.wire.response import Ending, WireResponse

__all__ = ["Damaged", "cuttings", "damaged", "neutral", "streams"]

_LONGEST = 16_384
"""Bytes of a catalogue's body that `streams` gives; the few longer ones are about length alone."""
_MISSED = frozenset({"silent-truncation", "silent-error"})


@dataclass(frozen=True, slots=True)
class Damaged:
    """A broken stream as it comes: `reads` are its pieces, and `ending` says how the connection ends after them."""

    reads: tuple[bytes, ...]
    ending: Ending
    what: str
    """What was done to the stream, in words."""
    why: str
    """What must hold of whoever reads it, and on whose word."""
    may_finish: bool
    """Whether a reader may take the answer for a whole one. If not, it must raise, or say that it was cut off."""

    @property
    def body(self) -> bytes:
        """All bytes that come."""
        return b"".join(self.reads)


def cuttings(body: bytes, *, dialect: str) -> SearchStrategy[list[bytes]]:
    """The body in pieces, one network read each: cut once or often, mostly where readers are weak.

    Joined, the pieces are the body. It shrinks to the fewest cuts, and then to the simplest place.
    Raises UnknownDialect, a ValueError.
    """
    return cut_plans(body_stream(body, dialect)).map(lambda variant: _reads(variant.response))


def neutral(body: bytes, *, dialect: str, level: Level = "must") -> SearchStrategy[bytes]:
    """The body after one change or several that say nothing new: comments, line ends, key order, split deltas.

    Each is legal on the word of the vendor or of a standard (`specs/dialects/*.yaml`, under `neutral`); with the level
    `should`, those too that nobody promised. The body itself is given where it has no place for a change.
    Raises UnknownDialect, a ValueError.
    """
    stream = body_stream(body, dialect)
    return st.deferred(lambda: _neutral(stream, level))


def _neutral(stream: Stream, level: Level) -> SearchStrategy[bytes]:
    body, levels = stream.body, {"must"} if level == "must" else {"must", "should", "may"}
    ones = [each for each in spelled.neutral_variants(stream) if each.level in levels and each.response.body != body]
    if not ones:
        return st.just(body)
    several = spelled.neutral_plans(stream).filter(lambda variant: variant.level in levels)
    return st.one_of(st.sampled_from(ones), several).map(lambda variant: variant.response.body)


def damaged(body: bytes, *, dialect: str) -> SearchStrategy[Damaged]:
    """The body cut off, with a frame lost, repeated or bent, or with an error put in (`specs/damage.yaml`).

    `body` is a whole stream. Raises UnknownDialect, a ValueError.
    """
    stream = body_stream(body, dialect)
    intact = DecoderSubject().outcome(stream, stream.response)
    return damage.damage_plans(stream).map(lambda variant: _damaged(variant, intact))


def streams(*, dialect: str, families: Sequence[str] | None = None) -> SearchStrategy[bytes]:
    """Bodies of the catalogue in that dialect, the shortest first: whole streams that end as HTTP says they should.

    `families`: of those folders of scenarios alone, such as `tool-calls`. Raises UnknownDialect for a dialect that is
    none, and ValueError for families without a stream in it.
    """
    chosen = [body for family, body in _bodies(dialect) if families is None or family in families]
    if not chosen:
        known = sorted({family for family, _ in _bodies(dialect)})
        raise ValueError(
            f"no stream of {dialect} is in {', '.join(families or ())}; the families are {', '.join(known)}"
        )
    return st.sampled_from(chosen)


@lru_cache(maxsize=8)
def _bodies(dialect: str) -> tuple[tuple[str, bytes], ...]:
    """The family and the body of each stream, no body twice, the shortest first."""
    found = [each for each in catalogue_streams(load_catalogue(), [dialect]) if _is_plain(each)]
    family_of = {each.body: each.planned.scenario.family for each in found}
    return tuple((family, body) for body, family in sorted(family_of.items(), key=lambda pair: (len(pair[0]), pair)))


def _is_plain(stream: Stream) -> bool:
    response = stream.response
    return response.ending == "clean" and not response.header("content-encoding") and len(response.body) <= _LONGEST


def _damaged(variant: Variant, intact: Outcome) -> Damaged:
    response, demand = variant.response, variant.demand
    finished = Outcome({**intact.transcript, "status": "completed", "error": None}, "completed", extra=intact.extra)
    missed = demand is not None and any(each.kind in _MISSED for each in demand.broken_by(finished, intact))
    return Damaged(
        tuple(_reads(response)), response.ending, variant.words, "" if demand is None else demand.why, not missed
    )


def _reads(response: WireResponse) -> list[bytes]:
    return [chunk.data for chunk in response.chunks]
