"""`harness decode`: a transcript for people, and the JSON form."""

from __future__ import annotations

import json
import random

import pytest

from tests.cli.conftest import CHAT_STREAM, Harness

TOOL_STREAM = b"".join(
    b"data: " + json.dumps(chunk).encode() + b"\n\n"
    for chunk in (
        {"id": "r1", "model": "m", "choices": [{"index": 0, "delta": {"reasoning_content": "Hm."}}]},
        {"choices": [{"index": 0, "delta": {"content": "Look: "}}]},
        {
            "choices": [
                {
                    "index": 0,
                    "delta": {
                        "tool_calls": [
                            {"index": 0, "id": "call_1", "function": {"name": "get_weather", "arguments": '{"city": '}}
                        ]
                    },
                }
            ]
        },
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '"Oslo"}'}}]}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}},
    )
)
"""Reasoning, text, a call and usage; the end marker is missing."""

TRANSCRIPT = {
    "dialect": "openai-chat",
    "status": "completed",
    "finish": "tool_calls",
    "finish_raw": "tool_calls",
    "text": "Look: ",
    "reasoning": "Hm.",
    "refusal": None,
    "tool_calls": [
        {"id": "call_1", "name": "get_weather", "arguments": '{"city": "Oslo"}', "input": {"city": "Oslo"}},
    ],
    "usage": {
        "input_tokens": 9,
        "output_tokens": 4,
        "reasoning_tokens": None,
        "cache_read_tokens": None,
        "cache_write_tokens": None,
    },
    "error": None,
    "id": "r1",
    "model": "m",
    "other_choices": [],
    "warnings": [
        {
            "rule": "sse-done-missing",
            "offset": len(TOOL_STREAM),
            "message": "the stream ends without [DONE]",
        }
    ],
}


def test_the_json_form_has_every_key_in_its_place(harness: Harness) -> None:
    harness.write("answer.sse", TOOL_STREAM)
    ran = harness("decode", "answer.sse", "--dialect", "openai-chat", "--json")
    assert ran.err == ""
    assert ran.out == json.dumps(TRANSCRIPT, indent=2) + "\n"


def test_what_is_not_known_is_null_and_not_left_out(harness: Harness) -> None:
    said = json.loads(harness("decode", "-", "-d", "openai-chat", "--json", stdin=b"").out)
    assert list(said) == list(TRANSCRIPT)
    assert list(said["usage"]) == list(TRANSCRIPT["usage"])  # type: ignore[call-overload]
    assert {key: said[key] for key in ("status", "finish", "error", "id", "model")} == {
        "status": "truncated",
        "finish": None,
        "error": None,
        "id": None,
        "model": None,
    }


def test_an_error_has_the_keys_of_an_error(harness: Harness) -> None:
    body = b'data: {"error": {"message": "Slow down", "type": "rate_limit_error", "code": "rate_limit_exceeded"}}\n\n'
    said = json.loads(harness("decode", "-", "-d", "openai-chat", "--json", stdin=body).out)
    assert said["status"] == "failed"
    assert said["error"] == {
        "kind": "rate_limit",
        "status": None,
        "code": "rate_limit_exceeded",
        "message": "Slow down",
        "retryable": True,
        "retry_after_s": None,
    }
    assert list(said["error"]) == ["kind", "status", "code", "message", "retryable", "retry_after_s"]


def test_people_see_what_is_there_and_nothing_else(harness: Harness) -> None:
    ran = harness("decode", "-", "-d", "openai-chat", stdin=TOOL_STREAM)
    assert ran.out == (
        "dialect:     openai-chat\n"
        "status:      completed\n"
        "finish:      tool_calls\n"
        "finish_raw:  tool_calls\n"
        "text:        Look: \n"
        "reasoning:   Hm.\n"
        'tool call:   get_weather({"city": "Oslo"})  id call_1\n'
        "usage:       input_tokens 9, output_tokens 4\n"
        "id:          r1\n"
        "model:       m\n"
        f"warning:     sse-done-missing: the stream ends without [DONE] (byte {len(TOOL_STREAM)})\n"
    )


def test_a_file_and_standard_input_read_alike(harness: Harness) -> None:
    harness.write("answer.sse", CHAT_STREAM)
    from_file = harness("decode", "answer.sse", "-d", "openai-chat", "--json")
    assert harness("decode", "-", "-d", "openai-chat", "--json", stdin=CHAT_STREAM) == from_file
    assert json.loads(from_file.out)["text"] == "Hello"


def test_think_tags_are_text_unless_asked_for(harness: Harness) -> None:
    body = CHAT_STREAM.replace(b'"Hel"', b'"<think>So</think>Hel"')
    plain = json.loads(harness("decode", "-", "-d", "openai-chat", "--json", stdin=body).out)
    asked = json.loads(harness("decode", "-", "-d", "openai-chat", "--json", "--think-tags", stdin=body).out)
    assert (plain["text"], plain["reasoning"]) == ("<think>So</think>Hello", "")
    assert (asked["text"], asked["reasoning"]) == ("Hello", "So")


def test_text_in_any_script_comes_out_as_it_is(harness: Harness) -> None:
    body = CHAT_STREAM.replace(b"Hel", "Ω≈🌍 ".encode()).replace(b'"lo"', b'"\\ud83c\\udf0d\\ud83d"')
    said = harness("decode", "-", "-d", "openai-chat", stdin=body, env={"PYTHONIOENCODING": "utf-8"}).out
    assert "text:        Ω≈🌍 🌍\ufffd\n" in said


def test_a_terminal_without_those_letters_breaks_nothing(harness: Harness) -> None:
    body = CHAT_STREAM.replace(b"Hel", "Ω≈🌍 ".encode())
    for form in ([], ["--json"]):
        ran = harness("decode", "-", "-d", "openai-chat", *form, stdin=body, env={"PYTHONIOENCODING": "ascii"})
        assert "text" in ran.out and "lo" in ran.out and ran.err == ""


@pytest.mark.parametrize("dialect", ["anthropic-messages", "gemini", "ollama", "openai-chat", "openai-responses"])
def test_garbage_is_a_stream_that_was_cut_off(harness: Harness, dialect: str) -> None:
    garbage = random.Random(7).randbytes(200_000)
    said = json.loads(harness("decode", "-", "-d", dialect, "--json", stdin=garbage).out)
    assert said["status"] in ("truncated", "failed")
    assert said["text"] == ""


def test_an_unknown_dialect_is_told_which_there_are(harness: Harness) -> None:
    harness.write("answer.sse", CHAT_STREAM)
    assert harness("decode", "answer.sse", "-d", "openai", status=2).error == (
        "unknown dialect 'openai'; the dialects are "
        "ai-sdk-ui, anthropic-messages, gemini, ollama, openai-chat, openai-responses; did you mean 'openai-chat'?"
    )


def test_a_file_that_is_not_there_is_named(harness: Harness) -> None:
    assert harness("decode", "nowhere.sse", "-d", "gemini", status=2).error == "nowhere.sse: No such file or directory"
    assert harness("decode", ".", "-d", "gemini", status=2).error == ".: Is a directory"
