"""What a campaign makes of proofs: of our own readers, whether every cutting of a stream is covered."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias

from harness.fuzz.kinds import source_of
from harness.fuzz.proof import Proof
from harness.fuzz.proof_store import ProofStore
from harness.fuzz.search import Finding, Found
from harness.fuzz.stream import Stream
from harness.fuzz.subject import Subject
from harness.fuzz.subjects import DECODERS, TRANSLATION
from harness.fuzz.subjects.decoders import reads
from harness.fuzz.trial import Trial

Covered: TypeAlias = Literal["complete", "sampled", ""]


class Shown(NamedTuple):
    """How far the cuttings of a stream are covered, and in words what was shown."""

    covered: Covered
    note: str = ""


SAMPLED = Shown("sampled")
"""Only what was tried is known."""
NOTHING = Shown("")
"""It was not about cuts, or came to nothing."""


def proof_of(subject: Subject, stream: Stream, store: ProofStore) -> Proof | None:
    """The proof for a reader of ours, kept or made now; None for any other reader. Raises OSError.

    Of a stream in a content coding it is about the bytes that come out of that: cut in whatever way, the coded ones
    come out as some cutting of these.
    """
    if subject.spec not in (DECODERS, TRANSLATION):
        return None
    body = b"".join(reads(stream.response))
    if subject.spec == DECODERS:
        return store.of_decoders(stream.dialect, body)
    return store.of_translation(stream.dialect, body)


def with_proof(subject: Subject, stream: Stream, found: Found, proof: Proof) -> tuple[Found, Shown]:
    """What was found, together with what the proof says; a cutting that breaks the proof is a finding."""
    words = f"{proof.note}; {proof.slices:,} slices"
    if proof.complete:
        return found, Shown("complete", words)
    if proof.broken is None or found.findings:
        return found, Shown("sampled", words)
    finding = _broken(subject, stream, proof)
    if finding is None:
        note = f"the proof does not hold, and the reader shows no difference: {proof.note}"
        return replace(found, verdict="error", note=note), Shown("sampled", words)
    return replace(found, verdict="fail", findings=(finding,)), Shown("sampled", words)


def _broken(subject: Subject, stream: Stream, proof: Proof) -> Finding | None:
    """The cutting that broke the proof, as the reader shows it; None where nothing differs."""
    try:
        variant = source_of("cuts").variant_of(stream, proof.broken or {})
    except (ValueError, LookupError):  # of a coded stream, the plan is about the bytes that come out of it
        return None
    intact, seen = (subject.outcome(stream, response) for response in (stream.response, variant.response))
    differences = Trial(subject, stream, intact).judge(variant, seen)
    return Finding(variant, differences, intact, seen) if differences else None
