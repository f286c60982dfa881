"""The machine behind every decoder, driven by a dialect of two words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.decoding import (
    FrameDecoder,
    as_count,
    as_dict,
    as_list,
    as_str,
    compact_json,
    is_utf8,
    read_json,
)
from harness.events import AnyEvent, End, ErrorInfo, Failure, Text, Warning
from harness.wire import sse
from harness.wire.frame import Frame


class Parrot(FrameDecoder):
    """`{"say": …}` is text, `{"bye": 1}` the stop reason, `{"oops": 1}` cannot be read, `STOP` is the end marker."""

    end_marker = b"STOP"

    def __init__(self, limit: int = 200) -> None:
        super().__init__(sse.Framer(limit))

    def _payload(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        match payload:
            case {"say": str(text)}:
                out.append(Text(text))
            case {"bye": _}:
                self._finished = True
            case {"oops": _}:
                self.malformed(frame, "oops", out)
            case {"fail": str(message)}:
                self.fail(ErrorInfo("server", message), out)


def read(*chunks: bytes) -> list[AnyEvent]:
    parrot = Parrot()
    return [event for chunk in chunks for event in parrot.feed(chunk)] + parrot.close()


def body(*payloads: str) -> bytes:
    return b"".join(b"data: " + payload.encode() + b"\n\n" for payload in payloads)


def rules(events: list[AnyEvent]) -> list[str]:
    return [event.rule for event in events if isinstance(event, Warning)]


HELLO, BYE = '{"say": "Hello"}', '{"bye": 1}'


def test_events_come_with_their_frames_and_the_end_with_the_close() -> None:
    parrot = Parrot()
    assert parrot.feed(body(HELLO)) == [Text("Hello")]
    assert parrot.feed(body(BYE)) == []
    assert parrot.close() == [End("completed")]


def test_steps_are_the_events_of_each_frame_however_it_was_cut() -> None:
    frames = body(HELLO, BYE, '{"say": "Bye"}', "half")
    said = [[Text("Hello")], [], [Text("Bye")]]
    at_once, byte_by_byte = Parrot(), Parrot()
    *before, last = at_once.steps(frames)
    assert before == said
    assert rules(last) == ["frame-not-json"]
    steps = [step for at in range(len(frames)) for step in byte_by_byte.steps(frames[at : at + 1])]
    assert steps == [*said, last]
    assert at_once.close() == byte_by_byte.close()


def test_while_it_reads_frames_a_decoder_knows_nothing_of_its_framing() -> None:
    parrot, out = Parrot(), list[AnyEvent]()
    frames = parrot.framing.feed(body(HELLO, BYE))
    del parrot.framing
    parrot._read(frames, out)
    assert out == [Text("Hello")]


def test_without_its_stop_reason_a_stream_is_truncated() -> None:
    assert read(body(HELLO)) == [Text("Hello"), End("truncated")]
    assert read() == [End("truncated")]


def test_a_failure_stands_whatever_follows() -> None:
    assert read(body('{"fail": "no"}', HELLO, BYE)) == [
        Failure(ErrorInfo("server", "no")),
        Text("Hello"),
        End("failed"),
    ]


def test_frames_after_the_end_marker_are_ignored_with_one_warning() -> None:
    events = read(body(BYE, "STOP", HELLO, HELLO), b"data: cut")
    assert events == [Warning("frame-after-end", "the stream goes on after its end marker", 30), End("completed")]


@pytest.mark.parametrize("payload", ["", " ", "null"])
def test_an_empty_frame_says_nothing(payload: str) -> None:
    assert read(body(payload, BYE)) == [End("completed")]


@pytest.mark.parametrize("payload", ["ping", "{", '{"a":1}{"a":2}', "\ufeff\ufeff{}", "[" * 100])
def test_a_frame_that_is_no_json_is_a_warning(payload: str) -> None:
    first, *rest = read(body(payload, BYE))
    assert isinstance(first, Warning)
    assert (first.rule, first.offset) == ("frame-not-json", 0)
    assert rest == [End("completed")]


@pytest.mark.parametrize("payload", ["[]", "[{}]", '"text"', "7", "true"])
def test_json_that_is_no_object_is_malformed(payload: str) -> None:
    assert rules(read(body(payload, BYE))) == ["payload-malformed"]


def test_nesting_too_deep_is_no_crash() -> None:
    parrot = FrameDecoderWithoutLimit()
    assert rules(parrot.feed(body('{"say":' * 200_000))) == ["frame-not-json"]


class FrameDecoderWithoutLimit(Parrot):
    def __init__(self) -> None:
        super().__init__(limit=2**24)


def test_what_could_not_be_read_is_a_failure_if_the_stream_never_comes_to_its_end() -> None:
    *_, failure, end = read(body('{"oops": 1}', HELLO))
    assert isinstance(failure, Failure)
    assert failure.error.kind == "protocol"
    assert failure.error.message == "a frame at byte 0 could not be read: oops, and the stream never came to its end"
    assert end == End("failed")
    *_, failure, end = read(body("error: engine failed"))
    assert isinstance(failure, Failure)
    assert "'error: engine failed'" in failure.error.message


def test_what_could_not_be_read_is_a_warning_alone_if_the_stream_ends_well() -> None:
    events = read(body('{"oops": 1}', BYE))
    assert events == [Warning("payload-malformed", "oops", 0), End("completed")]


@pytest.mark.parametrize("payload", ['{"say": "\\ud83d"}', '{"say": "a", "score": NaN}', '\ufeff{"say": "a"}'])
def test_json_that_only_a_tolerant_parser_reads_is_read(payload: str) -> None:
    events = read(body(payload, BYE))
    assert isinstance(events[0], Text)
    assert events[1:] == [End("completed")]


def test_bytes_that_are_no_utf8_are_replaced_with_a_warning() -> None:
    events = read(b'data: {"say": "a\xffb"}\n\n' + body(BYE))
    assert rules(events) == ["frame-not-utf8"]
    assert Text("a\ufffdb") in events


@pytest.mark.parametrize("last", [BYE, "STOP"])
@pytest.mark.parametrize("rest", ["", "\n", "\ndat"])
def test_a_last_frame_that_is_whole_counts_though_it_was_not_ended(last: str, rest: str) -> None:
    events = read(body(HELLO) + f"data: {last}{rest}".encode())
    assert rules(events) == ["last-frame-unterminated"]
    assert events[-1] == End("completed" if last == BYE else "truncated")


@pytest.mark.parametrize("last", ['{"bye": 1', "STO", "1"])
def test_a_last_frame_that_is_not_whole_is_where_the_stream_was_cut(last: str) -> None:
    events = read(body(HELLO) + f"data: {last}".encode())
    message = "the body ends within a frame"
    assert events == [Text("Hello"), Warning("last-frame-cut", message, 24), End("truncated")]


def test_a_frame_over_the_limit_is_a_failure() -> None:
    first, end = read(b"data: " + b"x" * 300, body(HELLO))
    assert isinstance(first, Failure)
    assert (first.error.kind, first.error.code) == ("protocol", "frame-too-long")
    assert end == End("failed")


@given(st.lists(st.sampled_from([body(HELLO), body(BYE), b"STOP", b"\n\n", b"data: "]) | st.binary(max_size=9)))
def test_any_bytes_are_decoded_without_raising_and_however_they_are_cut(chunks: list[bytes]) -> None:
    whole = read(b"".join(chunks))
    assert read(*chunks) == whole
    assert whole[-1] in (End("completed"), End("truncated"), End("failed"))
    assert sum(isinstance(event, End) for event in whole) == 1


def test_values_of_the_wrong_type_are_read_as_empty() -> None:
    assert (as_dict([]), as_list({}), as_str(1), as_str(None)) == ({}, [], "", "")
    assert (as_dict({"a": 1}), as_list([1]), as_str("0")) == ({"a": 1}, [1], "0")


@pytest.mark.parametrize(
    ("value", "count"), [(7, 7), (0, 0), (9.0, 9), (9.5, None), (-1, None), (True, None), ("7", None), (2**63, None)]
)
def test_counts(value: Any, count: int | None) -> None:
    assert as_count(value) == count
    assert as_count(float("nan")) is None


def test_compact_json_keeps_what_can_be_kept() -> None:
    assert (
        compact_json({"city": "Zürich", "n": 12345678901234567890123})
        == '{"city":"Zürich","n":12345678901234567890123}'
    )
    assert compact_json({"half": "\ud83d"}) == '{"half":"\\ud83d"}'
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert compact_json(deep) == ""
    while deep:  # taken apart by hand: freeing it in one go would nest as deep
        deep = deep.pop()


def test_json_is_read_tolerantly_or_not_at_all() -> None:
    assert read_json(b'{"a": 1}') == {"a": 1}
    assert read_json(b"\xef\xbb\xbf[1]") == [1]
    assert read_json(b"{") is None
    assert read_json(b"[" * 200_000) is None
    assert (is_utf8("é".encode()), is_utf8(b"\xff")) == (True, False)
