"""Decoding of content blocks, stop reasons, usage and errors, and of what gateways make of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dialects.anthropic_messages.decode import Decoder
from harness.events import End, Finish, Other, Reasoning, Signature, Start, Text, ToolCall, Usage
from harness.transcript import Transcript

from .. import decoded

START = {"type": "message_start", "message": {"id": "msg_1", "model": "claude", "content": [], "usage": {"input_tokens": 9, "output_tokens": 1}}}  # fmt: skip # noqa: E501
END = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}
STOP = {"type": "message_stop"}


def opened(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def closed(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def text(index: int, words: str) -> dict[str, Any]:
    return delta(index, "text_delta", text=words)


def ended(reason: str) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 4}}


def body(*payloads: dict[str, Any] | bytes) -> bytes:
    return b"".join(one if isinstance(one, bytes) else sse(one) for one in payloads)


def sse(payload: dict[str, Any], event: str | None = None) -> bytes:
    return f"event: {event or payload.get('type')}\ndata: {json.dumps(payload)}\n\n".encode()


def read(*payloads: dict[str, Any] | bytes) -> Transcript:
    return decoded.transcript("anthropic-messages", body(*payloads))


def rules(result: Transcript) -> list[str]:
    return [warning.rule for warning in result.warnings]


HELLO = (START, opened(0, type="text", text=""), text(0, "Hel"), text(0, "lo"), closed(0), END, STOP)
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
EVERYTHING = body(
    START,
    opened(0, type="thinking", thinking="", signature=""),
    delta(0, "thinking_delta", thinking="Hm — "),
    delta(0, "signature_delta", signature="c2ln"),
    closed(0),
    opened(1, type="text", text=""),
    b": comment\n\n",
    text(1, "Grüße, 世界 🙂"),
    closed(1),
    opened(2, **CALL),
    delta(2, "input_json_delta", partial_json='{"city": "Os'),
    delta(2, "input_json_delta", partial_json='lo"}'),
    closed(2),
    ended("tool_use"),
    STOP,
)


class TestPlainAnswer:
    def test_gives_the_events_in_order(self) -> None:
        assert decoded.events("anthropic-messages", body(*HELLO)) == [
            Start("msg_1", "claude"),
            Usage(9, 1),
            Text("Hel"),
            Text("lo"),
            Usage(output_tokens=4),
            Finish("stop", "end_turn"),
            End("completed"),
        ]

    def test_later_usage_replaces_earlier_usage(self) -> None:
        assert read(*HELLO).usage == Usage(9, 4)

    def test_all_counts_of_usage_are_kept(self) -> None:
        usage = {"input_tokens": 5, "output_tokens": 6, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 8}
        result = read(START, {**END, "usage": {**usage, "output_tokens_details": {"thinking_tokens": 3}}}, STOP)
        assert result.usage == Usage(5, 6, 3, 7, 8)

    def test_text_may_stand_in_the_start_of_its_block(self) -> None:
        assert read(START, opened(0, type="text", text="Hel"), text(0, "lo"), closed(0), END, STOP).text == "Hello"

    def test_empty_deltas_give_no_event_but_blanks_and_zeros_do(self) -> None:
        given_events = decoded.events("anthropic-messages", body(text(0, ""), text(0, " "), text(0, "0")))
        assert given_events == [Text(" "), Text("0"), End("truncated")]

    def test_content_in_message_start_counts(self) -> None:
        start = {"type": "message_start", "message": {"id": "m", "content": [{"type": "text", "text": "Hi"}, CALL]}}
        result = read(start, END, STOP)
        assert (result.text, [call.arguments for call in result.tool_calls]) == ("Hi", ["{}"])


class TestThinking:
    def test_its_signature_follows_its_text(self) -> None:
        parts = [
            (part.kind, part.text or part.signature)
            for part in decoded.transcript("anthropic-messages", EVERYTHING).parts
        ]
        assert parts[:2] == [("reasoning", "Hm — "), ("signature", Signature("c2ln"))]

    def test_text_and_signature_may_stand_in_the_start_of_the_block(self) -> None:
        events = decoded.events(
            "anthropic-messages", body(opened(0, type="thinking", thinking="a", signature="s"), closed(0))
        )
        assert events == [Reasoning("a"), Signature("s"), End("truncated")]

    def test_an_empty_signature_is_none(self) -> None:
        result = read(START, opened(0, type="thinking", thinking="a", signature=""), closed(0), END, STOP)
        assert [part.kind for part in result.parts] == ["reasoning"]

    def test_redacted_thinking_is_kept(self) -> None:
        events = decoded.events("anthropic-messages", body(opened(0, type="redacted_thinking", data="x"), closed(0)))
        assert events[0] == Signature("x", "redacted")


class TestToolCalls:
    def test_fragments_are_put_together(self) -> None:
        (call,) = decoded.transcript("anthropic-messages", EVERYTHING).tool_calls
        assert (call.id, call.name, call.arguments) == ("toolu_1", "get_weather", '{"city": "Oslo"}')

    def test_input_given_whole_at_the_start_counts(self) -> None:
        (call,) = read(START, opened(0, **{**CALL, "input": {"a": 1}}), closed(0), ended("tool_use"), STOP).tool_calls
        assert call.arguments == '{"a":1}'

    def test_deltas_win_over_input_given_at_the_start(self) -> None:
        fragment = delta(0, "input_json_delta", partial_json='{"a":1}')
        result = read(START, opened(0, **{**CALL, "input": {"a": 1}}), fragment, closed(0), ended("tool_use"), STOP)
        assert result.tool_calls[0].arguments == '{"a":1}'

    def test_no_input_at_all_is_an_empty_object(self) -> None:
        empty = delta(0, "input_json_delta", partial_json="")
        (call,) = read(START, opened(0, **CALL), empty, closed(0), ended("tool_use"), STOP).tool_calls
        assert (call.arguments, call.input) == ("{}", {})

    def test_no_input_but_what_could_not_be_read_is_no_empty_object(self) -> None:
        unreadable = (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"inp\n\n'
        )
        before, after = body(START, opened(0, **CALL)), body(closed(0), ended("tool_use"), STOP)
        result = decoded.transcript("anthropic-messages", before + unreadable + after)
        (call,) = result.tool_calls
        assert (call.name, call.arguments, call.input) == (CALL["name"], "", None)
        assert [warning.rule for warning in result.warnings] == ["frame-not-json"]

    def test_no_input_before_the_tokens_ran_out_is_no_input(self) -> None:
        (call,) = read(START, opened(0, **CALL), closed(0), ended("max_tokens"), STOP).tool_calls
        assert (call.arguments, call.input) == ("", None)

    def test_a_block_that_never_closes_counts_once_the_model_stopped(self) -> None:
        (call,) = read(START, opened(0, **{**CALL, "input": {"a": 1}}), ended("tool_use"), STOP).tool_calls
        assert call.input == {"a": 1}

    def test_a_call_that_is_cut_off_never_looks_executable(self) -> None:
        (call,) = read(START, opened(0, **{**CALL, "input": {"a": 1}})).tool_calls
        assert call.input is None

    def test_interleaved_blocks_are_kept_apart_by_index(self) -> None:
        result = read(
            START,
            opened(3, **CALL),
            opened(7, **{**CALL, "id": "toolu_2"}),
            delta(3, "input_json_delta", partial_json='{"a"'),
            delta(7, "input_json_delta", partial_json='{"b"'),
            delta(3, "input_json_delta", partial_json=":1}"),
            delta(7, "input_json_delta", partial_json=":2}"),
            ended("tool_use"),
            STOP,
        )
        assert [(call.id, call.arguments) for call in result.tool_calls] == [
            ("toolu_1", '{"a":1}'),
            ("toolu_2", '{"b":2}'),
        ]

    def test_input_of_a_block_that_never_started_is_kept(self) -> None:
        result = read(START, delta(4, "input_json_delta", partial_json='{"a":1}'), END, STOP)
        assert (result.tool_calls[0].arguments, rules(result)[0]) == ('{"a":1}', "block-not-started")

    def test_index_is_not_needed_for_one_block_at_a_time(self) -> None:
        start, fragment, end = opened(0, **CALL), delta(0, "input_json_delta", partial_json='{"a":1}'), closed(0)
        for payload in (start, fragment, end):
            del payload["index"]
        result = read(START, start, fragment, end, start, fragment, end, ended("tool_use"), STOP)
        assert [call.arguments for call in result.tool_calls] == ['{"a":1}', '{"a":1}']


class TestOtherBlocks:
    def test_server_tools_are_evidence_and_not_calls(self) -> None:
        result = read(
            START,
            opened(0, type="server_tool_use", id="srvtoolu_1", name="web_search", input={}),
            delta(0, "input_json_delta", partial_json='{"query": "x"}'),
            closed(0),
            opened(1, type="web_search_tool_result", tool_use_id="srvtoolu_1", content=[]),
            closed(1),
            opened(2, type="text", text=""),
            text(2, "hi"),
            END,
            STOP,
        )
        assert (result.text, result.tool_calls) == ("hi", ())
        assert [(other.kind, other.data.get("input")) for other in result.others] == [
            ("server_tool_use", {"query": "x"}),
            ("web_search_tool_result", None),
        ]

    def test_citations_are_evidence(self) -> None:
        citation = {"type": "char_location", "cited_text": "x"}
        result = read(START, opened(0, type="text", text=""), delta(0, "citations_delta", citation=citation), END, STOP)
        assert result.others == (Other("citation", citation),)

    def test_text_inside_an_unknown_block_is_not_the_answer(self) -> None:
        result = read(START, opened(0, type="some_new_block"), text(0, "x"), closed(0), END, STOP)
        assert (result.text, [other.kind for other in result.others]) == ("", ["text_delta", "some_new_block"])


class TestEnding:
    @pytest.mark.parametrize(
        ("raw", "finish"),
        [
            ("end_turn", "stop"),
            ("max_tokens", "length"),
            ("stop_sequence", "stop"),
            ("tool_use", "tool_calls"),
            ("pause_turn", "pause"),
            ("refusal", "refusal"),
            ("model_context_window_exceeded", "context_overflow"),
            ("brand_new_reason", "other"),
        ],
    )
    def test_stop_reasons(self, raw: str, finish: str) -> None:
        result = read(START, ended(raw), STOP)
        assert (result.status, result.finish, result.finish_raw) == ("completed", finish, raw)

    def test_without_message_stop_it_is_completed_with_a_warning(self) -> None:
        result = read(*HELLO[:-1])
        assert (result.status, rules(result)) == ("completed", ["message-stop-missing"])

    def test_without_stop_reason_it_is_completed_with_a_warning(self) -> None:
        result = read(START, text(0, "x"), STOP)
        assert (result.status, result.finish, rules(result)) == ("completed", None, ["finish-missing"])

    def test_with_neither_it_is_truncated(self) -> None:
        assert read(*HELLO[:-2]).status == "truncated"

    def test_a_later_delta_without_a_reason_takes_nothing_back(self) -> None:
        result = read(START, ended("tool_use"), {"type": "message_delta", "delta": {}, "usage": {}}, STOP)
        assert (result.finish, rules(result)) == ("tool_calls", [])

    def test_a_later_other_reason_is_a_warning(self) -> None:
        result = read(START, ended("tool_use"), ended("end_turn"), STOP)
        assert (result.finish, rules(result)) == ("tool_calls", ["finish-changed"])

    def test_content_after_the_stop_reason_is_kept_with_a_warning(self) -> None:
        result = read(START, ended("end_turn"), opened(0, type="text", text=""), text(0, "x"), STOP)
        assert (result.text, rules(result)) == ("x", ["content-after-finish"])

    @pytest.mark.parametrize("late", [b"data: [DONE]\n\n", b"event: data\ndata: [DONE]\n\n", sse({"type": "ping"})])
    def test_frames_after_message_stop_are_ignored(self, late: bytes) -> None:
        result = read(*HELLO, late)
        assert (result.status, result.text, rules(result)) == ("completed", "Hello", ["frame-after-end"])

    def test_deltas_after_message_stop_do_not_count(self) -> None:
        assert read(*HELLO, text(0, "!")).text == "Hello"

    def test_done_does_not_complete_a_message(self) -> None:
        result = read(START, text(0, "x"), b"data: [DONE]\n\n")
        assert (result.status, rules(result)) == ("truncated", ["done-marker-stray"])

    def test_details_of_a_stop_are_evidence(self) -> None:
        stop = {"type": "message_delta", "delta": {"stop_reason": "refusal", "stop_details": {"type": "refusal"}}}
        assert read(START, stop, STOP).others == (Other("stop_details", {"type": "refusal"}),)


class TestErrors:
    @pytest.mark.parametrize(
        ("kind", "expected", "retryable"),
        [
            ("overloaded_error", "overloaded", True),
            ("rate_limit_error", "rate_limit", True),
            ("api_error", "server", True),
            ("authentication_error", "auth", False),
            ("invalid_request_error", "invalid_request", False),
            ("billing_error", "quota", False),
        ],
    )
    def test_an_error_event_fails_the_stream(self, kind: str, expected: str, retryable: bool) -> None:
        error = {"type": "error", "error": {"type": kind, "message": "Sorry."}}
        result = read(*HELLO[:3], error)
        assert result.error is not None
        assert (result.status, result.error.kind, result.error.retryable) == ("failed", expected, retryable)
        assert (result.text, result.error.message) == ("Hel", "Sorry.")

    def test_an_error_is_known_by_its_field_too(self) -> None:
        assert read(START, b'data: {"error": {"message": "Overloaded"}}\n\n').status == "failed"

    def test_an_error_may_be_a_string(self) -> None:
        result = read(START, b'data: {"error": "out of memory"}\n\n')
        assert result.error and result.error.message == "out of memory"

    def test_content_after_an_error_is_kept_and_the_stream_stays_failed(self) -> None:
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        result = read(*HELLO[:3], error, *HELLO[3:])
        assert (result.status, result.text) == ("failed", "Hello")

    def test_a_second_message_spliced_in_fails_the_stream(self) -> None:
        second = {"type": "message_start", "message": {"id": "msg_2"}}
        result = read(*HELLO[:3], second, opened(0, type="text", text=""), text(0, "other"), END, STOP)
        assert result.error is not None
        assert (result.status, result.error.kind, result.text) == ("failed", "protocol", "Hel")

    def test_a_repeated_start_of_the_same_message_is_a_warning(self) -> None:
        result = read(*HELLO[:3], START, *HELLO[3:])
        assert (result.status, result.text, rules(result)) == ("completed", "Hello", ["message-start-repeated"])


class TestFraming:
    def test_event_lines_may_be_missing(self) -> None:
        bare = b"".join(b"data: " + json.dumps(payload).encode() + b"\n\n" for payload in HELLO)
        assert decoded.transcript("anthropic-messages", bare).to_dict() == read(*HELLO).to_dict()

    def test_types_may_be_missing_where_there_are_event_lines(self) -> None:
        bare = b"".join(
            sse({name: value for name, value in payload.items() if name != "type"}, payload["type"])
            for payload in HELLO
        )
        assert decoded.transcript("anthropic-messages", bare).to_dict() == read(*HELLO).to_dict()

    def test_unknown_events_are_skipped_even_if_they_are_not_json(self) -> None:
        result = read(*HELLO[:3], b"event: vendor_notice\ndata: not json\n\n", {"type": "vendor"}, *HELLO[3:])
        assert (result.text, rules(result)) == ("Hello", [])

    def test_an_event_without_data_is_skipped(self) -> None:
        assert rules(read(*HELLO[:3], b"event: content_block_delta\n\n", *HELLO[3:])) == []

    def test_a_broken_frame_fails_a_stream_that_never_ends(self) -> None:
        result = read(START, b"event: content_block_delta\ndata: {broken\n\n")
        assert result.error is not None
        assert (result.status, result.error.kind, rules(result)) == ("failed", "protocol", ["frame-not-json"])

    @pytest.mark.parametrize(
        "payload",
        [
            {"type": "message_start", "message": []},
            {"type": "content_block_start", "index": [], "content_block": "x"},
            {"type": "content_block_delta", "index": {}, "delta": 7},
            {"type": "content_block_delta", "delta": {"type": "text_delta", "text": 7}},
            {"type": "message_delta", "delta": "x"},
        ],
    )
    def test_a_known_event_that_cannot_be_read_is_a_warning(self, payload: dict[str, Any]) -> None:
        assert rules(read(payload, START, END, STOP)) == ["payload-malformed"]


class TestEveryCut:
    whole = decoded.transcript("anthropic-messages", EVERYTHING)

    def test_single_bytes(self) -> None:
        assert decoded.transcript("anthropic-messages", decoded.single_bytes(EVERYTHING)) == self.whole

    def test_every_cut(self) -> None:
        for pieces in decoded.every_cut(EVERYTHING):
            assert decoded.transcript("anthropic-messages", pieces) == self.whole

    def test_every_beginning_is_truncated_and_its_calls_are_not_executable(self) -> None:
        for at in range(0, EVERYTHING.index(b"message_delta"), 7):
            result = decoded.transcript("anthropic-messages", EVERYTHING[:at])
            assert result.status == "truncated"
            assert self.whole.text.startswith(result.text)
            assert all(self.whole.tool_calls[0].arguments.startswith(call.arguments) for call in result.tool_calls)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["index", "delta", "type", "text", "message",
    "content_block", "input", "id", "usage", "error", "stop_reason"]), inner, max_size=4)), max_leaves=8)  # fmt: skip
TYPES = st.sampled_from(["message_start", "content_block_start", "content_block_delta", "content_block_stop",
    "message_delta", "message_stop", "error", "ping", "x"])  # fmt: skip
KINDS = st.sampled_from(["text", "tool_use", "thinking", "text_delta", "input_json_delta", "signature_delta"])


@settings(deadline=None)
@given(st.lists(st.builds(
    lambda kind, fields, inner: {"content_block": {"type": inner}, "delta": {"type": inner}, **fields, "type": kind},
    TYPES, st.dictionaries(st.sampled_from(["index", "delta", "content_block", "message", "usage", "error"]), JSON),
    KINDS), max_size=6))  # fmt: skip
def test_payloads_of_any_shape_never_raise(payloads: list[dict[str, Any]]) -> None:
    events = decoded.events("anthropic-messages", body(*payloads))
    assert isinstance(events[-1], End)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=5))
def test_arbitrary_bytes_never_raise(chunks: list[bytes]) -> None:
    decoder = Decoder()
    events = [event for chunk in chunks for event in decoder.feed(b"data: " + chunk)] + decoder.close()
    assert isinstance(events[-1], End)


def test_a_tool_call_is_announced_before_its_input() -> None:
    events = decoded.events("anthropic-messages", EVERYTHING)
    assert [event for event in events if isinstance(event, ToolCall)] == [
        ToolCall(0, "toolu_1", "get_weather"),
        ToolCall(0, arguments='{"city": "Os'),
        ToolCall(0, arguments='lo"}'),
    ]


@pytest.mark.parametrize("nothing", [{}, {"text": None}, {"text": ""}])
def test_a_delta_without_text_is_an_empty_one(nothing: dict[str, Any]) -> None:
    result = read(START, opened(0, type="text", text=None), delta(0, "text_delta", **nothing), text(0, "Hi"))
    assert (result.status, result.text, result.warnings) == ("truncated", "Hi", ())


WHOLE = {"id": "msg_1", "model": "claude", "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn"}


def test_a_stop_reason_may_come_with_the_start_of_the_message() -> None:
    result = read({"type": "message_start", "message": WHOLE}, STOP)
    assert (result.status, result.text, result.finish, result.warnings) == ("completed", "Hello", "stop", ())


def test_a_whole_message_in_the_place_of_a_stream_is_read() -> None:
    result = decoded.transcript("anthropic-messages", json.dumps({"type": "message", **WHOLE}, indent=1).encode())
    assert (result.status, result.text, result.finish, result.warnings) == ("completed", "Hello", "stop", ())
