"""The fold of events into a transcript: what stands, what is kept, and what is made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.events import (
    AnyEvent,
    End,
    ErrorInfo,
    Failure,
    Finish,
    Other,
    Reasoning,
    Refusal,
    Retry,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.transcript import (
    MADE_ID_PREFIX,
    Assembler,
    Part,
    Transcript,
    fold,
    mend_surrogates,
    merge_usage,
    parse_arguments,
)


def folded(*events: AnyEvent) -> Transcript:
    return fold("openai-chat", events)


def test_an_empty_stream_is_truncated_and_says_nothing() -> None:
    assert folded().to_dict() == {
        "dialect": "openai-chat",
        "status": "truncated",
        "finish": None,
        "finish_raw": None,
        "text": "",
        "reasoning": "",
        "refusal": None,
        "tool_calls": [],
        "usage": {
            "input_tokens": None,
            "output_tokens": None,
            "reasoning_tokens": None,
            "cache_read_tokens": None,
            "cache_write_tokens": None,
        },
        "error": None,
        "id": None,
        "model": None,
        "other_choices": [],
        "warnings": [],
    }


def test_a_whole_answer_has_every_field_of_the_json_form() -> None:
    transcript = folded(
        Start("resp-1", "test-model"),
        Reasoning("Think"),
        Text("Hel"),
        Text("lo"),
        Refusal("no"),
        ToolCall(0, "call_1", "get_weather", '{"city":'),
        ToolCall(0, arguments=' "Oslo"}'),
        Warning("sse-done-missing", "no [DONE]", 812),
        Usage(9, 4),
        Finish("tool_calls", "tool_calls"),
        Failure(ErrorInfo("server", "boom", 500, "internal", True, 1.5)),
        End("failed"),
    )
    assert transcript.to_dict() == {
        "dialect": "openai-chat",
        "status": "failed",
        "finish": "tool_calls",
        "finish_raw": "tool_calls",
        "text": "Hello",
        "reasoning": "Think",
        "refusal": "no",
        "tool_calls": [
            {"id": "call_1", "name": "get_weather", "arguments": '{"city": "Oslo"}', "input": {"city": "Oslo"}}
        ],
        "usage": {
            "input_tokens": 9,
            "output_tokens": 4,
            "reasoning_tokens": None,
            "cache_read_tokens": None,
            "cache_write_tokens": None,
        },
        "error": {
            "kind": "server",
            "message": "boom",
            "status": 500,
            "code": "internal",
            "retryable": True,
            "retry_after_s": 1.5,
        },
        "id": "resp-1",
        "model": "test-model",
        "other_choices": [],
        "warnings": [{"rule": "sse-done-missing", "offset": 812, "message": "no [DONE]"}],
    }


def test_a_stream_without_an_end_is_truncated_even_after_its_stop_reason() -> None:
    assert folded(Text("a"), Finish("stop")).status == "truncated"


def test_a_stream_without_an_end_that_failed_is_failed() -> None:
    assert folded(Text("a"), Failure(ErrorInfo("server", "boom"))).status == "failed"


def test_the_end_says_the_status_whatever_came_before() -> None:
    assert folded(Failure(ErrorInfo("server", "boom")), End("cancelled")).status == "cancelled"


def test_the_first_stop_reason_stands() -> None:
    transcript = folded(Finish("tool_calls", "tool_calls"), Finish("stop", "stop"))
    assert (transcript.finish, transcript.finish_raw) == ("tool_calls", "tool_calls")


def test_the_first_error_stands() -> None:
    transcript = folded(Failure(ErrorInfo("rate_limit", "first")), Failure(ErrorInfo("server", "second")))
    assert transcript.error is not None
    assert transcript.error.message == "first"


def test_content_after_the_stop_reason_an_error_and_the_end_is_kept() -> None:
    transcript = folded(
        Text("a"), Finish("stop"), Text("b"), Failure(ErrorInfo("server", "x")), Text("c"), End("failed"), Text("d")
    )
    assert transcript.text == "abcd"


def test_the_id_and_model_first_given_stand_and_may_come_apart() -> None:
    transcript = folded(Start(None, "m1"), Start("r1", None), Start("r2", "m2"))
    assert (transcript.id, transcript.model) == ("r1", "m1")


def test_a_retry_leaves_the_answer_alone() -> None:
    assert folded(Retry(2, 3, 0.5, "429"), Text("a")) == folded(Text("a"))


def test_other_events_are_kept_as_evidence_in_order() -> None:
    transcript = folded(Other("citation", {"url": "u"}), Text("a"), Other("image"))
    assert transcript.others == (Other("citation", {"url": "u"}), Other("image"))


def test_empty_deltas_make_no_parts() -> None:
    assert folded(Text(""), Reasoning(""), Refusal(""), Text("x")).parts == (Part("text", "x"),)


@pytest.mark.parametrize("delta", ["0", " ", "\n", "\x00"])
def test_a_delta_that_only_looks_empty_is_content(delta: str) -> None:
    assert folded(Text(delta)).text == delta


def test_parts_keep_the_order_and_join_what_is_of_one_kind() -> None:
    signature = Signature("c2ln")
    transcript = folded(
        Reasoning("a"),
        Reasoning("b"),
        signature,
        Text("c"),
        ToolCall(0, "x", "f", "{"),
        Text("d"),
        ToolCall(0, arguments="}"),
        Text("e"),
        Reasoning("f"),
    )
    assert transcript.parts == (
        Part("reasoning", "ab"),
        Part("signature", signature=signature),
        Part("text", "c"),
        Part("tool_call", call=0),
        Part("text", "de"),
        Part("reasoning", "f"),
    )
    assert transcript.text == "cde"
    assert transcript.reasoning == "abf"


def test_interleaved_fragments_of_two_calls_are_told_apart_by_index() -> None:
    transcript = folded(
        ToolCall(0, "a", "f", '{"x"'),
        ToolCall(1, "b", "g", '{"y"'),
        ToolCall(0, arguments=":1}"),
        ToolCall(1, arguments=":2}"),
    )
    assert [(call.id, call.name, call.input) for call in transcript.tool_calls] == [
        ("a", "f", {"x": 1}),
        ("b", "g", {"y": 2}),
    ]


def test_a_late_id_and_a_longer_name_are_taken_and_a_second_id_is_not() -> None:
    transcript = folded(
        ToolCall(0, None, "get"), ToolCall(0, "a", "get_weather"), ToolCall(0, "b", None, "{}"), ToolCall(0, "", "")
    )
    assert [(call.id, call.name) for call in transcript.tool_calls] == [("a", "get_weather")]


def test_calls_stand_in_order_of_appearance_even_with_sparse_indices() -> None:
    transcript = folded(ToolCall(7, "a", "f"), ToolCall(2, "b", "g"))
    assert [call.id for call in transcript.tool_calls] == ["a", "b"]
    assert [part.call for part in transcript.parts] == [0, 1]


def test_a_call_whose_arguments_are_cut_off_is_kept_and_not_executable() -> None:
    (call,) = folded(ToolCall(0, "a", "f", '{"x": 1')).tool_calls
    assert (call.arguments, call.input) == ('{"x": 1', None)


def test_missing_and_repeated_ids_are_made_and_said_so() -> None:
    transcript = folded(ToolCall(0, None, "f"), ToolCall(1, "x", "g"), ToolCall(2, "x", "h"))
    assert [call.id for call in transcript.tool_calls] == [f"{MADE_ID_PREFIX}0", "x", f"{MADE_ID_PREFIX}2"]
    assert [warning.rule for warning in transcript.warnings] == ["tool-call-id-made", "tool-call-id-made"]
    assert "has no id" in transcript.warnings[0].message
    assert "repeats the id 'x'" in transcript.warnings[1].message


def test_a_made_id_never_takes_a_given_one() -> None:
    transcript = folded(ToolCall(0, None, "f"), ToolCall(1, f"{MADE_ID_PREFIX}0", "g"))
    assert [call.id for call in transcript.tool_calls] == [f"{MADE_ID_PREFIX}1", f"{MADE_ID_PREFIX}0"]


def test_made_ids_are_unique_across_the_choices() -> None:
    transcript = folded(ToolCall(0, None, "f"), ToolCall(0, None, "g", choice=1))
    (other,) = transcript.other_choices
    assert transcript.tool_calls[0].id != other.tool_calls[0].id


def test_the_lowest_choice_is_the_main_one_and_the_others_follow() -> None:
    transcript = folded(
        Text("c", choice=5), Text("b", choice=2), Finish("length", "length", choice=5), Text("d", choice=5)
    )
    assert transcript.text == "b"
    assert [choice.to_dict() for choice in transcript.other_choices] == [
        {
            "index": 5,
            "finish": "length",
            "finish_raw": "length",
            "text": "cd",
            "reasoning": "",
            "refusal": None,
            "tool_calls": [],
        }
    ]


def test_usage_is_cumulative() -> None:
    first = merge_usage(Usage(), Usage(10, 1, cache_read_tokens=0))
    second = merge_usage(first, Usage(0, 4, reasoning_tokens=2))
    assert second == Usage(10, 4, 2, 0, None)


def test_a_smaller_last_count_replaces_a_larger_one() -> None:
    assert merge_usage(Usage(output_tokens=9), Usage(output_tokens=7)).output_tokens == 7


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ("{}", {}),
        (' {"a": 1} ', {"a": 1}),
        ('{"n": 123456789012345678901234567890}', {"n": 123456789012345678901234567890}),
        ('{"s": "\\ud83d\\ude00"}', {"s": "😀"}),
        ('{"s": ["\\ud83d"]}', {"s": ["\N{REPLACEMENT CHARACTER}"]}),
        ("", None),
        ("null", None),
        ("[1]", None),
        ('"{}"', None),
        ('{"a": NaN}', None),
        ('{"a": -Infinity}', None),
        ('{"a": 1}{"b": 2}', None),
        ('{"a": 1', None),
        ("[" * 100_000, None),
        ('{"a": "\ud83d"}', {"a": "\ud83d"}),
    ],
)
def test_arguments_are_an_object_or_nothing(arguments: str, value: dict[str, Any] | None) -> None:
    assert parse_arguments(arguments) == value


def test_a_surrogate_pair_that_two_deltas_share_is_joined() -> None:
    assert folded(Text("a\ud83d"), Text("\ude00b")).text == "a😀b"


@pytest.mark.parametrize("half", ["\ud83d", "\ude00"])
def test_a_lone_surrogate_becomes_the_replacement_character_everywhere(half: str) -> None:
    transcript = folded(
        Start(half, half),
        Text(half),
        Reasoning(half),
        Refusal(half),
        ToolCall(0, half, half, half),
        Finish("other", half),
        Failure(ErrorInfo("unknown", half, code=half)),
    )
    said = json.dumps(transcript.to_dict(), ensure_ascii=False)
    assert said.encode().count("\N{REPLACEMENT CHARACTER}".encode()) == 11


@given(st.text())
def test_text_that_can_be_encoded_is_never_changed(text: str) -> None:
    assert mend_surrogates(text) == text


@given(st.text())
def test_mended_text_can_always_be_encoded(text: str) -> None:
    assert mend_surrogates(text + "\udc80" + text).encode() == f"{text}\N{REPLACEMENT CHARACTER}{text}".encode()


EVENTS = st.lists(
    st.one_of(
        st.builds(Text, st.text(max_size=3), st.integers(0, 2)),
        st.builds(Reasoning, st.text(max_size=3), st.integers(0, 2)),
        st.builds(Signature, st.text(max_size=3), choice=st.integers(0, 2)),
        st.builds(
            ToolCall,
            st.integers(0, 3),
            st.sampled_from([None, "", "a", "b", f"{MADE_ID_PREFIX}0"]),
            st.sampled_from([None, "f"]),
            st.sampled_from(["", "{", "}"]),
            st.integers(0, 2),
        ),
        st.builds(Usage, st.none() | st.integers(0, 9), st.none() | st.integers(0, 9)),
        st.builds(Finish, st.sampled_from(["stop", "length"]), choice=st.integers(0, 2)),
    ),
    max_size=12,
)


@given(EVENTS, st.integers(0, 12))
def test_feeding_in_pieces_gives_the_same_transcript(events: list[AnyEvent], cut: int) -> None:
    assembler = Assembler("gemini")
    assembler.feed(events[:cut])
    assembler.feed(iter(events[cut:]))
    assert assembler.close() == fold("gemini", events)


@given(EVENTS)
def test_ids_are_unique_in_every_choice_and_the_parts_amount_to_the_text(events: list[AnyEvent]) -> None:
    transcript = fold("gemini", events)
    for choice in (transcript.choice, *transcript.other_choices):
        ids = [call.id for call in choice.tool_calls]
        assert len(set(ids)) == len(ids)
        assert all(ids)
        assert "".join(part.text for part in choice.parts if part.kind == "text") == choice.text
        assert [part.call for part in choice.parts if part.kind == "tool_call"] == list(range(len(ids)))


@given(EVENTS)
def test_closing_twice_gives_the_same_transcript(events: list[AnyEvent]) -> None:
    assembler = Assembler("gemini")
    assembler.feed(events)
    assert assembler.close() == assembler.close()
