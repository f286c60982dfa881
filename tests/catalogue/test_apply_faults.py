"""Faults land exactly where they say."""

import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from harness.catalogue.apply_faults import Body, FaultMisplaced, apply_faults, to_chunks
from harness.catalogue.faults import Fault
from harness.wire.response import Chunk, Gate

FRAMES = (b"data: one\n\n", b"data: two\n\n", "data: drei größer\n\n".encode())
BODY = Body(b"".join(FRAMES), (11, 22, 43), event_ends=(11, 11, 22))


def faulty(*faults: dict[str, Any], body: Body = BODY) -> Body:
    """The body after the faults; a literal frame is written in angle brackets."""
    return apply_faults(body, [Fault.model_validate(fault) for fault in faults], lambda frame: f"<{frame}>".encode())


def pieces(*faults: dict[str, Any], body: Body = BODY) -> list[bytes]:
    return [chunk.data for chunk in to_chunks(faulty(*faults, body=body))]


def test_each_frame_is_a_chunk_by_default() -> None:
    assert pieces() == list(FRAMES)


@pytest.mark.parametrize(
    ("place", "left"),
    [
        ({"after_frames": 1}, 11),
        ({"after_frames": 0}, 0),
        ({"after_frames": -1}, 22),
        ({"after_bytes": 7}, 7),
        ({"after_bytes": -1}, 42),
        ({"after_events": 2}, 11),
        ({"after_events": -1}, 11),
        ({"before_text": "two"}, 17),
        ({"after_text": "two"}, 20),
        ({"inside_text": "ö"}, 36),
        ({"inside_text": "data"}, 1),
    ],
)
def test_a_cut_leaves_the_bytes_before_its_place(place: dict[str, Any], left: int) -> None:
    cut = faulty({"cut": place})
    assert (cut.data, cut.ending) == (BODY.data[:left], "clean")
    assert all(end <= left for end in cut.frame_ends)


def test_a_cut_that_falls_short_of_its_length_knows_by_how_much() -> None:
    assert faulty({"cut": {"after_frames": 2, "how": "short_length"}}).missing_bytes == 21
    assert faulty({"end": "short_length"}).missing_bytes == 1
    assert faulty({"cut": {"after_frames": 2, "how": "reset"}}).missing_bytes == 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"cut": {"after_frames": 4}}, "the body has 3"),
        ({"cut": {"after_frames": -4}}, "the body has 3"),
        ({"cut": {"after_text": "four"}}, "no 'four'"),
        ({"cut": {"after_bytes": 44}}, "the body has 43"),
        ({"pause": {"after_frames": 3, "seconds": 1}}, "end: stall"),
        ({"replace": {"old": "four", "new": "4"}}, "to replace"),
        ({"chunks": {"inside": ["four"]}}, "no 'four'"),
        ({"chunks": {"at": [44]}}, "the body has 43"),
    ],
)
def test_a_place_that_is_not_there_is_refused(fault: dict[str, Any], words: str) -> None:
    with pytest.raises(FaultMisplaced, match=words):
        faulty(fault)


def test_events_are_not_counted_where_there_are_none() -> None:
    with pytest.raises(FaultMisplaced, match="canonical events"):
        faulty({"cut": {"after_events": 1}}, body=Body(b"x", (1,)))


@pytest.mark.parametrize(
    ("chunks", "ends"),
    [
        (20, [20, 40, 43]),
        ({"every": 20}, [20, 40, 43]),
        ("whole", [43]),
        ({"whole": True}, [43]),
        ({"at": [3, -3]}, [3, 40, 43]),
        ({"per_frame": 2}, [22, 43]),
        ({"inside": "öß"}, [11, 22, 36, 37, 38, 43]),
        ({"inside": ["data"]}, [1, 2, 3, 11, 12, 13, 14, 22, 23, 24, 25, 43]),
    ],
)
def test_chunks_are_cut_as_asked(chunks: Any, ends: list[int]) -> None:
    sizes = [len(piece) for piece in pieces({"chunks": chunks})]
    assert [sum(sizes[: n + 1]) for n in range(len(sizes))] == ends


def test_text_is_found_however_json_escapes_it() -> None:
    body = Body(rb'{"text": "gr\u00f6\u00dfer \ud83d\ude00 \"a\""}', (47,))
    assert faulty({"cut": {"after_text": "grö"}}, body=body).data.endswith(rb"gr\u00f6")
    assert faulty({"cut": {"after_text": "😀"}}, body=body).data.endswith(rb"\ud83d\ude00")
    assert faulty({"cut": {"after_text": '"a"'}}, body=body).data.endswith(rb"\"a\"")


def test_a_pause_begins_a_chunk_of_its_own() -> None:
    chunks = to_chunks(faulty({"chunks": "whole"}, {"pause": {"after_bytes": 5, "seconds": 2}}))
    assert chunks == (Chunk(BODY.data[:5]), Chunk(BODY.data[5:], 2.0))


def test_pauses_at_one_place_add_up() -> None:
    pause = {"pause": {"after_frames": 1, "seconds": 0.5}}
    assert to_chunks(faulty(pause, pause))[1].pause_s == 1.0


def test_a_pause_after_the_cut_is_gone() -> None:
    chunks = to_chunks(faulty({"pause": {"after_frames": 2, "seconds": 1}}, {"cut": {"after_frames": 1}}))
    assert chunks == (Chunk(FRAMES[0]),)


def test_a_gate_begins_a_chunk_of_its_own_and_moves_with_its_bytes() -> None:
    gate = {"gate": {"after_bytes": 5, "until_text": "gr", "at_most_s": 7}}
    comment = {"insert": {"after_bytes": 0, "text": ": hi\n\n"}}
    chunks = to_chunks(faulty({"chunks": "whole"}, gate, {"pause": {"after_bytes": 5, "seconds": 2}}, comment))
    assert chunks == (Chunk(b": hi\n\n" + BODY.data[:5]), Chunk(BODY.data[5:], 2.0, Gate(0, "gr", 7)))


def test_a_gate_after_the_cut_is_gone() -> None:
    gate = {"gate": {"after_frames": 2, "until_events": 1}}
    assert to_chunks(faulty(gate, {"cut": {"after_frames": 1}})) == (Chunk(FRAMES[0]),)


@pytest.mark.parametrize(
    "faults",
    [
        [{"gate": {"after_bytes": 0, "until_events": 1}}],
        [{"gate": {"after_frames": 3, "until_events": 1}}],
        [{"gate": {"after_frames": 1, "until_events": 1}}, {"gate": {"after_frames": 1, "until_text": "a"}}],
    ],
    ids=["before everything", "behind everything", "two at one place"],
)
def test_a_gate_that_nothing_could_pass_is_refused(faults: list[Any]) -> None:
    with pytest.raises(FaultMisplaced):
        faulty(*faults)


def test_an_encoded_body_can_be_unpacked_chunk_by_chunk_and_keeps_its_marks() -> None:
    faults = [{"pause": {"after_bytes": 5, "seconds": 2}}, {"gate": {"after_frames": 1, "until_events": 1}}]
    read = [Fault.model_validate(fault) for fault in [*faults, {"encode": "gzip"}]]
    body = apply_faults(BODY, read, lambda frame: b"", "gzip")
    unpacker = zlib.decompressobj(31)
    plain = [(unpacker.decompress(chunk.data), chunk.pause_s, chunk.gate) for chunk in to_chunks(body)]
    assert plain == [
        (FRAMES[0][:5], 0.0, None),
        (FRAMES[0][5:], 2.0, None),
        (FRAMES[1], 0.0, Gate(1)),
        (FRAMES[2], 0.0, None),
    ]
    assert unpacker.eof
    assert [zlib.decompressobj(31).decompress(body.data[:end]) for end in body.event_ends or ()] == [
        FRAMES[0],
        FRAMES[0],
        FRAMES[0] + FRAMES[1],
    ]


def test_faults_behind_an_encoding_are_done_to_the_encoded_bytes_or_not_at_all() -> None:
    faults = [Fault.model_validate(fault) for fault in ({"encode": ["br", "gzip"]}, {"chunks": 3})]
    coded = to_chunks(apply_faults(BODY, faults, lambda frame: b"", "gzip"))
    assert zlib.decompress(b"".join(chunk.data for chunk in coded), 31) == BODY.data
    assert {len(chunk.data) for chunk in coded[:-1]} == {3}
    assert [chunk.data for chunk in to_chunks(apply_faults(BODY, faults, lambda frame: b""))] == [*FRAMES]


@pytest.mark.parametrize(
    "encode",
    ["snappy", [], {"coding": ["gzip", "deflate"], "form": "members"}, {"coding": "gzip", "form": "raw"}],
    ids=repr,
)
def test_a_coding_that_nobody_can_write_is_refused(encode: Any) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate({"encode": encode})


def test_an_inserted_frame_is_a_frame_and_text_is_not() -> None:
    assert pieces({"insert": {"after_frames": 1, "frame": "x"}}) == [FRAMES[0], b"<x>", *FRAMES[1:]]
    assert pieces({"insert": {"after_frames": 1, "text": ": hi\n\n"}}) == [
        FRAMES[0],
        b": hi\n\n" + FRAMES[1],
        FRAMES[2],
    ]
    assert pieces({"insert": {"after_frames": 3, "text": b"\xff"}})[-1] == b"\xff"


def test_marks_move_with_their_bytes() -> None:
    moved = faulty({"replace": {"old": "data", "new": "d"}}, {"insert": {"after_frames": 1, "frame": "x"}})
    assert moved.data.count(b"d: ") == 3
    assert [moved.data[:end][-2:] for end in moved.frame_ends] == [b"\n\n", b"x>", b"\n\n", b"\n\n"]
    assert moved.event_ends == (8, 8, 19)


@pytest.mark.parametrize(("newline", "line_end"), [("crlf", b"\r\n"), ("cr", b"\r")])
def test_line_ends_are_changed_and_frames_with_them(newline: str, line_end: bytes) -> None:
    changed = pieces({"newline": newline})
    assert changed == [frame.replace(b"\n", line_end) for frame in FRAMES]
    assert pieces({"newline": newline}, {"newline": newline})[0].endswith(b"\r\n" if newline == "crlf" else b"\r")


def test_a_byte_order_mark_comes_first() -> None:
    assert pieces({"bom": True})[0] == b"\xef\xbb\xbf" + FRAMES[0]


def test_faults_are_done_in_order() -> None:
    grown = faulty({"bom": True}, {"cut": {"after_bytes": 4}})
    assert grown.data == b"\xef\xbb\xbfd"
    assert faulty({"cut": {"after_frames": 1, "how": "reset"}}, {"chunks": 6}).ending == "reset"


@given(
    st.lists(
        st.sampled_from(
            [
                {"chunks": 1},
                {"chunks": 7},
                {"chunks": {"inside": ["data"]}},
                {"newline": "crlf"},
                {"bom": True},
                {"insert": {"after_frames": 1, "text": "abc"}},
                {"insert": {"after_bytes": 5, "frame": "f"}},
                {"replace": {"old": "a", "new": "aaa"}},
                {"pause": {"after_bytes": 3, "seconds": 1}},
                {"cut": {"after_bytes": -2, "how": "reset"}},
            ]
        ),
        max_size=5,
    )
)
def test_chunks_always_make_up_the_body(faults: list[dict[str, Any]]) -> None:
    try:
        body = faulty(*faults)
    except FaultMisplaced:
        return
    chunks = to_chunks(body)
    assert b"".join(chunk.data for chunk in chunks) == body.data
    assert all(chunk.data for chunk in chunks)
    assert list(body.frame_ends) == sorted(body.frame_ends)
    assert all(0 <= end <= len(body.data) for end in (*body.frame_ends, *(body.event_ends or ())))


def test_a_mark_inside_what_is_replaced_comes_after_it() -> None:
    cut_inside = {"chunks": {"at": [18, 22]}}
    assert pieces(cut_inside, {"replace": {"old": "two", "new": "zwei"}}) == [
        b"data: one\n\ndata: zwei",
        b"\n\n",
        FRAMES[2],
    ]


def test_a_pause_at_the_cut_is_gone_too() -> None:
    assert faulty({"pause": {"after_frames": 1, "seconds": 1}}, {"cut": {"after_frames": 1}}).pauses == ()
