"""History repair, shape by shape."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from harness.dialects.rules import RequestRules
from harness.request import read_request
from harness.stack.history import repaired

STRICT = RequestRules(user_first=True, talks=True, blank_texts=False, lone_reasoning=False)
HELLO = {"role": "user", "content": "Hello"}
MISSING = "There is no result: the call was not carried out."


def said(*parts: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts]
    return {"role": "assistant", "content": content}


def call(id: str, arguments: str = "{}") -> dict[str, Any]:
    return {"type": "tool_call", "id": id, "name": "f", "arguments": arguments}


def result(id: str, content: str, **more: Any) -> dict[str, Any]:
    return {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": id, "content": content, **more}]}


def repair(*messages: Any, rules: RequestRules = STRICT) -> tuple[list[Any], list[str]]:
    """The messages with plain texts as strings, and the names of the losses."""
    talk, losses = repaired(read_request({"model": "m", "messages": list(messages)}).messages, rules)
    assert repaired(talk, rules) == (talk, ())
    shown = [_plain(msgspec.to_builtins(message)) for message in talk]
    return shown, [loss.what for loss in losses]


SHAPES = {
    "split assistant": (
        [HELLO, said(call("1")), said("wait"), result("1", "ok")],
        [HELLO, said(call("1"), "wait"), result("1", "ok")],
        ["assistant-joined"],
    ),
    "calls in two messages": (
        [HELLO, said(call("1")), said(call("2")), result("1", "a"), result("2", "b")],
        [HELLO, said(call("1"), call("2")), result("1", "a"), result("2", "b")],
        ["assistant-joined"],
    ),
    "result behind the user": (
        [HELLO, said(call("1")), {"role": "user", "content": "hm"}, result("1", "ok")],
        [HELLO, said(call("1")), result("1", "ok"), {"role": "user", "content": "hm"}],
        ["results-moved"],
    ),
    "results in another order": (
        [HELLO, said(call("1"), call("2")), result("2", "b"), result("1", "a")],
        [HELLO, said(call("1"), call("2")), result("1", "a"), result("2", "b")],
        ["results-moved"],
    ),
    "missing result": (
        [HELLO, said(call("1"), call("2")), result("2", "b"), HELLO],
        [HELLO, said(call("1"), call("2")), result("1", MISSING, is_error=True), result("2", "b"), HELLO],
        ["result-made"],
    ),
    "orphan result": (
        [result("9", "3 °C"), HELLO],
        [{"role": "user", "content": "(Result of an earlier tool call: 3 °C)"}, HELLO],
        ["result-orphan"],
    ),
    "two results": (
        [HELLO, said(call("1")), result("1", "aborted"), result("1", "ok")],
        [HELLO, said(call("1")), result("1", "ok")],
        ["result-repeated"],
    ),
    "result without an id": (
        [HELLO, said(call("1"), call("2")), result("1", "a"), result("", "b")],
        [HELLO, said(call("1"), call("2")), result("1", "a"), result("2", "b")],
        ["result-without-id"],
    ),
    "one id in a turn": (
        [HELLO, said(call("1"), call("1")), result("1", "a"), result("1", "b")],
        [HELLO, said(call("1"), call("1_2")), result("1", "a"), result("1_2", "b")],
        ["call-id-made"],
    ),
    "one id in two turns": (
        [HELLO, said(call("1")), result("1", "a"), said(call("1")), result("1", "b")],
        [HELLO, said(call("1")), result("1", "a"), said(call("1_2")), result("1_2", "b")],
        ["call-id-made"],
    ),
    "a made id that is taken": (
        [HELLO, said(call("1_2"), call("1"), call("1")), result("1_2", "x"), result("1", "a"), result("1", "b")],
        [
            *(HELLO, said(call("1_2"), call("1"), call("1_3"))),
            *(result("1_2", "x"), result("1", "a"), result("1_3", "b")),
        ],
        ["call-id-made"],
    ),
    "call without an id": (
        [HELLO, said(call("")), result("", "a")],
        [HELLO, said(call("call_made_0")), result("call_made_0", "a")],
        ["result-without-id", "call-id-made"],
    ),
    "nothing said": ([HELLO, said(""), HELLO], [HELLO, HELLO], ["empty-text", "empty-message"]),
    "white space": ([HELLO, said("\n", call("1")), result("1", "")], [HELLO, said(call("1")), result("1", "")],
                    ["empty-text"]),
    "space at the end": ([HELLO, said("Once ")], [HELLO, {"role": "assistant", "content": "Once"}],
                         ["trailing-space"]),
    "lone reasoning": (
        [HELLO, said({"type": "reasoning", "encrypted": "e"}), HELLO],
        [HELLO, HELLO],
        ["reasoning-alone"],
    ),
    "reasoning before its answer": (
        [HELLO, said({"type": "reasoning", "encrypted": "e"}, "So.")],
        [HELLO, said({"type": "reasoning", "encrypted": "e"}, "So.")],
        [],
    ),
    "the assistant begins": (
        [said("Hi")],
        [
            {"role": "user", "content": "(The conversation begins with the assistant.)"},
            {"role": "assistant", "content": "Hi"},
        ],
        ["user-message-made"],
    ),
    "an empty talk": ([], [{"role": "user", "content": "(empty message)"}], ["user-message-made"]),
    "a call of the user's": (
        [{"role": "user", "content": [call("1"), {"type": "text", "text": "Hello"}]}],
        [HELLO],
        ["part-misplaced"],
    ),
    "an image in an instruction": (
        [{"role": "system", "content": [{"type": "image", "media_type": "image/png", "data": "aGk="}]}],
        [{"role": "user", "content": [{"type": "image", "media_type": "image/png", "data": "aGk="}]}],
        ["part-moved"],
    ),
    "an instruction before a result": (
        [HELLO, said(call("1")), {"role": "system", "content": "s"}, result("1", "a")],
        [HELLO, said(call("1")), result("1", "a"), {"role": "system", "content": "s"}],
        ["results-moved"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_repaired_by_its_rule(shape: str) -> None:
    given, wanted, names = SHAPES[shape]
    expected = [_plain(message) for message in wanted]
    assert repair(*given) == (expected, names)


def _plain(message: Any) -> Any:
    """The message with its only text as a string."""
    match message:
        case {"content": [{"type": "text", "text": text}]}:
            return {**message, "content": text}
    return message


def test_a_sound_talk_stays_as_it_is() -> None:
    parallel = {"role": "tool", "content": [result("1", "a")["content"][0], result("2", "b")["content"][0]]}
    sound = [HELLO, said("Let me see.", call("1"), call("2")), parallel, said("So."), HELLO, HELLO]
    assert repair(*sound) == ([_plain(message) for message in sound], [])


def test_rules_that_refuse_nothing_leave_blank_texts_and_beginnings_alone() -> None:
    talk = [said(" "), HELLO]
    assert repair(*talk, rules=RequestRules()) == ([{"role": "assistant", "content": " "}, HELLO], [])


def test_what_the_tools_say_stands_apart_from_what_the_user_says() -> None:
    mixed = {"role": "user", "content": [result("1", "a")["content"][0], {"type": "text", "text": "Now stop."}]}
    assert repair(HELLO, said(call("1")), mixed) == (
        [HELLO, said(call("1")), result("1", "a"), {"role": "user", "content": "Now stop."}],
        [],
    )
