"""Gemini's stream, decoded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.gemini.decode import Decoder
from harness.events import (
    AnyEvent,
    End,
    Failure,
    Finish,
    Other,
    Reasoning,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.transcript import MADE_ID_PREFIX, Transcript

from ..decoded import events, every_cut, single_bytes, transcript


def sse(*payloads: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(payload, ensure_ascii=False).encode() + b"\r\n\r\n" for payload in payloads)


def chunk(*parts: Any, finish: Any = None, index: int | None = None, **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}}
    if finish is not None:
        candidate["finishReason"] = finish
    if index is not None:
        candidate["index"] = index
    return {"candidates": [candidate], **more}


def read(*payloads: Any) -> Transcript:
    return transcript("gemini", sse(*payloads))


def rules(result: Transcript) -> list[str]:
    return [warning.rule for warning in result.warnings]


def test_text_comes_as_deltas_and_the_reason_with_the_end_of_the_body() -> None:
    decoder = Decoder()
    first = decoder.feed(sse(chunk({"text": "Hel"}, responseId="r1", modelVersion="gemini-x")))
    assert first == [Start("r1", "gemini-x"), Text("Hel")]
    assert decoder.feed(sse(chunk({"text": "lo"}, finish="STOP", responseId="r1"))) == [Text("lo")]
    assert decoder.close() == [Finish("stop", "STOP"), End("completed")]


def test_thoughts_are_reasoning_and_only_the_flag_says_so() -> None:
    result = read(
        chunk({"text": "Let me think", "thought": True}),
        chunk({"text": "Answer", "thoughtSignature": "c2ln", "thought": False}, finish="STOP"),
    )
    assert (result.reasoning, result.text) == ("Let me think", "Answer")
    assert [part.signature for part in result.parts if part.signature] == [Signature("c2ln")]


def test_a_signature_on_an_empty_text_part_is_kept() -> None:
    (signature,) = [event for event in events("gemini", sse(chunk({"text": "", "thoughtSignature": "YQ=="}))) if
                    isinstance(event, Signature)]  # fmt: skip
    assert signature == Signature("YQ==")


@pytest.mark.parametrize("text", ["Hi", ""])
def test_a_signature_beside_a_member_that_nobody_knows_is_kept(text: str) -> None:
    result = read(chunk({"partMetadata": {"a": 1}, "text": text, "thoughtSignature": "YQ=="}, finish="STOP"))
    assert result.text == text
    assert [part.signature for part in result.parts if part.signature] == [Signature("YQ==")]


def test_a_signature_on_a_call_names_the_call() -> None:
    seen = events(
        "gemini",
        sse(chunk({"functionCall": {"name": "f"}}, {"functionCall": {"name": "g"}, "thoughtSignature": "YQ=="})),
    )
    assert Signature("YQ==", tool_index=1) in seen


def test_whole_calls_get_made_ids_that_are_unique_across_the_stream() -> None:
    result = read(
        chunk({"functionCall": {"name": "f", "args": {"city": "Zürich", "n": [1, 2.5, None]}}}),
        chunk({"functionCall": {"name": "g", "args": {}}}, {"functionCall": {"name": "h", "id": "given"}}),
        chunk({"functionCall": {"name": "i", "args": None}}, finish="STOP"),
    )
    assert [(call.id, call.name, call.arguments) for call in result.tool_calls] == [
        (f"{MADE_ID_PREFIX}0", "f", '{"city":"Zürich","n":[1,2.5,null]}'),
        (f"{MADE_ID_PREFIX}1", "g", "{}"),
        ("given", "h", "{}"),
        (f"{MADE_ID_PREFIX}2", "i", "{}"),
    ]


def test_made_ids_are_unique_across_candidates() -> None:
    result = read(
        chunk({"functionCall": {"name": "f"}}, finish="STOP", index=0),
        chunk({"functionCall": {"name": "f"}}, finish="STOP", index=1),
    )
    assert result.tool_calls[0].id != result.other_choices[0].tool_calls[0].id


def test_big_integers_in_arguments_stay_exact() -> None:
    body = b'data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"n":%d}}}]}}]}\n\n'
    (call,) = transcript("gemini", body % 123456789012345678901234567890).tool_calls
    assert call.input == {"n": 123456789012345678901234567890}


def test_a_finished_turn_with_calls_ends_in_tool_calls_and_keeps_the_raw_reason() -> None:
    result = read(chunk({"functionCall": {"name": "f"}}), chunk({"text": ""}, finish="STOP"))
    assert (result.status, result.finish, result.finish_raw) == ("completed", "tool_calls", "STOP")


@pytest.mark.parametrize("raw", ["MAX_TOKENS", "SAFETY", "MALFORMED_FUNCTION_CALL"])
def test_calls_never_hide_another_reason(raw: str) -> None:
    result = read(chunk({"functionCall": {"name": "f"}}, finish=raw))
    assert result.finish != "tool_calls"
    assert result.finish_raw == raw


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("STOP", "stop"),
        ("stop", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("SPII", "content_filter"),
        ("BLOCKLIST", "content_filter"),
        ("IMAGE_SAFETY", "content_filter"),
        ("LANGUAGE", "other"),
        ("OTHER", "other"),
        ("MALFORMED_FUNCTION_CALL", "other"),
        ("UNEXPECTED_TOOL_CALL", "other"),
        ("SOMETHING_NEW", "other"),
        (1, "stop"),
        (2, "length"),
        (3, "content_filter"),
        (6, "other"),
        (7, "content_filter"),
        (10, "other"),
        (99, "other"),
    ],
)
def test_reasons_are_names_or_numbers(raw: str | int, reason: str) -> None:
    result = read(chunk({"text": "a"}, finish=raw))
    assert (result.status, result.finish, result.finish_raw) == ("completed", reason, str(raw))


@pytest.mark.parametrize("raw", ["FINISH_REASON_UNSPECIFIED", 0, "", None])
def test_an_unspecified_reason_is_none(raw: Any) -> None:
    result = read(chunk({"text": "a"}, finish=raw))
    assert (result.status, result.finish) == ("truncated", None)


def test_the_first_reason_stands() -> None:
    result = read(chunk({"text": "a"}, finish="MAX_TOKENS"), chunk(finish="STOP"))
    assert (result.finish, rules(result)) == ("length", ["finish-reason-changed"])


def test_a_reason_on_every_chunk_is_one_reason_and_the_last_counts() -> None:
    result = read(chunk(finish="STOP"), chunk({"text": "a"}, finish="STOP"), chunk({"text": "b"}, finish="MAX_TOKENS"))
    assert (result.text, result.finish) == ("ab", "length")
    assert rules(result) == ["content-after-finish"]


def test_content_after_the_reason_is_kept_with_a_warning() -> None:
    result = read(chunk({"text": "a"}, finish="STOP"), chunk({"text": "b"}))
    assert (result.status, result.text, rules(result)) == ("completed", "ab", ["content-after-finish"])


def test_the_reason_of_a_code_execution_round_does_not_end_the_turn() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1"}}
    ran = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}
    rounds = [chunk(code, finish="STOP"), chunk(ran), chunk({"text": "one"})]
    assert read(*rounds).status == "truncated"
    result = read(*rounds, chunk({"text": "."}, finish="MAX_TOKENS"))
    assert (result.status, result.finish, result.text) == ("completed", "length", "one.")
    assert result.others == (Other("executableCode", code), Other("codeExecutionResult", ran))


def test_parts_that_are_no_text_and_no_call_are_kept_whole() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "aGk="}, "thoughtSignature": "YQ=="}
    hosted = {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "x"}}
    result = read(chunk(picture, hosted, {"someNewPart": 1}, finish="STOP"))
    assert result.others == (
        Other("inlineData", picture),
        Other("toolCall", hosted),
        Other("someNewPart", {"someNewPart": 1}),
    )
    assert result.tool_calls == ()


def test_grounding_and_citations_are_evidence() -> None:
    payload = chunk({"text": "a"}, finish="STOP")
    payload["candidates"][0] |= {"groundingMetadata": {"webSearchQueries": ["q"]}, "citationMetadata": {"x": 1}}
    assert read(payload).others == (
        Other("groundingMetadata", {"webSearchQueries": ["q"]}),
        Other("citationMetadata", {"x": 1}),
    )


def test_a_blocked_prompt_is_a_whole_answer() -> None:
    feedback = {"blockReason": "PROHIBITED_CONTENT"}
    result = read({"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 120}})
    assert (result.status, result.finish, result.finish_raw) == ("completed", "content_filter", "PROHIBITED_CONTENT")
    assert result.usage == Usage(input_tokens=120)
    assert result.others == (Other("promptFeedback", feedback),)


def test_safety_ratings_of_a_prompt_are_no_block() -> None:
    result = read({"promptFeedback": {"safetyRatings": []}}, chunk({"text": "a"}))
    assert (result.status, result.finish) == ("truncated", None)


@pytest.mark.parametrize(
    "candidate",
    [
        {"finishReason": "STOP"},
        {"content": None, "finishReason": "STOP"},
        {"content": {}, "finishReason": "STOP"},
        {"content": {"role": "model"}, "finishReason": "STOP"},
        {"content": {"parts": []}, "finishReason": "STOP"},
        {"content": {"parts": [{}]}, "finishReason": "STOP"},
    ],
)
def test_a_candidate_may_have_no_content_and_no_parts(candidate: dict[str, Any]) -> None:
    result = read(chunk({"text": "a"}), {"candidates": [candidate]})
    assert (result.status, result.text, result.warnings) == ("completed", "a", ())


def test_candidates_are_choices_and_all_must_finish() -> None:
    first = {
        "candidates": [{"content": {"parts": [{"text": "a"}]}}, {"content": {"parts": [{"text": "b"}]}, "index": 1}]
    }
    result = read(first, chunk(finish="STOP", index=0))
    assert result.status == "truncated"
    result = read(first, chunk(finish="STOP", index=0), chunk(finish="MAX_TOKENS", index=1))
    assert (result.status, result.finish, result.text) == ("completed", "stop", "a")
    assert [(choice.index, choice.text, choice.finish) for choice in result.other_choices] == [(1, "b", "length")]


def test_usage_is_as_on_the_wire_and_a_usage_only_chunk_counts() -> None:
    result = read(
        chunk({"text": "a"}, usageMetadata={"promptTokenCount": 41, "candidatesTokenCount": 1}),
        chunk({"text": "b"}, finish="STOP"),
        {
            "usageMetadata": {
                "promptTokenCount": 41,
                "candidatesTokenCount": 5,
                "thoughtsTokenCount": 343,
                "cachedContentTokenCount": 8,
                "totalTokenCount": 389,
            }
        },
    )
    assert result.usage == Usage(41, 5, 343, 8, None)
    assert result.status == "completed"


def test_usage_that_repeats_is_given_once() -> None:
    payload = chunk({"text": "a"}, usageMetadata={"promptTokenCount": 4})
    assert [event for event in events("gemini", sse(payload, payload)) if isinstance(event, Usage)] == [Usage(4)]


def test_a_stream_without_a_reason_is_truncated() -> None:
    result = read(chunk({"text": "a"}), chunk({"text": "b"}))
    assert (result.status, result.finish, result.text) == ("truncated", None, "ab")


def test_an_empty_body_is_truncated() -> None:
    assert events("gemini", b"") == [End("truncated")]
    assert events("gemini", b"\r\n \r\n") == [End("truncated")]


ERROR = {"error": {"code": 503, "message": "high demand", "status": "UNAVAILABLE"}}


@pytest.mark.parametrize(
    "tail",
    [
        sse(ERROR),
        sse([ERROR]),
        json.dumps(ERROR, indent=2).encode(),
        b"\r\n" + json.dumps([ERROR], indent=2).encode() + b"\r\n",
    ],
    ids=["object", "array", "bare", "bare-array"],
)
@pytest.mark.parametrize("finish", [None, "STOP"])
def test_an_error_in_the_stream_fails_it_and_keeps_what_came(tail: bytes, finish: str | None) -> None:
    body = sse(chunk({"text": "first half"}, finish=finish)) + tail
    result = transcript("gemini", body)
    assert (result.status, result.text) == ("failed", "first half")
    assert result.error is not None
    assert (result.error.kind, result.error.status, result.error.code) == ("overloaded", 503, "UNAVAILABLE")
    assert result.error.retryable


@pytest.mark.parametrize("wrap", [lambda error: error, lambda error: [error]])
def test_a_body_that_is_nothing_but_an_error_fails(wrap: Any) -> None:
    result = transcript("gemini", json.dumps(wrap(ERROR), indent=2).encode())
    assert result.status == "failed"
    assert result.error is not None
    assert result.error.message == "high demand"


@pytest.mark.parametrize("error", ["words", {"message": "words"}, {"message": "words", "code": "x"}])
def test_an_error_of_another_shape_fails_too(error: Any) -> None:
    result = read({"error": error})
    assert result.error is not None
    assert (result.status, result.error.message) == ("failed", "words")


ARRAY = b"""[{"candidates": [{"content": {"parts": [{"text": "Hel, ]}\\"lo"}],"role": "model"}}]}
,\r
{"candidates": [{"content": {"parts": [{"text": " \xe2\x9c\x93"}]},"finishReason": "STOP"}],
 "usageMetadata": {"promptTokenCount": 3}}
]\r\n"""


def test_a_json_array_is_read_like_sse() -> None:
    result = transcript("gemini", ARRAY)
    assert (result.status, result.text, result.finish) == ("completed", 'Hel, ]}"lo ✓', "stop")
    assert result.usage == Usage(3)
    assert result.warnings == ()


def test_an_array_element_is_given_before_the_next_one_begins() -> None:
    assert Decoder().feed(ARRAY[: ARRAY.index(b"\n,")]) == [Text('Hel, ]}"lo')]


def test_an_array_that_is_cut_is_truncated() -> None:
    result = transcript("gemini", ARRAY[: ARRAY.index(b'"finishReason')])
    assert (result.status, result.text, rules(result)) == ("truncated", 'Hel, ]}"lo', ["last-frame-cut"])


def test_an_error_as_an_array_element_fails_the_stream() -> None:
    body = b'[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},\n' + json.dumps(ERROR).encode() + b"]"
    result = transcript("gemini", body)
    assert (result.status, result.text) == ("failed", "a")


def test_objects_glued_together_in_one_payload_are_all_read() -> None:
    payloads = [chunk({"text": "a"}), chunk({"text": "b"}, finish="STOP")]
    body = b"data: " + b"".join(json.dumps(payload).encode() for payload in payloads) + b"\n\n"
    result = transcript("gemini", body)
    assert (result.status, result.text, rules(result)) == ("completed", "ab", ["frame-holds-several"])


@pytest.mark.parametrize(
    "payload",
    [
        "error text",
        {"candidates": {"content": 1}},
        {"candidates": [3]},
        chunk("text"),
        chunk({"text": 3}),
        chunk({"functionCall": "f"}),
        {"candidates": [{"content": {"parts": "text"}}]},
        {"candidates": [{"content": "text"}]},
        {"candidates": [{"finishReason": ["STOP"]}]},
        {"candidates": [{"finishReason": True}]},
        chunk({"functionCall": {"args": {}}}),
    ],
)
def test_what_cannot_be_read_is_a_warning_and_a_failure_without_an_end(payload: Any) -> None:
    result = read(payload)
    assert rules(result) == ["payload-malformed"]
    assert result.status == "failed"
    assert result.error is not None
    assert result.error.kind == "protocol"


def test_a_malformed_payload_in_a_stream_that_finishes_is_a_warning() -> None:
    result = read(chunk({"text": 3}), chunk({"text": "a"}, finish="STOP"))
    assert (result.status, result.text, rules(result)) == ("completed", "a", ["payload-malformed"])


@pytest.mark.parametrize(
    "payload",
    [
        {"usageMetadata": "many"},
        {"usageMetadata": {"promptTokenCount": "9", "candidatesTokenCount": -1}},
        {"promptFeedback": [1]},
        {"promptFeedback": {"blockReason": {"a": 1}}},
        {"responseId": 3, "modelVersion": []},
        {"error": None, "candidates": None},
        chunk({"thoughtSignature": 3}),
        chunk({"thought": True}),
        {"candidates": [{"index": "x"}]},
        {"candidates": [{"index": -1}]},
        {"aNewKindOfPayload": {"x": 1}},
    ],
)
def test_odd_types_at_the_edges_are_passed_over(payload: Any) -> None:
    result = read(payload, chunk({"text": "a"}, finish="STOP"))
    assert (result.status, result.text, result.usage) == ("completed", "a", Usage())


def test_deep_nesting_never_raises() -> None:
    for depth in (100, 900, 990, 5000, 100_000):
        args = '{"a":' * depth + "1" + "}" * depth
        body = '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":' + args + "}}]}}]}"
        assert events("gemini", f"data: {body}\n\n".encode())[-1] != End("completed")
        assert events("gemini", f"[{body}]".encode())[-1] != End("completed")


def streamed(*pieces: dict[str, Any], finish: str | None = "STOP") -> Transcript:
    calls = [chunk({"functionCall": piece}) for piece in pieces]
    return read(*calls, chunk(finish=finish) if finish else chunk())


def test_a_streamed_call_is_put_together() -> None:
    result = streamed(
        {"name": "get_weather", "willContinue": True},
        {"partialArgs": [{"jsonPath": "$.city", "stringValue": "Os", "willContinue": True}], "willContinue": True},
        {"partialArgs": [{"jsonPath": "$.city", "stringValue": "lo"}], "willContinue": True},
        {"partialArgs": [{"jsonPath": "$.days[0]", "numberValue": 2}], "willContinue": True},
        {},
        {"name": "no_arguments"},
    )
    assert [(call.name, call.arguments) for call in result.tool_calls] == [
        ("get_weather", '{"city":"Oslo","days":[2]}'),
        ("no_arguments", "{}"),
    ]
    assert (result.finish, result.warnings) == ("tool_calls", ())


@pytest.mark.parametrize("finish", ["STOP", None])
def test_a_streamed_call_that_never_ends_is_kept_and_not_executable(finish: str | None) -> None:
    result = streamed(
        {"name": "f", "willContinue": True},
        {"partialArgs": [{"jsonPath": "$.city", "stringValue": "Os"}], "willContinue": True},
        finish=finish,
    )
    assert [(call.arguments, call.input) for call in result.tool_calls] == [('{"city":"Os"', None)]
    assert rules(result) == ["tool-call-unfinished"]


def test_a_new_name_leaves_the_streamed_call_before_it_unfinished() -> None:
    result = streamed({"name": "f", "willContinue": True}, {"name": "g", "args": {"a": 1}})
    assert [(call.name, call.input) for call in result.tool_calls] == [("f", None), ("g", {"a": 1})]


def test_pieces_that_cannot_be_placed_are_a_warning() -> None:
    result = streamed(
        {"name": "f", "willContinue": True},
        {"partialArgs": [{"jsonPath": "city", "stringValue": "x"}, 3, {"jsonPath": "$.a[7]", "nullValue": "x"}]},
    )
    assert rules(result) == [*["payload-malformed"] * 3, "tool-call-unfinished"]
    assert [(call.arguments, call.input) for call in result.tool_calls] == [('{"a":[]', None)]


def test_a_streamed_call_of_which_a_piece_could_not_be_read_is_not_executable() -> None:
    begun = sse(chunk({"functionCall": {"name": "f", "willContinue": True}}))
    piece = {"partialArgs": [{"jsonPath": "$.city", "stringValue": ""}], "willContinue": True}
    rest = sse(chunk({"functionCall": piece}), chunk({"functionCall": {}}), chunk(finish="STOP"))
    result = transcript("gemini", begun + b'data: {"candidates": [{"con\n\n' + rest)
    assert [(call.name, call.arguments, call.input) for call in result.tool_calls] == [("f", '{"city":""', None)]
    assert rules(result) == ["frame-not-json", "tool-call-unfinished"]


WIRE = sse(
    chunk({"text": "Thinking…", "thought": True}, responseId="r", modelVersion="m"),
    chunk({"text": "Hé"}, {"functionCall": {"name": "f", "args": {"a": "✓"}}, "thoughtSignature": "YQ=="}),
    chunk({"text": ""}, finish="STOP", usageMetadata={"promptTokenCount": 3}),
)


@pytest.mark.parametrize(
    "body",
    [WIRE, WIRE.replace(b"\r\n", b"\n"), ARRAY, sse(chunk({"text": "a"})) + json.dumps(ERROR, indent=1).encode()],
    ids=["crlf", "lf", "array", "bare-error"],
)
def test_any_cut_gives_the_same_transcript(body: bytes) -> None:
    whole = transcript("gemini", body)
    assert transcript("gemini", single_bytes(body)) == whole
    assert all(transcript("gemini", pieces) == whole for pieces in every_cut(body))


def test_a_stream_cut_before_its_reason_is_never_completed() -> None:
    for end in range(WIRE.index(b'"STOP"')):
        assert transcript("gemini", WIRE[:end]).status == "truncated"


def test_a_frame_over_the_limit_fails_the_stream() -> None:
    decoder = Decoder()
    seen: list[AnyEvent] = decoder.feed(b"data: " + b"x" * (17 * 1024 * 1024))
    seen += decoder.close()
    assert [type(event) for event in seen] == [Failure, End]


def test_warnings_say_where() -> None:
    first = sse(chunk({"text": "a"}, finish="STOP"))
    (warning,) = [event for event in events("gemini", first + sse(chunk({"text": "b"}))) if isinstance(event, Warning)]
    assert warning.offset == len(first)


def test_reasoning_and_text_of_one_part_list_keep_their_order() -> None:
    seen = events("gemini", sse(chunk({"text": "a", "thought": True}, {"text": "b"}, {"text": "c", "thought": True})))
    assert seen[:3] == [Reasoning("a"), Text("b"), Reasoning("c")]


def test_tool_call_events_are_whole() -> None:
    seen = events("gemini", sse(chunk({"functionCall": {"name": "f", "args": {"a": 1}, "id": "x"}})))
    assert seen[0] == ToolCall(0, "x", "f", '{"a":1}')


@pytest.mark.parametrize("nothing", [None, "", []])
def test_fields_that_hold_nothing_are_no_evidence(nothing: Any) -> None:
    payload = chunk({"text": "a", "inlineData": nothing, "executableCode": nothing}, finish="STOP")
    payload["candidates"][0] |= {"groundingMetadata": nothing}
    result = read(payload, chunk({"text": "b"}))
    assert (result.status, result.text, result.others) == ("completed", "ab", ())
