"""How frames lie in network reads, and what is usual in a set of streams."""

from __future__ import annotations

from harness.endpoints.chunking import Reads, habits, reads_of

from .recorded import exchange

FRAMES = [b"data: %d\n\n" % number for number in range(8)]
BODY = b"".join(FRAMES)
OFFSETS = [9 * number for number in range(8)]


def test_a_frame_a_read() -> None:
    reads = reads_of(exchange(FRAMES), OFFSETS, BODY)
    assert reads == Reads(frames_per_read=1.0, splits=0.0, size=9, first_s=None, silence_s=None)
    assert reads.cut == "a frame a read"


def test_reads_that_end_within_frames() -> None:
    reads = reads_of(exchange([BODY[:13], BODY[13:30], BODY[30:]]), OFFSETS, BODY)
    assert reads is not None
    assert reads.splits == 1.0
    assert reads.cut == "reads that end within frames"


def test_a_comment_or_a_line_end_of_its_own_is_within_no_frame() -> None:
    body = FRAMES[0] + b": ping\n\n" + b"".join(FRAMES[1:])
    offsets = [0, *(at + 8 for at in OFFSETS[1:])]
    reads = reads_of(exchange([FRAMES[0], b": ping\n\n", FRAMES[1], BODY[18:-1], b"\n"]), offsets, body)
    assert reads is not None
    assert reads.splits == 0.0


def test_times_are_those_of_the_first_byte_and_of_the_longest_silence() -> None:
    reads = reads_of(exchange(FRAMES, pause_s=0.25), OFFSETS, BODY)
    assert reads is not None
    assert (reads.first_s, reads.silence_s) == (0.25, 0.25)


def test_what_came_in_one_read_or_is_too_short_says_nothing() -> None:
    assert reads_of(exchange(BODY), OFFSETS, BODY) is None
    assert reads_of(exchange(FRAMES[:2]), OFFSETS[:2], BODY[:18]) is None


def test_a_habit_is_what_four_of_five_do() -> None:
    one, other = Reads(1.0, 0.0, 100, 0.2, None), Reads(4.0, 0.0, 2000, 5.0, None)
    usual = habits([one] * 4 + [other])
    assert usual["how frames lie in network reads"].usual == "a frame a read"
    assert (usual["the size of a read"].usual, usual["the size of a read"].count) == ("64 to 256 bytes", 4)
    assert usual["the time to the first byte"].usual == "0.1 to 0.3 s"
    assert "the longest silence" not in usual
    assert habits([one] * 3 + [other] * 2) == {}
