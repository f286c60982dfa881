"""Compaction: the hook, and the simple one that drops the oldest turns."""

from __future__ import annotations

from typing import Any

import pytest

from harness.events import ErrorInfo
from harness.request import Message, Request, TextPart, ToolCallPart, ToolResultPart, read_request
from harness.stack.overflow import CompactionFailed, compacted, drop_oldest_turns

from .fakes import run

OVERFLOW = ErrorInfo("context_overflow", "too long")


def call(number: int) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "tool_call", "id": f"c{number}", "name": "f", "arguments": "{}"}]}


def result(number: int) -> dict[str, Any]:
    content = {"type": "tool_result", "tool_call_id": f"c{number}", "content": "found it"}
    return {"role": "tool", "content": [content]}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def request(*messages: dict[str, Any]) -> Request:
    return read_request({"model": "m", "system": "Be brief.", "messages": list(messages)})


def words(asked: Request | None) -> list[str]:
    """Each message by its first part."""
    assert asked is not None
    return [_word(message) for message in asked.messages]


def _word(message: Message) -> str:
    match message.content[0]:
        case TextPart(text=text):
            return text
        case ToolCallPart(id=name):
            return f"call {name}"
        case ToolResultPart(tool_call_id=name):
            return f"result {name}"
    raise AssertionError(message)


def test_the_older_half_goes_and_the_last_turn_stays() -> None:
    asked = request(user("one"), said("1"), user("two"), said("2"), user("three"), said("3"), user("four"))
    assert words(drop_oldest_turns(asked)) == ["three", "3", "four"]


def test_calls_go_with_their_results() -> None:
    asked = request(user("one"), call(1), result(1), said("done"), user("two"), said("2"), user("three"))
    assert words(drop_oldest_turns(asked)) == ["two", "2", "three"]


def test_one_long_turn_loses_its_oldest_tool_rounds() -> None:
    asked = request(user("do it"), call(1), result(1), call(2), result(2), call(3), result(3))
    assert words(drop_oldest_turns(asked)) == ["do it", "call c2", "result c2", "call c3", "result c3"]


def test_results_in_the_users_role_begin_no_turn() -> None:
    in_user_role = {**result(2), "role": "user"}
    asked = request(user("one"), said("1"), user("two"), call(1), result(1), call(2), in_user_role)
    assert words(drop_oldest_turns(asked)) == ["two", "call c2", "result c2"]


def test_system_and_developer_messages_stay() -> None:
    house_rules = {"role": "developer", "content": "rules"}
    asked = request(house_rules, user("one"), said("1"), user("two"))
    assert words(drop_oldest_turns(asked)) == ["rules", "two"]


def test_weight_decides_how_many_turns_are_half() -> None:
    asked = request(user("a" * 100), said("b"), user("c"), said("d"), user("e"), said("f"), user("last"))
    assert words(drop_oldest_turns(asked)) == ["c", "d", "e", "f", "last"]


@pytest.mark.parametrize("messages", [[user("only")], [user("only"), call(1), result(1)], [said("odd")], []])
def test_where_nothing_can_go_there_is_no_shorter_request(messages: list[dict[str, Any]]) -> None:
    assert drop_oldest_turns(request(*messages)) is None


def test_dropping_again_and_again_comes_to_an_end() -> None:
    asked: Request | None = request(*[turn for n in range(40) for turn in (user(f"q{n}"), said("a"))], user("last"))
    steps = 0
    while asked is not None:
        assert words(asked)[-1] == "last"
        asked, steps = drop_oldest_turns(asked), steps + 1
    assert steps < 10


def test_a_hook_may_be_a_function_or_a_coroutine() -> None:
    shorter = request(user("short"))

    async def slow(_: Request, __: ErrorInfo) -> Request | None:
        return shorter

    assert run(compacted(lambda _, __: shorter, request(user("long")), OVERFLOW)) == shorter
    assert run(compacted(slow, request(user("long")), OVERFLOW)) == shorter


def test_a_hook_that_changes_nothing_is_no_help() -> None:
    assert run(compacted(lambda asked, _: asked, request(user("long")), OVERFLOW)) is None


def test_a_hook_that_raises_is_told_apart() -> None:
    def broken(_: Request, __: ErrorInfo) -> Request | None:
        raise KeyError("summary")

    with pytest.raises(CompactionFailed, match="KeyError: 'summary'"):
        run(compacted(broken, request(user("long")), OVERFLOW))
