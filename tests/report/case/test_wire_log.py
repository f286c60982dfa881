import base64

import msgspec

from harness.report.case.body import BRIEF, FULL, ChunkRow, Gap, size_words
from harness.report.case.wire_log import attempt_view
from harness.runner.results import Alteration, AttemptRecord, ChunkRecord
from harness.wire.content_coding import encoded

from ..sample_wire import attempt, recut, text_frames

PIECES = ["Oslo", " snow ❄", " wind."]
FRAMES = text_frames("openai-chat", PIECES)
BODY = b"".join(FRAMES)


def rows(record: AttemptRecord, dialect: str = "openai-chat", offsets: tuple[int, ...] = ()) -> list[ChunkRow]:
    return [row for row in attempt_view(record, dialect, offsets, FULL).rows if isinstance(row, ChunkRow)]


def test_each_chunk_has_a_row_with_place_size_and_time() -> None:
    record = attempt("openai-chat", FRAMES, at_s=0.0, gap_s=0.5)
    first, second, *_ = rows(record)
    assert (first.first, first.last, first.offset, first.size, first.sent) == (1, 1, 0, len(FRAMES[0]), True)
    assert (second.first, second.offset) == (2, len(FRAMES[0]))
    assert attempt_view(record, "openai-chat", (), FULL).times[:2] == (0.003, 0.503)
    assert size_words(first) == f"{len(FRAMES[0])} bytes"


def test_our_decoders_events_stand_beside_the_chunk_that_completes_them() -> None:
    texts = [[line.words for line in row.events if line.kind == "text"] for row in rows(attempt("openai-chat", FRAMES))]
    assert texts[1:4] == [['"Oslo"'], ['" snow ❄"'], ['" wind."']]
    assert attempt_view(attempt("openai-chat", FRAMES), "openai-chat", (), FULL).closing[-1].kind == "end"


def test_a_cut_inside_a_character_is_named_and_its_bytes_are_shown() -> None:
    place = BODY.index("❄".encode()) + 1
    first, second = rows(attempt("openai-chat", [BODY[:place], BODY[place:]]))
    assert first.cut == "cut inside a UTF-8 character"
    assert first.in_character
    assert first.text.endswith("<b>\\xe2</b>")
    assert second.text.startswith("<b>\\x9d</b><b>\\x84</b>")
    assert second.cut == ""


def test_a_cut_inside_a_frame_is_named() -> None:
    place = len(FRAMES[0]) + 10
    first, _ = rows(attempt("openai-chat", [BODY[:place], BODY[place:]]))
    assert first.cut == "cut inside a frame"


def test_single_bytes_share_rows_until_an_event_is_complete() -> None:
    shared = rows(attempt("openai-chat", recut(BODY, 1), gap_s=0.0))
    assert len(shared) < 12
    assert sum(row.size for row in shared) == len(BODY)
    assert size_words(shared[0]) == f"{shared[0].size} × 1 byte"
    assert "<u" not in shared[0].text


def test_cuts_in_a_shared_row_are_marked_in_the_text() -> None:
    shared = rows(attempt("openai-chat", recut(BODY, 7), gap_s=0.0))
    cuts = sum(row.text.count("<u") for row in shared) + len(shared)
    assert cuts == len(recut(BODY, 7))
    assert size_words(shared[0]).startswith(f"{shared[0].last} chunks, ")


def test_a_cut_character_in_a_shared_row_is_marked_as_such() -> None:
    frames = text_frames("openai-chat", ["❄" * 30])
    shared = rows(attempt("openai-chat", recut(b"".join(frames), 4), gap_s=0.0))
    assert any('<u class="c"' in row.text for row in shared)


def test_findings_point_to_their_byte() -> None:
    offset = len(FRAMES[0])
    view = attempt_view(attempt("openai-chat", FRAMES), "openai-chat", (offset, len(BODY), 10**9), FULL)
    texts = [row.text for row in view.rows if isinstance(row, ChunkRow)]
    assert texts[1].startswith(f'<mark id="a1-b{offset}"')
    assert texts[-1].endswith("</mark>")
    assert view.marked == {offset, len(BODY)}


def test_a_long_chunk_is_shortened_and_says_by_how_much() -> None:
    body = b"data: " + b"A" * 1_000_000 + b"\n\n"
    (row,) = rows(attempt("openai-chat", [body]))
    assert f"{len(body) - FULL.row_bytes:,} bytes left out" in row.text
    assert len(row.text) < 2 * FULL.row_bytes
    assert len(row.hexadecimal) < 6 * FULL.hex_bytes


def test_the_middle_of_many_rows_is_left_out_but_for_what_a_finding_points_to() -> None:
    frames = text_frames("openai-chat", [f"word {number} " for number in range(500)])
    target = sum(map(len, frames[:300]))
    view = attempt_view(attempt("openai-chat", frames, gap_s=0.0), "openai-chat", (target,), FULL)
    gaps = [row for row in view.rows if isinstance(row, Gap)]
    kept = [row for row in view.rows if isinstance(row, ChunkRow)]
    assert len(kept) == FULL.rows + 1
    assert sum(gap.chunks for gap in gaps) + sum(row.last - row.first + 1 for row in kept) == len(frames)
    assert view.marked == {target}


def test_a_brief_log_has_no_hexadecimal_view() -> None:
    view = attempt_view(attempt("openai-chat", FRAMES), "openai-chat", (), BRIEF)
    assert not any(row.hexadecimal for row in view.rows if isinstance(row, ChunkRow))


def test_a_chunk_that_was_never_sent_is_shown_but_not_read() -> None:
    record = attempt("openai-chat", FRAMES[:2])
    unsent = ChunkRecord(None, base64.b64encode(FRAMES[2]).decode())
    record = AttemptRecord(
        **{**{name: getattr(record, name) for name in record.__struct_fields__}, "chunks": [*record.chunks, unsent]}
    )
    last = rows(record)[-1]
    assert not last.sent
    assert attempt_view(record, "openai-chat", (), FULL).times[-1] is None
    assert last.events == ()


def test_an_http_error_is_read_by_our_stack() -> None:
    body = b'{"error": {"type": "requests", "message": "Slow down.", "code": "rate_limit_exceeded"}}'
    record = attempt("openai-chat", [body], status=429, headers=[("retry-after", "2")])
    view = attempt_view(record, "openai-chat", (), FULL)
    assert 'kind="rate_limit"' in view.error
    assert "retry_after_s=2.0" in view.error
    assert not view.decoded


def test_a_dialect_that_we_do_not_know_is_shown_without_reading() -> None:
    view = attempt_view(attempt("openai-chat", FRAMES), "made-up", (), FULL)
    assert not view.decoded
    assert len(view.rows) == len(FRAMES)
    assert view.closing == ()


def test_a_request_body_is_laid_out_or_shown_as_it_is() -> None:
    record = attempt("ollama", [])
    assert attempt_view(record, "ollama", (), FULL).request_body.startswith('{\n "model": "test-model"')


def test_an_attempt_without_an_answer_has_no_rows() -> None:
    record = attempt("ollama", [], status=None, how_ended="reset")
    view = attempt_view(record, "ollama", (), FULL)
    assert view.rows == ()
    assert view.ending == "connection reset"


def test_a_packed_body_is_read_as_its_client_should() -> None:
    headers = [("content-encoding", "gzip")]
    record = msgspec.structs.replace(attempt("openai-chat", encoded(FRAMES, "gzip")), headers=headers)
    texts = [[line.words for line in row.events if line.kind == "text"] for row in rows(record)]
    assert texts[1:4] == [['"Oslo"'], ['" snow ❄"'], ['" wind."']]
    assert {row.cut for row in rows(record)} <= {"", "cut inside a UTF-8 character"}
    unknown = msgspec.structs.replace(record, headers=[("content-encoding", "br")])
    assert not attempt_view(unknown, "openai-chat", (), FULL).decoded


def test_packed_bytes_are_no_characters_that_a_cut_may_fall_into() -> None:
    packed = b"\xc3" + encoded(FRAMES, "gzip")[0]
    cut = [ChunkRecord(0.0, base64.b64encode(each).decode()) for each in (packed[:1], packed[1:])]
    record = msgspec.structs.replace(attempt("openai-chat", FRAMES), chunks=cut)
    coded = msgspec.structs.replace(record, headers=[("content-encoding", "gzip")])
    plain = msgspec.structs.replace(record, chunks=[ChunkRecord(0.0, "ww=="), ChunkRecord(0.0, "tg==")])
    assert [row.in_character for row in rows(coded)] == [False, False]
    assert [row.in_character for row in rows(plain)] == [True, False]


def altered(played: list[bytes], *found: Alteration) -> list[str]:
    view = attempt_view(attempt("openai-chat", played), "openai-chat", (), FULL, altered=found)
    return [row.text for row in view.rows if isinstance(row, ChunkRow)]


def test_what_was_changed_is_marked_beside_what_was_there() -> None:
    [text] = altered([b"one two three"], Alteration(4, 7, base64.b64encode(b"<2>").decode(), 3))
    assert text == 'one <del class="altered">&lt;2&gt;</del><ins class="altered">two</ins> three'


def test_what_was_taken_out_is_marked_where_it_was_even_at_the_end() -> None:
    [text] = altered([b"one"], Alteration(3, 3, base64.b64encode(b"x" * 512).decode(), 1_160))
    assert text == f'one<del class="altered">{"x" * 160}<em>… 1,000 bytes left out …</em></del>'


def test_a_change_that_is_cut_is_marked_in_each_row() -> None:
    assert altered([b"ab", b"cd", b"ef"], Alteration(1, 5)) == [
        'a<ins class="altered">b</ins>', '<ins class="altered">cd</ins>', '<ins class="altered">e</ins>f',
    ]  # fmt: skip


def test_marks_of_changes_are_closed_where_a_long_row_is_shortened() -> None:
    [text] = altered([b"A" * 10_000], Alteration(100, 9_900), Alteration(9_950, 9_960))
    assert text.count("<ins") == text.count("</ins>") == 3
    assert "bytes left out" in text
