"""OpenAI chat streams, decoded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.openai_chat.decode import Decoder
from harness.events import (
    End,
    ErrorInfo,
    Failure,
    Finish,
    Other,
    Reasoning,
    Refusal,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)

from ..decoded import events, every_cut, single_bytes, transcript
from .chunks import DONE, NAME, STOP, chunk, heard, read, rules, said, sse

KEYS = """choices delta index content tool_calls function name arguments id usage type finish_reason error reasoning
    reasoning_details x_groq message text thinking code"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.floats() | st.sampled_from(["", "0", "stop", "text", "error"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=4),
    max_leaves=12,
)
EMPTY_DELTAS: list[dict[str, Any]] = [
    *({}, {"content": ""}, {"content": None}, {"role": "assistant"}, {"role": ""}, {"refusal": ""}),
    *({"tool_calls": None}, {"tool_calls": []}, {"function_call": None}, {"annotations": []}),
    {"reasoning": "", "reasoning_details": []},
]


def test_text_comes_as_it_comes_and_the_end_with_the_end_marker() -> None:
    decoder = Decoder()
    first = sse(chunk({"role": "assistant", "content": "Hel"}, id="chat-1", model="m-1"))
    assert decoder.feed(first) == [Start("chat-1", "m-1"), Text("Hel")]
    assert decoder.feed(sse(chunk({"content": "lo"}, id="chat-1", model="m-1"))) == [Text("lo")]
    assert decoder.feed(sse(STOP)) == [Finish("stop", "stop")]
    assert decoder.feed(DONE) == []
    assert decoder.close() == [End("completed")]


@pytest.mark.parametrize("delta", EMPTY_DELTAS, ids=str)
def test_an_empty_delta_says_nothing(delta: dict[str, Any]) -> None:
    assert said(chunk(delta), STOP) == [Finish("stop", "stop")]


@pytest.mark.parametrize("text", ["0", " ", "\n", "null", "\u2028", "<think>"])
def test_any_other_text_is_text(text: str) -> None:
    assert said(chunk({"content": text}), STOP) == [Text(text), Finish("stop", "stop")]


@pytest.mark.parametrize("finish", [None, "", [], {}, "absent"])
def test_without_a_finish_reason_nothing_is_finished(finish: Any) -> None:
    payload = chunk({"content": "a"}, finish)
    if finish == "absent":
        del payload["choices"][0]["finish_reason"]
    assert transcript(NAME, sse(payload)).status == "truncated"


def test_a_stream_that_stops_after_its_finish_reason_is_completed_with_a_warning() -> None:
    result = transcript(NAME, sse(chunk({"content": "Hi"}), STOP))
    assert (result.status, result.finish, rules(result)) == ("completed", "stop", ["sse-done-missing"])


def test_a_stream_that_says_only_that_it_is_done_is_completed_with_a_warning() -> None:
    result = read(chunk({"content": "Hi"}))
    assert (result.status, result.finish, rules(result)) == ("completed", None, ["finish-missing"])
    assert rules(transcript(NAME, DONE)) == ["finish-missing"]


@pytest.mark.parametrize("body", [b"", b": keep-alive\n\n", sse(chunk({"content": "Hi"}))])
def test_a_stream_with_neither_is_truncated(body: bytes) -> None:
    assert transcript(NAME, body).status == "truncated"


def test_what_follows_the_end_marker_is_ignored_with_a_warning() -> None:
    result = transcript(NAME, sse(chunk({"content": "a"}), STOP) + DONE + sse(chunk({"content": "b"})) + DONE)
    assert (result.text, result.status, rules(result)) == ("a", "completed", ["frame-after-end"])


def test_a_last_end_marker_without_its_blank_line_counts() -> None:
    result = transcript(NAME, sse(chunk({"content": "a"}), STOP) + b"data: [DONE] ")
    assert (result.status, rules(result)) == ("completed", ["last-frame-unterminated"])


def test_the_first_finish_reason_stands() -> None:
    result = read(chunk({"content": "a"}), chunk(finish="tool_calls"), chunk(finish="stop"), chunk(finish="stop"))
    assert (result.finish, rules(result)) == ("tool_calls", ["finish-changed", "finish-changed"])
    assert rules(read(chunk({"content": "a"}), STOP, STOP)) == []


def test_content_after_the_finish_reason_is_kept_with_one_warning() -> None:
    result = read(chunk({"content": "a"}), STOP, chunk({"content": "b"}), chunk({"content": "c"}))
    assert (result.text, rules(result)) == ("abc", ["content-after-finish"])


def test_content_beside_the_finish_reason_is_not_after_it() -> None:
    result = read(chunk({"content": "a"}, "length"))
    assert (result.text, result.finish, rules(result)) == ("a", "length", [])


def test_choices_are_kept_apart_and_all_must_finish() -> None:
    body = sse(chunk({"content": "a"}), chunk({"content": "x"}, index=1), chunk({"content": "b"}), STOP)
    assert transcript(NAME, body).status == "truncated"
    result = transcript(NAME, body + sse(chunk(finish="length", index=1)))
    assert (result.status, result.text, result.other_choices[0].text) == ("completed", "ab", "x")
    assert result.other_choices[0].finish == "length"


@pytest.mark.parametrize("index", [None, "0", [], 1.5])
def test_a_choice_without_an_index_is_the_one_at_its_position(index: Any) -> None:
    first, second = chunk({"content": "a"}, index=index), chunk({"content": "b"}, index=index)
    both = {"choices": first["choices"] + second["choices"]}
    assert said(both) == [Text("a"), Text("b", 1)]


@pytest.mark.parametrize("choices", [[], None, "absent"])
def test_a_chunk_without_choices_is_no_end(choices: Any) -> None:
    head = {"id": "", "model": "", "choices": choices, "prompt_filter_results": [{"prompt_index": 0}]}
    if choices == "absent":
        del head["choices"]
    result = read(head, chunk({"content": "a"}, id="i", model="m"), STOP)
    assert (result.text, result.id, result.model, result.warnings) == ("a", "i", "m", ())


def test_the_first_id_and_model_stand() -> None:
    result = read(chunk({"content": "a"}, id="1"), chunk({"content": "b"}, id="2", model="m"), chunk(id="3", model="n"))
    assert (result.id, result.model) == ("1", "m")


def test_reasoning_comes_before_the_text_of_its_delta() -> None:
    assert said(chunk({"content": "a", "reasoning_content": "r"})) == [Reasoning("r"), Text("a")]


def test_refusals_are_kept_apart() -> None:
    assert said(chunk({"refusal": "I can"}), chunk({"refusal": "not."})) == [Refusal("I can"), Refusal("not.")]


def test_tool_calls_and_the_one_call_of_old() -> None:
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert said(chunk({"tool_calls": [call]})) == [ToolCall(0, "c1", "f", "{}")]
    of_old = [chunk({"function_call": {"name": "f", "arguments": ""}}), chunk({"function_call": {"arguments": "{}"}})]
    result = read(*of_old, chunk(finish="function_call"))
    (made,) = result.tool_calls
    assert (made.name, made.arguments, result.finish) == ("f", "{}", "tool_calls")


def test_a_call_in_both_forms_is_one_call() -> None:
    first, rest = {"name": "f", "arguments": "{"}, {"name": "f", "arguments": "}"}
    result = read(
        *(
            chunk(
                {"function_call": said, "tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": said}]}
            )
            for said in (first, rest)
        ),
        chunk(finish="tool_calls"),
    )
    assert [(call.id, call.name, call.arguments) for call in result.tool_calls] == [("c1", "f", "{}")]


def test_content_may_be_a_list_of_parts() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "text", "text": "m"}]},
        {"type": "thinking", "thinking": "!", "signature": "c2ln"},
        {"type": "text", "text": "An"},
        "swer",
        {"type": "refusal", "refusal": "no"},
        {"type": "reference", "reference_ids": [1]},
    ]
    assert said(chunk({"content": parts}), chunk({"content": "."})) == [
        *(Reasoning("Hmm"), Reasoning("!"), Signature("c2ln"), Text("An"), Text("swer"), Refusal("no")),
        *(Other("content_reference", parts[5]), Text(".")),
    ]


@pytest.mark.parametrize("content", [[""], [None], [{"type": "text", "text": ""}], [{"type": "thinking"}], []])
def test_empty_parts_say_nothing(content: Any) -> None:
    assert heard(chunk({"content": content}), STOP) == [Finish("stop", "stop"), End("completed")]


def test_a_number_as_content_is_text_with_a_warning() -> None:
    result = read(chunk({"content": "counter = "}), chunk({"content": 1}), chunk({"content": 0}), STOP)
    assert (result.text, rules(result)) == ("counter = 10", ["payload-malformed"] * 2)


@pytest.mark.parametrize(
    "payload",
    [
        chunk({"content": True}),
        chunk({"content": [7]}),
        chunk({"content": {"type": "text", "text": []}}),
        chunk({"refusal": {}, "x": 1} | {"refusal": ["no"]}),
        chunk({"tool_calls": {"index": 0}}),
        chunk({"tool_calls": ["f"]}),
        chunk({"tool_calls": [{"function": "f"}]}),
        chunk({"function_call": "f"}),
        chunk({"reasoning_details": ["r"]}),
        {"choices": {"index": 0}},
        {"choices": ["a"]},
        {"choices": [{"delta": "a"}]},
        chunk({"content": "a"}, usage=[1]),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_a_warning(payload: Any) -> None:
    assert "payload-malformed" in rules(read(payload, STOP))


def test_what_could_not_be_read_is_a_failure_in_a_stream_without_an_end() -> None:
    result = transcript(NAME, sse({"choices": {"index": 0}}))
    assert (result.status, result.error and result.error.kind) == ("failed", "protocol")


def test_a_whole_completion_in_the_place_of_a_stream_is_read() -> None:
    message = {"role": "assistant", "content": "Hi", "tool_calls": None}
    result = read({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
    assert (result.text, result.finish) == ("Hi", "stop")


def test_a_message_beside_deltas_is_not_read_twice() -> None:
    first = {"choices": [{"index": 0, "delta": {"content": "H"}, "message": {"content": "H"}}]}
    last = {"choices": [{"index": 0, "delta": {}, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
    assert read(first, chunk({"content": "i"}), last).text == "Hi"


def test_a_message_in_the_place_of_a_later_delta_is_not_read_either() -> None:
    last = {"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
    assert read(chunk({"content": "Hi"}), last).text == "Hi"


def test_usage_is_read_wherever_it_is() -> None:
    counts = {"prompt_tokens": 9, "completion_tokens": 4}
    expected = Usage(9, 4)
    in_choice = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": counts}]}
    for payloads in (
        [chunk(finish="stop", usage=counts)],
        [STOP, {"choices": [], "usage": counts}],
        [STOP, {"choices": [], "x_groq": {"id": "r", "usage": counts}}],
        [chunk(finish="stop", x_groq={"usage": counts}, usage=None)],
        [in_choice],
    ):
        result = read(chunk({"content": "a"}), *payloads)
        assert (result.usage, result.warnings) == (expected, ())


def test_usage_that_is_said_twice_is_given_once() -> None:
    counts = {"prompt_tokens": 9, "completion_tokens": 4}
    assert said(STOP, {"choices": [], "usage": counts, "x_groq": {"usage": counts}}) == [
        Finish("stop", "stop"),
        Usage(9, 4),
    ]


def test_running_usage_is_cumulative_and_no_end() -> None:
    running = [chunk({"content": "a"}, usage={"prompt_tokens": 9, "completion_tokens": n}) for n in (0, 1, 2)]
    result = transcript(NAME, sse(*running))
    assert (result.usage, result.status) == (Usage(9, 2), "truncated")


def test_evidence_is_kept_and_what_is_repeated_is_given_once() -> None:
    links = ["https://a.example"]
    audio = {"id": "a1", "transcript": "Hello"}
    assert said(
        chunk({"content": "a"}, citations=links),
        chunk({"content": "b"}, citations=links),
        chunk({"audio": audio, "annotations": [{"type": "url_citation"}]}),
    ) == [
        *(Text("a"), Other("citations", links), Text("b")),
        *(Other("audio", audio), Other("annotations", [{"type": "url_citation"}])),
    ]


ERROR = {"error": {"message": "rate limited", "code": "rate_limit_exceeded"}}


def test_an_error_in_the_stream_is_a_failure_and_never_a_clean_end() -> None:
    result = read(chunk({"content": "a"}), ERROR)
    assert (result.status, result.text) == ("failed", "a")
    assert result.error == ErrorInfo("rate_limit", "rate limited", None, "rate_limit_exceeded", True)


def test_what_follows_an_error_is_kept() -> None:
    result = read(chunk({"content": "a"}), ERROR, chunk({"content": "b"}, "stop", usage={"prompt_tokens": 3}))
    assert (result.status, result.text, result.usage.input_tokens) == ("failed", "ab", 3)


def test_an_error_beside_choices_is_a_failure() -> None:
    payload = chunk({"content": "b"}, "error", error={"code": 502, "message": "Provider disconnected"})
    result = read(chunk({"content": "a"}), payload)
    assert (result.text, result.finish_raw) == ("ab", "error")
    assert result.error == ErrorInfo("server", "Provider disconnected", 502, "502", True)


def test_an_error_event_is_a_failure_whatever_it_holds() -> None:
    for data in ('{"error": {"message": "no"}}', '{"message": "no"}', '"no"', "no"):
        result = transcript(NAME, f"event: error\ndata: {data}\n\n".encode() + DONE)
        assert (result.status, data, "no" in str(result.error)) == ("failed", data, True)


def test_an_error_in_plain_text_is_a_failure_in_those_words() -> None:
    result = transcript(NAME, b"data: error: engine failed\n\n")
    assert result.error is not None
    assert result.error.message == "error: engine failed"
    assert transcript(NAME, b"data: [ERROR] out of memory\n\n").status == "failed"


def test_no_error_is_no_failure() -> None:
    assert read(chunk({"content": "a"}, error=None), chunk(finish="stop", error={})).status == "completed"


def test_an_error_within_a_choice_is_the_failure() -> None:
    broken = {"index": 0, "delta": {}, "finish_reason": "error", "error": {"code": 502, "message": "Upstream died"}}
    result = read(chunk({"content": "Hel"}), {"choices": [broken]})
    assert result.error is not None
    assert (result.status, result.text, result.error.status, result.error.message) == (
        "failed",
        "Hel",
        502,
        "Upstream died",
    )


@pytest.mark.parametrize(
    ("finish", "kind"),
    [("error", "server"), ("network_error", "server"), ("insufficient_system_resource", "overloaded")],
)
def test_an_answer_that_broke_off_is_a_retryable_failure(finish: str, kind: str) -> None:
    result = read(chunk({"content": "a"}), chunk(finish=finish))
    assert result.error is not None
    assert (result.status, result.text, result.error.kind, result.error.retryable) == ("failed", "a", kind, True)


def test_a_glued_pair_of_chunks_is_named_and_does_not_hide_the_rest() -> None:
    body = b'data: {"choices": []}{"choices": []}\n\n' + sse(chunk({"content": "a"}), STOP) + DONE
    result = transcript(NAME, body)
    assert (result.text, result.status, rules(result)) == ("a", "completed", ["frame-not-json"])


def test_surrogate_halves_in_two_deltas_become_one_character() -> None:
    halves = [b'data: {"choices": [{"delta": {"content": "%b"}}]}\n\n' % half for half in (b"\\ud83d", b"\\ude00")]
    body = b"".join(halves)
    assert transcript(NAME, body + DONE).text == "\U0001f600"


FULL = (
    b"\xef\xbb\xbf: hello\r\n\r\n"
    + sse(
        chunk({"role": "assistant", "content": ""}, id="chat-1", model="m"),
        chunk({"reasoning": "Tö", "reasoning_details": [{"type": "reasoning.text", "text": "Tö", "signature": "s"}]}),
        chunk({"content": "Grüße, 日本 😀\u2028"}),
        chunk({"tool_calls": [{"index": 1, "id": "a", "function": {"name": "f", "arguments": '{"k": "\\u00e9'}}]}),
        chunk({"tool_calls": [{"index": 1, "function": {"arguments": '"}'}}]}, "tool_calls"),
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}},
    ).replace(b"\n\n", b"\r\n\r\n")
    + b"event: x\r\ndata:[DONE]\r\n\r\n"
)


def test_a_stream_is_the_same_however_it_is_cut() -> None:
    whole = transcript(NAME, FULL)
    assert (whole.status, whole.text, whole.reasoning) == ("completed", "Grüße, 日本 😀\u2028", "Tö")
    assert (whole.tool_calls[0].input, whole.warnings) == ({"k": "é"}, ())
    assert transcript(NAME, single_bytes(FULL)) == whole
    for pieces in every_cut(FULL):
        assert transcript(NAME, pieces) == whole


def test_a_stream_that_is_cut_before_its_finish_reason_is_never_completed() -> None:
    last = FULL.index(b'"tool_calls"}]}') + len(b'"tool_calls"}]}')
    for end in range(last):
        assert transcript(NAME, FULL[:end]).status == "truncated", end
    for end in range(last, len(FULL)):
        assert transcript(NAME, FULL[:end]).status == "completed", end


@given(st.lists(JSON, max_size=4))
def test_payloads_of_any_shape_are_decoded_without_raising(payloads: list[Any]) -> None:
    body = sse(*payloads)
    assert transcript(NAME, single_bytes(body)) == transcript(NAME, body)


@given(st.lists(st.sampled_from([sse(STOP), DONE, b"event: error\n", b"data: ", b"\n\n"]) | st.binary(max_size=8)))
def test_any_bytes_are_decoded_without_raising(chunks: list[bytes]) -> None:
    found = events(NAME, chunks)
    assert [one for one in found if isinstance(one, End)] == found[-1:]
    failed = any(isinstance(one, Failure) for one in found)
    assert failed == (found[-1] == End("failed"))


def test_warnings_say_where() -> None:
    first = sse(chunk({"content": "a"}), STOP)
    found = events(NAME, first + sse(chunk({"content": "b"})))
    assert Warning("content-after-finish", "choice 0 goes on after its stop reason 'stop'", len(first)) in found
