"""Two talks that say the same in other forms, and two that do not."""

from __future__ import annotations

from typing import Any

import pytest

from harness.catalogue.checks.talk import talk_difference, turns_of
from harness.request import Message, read_request

UNORDERED = ("user", "assistant")


def messages(*said: Any) -> list[Message]:
    """Messages from (role, content) pairs."""
    data = [{"role": role, "content": content} for role, content in said]
    return read_request({"model": "m", "messages": data}).messages


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def call(id: str, name: str, arguments: str = "{}", **more: Any) -> dict[str, Any]:
    return {"type": "tool_call", "id": id, "name": name, "arguments": arguments, **more}


def result(id: str, content: str, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_call_id": id, "content": content, **more}


def image(data: str = "aGk=", media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "image", "media_type": media_type, "data": data}


def signed(words: str = "", **data: str) -> dict[str, Any]:
    return {"type": "reasoning", "text": words, **data}


def differ(
    asked: list[Message], sent: list[Message], unordered: tuple[str, ...] = (), tail: bool = False
) -> str | None:
    found = talk_difference(turns_of(asked, unordered), turns_of(sent, unordered), tail=tail)
    return None if found is None else found.what


ROUND = messages(
    ("user", "Weather in Oslo, time in Rome?"),
    ("assistant", [text("Looking."), call("a", "weather", '{"city": "Oslo", "n": 1}'), call("b", "time")]),
    ("tool", [result("a", "3 degrees")]),
    ("tool", [result("b", "noon")]),
    ("user", "And?"),
)


@pytest.mark.parametrize(
    "sent",
    [
        messages(
            ("user", [text("Weather in Oslo,"), text(" time in Rome?")]),
            ("assistant", [text("Looking.")]),
            ("assistant", [call("x", "weather", '{"n":1.0,"city":"\\u004fslo"}')]),
            ("assistant", [call("y", "time", "")]),
            ("tool", [result("y", "noon"), result("x", "3 degrees")]),
            ("user", [text(""), text("And?")]),
        ),
        messages(
            ("system", "Be terse."),
            ("user", "Weather in Oslo, time in Rome?"),
            ("assistant", ""),
            ("assistant", [signed("not signed"), text("Looking."), call("a", "weather", '{"city":"Oslo","n":1}'),
                           call("b", "time"), text("\n")]),
            ("tool", [result("a", '{"output":"3 degrees"}'), result("b", '{"name":"time","content":"noon"}')]),
            ("developer", "Go on."),
            ("user", "And?"),
        ),
    ],
    ids=["split, renamed, turned round", "joined, wrapped, with more around"],
)  # fmt: skip
def test_other_forms_are_no_difference(sent: list[Message]) -> None:
    assert differ(ROUND, sent) is None


def changed(position: int, *content: Any) -> list[Message]:
    """The round with one message's parts replaced; without any, the message is not there."""
    (new,) = messages((ROUND[position].role, list(content)))
    return [*ROUND[:position], *([new] if content else []), *ROUND[position + 1 :]]


CALLS = (call("a", "weather", '{"city": "Oslo", "n": 1}'), call("b", "time"))


@pytest.mark.parametrize(
    ("sent", "what"),
    [
        (changed(0), "the user's message is missing: the assistant's message stands in its place"),
        (changed(0, text("Weather in Oslo?")), "the text of the user's message is not what was asked: "
         "', time in Rome' is missing"),
        (changed(0, image()), "the user's message has lost its text"),
        (changed(1, *CALLS), "the assistant's message has lost its text"),
        (changed(1, text("Looking."), CALLS[0]), "the assistant's message has lost a tool call"),
        (changed(1, text("Looking. [weather Oslo]")), "the assistant's message has lost 2 tool calls"),
        (changed(1, text("Looking."), *CALLS, call("c", "time")),
         "the assistant's message has a tool call more than asked"),
        (changed(1, *CALLS, text("Looking.")), "the parts of the assistant's message stand in another order"),
        (changed(1, text("Looking."), call("a", "wether", '{"city": "Oslo", "n": 1}'), CALLS[1]),
         "the call of weather has another name"),
        (changed(1, text("Looking."), call("a", "weather", '{"city": "Oslo", "n": 2}'), CALLS[1]),
         "the arguments of weather are not those of the call"),
        (changed(1, text("Looking."), call("a", "weather", '{"city": "Oslo", "n": true}'), CALLS[1]),
         "the arguments of weather are not those of the call"),
        (changed(1, text("Looking."), CALLS[0], call("b", "time", "null")),
         "the arguments of time are not those of the call"),
        (changed(2), "the result of weather is missing"),
        (changed(2, result("b", "noon")), "the result of weather is missing"),
        (changed(2, result("a", "3 degrees"), result("a", "3 degrees")),
         "a tool's result is there more often than asked"),
        (changed(2, result("a", '"3 degrees"')), "the result of weather is not what the tool said"),
        (changed(2, result("a", "noon")), "the result of weather is that of another call"),
        (changed(2, result("a", "3 degrees", is_error=True)),
         "the result of weather is marked as an error, which it was not"),
        (changed(4), "the user's message is missing"),
        (changed(4, text("And?"), image()), "the user's message has an image more than asked"),
        ([*ROUND, *messages(("assistant", "Hm"))], "the assistant's message was not asked for"),
        ([*ROUND, ROUND[4]], "the text of the user's message is not what was asked: 'And?' is there again"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_lost_or_changed_is_told(sent: list[Message], what: str) -> None:
    assert differ(ROUND, sent) == what


def test_results_belong_to_the_calls_as_they_are_called_in_the_request() -> None:
    swapped = [*ROUND[:2], *messages(("tool", [result("b", "3 degrees")]), ("tool", [result("a", "noon")])), ROUND[4]]
    assert differ(ROUND, swapped) == "the result of weather is that of another call"


def test_a_lost_error_mark_is_told() -> None:
    asked = messages(("assistant", [call("a", "f")]), ("tool", [result("a", "no", is_error=True)]))
    sent = messages(("assistant", [call("a", "f")]), ("tool", [result("a", "no")]))
    assert differ(asked, sent) == "the result of f is no longer marked as an error"


def test_texts_of_one_turn_may_be_joined_with_white_space_but_not_without_what_they_say() -> None:
    asked = messages(("user", [text("a"), text("b")]))
    assert differ(asked, messages(("user", "a\n\nb"))) is None
    assert differ(asked, messages(("user", "ab"))) is None
    assert differ(asked, messages(("user", "a, b"))) is not None
    assert differ(messages(("user", "a b")), messages(("user", "ab"))) is not None


def test_images_keep_their_order_where_the_dialect_has_one() -> None:
    asked = messages(("user", [text("before"), image(), text("after"), image("R0lG", "image/gif")]))
    gathered = messages(("user", [text("before\n\nafter"), image(), image("R0lG", "image/gif")]))
    assert differ(asked, gathered) == "the user's message has lost its text"
    assert differ(asked, gathered, UNORDERED) is None
    swapped = messages(("user", [text("before\n\nafter"), image("R0lG", "image/gif"), image()]))
    assert differ(asked, swapped, UNORDERED) == "an image is not the one that was asked"


@pytest.mark.parametrize(
    ("sent", "what"),
    [
        (image("aGk"), None),
        (image(media_type="IMAGE/PNG"), None),
        (image(media_type=""), None),
        (image("aGo="), "an image is not the one that was asked"),
        (image(media_type="image/jpeg"), "an image has another type"),
    ],
)
def test_images_are_compared_by_their_bytes(sent: dict[str, Any], what: str | None) -> None:
    assert differ(messages(("user", [image()])), messages(("user", [sent]))) == what


@pytest.mark.parametrize(
    ("asked", "sent", "what"),
    [
        (signed("hm", signature="a+/="), signed("hm", signature="a-_"), None),
        (signed("hm", signature="s"), signed("hm "), "the assistant's message has lost its signed reasoning"),
        (signed("hm", signature="s"), signed("hm", signature="t"),
         "the signature of the reasoning is not the one that came with it"),
        (signed("hm", signature="s"), signed("h", signature="s"), "signed reasoning was changed"),
        (signed(encrypted="s"), signed("a summary", encrypted="s", id="rs_1"), None),
        (signed(redacted="s"), signed(redacted="t"), "the signature of the reasoning is not the one that came with it"),
        (signed("not signed"), signed("other words"), None),
    ],
)  # fmt: skip
def test_what_the_vendor_signed_must_come_back(asked: Any, sent: Any, what: str | None) -> None:
    said = text("said")
    assert differ(messages(("assistant", [asked, said])), messages(("assistant", [sent, said]))) == what


def test_a_call_keeps_its_signature() -> None:
    asked = messages(("assistant", [call("a", "f", signature="s")]))
    assert differ(asked, messages(("assistant", [call("a", "f", signature="s")]))) is None
    assert differ(asked, messages(("assistant", [call("a", "f")]))) == "the call of f has lost its signature"
    assert differ(messages(("assistant", [call("a", "f")])), asked) is None


def test_the_end_of_a_talk_may_follow_anything() -> None:
    end = ROUND[1:3]
    more = [*messages(("user", "Context."), ("assistant", "Ok.")), *ROUND[:2], *ROUND[2:3]]
    assert differ(end, more, tail=True) is None
    assert differ(ROUND[:1], messages(("user", "<context/>\nWeather in Oslo, time in Rome?")), tail=True) is None
    assert differ(ROUND[:1], messages(("user", "Weather in Oslo, time in Rome? Bye.")), tail=True) is not None


def test_the_end_of_a_talk_is_all_that_was_asked_and_no_more() -> None:
    assert differ(ROUND[:4], ROUND[:2], tail=True) == "the tools' answer is missing"
    assert differ(ROUND[:2], ROUND, tail=True) == "the tools' answer was not asked for"
    assert differ(ROUND[:4], messages(("user", "Else?"), ("assistant", "No.")), tail=True) is not None


def test_big_integers_count_to_the_last_digit() -> None:
    asked = messages(("assistant", [call("a", "f", '{"n": 9007199254740993}')]))
    sent = messages(("assistant", [call("a", "f", '{"n": 9007199254740992}')]))
    assert differ(asked, asked) is None
    assert differ(asked, sent) == "the arguments of f are not those of the call"


def test_arguments_that_are_no_object_must_be_the_very_text() -> None:
    asked = messages(("assistant", [call("a", "f", "ls -l")]))
    assert differ(asked, messages(("assistant", [call("a", "f", "ls -l")]))) is None
    assert differ(asked, messages(("assistant", [call("a", "f", "ls  -l")]))) is not None


@pytest.mark.parametrize(
    ("said", "same"),
    [
        ('{"n":1,"a":[true,null]}', True),
        ('{"output":{"a":[true,null],"n":1}}', True),
        ('{"a": [true, null], "n": 9007199254740993}', False),
        ("{'a': [True, None], 'n': 1}", False),
    ],
)
def test_json_that_a_tool_said_may_be_written_again(said: str, same: bool) -> None:
    asked = messages(("assistant", [call("a", "f")]), ("tool", [result("a", '{"a": [true, null], "n": 1}')]))
    sent = messages(("assistant", [call("a", "f")]), ("tool", [result("a", said)]))
    assert (differ(asked, sent) is None) == same
