"""What OpenAI refuses of the messages of a chat completion request."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects.openai_chat.history import history_faults

USER = {"role": "user", "content": "x"}


def call(id: Any = "a", **changes: Any) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}, **changes}


def calling(*calls: Any, **changes: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls), **changes}


def result(id: Any = "a", **changes: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": "ok", **changes}


def faults(*messages: Any) -> list[tuple[str, str]]:
    return [(fault.rule, fault.where) for fault in history_faults({"messages": list(messages)})]


@pytest.mark.parametrize(
    "messages",
    [
        [USER],
        [{"role": "system", "content": "s"}, {"role": "developer", "content": "d"}, USER],
        [USER, USER, {"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}],
        [USER, {"role": "assistant", "content": ""}],
        [USER, {"role": "assistant", "content": None, "refusal": "no"}],
        [USER, calling(call("a"), call("b")), result("b"), result("a"), USER],
        [USER, calling(call(), content="Let me look.", reasoning_content="r"), result(content="")],
        [USER, calling(call("a")), result("a"), calling(call("a")), result("a")],
        [USER, calling({"id": "a", "type": "custom", "custom": {"name": "sh", "input": "ls"}}), result()],
        [
            USER,
            {"role": "assistant", "function_call": {"name": "f"}},
            {"role": "function", "name": "f", "content": None},
        ],
        [{"role": "user", "content": [{"type": "text", "text": ""}, {"type": "image_url", "image_url": {"url": "u"}}]}],
        [{"role": "user", "content": [{"type": "file", "file": {}}, {"type": "input_audio", "input_audio": {}}]}],
        [USER, calling(call()), result(content=[{"type": "text", "text": "ok"}])],
    ],
    ids=str,
)
def test_what_is_accepted(messages: list[Any]) -> None:
    assert faults(*messages) == []


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("x", ("role-unknown", "messages[0].role")),
        ({"content": "x"}, ("role-unknown", "messages[0].role")),
        ({"role": "model", "content": "x"}, ("role-unknown", "messages[0].role")),
        ({"role": [], "content": "x"}, ("role-unknown", "messages[0].role")),
        ({"role": "user"}, ("content-missing", "messages[0].content")),
        ({"role": "assistant", "content": None}, ("content-missing", "messages[0].content")),
        ({"role": "user", "content": 7}, ("content-invalid", "messages[0].content")),
        ({"role": "user", "content": []}, ("content-empty", "messages[0].content")),
        ({"role": "user", "content": ["x"]}, ("part-type-missing", "messages[0].content[0]")),
        ({"role": "user", "content": [{"text": "x"}]}, ("part-type-missing", "messages[0].content[0]")),
        ({"role": "user", "content": [{"type": "text"}]}, ("part-incomplete", "messages[0].content[0].text")),
        ({"role": "user", "content": [{"type": "text", "text": {}}]},
         ("part-incomplete", "messages[0].content[0].text")),
        ({"role": "assistant", "content": [{"type": "image_url", "image_url": {}}]},
         ("part-misplaced", "messages[0].content[0]")),
        (calling(), ("tool-calls-empty", "messages[0].tool_calls")),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_refused_of_one_message(message: Any, expected: tuple[str, str]) -> None:
    assert expected in faults(message)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (call(""), ("tool-call-id-missing", "messages[0].tool_calls[0].id")),
        (call(type=None), ("tool-call-type-missing", "messages[0].tool_calls[0].type")),
        (call(function={"name": "a b", "arguments": ""}),
         ("tool-call-name-invalid", "messages[0].tool_calls[0].function.name")),
        (call(function={"name": "f", "arguments": {}}),
         ("tool-call-arguments-invalid", "messages[0].tool_calls[0].function.arguments")),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_refused_of_a_call(made: Any, expected: tuple[str, str]) -> None:
    assert faults(calling(made), result(made["id"] or "a"))[0] == expected


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([USER, result()], [("tool-result-orphan", "messages[1]")]),
        ([calling(call("a")), result("b"), result("a")], [("tool-result-orphan", "messages[1]")]),
        ([calling(call("a")), USER, result("a")],
         [("tool-result-missing", "messages[0]"), ("tool-result-orphan", "messages[2]")]),
        ([calling(call("a"), call("b")), result("a"), USER], [("tool-result-missing", "messages[0]")]),
        ([USER, calling(call("a"))], [("tool-result-missing", "messages[1]")]),
        ([calling(call("a")), calling(call("b")), result("b")], [("tool-result-missing", "messages[0]")]),
        ([calling(call("a")), result("a"), result("")],
         [("tool-call-id-missing", "messages[2].tool_call_id")]),
    ],
    ids=str,
)  # fmt: skip
def test_every_call_has_its_result_right_after_it(messages: list[Any], expected: list[tuple[str, str]]) -> None:
    assert faults(*messages) == expected
