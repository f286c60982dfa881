"""What bodies say by the tables alone, in every dialect."""

from __future__ import annotations

import pytest

from harness.fuzz.damage.account import NEVER, Account
from harness.fuzz.damage.spec import damage_spec
from tests.fuzz.damage import bodies


def account(dialect: str, body: bytes) -> Account:
    return Account.of(damage_spec().dialects[dialect], body)


@pytest.mark.parametrize(
    ("dialect", "body", "text", "reasoning", "calls", "finished_at"),
    [
        ("openai-chat", bodies.CHAT, "One, two.", "", [], 324),
        ("openai-chat", bodies.CALL, "", "", [("call_1", "search", '{"q": "old files"}')], 480),
        ("openai-responses", bodies.RESPONSES, "One, two.", "", [], 433),
        ("anthropic-messages", bodies.MESSAGES, "", "", [("toolu_1", "search", '{"q": 1}')], 525),
        ("gemini", bodies.GEMINI, "One", "Hm.", [("", "f", '{"a": 1}')], 226),
        ("gemini", bodies.GEMINI_ARRAY, 'One } " two', "", [], 162),
        ("ollama", bodies.OLLAMA, "One, two.", "", [], 205),
    ],
)
def test_a_body_says(
    dialect: str, body: bytes, text: str, reasoning: str, calls: list[tuple[str, str, str]], finished_at: int
) -> None:
    read = account(dialect, body)
    assert (read.said("text"), read.said("reasoning"), read.finished_at()) == (text, reasoning, finished_at)
    assert [(call.id, call.name, call.arguments) for call in read.calls()] == calls


def test_frames_count_once_their_delimiter_has_come() -> None:
    read = account("openai-chat", bodies.CHAT)
    assert [read.frames_before(at) for at in (0, 95, 96, 177, 178, 340)] == [0, 0, 1, 1, 2, 5]


def test_what_was_said_by_then_and_after() -> None:
    read = account("openai-chat", bodies.CHAT)
    assert [read.said("text", number) for number in range(6)] == ["", "", "One, ", *["One, two."] * 3]
    assert [read.said("text", behind=number) for number in range(4)] == ["One, two.", "One, two.", "two.", ""]


def test_other_choices_are_told_apart() -> None:
    body = bodies.CHAT + bodies.CHAT.replace(b'"index":0', b'"index":1').removesuffix(b"data: [DONE]\n\n")
    read = account("openai-chat", body)
    assert (read.said("text"), read.choices, read.begun_at(1)) == ("One, two.", {0, 1}, 436)


def test_a_stream_without_a_stop_reason_never_finishes() -> None:
    body = bodies.CHAT[:259]
    assert (account("openai-chat", body).finished_at(), account("openai-chat", body).frames_to_finish()) == (NEVER, 3)


@pytest.mark.parametrize(
    "frame", [b'data: {"choices":[{"delta":{"content":"a', b'data: {"choices":[{"delta":{"content":"a"}}]}{}']
)
def test_a_frame_that_nobody_can_read_is_known(frame: bytes) -> None:
    read = account("openai-chat", frame + b"\n\n" + bodies.CHAT)
    assert (read.unreadable_at(5), read.unreadable_at(len(frame) + 5)) == (True, False)
    assert not read.unreadable_at(len(frame) + 2 + 335), "the end marker is no JSON, and all know it"


def test_half_a_character_at_either_end_is_not_said() -> None:
    body = bodies.CHAT.replace(b"One, ", b"One\\ud83d").replace(b"two.", b"\\ude42.")
    read = account("openai-chat", body)
    assert [read.said("text", 2), read.said("text", behind=2), read.said("text")] == ["One", ".", "One\U0001f642."]
    assert (read.splits_characters("text"), account("openai-chat", bodies.CHAT).splits_characters("text")) == (
        True,
        False,
    )


def test_calls_without_an_index_that_follow_each_other_are_calls_of_their_own_where_they_are_whole() -> None:
    line = b'{"message":{"tool_calls":[{"function":{"name":"f","arguments":{}}}]},"done":false}\n'
    assert [call.name for call in account("ollama", line + line).calls()] == ["f", "f"]


@pytest.mark.parametrize("value", ["3", '"x"', "[]", "{}", "null", "[null]", "[3]", '[{"delta": 3}]', '{"a": [{}]}'])
@pytest.mark.parametrize("dialect", damage_spec().dialects)
def test_odd_values_say_nothing(dialect: str, value: str) -> None:
    names = ("choices", "candidates", "message", "delta", "item", "content_block", "promptFeedback")
    body = "{" + ",".join(f'"{name}":{value}' for name in names) + "}\n\n"
    prefix = "" if dialect == "ollama" else "data: "
    read = account(dialect, (prefix + body).encode())
    assert (read.said("text"), read.calls(), len(read.frames)) == ("", [], 1)
