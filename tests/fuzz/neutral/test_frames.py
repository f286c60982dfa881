from __future__ import annotations

from dataclasses import replace

from harness.fuzz.neutral.frames import next_payload, payload_at, put_before, without, written_like
from harness.fuzz.neutral.mutation import Draft, draft_of
from tests.fuzz.neutral.made import stream_in


def draft(body: bytes, dialect: str = "openai-responses") -> Draft:
    return draft_of(stream_in(dialect, body))


def body_of(changed: Draft) -> bytes:
    return changed.played.body


def test_a_frame_is_written_like_another_with_the_name_of_its_own_type() -> None:
    block = draft(b'event: a\r\nid: 3\r\ndata:{"type":"a"}\r\n\r\n').document.blocks[0]
    assert written_like(block, {"type": "b"}).raw == b'event: b\r\ndata:{"type":"b"}\r\n\r\n'
    unnamed = replace(block, head=b"")
    assert written_like(unnamed, {"type": "b"}).raw == b'data:{"type":"b"}\r\n\r\n'


def test_a_frame_that_is_put_in_takes_the_number_of_the_one_behind_it() -> None:
    changed = put_before(draft(b'data: {"sequence_number":0}\n\ndata: {"sequence_number":1}\n\n'), 1, {"type": "x"})
    assert body_of(changed) == (
        b'data: {"sequence_number":0}\n\ndata: {"type":"x","sequence_number":1}\n\ndata: {"sequence_number":2}\n\n'
    )


def test_a_frame_that_is_taken_out_moves_the_numbers_behind_it_down() -> None:
    changed = without(
        draft(b'data: {"sequence_number":7}\n\ndata: {"x":"\\"sequence_number\\":9","sequence_number":8}\n\n'), 0
    )
    assert body_of(changed) == b'data: {"x":"\\"sequence_number\\":9","sequence_number":7}\n\n'


def test_the_bracket_of_an_array_stays_before_its_first_element() -> None:
    array = draft(b'[{"a":1}\n,\n{"b":2}]', "gemini")
    assert body_of(put_before(array, 0, {"c": 3})) == b'[{"c":3},\n{"a":1}\n,\n{"b":2}]'
    assert body_of(without(array, 0)) == b'[{"b":2}]'
    assert body_of(without(array, 1)) == b'[{"a":1}]'


def test_payloads_are_found_past_what_has_none() -> None:
    stream = draft(b'data: {"a":1}\n\n: hi\n\ndata: [DONE]\n\n', "openai-chat")
    assert [next_payload(stream, at) for at in range(3)] == [2, 2, None]
    assert [payload_at(stream, at) for at in range(3)] == [{"a": "1"}, None, None]
