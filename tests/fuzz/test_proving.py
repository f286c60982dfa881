"""A proof says how far cuttings are covered; one that is broken is a finding if the reader shows it."""

from __future__ import annotations

from pathlib import Path

from harness.fuzz.proof import Proof
from harness.fuzz.proof_store import ProofStore
from harness.fuzz.proving import Shown, proof_of, with_proof
from harness.fuzz.search import Found
from harness.fuzz.subjects import DecoderSubject, TranslationSubject
from tests.fuzz.readers import A_RING, BODY, E_ACUTE, STREAM, Reader, careful, text_outcome

PASSED = Found("pass", {"single": 3})


def careless(reads: object) -> object:
    """Each read is decoded by itself."""
    return text_outcome("".join(read.decode("utf-8", "replace") for read in reads))  # type: ignore[attr-defined]


def test_only_our_own_readers_are_proved(tmp_path: Path) -> None:
    store = ProofStore(tmp_path)
    assert proof_of(Reader(careful), STREAM, store) is None
    for subject in (DecoderSubject(), TranslationSubject()):
        proof = proof_of(subject, STREAM, store)
        assert proof is not None and proof.complete and proof.slices > len(BODY)


def test_a_complete_proof_is_told_with_what_was_looked_at() -> None:
    found, shown = with_proof(Reader(careful), STREAM, PASSED, Proof(True, "all slices agree", 12_345))
    assert found == PASSED
    assert shown == Shown("complete", "all slices agree; 12,345 slices")


def test_a_broken_proof_is_a_finding_that_the_reader_shows() -> None:
    proof = Proof(False, "a slice differs", 7, {"cuts": [E_ACUTE]}, shown=False)
    found, shown = with_proof(Reader(careless), STREAM, PASSED, proof)  # type: ignore[arg-type]
    assert (found.verdict, shown.covered) == ("fail", "sampled")
    [finding] = found.findings
    assert finding.variant.plan == {"cuts": [E_ACUTE]}
    assert (finding.kind, finding.silent) == ("corruption", True)


def test_what_the_search_found_stands_before_the_proof() -> None:
    proof = Proof(False, "a slice differs", 7, {"cuts": [A_RING]}, shown=False)
    first, _ = with_proof(Reader(careless), STREAM, PASSED, proof)  # type: ignore[arg-type]
    again, _ = with_proof(Reader(careless), STREAM, first, proof)  # type: ignore[arg-type]
    assert again is first


def test_a_broken_proof_that_no_reading_shows_is_an_error() -> None:
    proof = Proof(False, "a slice differs", 7, {"cuts": [E_ACUTE]}, shown=False)
    found, _ = with_proof(Reader(careful), STREAM, PASSED, proof)
    assert (found.verdict, found.findings) == ("error", ())
    assert found.note == "the proof does not hold, and the reader shows no difference: a slice differs"
