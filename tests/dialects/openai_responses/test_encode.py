"""Encoding: the vendor's order of events, accepted by the vendor's SDK, and read back as it was meant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dialects.openai_responses.encode import Encoder
from harness.events import (
    AnyEvent,
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

from ..decoded import encoded, transcript
from .sdk import accumulated, event_types, openai, read

NAME = "openai-responses"

ANSWER: list[AnyEvent] = [
    Start("resp_1", "gpt"),
    Reasoning("Hm", summary=True),
    Signature("ENC", "encrypted"),
    Text("Hel"),
    Text("lo 🙂"),
    ToolCall(0, "call_1", "f"),
    ToolCall(0, arguments='{"a"'),
    ToolCall(0, arguments=":1}"),
    ToolCall(1, "call_2", "g", "{}"),
    Usage(9, 4, 2, 3, 1),
    Finish("tool_calls"),
]

CALLED = Finish("tool_calls")


def payloads(*events: AnyEvent) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in encoded(NAME, events).splitlines() if line.startswith(b"data: ")]


def losses(*events: AnyEvent) -> list[str]:
    encoder = Encoder()
    for event in events:
        encoder.feed(event)
    encoder.close()
    return [loss.what for loss in encoder.losses]


def test_the_order_is_the_vendors() -> None:
    arguments = "response.function_call_arguments"
    assert event_types(encoded(NAME, ANSWER)) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.output_item.added",
        *[f"{arguments}.delta", f"{arguments}.delta", f"{arguments}.done"],
        "response.output_item.done",
        "response.output_item.added",
        *[f"{arguments}.delta", f"{arguments}.done"],
        "response.output_item.done",
        "response.completed",
    ]


def test_sequence_numbers_count_every_event() -> None:
    numbers = [payload["sequence_number"] for payload in payloads(*ANSWER)]
    assert numbers == list(range(len(numbers)))


def test_frames_name_their_events() -> None:
    assert encoded(NAME, [Text("x")]).startswith(b'event: response.created\ndata: {"type":"response.created",')


def test_the_sdk_reads_what_was_meant() -> None:
    body = encoded(NAME, ANSWER)
    reading = accumulated(body)
    assert reading == read(body)
    assert (reading.text, reading.reasoning, reading.ended) == ("Hello 🙂", "Hm", "completed")
    assert reading.calls == [("call_1", "f", '{"a":1}'), ("call_2", "g", "{}")]
    assert reading.usage == {
        "input_tokens": 9,
        "output_tokens": 4,
        "reasoning_tokens": 2,
        "cache_read_tokens": 3,
        "cache_write_tokens": 1,
    }


def test_our_decoder_reads_what_was_meant() -> None:
    result = transcript(NAME, encoded(NAME, ANSWER))
    assert (result.status, result.finish, result.text, result.id) == ("completed", "tool_calls", "Hello 🙂", "resp_1")
    assert [part.kind for part in result.parts] == ["reasoning", "signature", "text", "tool_call", "tool_call"]
    assert (result.usage, result.warnings) == (Usage(9, 4, 2, 3, 1), ())


def test_the_first_text_gives_frames_at_once() -> None:
    encoder = Encoder()
    assert len(encoder.feed(Start("resp_1", "gpt"))) == 2
    assert len(encoder.feed(Text("a"))) == 3
    assert len(encoder.feed(Text("b"))) == 1


def test_the_stream_opens_by_itself() -> None:
    response = payloads(Text("x"))[0]["response"]
    assert (response["id"], response["model"]) == ("resp_harness", "test-model")


@pytest.mark.parametrize(
    "content", [[], [Text("Sure.")], [ToolCall(0, "call_1", "f", "{}")]], ids=["nothing", "text", "call"]
)
def test_a_refusal_without_words_is_told_as_a_filter(content: list[AnyEvent]) -> None:
    last = payloads(*content, Finish("refusal"))[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": "content_filter"}


def test_a_refusal_in_words_is_a_completed_response() -> None:
    assert payloads(Refusal("No."), Finish("refusal"))[-1]["type"] == "response.completed"


def test_text_and_refusal_are_parts_of_one_message() -> None:
    body = encoded(NAME, [Text("Well."), Refusal("No."), Finish("stop")])
    assert (accumulated(body).text, accumulated(body).refusal) == ("Well.", "No.")
    final = payloads(Text("Well."), Refusal("No."), Finish("stop"))[-1]["response"]["output"]
    assert [part["type"] for part in final[0]["content"]] == ["output_text", "refusal"]


def test_reasoning_text_and_summary() -> None:
    events = [Reasoning("Long."), Reasoning("Short.", summary=True), Text("x"), Finish("stop")]
    (reasoning, _) = payloads(*events)[-1]["response"]["output"]
    assert (reasoning["content"][0]["text"], reasoning["summary"][0]["text"]) == ("Long.", "Short.")
    assert transcript(NAME, encoded(NAME, events)).reasoning == "Long.Short."


def test_interleaved_calls_stay_open_side_by_side() -> None:
    events = [
        ToolCall(0, "a", "f"),
        ToolCall(1, "b", "g"),
        ToolCall(0, arguments='{"x"'),
        ToolCall(1, arguments='{"y"'),
        ToolCall(0, arguments=":1}"),
        ToolCall(1, arguments=":2}"),
        Finish("tool_calls"),
    ]
    assert accumulated(encoded(NAME, events)).calls == [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')]
    assert losses(*events) == []


def test_a_call_waits_for_its_name() -> None:
    events = [ToolCall(0, arguments='{"x"'), ToolCall(0, "a", "f"), ToolCall(0, arguments=":1}"), Finish("tool_calls")]
    assert accumulated(encoded(NAME, events)).calls == [("a", "f", '{"x":1}')]


def test_encrypted_reasoning_keeps_its_id_where_it_has_no_words() -> None:
    events = [Signature("ENC", "encrypted", id="rs_1"), Text("x"), Finish("stop")]
    assert Signature("ENC", "encrypted", id="rs_1") in [
        part.signature for part in transcript(NAME, encoded(NAME, events)).parts
    ]
    assert losses(*events) == []


@pytest.mark.parametrize(
    ("finish", "event", "reason"),
    [
        (Finish("stop"), "response.completed", None),
        (Finish("length"), "response.incomplete", "max_output_tokens"),
        (Finish("content_filter"), "response.incomplete", "content_filter"),
        (Finish("other", "steered"), "response.incomplete", "steered"),
        (Finish("other"), "response.incomplete", None),
    ],
)
def test_stop_reasons(finish: Finish, event: str, reason: str | None) -> None:
    final = payloads(Text("x"), finish)[-1]
    assert (final["type"], (final["response"]["incomplete_details"] or {}).get("reason")) == (event, reason)
    result = transcript(NAME, encoded(NAME, [Text("x"), finish]))
    assert (result.status, result.finish, losses(Text("x"), finish)) == ("completed", finish.reason, [])


def test_an_incomplete_response_has_an_incomplete_item() -> None:
    done = [one["item"]["status"] for one in payloads(Text("x"), Finish("length")) if one["type"].endswith("item.done")]
    assert done == ["incomplete"]


@pytest.mark.parametrize(
    ("events", "lost"),
    [
        ([Text("x", choice=1), Finish("stop")], ["choices"]),
        ([Signature("x"), Finish("stop")], ["signature"]),
        ([Signature("x", "redacted"), Finish("stop")], ["signature"]),
        ([Reasoning("x"), Signature("x", "encrypted", id="rs_9"), Finish("stop")], []),
        ([Other("image", {}), Finish("stop")], ["extras"]),
        ([ToolCall(0, "a", "f"), ToolCall(0, "b"), Finish("tool_calls")], ["tool-call-id-late"]),
        ([ToolCall(0, "a", "f"), ToolCall(0, name="fg"), Finish("tool_calls")], ["tool-call-name-late"]),
        ([ToolCall(0, "a", arguments="{}"), Finish("tool_calls")], ["tool-call-name-missing"]),
        ([ToolCall(0, "a", "f", "{}"), Text("x"), ToolCall(0, arguments="}"), CALLED], ["tool-call-closed"]),
        ([Text("x"), Finish("pause")], ["finish-reason"]),
        ([Text("x"), Finish("context_overflow")], ["finish-reason"]),
        ([Text("x"), Finish("refusal")], ["finish-reason"]),
        ([Text("x"), Finish("tool_calls")], ["finish-reason"]),
        ([Text("x")], ["finish-reason"]),
        ([Refusal("No."), Finish("refusal")], []),
        ([Reasoning("x"), Refusal("No."), Finish("refusal")], []),
        ([Text("x"), Warning("x", "y"), Finish("stop")], []),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_a_loss(events: list[AnyEvent], lost: list[str]) -> None:
    assert losses(*events) == lost


def test_a_failure_ends_the_stream_as_the_vendor_does() -> None:
    body = encoded(NAME, [Text("Hel"), Failure(ErrorInfo("rate_limit", "Slow down."))])
    assert event_types(body)[-2:] == ["error", "response.failed"]
    result = transcript(NAME, body)
    assert (result.status, result.text) == ("failed", "Hel")
    assert result.error == ErrorInfo("rate_limit", "Slow down.", code="rate_limit_exceeded", retryable=True)
    with pytest.raises(openai.APIError, match="Slow down"):
        read(body)


def test_half_a_surrogate_pair_passes_through() -> None:
    body = encoded(NAME, [Text("\ud83d"), Text("\ude42"), Finish("stop")])
    assert transcript(NAME, body).text == "🙂"


EVENTS = st.one_of(
    st.builds(Text, st.text(max_size=4)),
    st.builds(Reasoning, st.text(max_size=4), summary=st.booleans()),
    st.builds(Refusal, st.text(max_size=4)),
    st.builds(Signature, st.just("s"), st.just("encrypted")),
    st.builds(ToolCall, st.integers(0, 2), st.none() | st.just("id"), st.none() | st.just("f"), st.text(max_size=3)),
    st.builds(Usage, st.integers(1, 9), st.integers(1, 9)),
    st.sampled_from([Finish("stop"), Finish("length")]),
)


@settings(deadline=None)
@given(st.lists(EVENTS, max_size=12))
def test_any_sequence_gives_events_that_the_sdk_accepts(events: list[AnyEvent]) -> None:
    body = encoded(NAME, events)
    types = event_types(body)
    assert types[0] == "response.created" and types[-1] in ("response.completed", "response.incomplete")
    assert types.count("response.output_item.added") == types.count("response.output_item.done")
    assert transcript(NAME, body).text == "".join(event.text for event in events if isinstance(event, Text))
