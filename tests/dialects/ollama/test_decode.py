"""Ollama's chat stream, decoded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.ollama.decode import Decoder
from harness.events import End, Finish, Other, Reasoning, Start, Text, ToolCall, Usage
from harness.transcript import MADE_ID_PREFIX, Transcript

from ..decoded import events, every_cut, single_bytes, transcript


def line(message: Any = None, done: Any = False, **more: Any) -> dict[str, Any]:
    return {"model": "m", "message": {"role": "assistant", "content": "", **(message or {})}, "done": done, **more}


def ndjson(*records: Any) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def read(*records: Any) -> Transcript:
    return transcript("ollama", ndjson(*records))


def call(name: str = "f", arguments: Any = None, **more: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments if arguments is not None else {}}, **more}


def rules(result: Transcript) -> list[str]:
    return [warning.rule for warning in result.warnings]


END = line(done=True, done_reason="stop", prompt_eval_count=9, eval_count=4)


def test_a_record_gives_its_events_at_once() -> None:
    decoder = Decoder()
    assert decoder.feed(ndjson(line({"thinking": "hm"}))) == [Start(None, "m"), Reasoning("hm")]
    assert decoder.feed(ndjson(line({"content": "Hé", "thinking": ""}))) == [Text("Hé")]
    assert decoder.feed(ndjson(END)) == [Usage(9, 4), Finish("stop", "stop")]
    assert decoder.close() == [End("completed")]


@pytest.mark.parametrize(
    ("raw", "reason"), [("stop", "stop"), ("length", "length"), ("load", "other"), ("unload", "other"), ("x", "other")]
)
def test_done_reasons(raw: str, reason: str) -> None:
    result = read(line({"content": "a"}), line(done=True, done_reason=raw))
    assert (result.status, result.finish, result.finish_raw) == ("completed", reason, raw)


def test_calls_come_from_all_records_and_the_last_too() -> None:
    result = read(
        line({"tool_calls": [call("f", {"city": "Zürich"}), call("g", id="given")]}),
        line({"tool_calls": [call("h", {"n": [1, 2.5, None]})]}, done=True, done_reason="stop"),
    )
    assert [(one.id, one.name, one.arguments) for one in result.tool_calls] == [
        (f"{MADE_ID_PREFIX}0", "f", '{"city":"Zürich"}'),
        ("given", "g", "{}"),
        (f"{MADE_ID_PREFIX}2", "h", '{"n":[1,2.5,null]}'),
    ]
    assert (result.finish, result.finish_raw) == ("tool_calls", "stop")


def test_each_element_is_a_call_of_its_own_whatever_index_it_names() -> None:
    indexed = [{"function": {"index": 0, "name": name, "arguments": {}}} for name in ("f", "g")]
    assert [one.name for one in read(line({"tool_calls": indexed}), END).tool_calls] == ["f", "g"]


def test_a_length_stop_is_not_hidden_by_calls() -> None:
    result = read(line({"tool_calls": [call()]}), line(done=True, done_reason="length"))
    assert result.finish == "length"


def test_arguments_may_be_a_string() -> None:
    (one,) = read(line({"tool_calls": [call("f", '{"a": 1}')]}), END).tool_calls
    assert (one.arguments, one.input) == ('{"a": 1}', {"a": 1})


def test_big_integers_in_arguments_stay_exact() -> None:
    body = b'{"message":{"tool_calls":[{"function":{"name":"f","arguments":{"n":%d}}}]}}\n'
    (one,) = transcript("ollama", body % 123456789012345678901234567890).tool_calls
    assert one.input == {"n": 123456789012345678901234567890}


@pytest.mark.parametrize("arguments", [None, "", {}])
def test_no_arguments_are_an_empty_object(arguments: Any) -> None:
    record = line({"tool_calls": [{"function": {"name": "f", "arguments": arguments}}]})
    assert read(record, END).tool_calls[0].arguments == "{}"


def test_usage_that_is_absent_is_unknown() -> None:
    assert read(line(done=True, done_reason="stop", eval_count=12)).usage == Usage(None, 12)
    assert read(line(done=True, done_reason="stop", eval_count="12")).usage == Usage()


def test_an_end_without_a_reason_is_complete_with_a_warning() -> None:
    result = read(line({"content": "a"}), line(done=True))
    assert (result.status, result.finish, rules(result)) == ("completed", None, ["done-reason-missing"])


def test_a_reason_without_an_end_is_complete_with_a_warning() -> None:
    result = read(line({"content": "."}, done_reason="stop"))
    assert (result.status, result.finish, rules(result)) == ("completed", "stop", ["done-missing"])


def test_neither_is_truncated() -> None:
    result = read(line({"content": "a"}))
    assert (result.status, result.finish, result.text) == ("truncated", None, "a")
    assert events("ollama", b"") == [End("truncated")]


def test_the_first_reason_stands_and_content_after_it_is_kept() -> None:
    result = read(
        line({"content": "a"}, done_reason="length"),
        line({"content": "b"}),
        line({"content": "c"}),
        line(done=True, done_reason="stop"),
    )
    assert (result.finish, result.text) == ("length", "abc")
    assert rules(result) == ["content-after-finish", "finish-reason-changed"]


def test_records_after_the_end_are_passed_over_with_one_warning() -> None:
    result = read(END, line({"content": "late"}), END)
    assert (result.text, rules(result)) == ("", ["frame-after-end"])


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"error": "an error was encountered while running the model"},
            "an error was encountered while running the model",
        ),
        ({"error": {"message": "words", "code": 500}}, "words"),
        ({"error": ["odd"]}, '["odd"]'),
        ({"error parsing tool call": "invalid character 'c'"}, "error parsing tool call: invalid character 'c'"),
    ],
)
def test_an_error_record_fails_the_stream(record: Any, message: str) -> None:
    result = read(line({"content": "first"}), record)
    assert (result.status, result.text) == ("failed", "first")
    assert result.error is not None
    assert result.error.message == message


def test_an_error_after_the_end_marker_is_ignored_but_one_beside_it_is_not() -> None:
    assert read(END, {"error": "late"}).status == "completed"
    assert read({**END, "error": "x"}).status == "failed"


def test_a_status_while_the_model_loads_is_evidence() -> None:
    result = read({"status": "loading model"}, line({"content": "a"}), END)
    assert (result.status, result.text, result.others) == ("completed", "a", (Other("status", "loading model"),))
    assert result.warnings == ()


def test_logprobs_and_images_are_evidence() -> None:
    logprobs = [{"token": "a", "logprob": -0.1}]
    result = read(line({"content": "a", "images": ["aGk="]}, logprobs=logprobs), END)
    assert result.others == (Other("images", ["aGk="]), Other("logprobs", logprobs))


def test_generated_text_counts_as_text() -> None:
    assert read({"model": "m", "response": "Hi", "done": False}, {"done": True, "done_reason": "stop"}).text == "Hi"


def test_blank_lines_are_skipped() -> None:
    body = b"\n\r\n" + ndjson(line({"content": "a"})) + b"\n  \n" + ndjson(END) + b"\n"
    result = transcript("ollama", body)
    assert (result.status, result.text, result.warnings) == ("completed", "a", ())


def test_a_last_line_without_its_newline_counts_if_it_is_whole() -> None:
    body = ndjson(line({"content": "a"}), END)[:-1]
    assert (transcript("ollama", body).status, rules(transcript("ollama", body))) == (
        "completed",
        ["last-frame-unterminated"],
    )
    assert transcript("ollama", body[:-1]).status == "truncated"


@pytest.mark.parametrize(
    "record",
    [
        3,
        "text",
        [END],
        {"message": "text"},
        line({"content": 3}),
        line({"thinking": ["a"]}),
        line({"tool_calls": [3]}),
        line({"tool_calls": "f"}),
        line({"tool_calls": [{"function": {"arguments": {}}}]}),
    ],
)
def test_what_cannot_be_read_is_a_warning_and_a_failure_without_an_end(record: Any) -> None:
    result = read(record)
    assert (rules(result), result.status) == (["payload-malformed"], "failed")
    assert read(record, END).status == "completed"


@pytest.mark.parametrize("record", [{"model": 3}, {"done": "yes"}, {"aNewField": 1}, {"message": None}, {"error": ""}])
def test_odd_types_at_the_edges_are_passed_over(record: Any) -> None:
    result = read(record, line({"content": "a"}), END)
    assert (result.status, result.text, result.warnings) == ("completed", "a", ())


def test_a_line_that_is_no_json_is_a_warning() -> None:
    result = transcript("ollama", b"oops\n" + ndjson(line({"content": "a"}), END))
    assert (result.status, result.text, rules(result)) == ("completed", "a", ["frame-not-json"])


def test_deep_nesting_never_raises() -> None:
    for depth in (100, 900, 990, 5000, 100_000):
        arguments = '{"a":' * depth + "1" + "}" * depth
        body = '{"message":{"tool_calls":[{"function":{"name":"f","arguments":' + arguments + "}}]}}\n"
        assert events("ollama", body.encode())[-1] != End("completed")


WIRE = ndjson(
    line({"thinking": "Thinking…"}),
    line({"content": "Hé"}),
    line({"tool_calls": [call("f", {"a": "✓"})]}),
    END,
)


@pytest.mark.parametrize("body", [WIRE, WIRE.replace(b"\n", b"\r\n"), WIRE[:-1], ndjson({"error": "é"})])
def test_any_cut_gives_the_same_transcript(body: bytes) -> None:
    whole = transcript("ollama", body)
    assert transcript("ollama", single_bytes(body)) == whole
    assert all(transcript("ollama", pieces) == whole for pieces in every_cut(body))


def test_a_stream_cut_before_its_end_is_never_completed() -> None:
    for end in range(len(WIRE) - 1):
        assert transcript("ollama", WIRE[:end]).status == "truncated"


def test_tool_call_events_are_whole() -> None:
    seen = events("ollama", ndjson(line({"tool_calls": [call("f", {"a": 1}, id="x")]})))
    assert seen[1] == ToolCall(0, "x", "f", '{"a":1}')
