"""Proofs: complete for our readers, and never for one that the cutting matters to."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects import UnknownDialect, dialect, stream_names
from harness.dialects.openai_chat.decode import Decoder as ChatDecoder
from harness.events import AnyEvent, Other
from harness.fuzz.proof import Make, Proof, our_reader, prove, prove_reader
from harness.fuzz.slices import read
from harness.wire.frame import Frame
from tests.fuzz.proved import (
    BODIES,
    CHAT,
    GEMINI_ARRAY,
    TWO_CALLS,
    CountsBlocks,
    FirstOfRead,
    ForgetsCr,
    ForgetsLines,
    HalfEscapes,
    KeepsTheRest,
    LongestLine,
    LooksAtReads,
    TagsPerRead,
    Utf8PerRead,
    chat,
    chat_with,
    translates_reads,
)

NAMES = [f"{name}-{place}" for place, (name, _) in enumerate(BODIES)]


@pytest.mark.parametrize(("name", "body"), BODIES, ids=NAMES)
def test_our_decoders_are_proved_with_and_without_think_tags(name: str, body: bytes) -> None:
    for think_tags in (False, True):
        proof = prove(name, body, think_tags=think_tags)
        assert (proof.complete, proof.shown, proof.broken) == (True, True, None), proof.note
        assert proof.slices > 2 * len(body)


@pytest.mark.parametrize(("name", "body"), BODIES, ids=NAMES)
def test_our_translations_are_proved(name: str, body: bytes) -> None:
    proofs = {target: prove(name, body, target=target) for target in stream_names()}
    assert [target for target, proof in proofs.items() if not proof.complete] == []


def test_a_translation_behind_the_think_tag_filter_is_proved() -> None:
    proof = prove("openai-chat", CHAT, think_tags=True, target="anthropic-messages")
    assert proof.complete, proof.note


def test_a_body_that_cannot_be_cut_is_proved_at_once() -> None:
    assert prove("ollama", b"").complete
    assert prove("gemini", b"{").note == "there is no way to cut it"


def test_a_body_above_the_limit_is_sampled() -> None:
    proof = prove("openai-chat", CHAT, limit=len(CHAT) - 1)
    assert (proof.complete, proof.shown, proof.broken) == (False, True, None)
    assert proof.note == "a cut at every place and 200 random plans: the body is above the limit"
    assert prove("openai-chat", CHAT, limit=len(CHAT)).complete
    through = prove("openai-chat", CHAT, target="gemini", limit=9)
    assert through.note == "every cut between two frames and 20 random plans: the body is above the limit"


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(UnknownDialect):
        prove("morse", b"...")


PLANTED: list[tuple[str, Make, bytes]] = [
    ("UTF-8 per read", Utf8PerRead, CHAT),
    ("one event of a read", chat_with(FirstOfRead), CHAT),
    ("CR at the end of a read", chat_with(ForgetsCr), CHAT.replace(b'"choices"', b'\r\ndata: "choices"')),
    ("lines kept for a read", chat_with(ForgetsLines), CHAT),
    ("a buffer that is not cleared", chat_with(KeepsTheRest), CHAT),
    ("a limit of a line", chat_with(LongestLine), CHAT),
    ("half an escape", chat_with(HalfEscapes), GEMINI_ARRAY),
    ("think tags per read", TagsPerRead, CHAT),
    ("calls per read", translates_reads, TWO_CALLS),
]


@pytest.mark.parametrize("limit", [8192, 16], ids=["complete", "sampled"])
@pytest.mark.parametrize(("bug", "make", "body"), PLANTED, ids=[bug for bug, _, _ in PLANTED])
def test_a_planted_bug_is_found_with_a_plan_of_one_cut(bug: str, make: Make, body: bytes, limit: int) -> None:
    proof = prove_reader(make, body, limit=limit)
    assert (proof.complete, proof.shown) == (False, False), proof.note
    assert proof.broken is not None
    cuts = proof.broken["cuts"]
    assert read(make(), body, cuts) != read(make(), body, [])
    assert len(cuts) == 1


def test_a_bug_that_takes_two_cuts_is_found() -> None:
    class ThirdRead(ChatDecoder):
        """Loses the third read."""

        reads = 0

        def feed(self, data: bytes) -> list[AnyEvent]:
            self.reads += 1
            return [] if self.reads == 3 else super().feed(data)

    proof = prove_reader(ThirdRead, CHAT)
    assert proof.broken is not None
    assert len(proof.broken["cuts"]) == 2


def test_a_decoder_that_looks_at_reads_while_it_reads_frames_is_not_believed() -> None:
    proof = prove_reader(LooksAtReads, CHAT)
    assert (proof.complete, proof.shown) == (False, False)
    assert proof.note.startswith("not proved: the decoder looks at its framing while it reads frames")


def test_a_decoder_that_changes_what_it_has_given_is_not_believed() -> None:
    class Grows(ChatDecoder):
        """Gives one list again and again."""

        def __init__(self) -> None:
            super().__init__()
            self.list: list[int] = []

        def _payload(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
            self.list.append(frame.offset)
            out.append(Other("list", self.list))

    assert prove_reader(Grows, CHAT).note == "not proved: the decoder changes what it has given"


def test_a_state_that_differs_unseen_is_no_complete_proof() -> None:
    proof = prove_reader(chat_with(CountsBlocks), CHAT)
    assert (proof.complete, proof.shown, proof.broken) == (False, False, None)
    assert "another state" in proof.note
    assert "no plan was found" in proof.note


def test_a_reader_with_a_memory_outside_of_itself_is_not_believed() -> None:
    seen: list[int] = []

    class Remembers(ChatDecoder):
        """Says otherwise when it is asked again."""

        def close(self) -> list[AnyEvent]:
            seen.append(1)
            return super().close() * len(seen)

    assert prove_reader(Remembers, CHAT).note == "not proved: the reader does not do the same twice"


def test_a_reader_whose_state_cannot_be_seen_is_not_believed() -> None:
    class Generates(ChatDecoder):
        """Holds a generator."""

        def __init__(self) -> None:
            super().__init__()
            self.ticks = (number for number in range(9))

    proof = prove_reader(Generates, CHAT)
    assert (proof.complete, proof.shown) == (False, False)
    assert "generator" in proof.note


def test_a_reader_of_unknown_build_is_proved_only_where_it_is_fed_every_slice() -> None:
    class Built(ChatDecoder):
        """Built otherwise, and right."""

        def feed(self, data: bytes) -> list[AnyEvent]:
            return super().feed(data)

    small, large = chat('{"content":"x"}'), chat(*['{"content":"x"}'] * 6)
    assert prove_reader(Built, small) == Proof(
        True, "every slice, through a reader whose build is not known", len(small) * (len(small) + 1) // 2 + 3
    )
    assert prove_reader(Built, large).complete is False
    assert prove_reader(Built, large).shown is True


def test_our_reader_is_the_one_that_users_have() -> None:
    assert type(our_reader("openai-chat")) is type(dialect("openai-chat").decoder())
    assert b"".join(read(our_reader("openai-chat", target="ollama"), CHAT, [])).count(b"\n") == 4
