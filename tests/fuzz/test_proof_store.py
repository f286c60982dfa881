"""Proofs that are kept: read again without proving, joined from several machines, and good for one code only."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.fuzz import proof_store
from harness.fuzz.proof import Proof
from harness.fuzz.proof_store import ProofStore, code_digest, together
from tests.fuzz.proved import CHAT, OLLAMA


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was proved anew."""
    made: list[str] = []

    def prove(dialect: str, body: bytes, *, think_tags: bool, target: str | None, limit: int) -> Proof:
        made.append(f"{dialect} {think_tags} {target}")
        if target == "gemini":
            return Proof(False, "broken", 3, {"cuts": [1]}, shown=False)
        return Proof(len(body) <= limit, "as was shown", len(body))

    monkeypatch.setattr(proof_store, "prove", prove)
    return made


def test_a_proof_is_made_once(tmp_path: Path, asked: list[str]) -> None:
    first = ProofStore(tmp_path / "proofs").proof("ollama", OLLAMA)
    second = ProofStore(tmp_path / "proofs").proof("ollama", OLLAMA)
    assert first == second == Proof(True, "as was shown", len(OLLAMA))
    assert asked == ["ollama False None"]


def test_each_reading_of_a_body_is_a_proof_of_its_own(tmp_path: Path, asked: list[str]) -> None:
    store = ProofStore(tmp_path)
    store.of_decoders("openai-chat", CHAT)
    store.of_decoders("openai-chat", CHAT + b"\n")
    store.of_translation("openai-chat", CHAT, ["ollama", "openai-responses"])
    assert asked == ["openai-chat False None", "openai-chat True None"] * 2 + [
        "openai-chat False ollama",
        "openai-chat False openai-responses",
    ]
    assert store.proof("openai-chat", CHAT, limit=9).complete is False
    assert store.proof("openai-chat", CHAT).complete is True


def test_what_was_not_shown_is_looked_at_again(tmp_path: Path, asked: list[str]) -> None:
    for _ in range(2):
        proof = ProofStore(tmp_path).of_translation("openai-chat", CHAT, ["ollama", "gemini"])
        assert proof == Proof(False, "broken", 3 + len(CHAT), {"cuts": [1]}, shown=False)
    assert asked == ["openai-chat False ollama", "openai-chat False gemini", "openai-chat False gemini"]


def test_the_files_of_two_machines_are_joined(tmp_path: Path, asked: list[str]) -> None:
    ProofStore(tmp_path / "one").proof("ollama", OLLAMA)
    ProofStore(tmp_path / "two").proof("openai-chat", CHAT)
    name = f"{code_digest()[:20]}.jsonl"
    joined = b"".join((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
    (tmp_path / "both").mkdir()
    (tmp_path / "both" / name).write_bytes(joined + b'{"key":"half a li')
    store = ProofStore(tmp_path / "both")
    assert (store.proof("ollama", OLLAMA).complete, store.proof("openai-chat", CHAT).complete) == (True, True)
    assert len(asked) == 2


def test_other_code_proves_anew(tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_digest()
    ProofStore(tmp_path).proof("ollama", OLLAMA)
    monkeypatch.setattr(proof_store, "_PROVERS", ("proof",))
    code_digest.cache_clear()
    try:
        assert code_digest() != before
        ProofStore(tmp_path).proof("ollama", OLLAMA)
    finally:
        code_digest.cache_clear()
    assert len(asked) == 2


def test_several_proofs_are_as_strong_as_the_weakest() -> None:
    complete, sampled = Proof(True, "all", 5), Proof(False, "some", 7)
    broken = Proof(False, "none", 1, {"cuts": [3]}, shown=False)
    assert together([complete, complete]) == Proof(True, "all", 10)
    assert together([complete, sampled]) == Proof(False, "some", 12)
    assert together([sampled, broken, complete]) == Proof(False, "none", 13, {"cuts": [3]}, shown=False)
