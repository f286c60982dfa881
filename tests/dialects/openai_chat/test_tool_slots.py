"""Which call a tool-call fragment belongs to, under every practice that vendors have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.openai_chat.tool_slots import ToolSlots
from harness.events import AnyEvent, Signature, ToolCall, Warning

from .chunks import chunk, read, rules


def fragment(index: Any = "absent", id: Any = None, name: Any = None, arguments: Any = None) -> dict[str, Any]:
    place = {} if index == "absent" else {"index": index}
    return {**place, "id": id, "function": {"name": name, "arguments": arguments}}


def calls(*deltas: list[Any]) -> list[tuple[str, str, str]]:
    """The calls that these deltas amount to: id (empty where we had to make it), name, arguments."""
    result = read(*(chunk({"tool_calls": fragments}) for fragments in deltas), chunk(finish="tool_calls"))
    made = [call.id if not call.id.startswith("call_made_") else "" for call in result.tool_calls]
    return [(id, call.name, call.arguments) for id, call in zip(made, result.tool_calls, strict=True)]


def take(*deltas: list[Any]) -> list[AnyEvent]:
    slots, out = ToolSlots(0), list[AnyEvent]()
    for fragments in deltas:
        slots.take(fragments, 7, out)
    return out


A, B = ("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')


def test_fragments_of_two_calls_may_interleave() -> None:
    assert calls(
        [fragment(0, "a", "f", '{"x"'), fragment(1, "b", "g", '{"y"')],
        [fragment(1, arguments=":2}")],
        [fragment(0, arguments=":1}")],
    ) == [A, B]


@pytest.mark.parametrize("indices", [(1, 2), (3, 7), (-1, 0), ("x", "y"), (0.0, 1.0), (10**30, 0)])
def test_the_index_is_an_opaque_key(indices: tuple[Any, Any]) -> None:
    first, second = indices
    assert calls(
        [fragment(first, "a", "f", '{"x"')], [fragment(second, "b", "g", '{"y"')], [fragment(first, arguments=":1}")],
        [fragment(second, arguments=":2}")],
    ) == [A, B]  # fmt: skip


def test_a_known_index_with_another_id_and_a_name_is_a_new_call() -> None:
    assert calls(
        [fragment(0, "a", "f", '{"x"')], [fragment(0, arguments=":1}")],
        [fragment(0, "b", "g", '{"y"')], [fragment(0, arguments=":2}")],
    ) == [A, B]  # fmt: skip


def test_a_new_call_at_a_known_index_may_have_the_same_name() -> None:
    assert calls([fragment(0, "a", "f", "{}")], [fragment(0, "b", "f", "{}")]) == [("a", "f", "{}"), ("b", "f", "{}")]


def test_an_id_seen_before_at_an_index_is_that_call_again() -> None:
    assert calls(
        [fragment(0, "a", "f", '{"x"')], [fragment(0, "b", "g", '{"y"')],
        [fragment(0, "a", arguments=":1}")], [fragment(0, "b", arguments=":2}")],
    ) == [A, B]  # fmt: skip


def test_another_id_without_a_name_is_the_same_call_with_a_warning() -> None:
    deltas = [fragment(0, "a", "f", '{"x"')], [fragment(0, "other", arguments=":1}")]
    assert calls(*deltas) == [A]
    assert [one.rule for one in take(*deltas) if isinstance(one, Warning)] == ["tool-call-id-changed"]


def test_an_id_may_come_late_be_repeated_or_be_empty() -> None:
    late = [fragment(0, "", "f", '{"x"')], [fragment(0, "a", arguments=":")], [fragment(0, "a", arguments="1}")]
    assert calls(*late) == [A]
    assert take(*late) == [
        *(ToolCall(0, None, "f", '{"x"'), ToolCall(0, "a", None, ":"), ToolCall(0, None, None, "1}")),
    ]


def test_two_calls_may_have_one_id() -> None:
    deltas = [fragment(0, "a", "f", "{}")], [fragment(1, "a", "g", "{}")]
    assert calls(*deltas) == [("a", "f", "{}"), ("", "g", "{}")]


def test_a_call_without_an_id_is_kept() -> None:
    result = read(chunk({"tool_calls": [fragment(0, "", "now", "{}")]}), chunk(finish="tool_calls"))
    assert (result.tool_calls[0].name, rules(result)) == ("now", ["tool-call-id-made"])


@pytest.mark.parametrize("index", ["absent", None, ""])
def test_without_an_index_the_id_is_the_key(index: Any) -> None:
    assert calls(
        [fragment(index, "a", "f", '{"x"')], [fragment(index, "b", "g", '{"y"')],
        [fragment(index, "a", arguments=":1}")], [fragment(index, "b", arguments=":2}")],
    ) == [A, B]  # fmt: skip
    assert calls([fragment(index, *A), fragment(index, *B)]) == [A, B]


def test_without_both_a_fragment_belongs_to_the_call_last_touched() -> None:
    assert calls(
        [fragment(id="a", name="f", arguments='{"x"')], [fragment(arguments=":1}")],
        [fragment(id="b", name="g")], [fragment(arguments='{"y"')], [fragment(arguments=":2}")],
    ) == [A, B]  # fmt: skip


def test_without_both_the_first_fragments_are_told_apart_by_position() -> None:
    assert calls(
        [fragment(name="f", arguments='{"x"'), fragment(name="g", arguments='{"y"')],
        [fragment(arguments=":1}"), fragment(arguments=":2}")],
    ) == [("", *A[1:]), ("", *B[1:])]


def test_without_both_another_name_after_arguments_is_a_new_call() -> None:
    assert calls([fragment(name="f", arguments="{}")], [fragment(name="g", arguments="{}")]) == [
        *(("", "f", "{}"), ("", "g", "{}")),
    ]
    assert calls([fragment(0, "", "f", "{}")], [fragment(0, "", "g", "{}")]) == [("", "f", "{}"), ("", "g", "{}")]


def test_an_index_or_an_id_that_comes_late_is_the_same_call() -> None:
    assert calls([fragment(id="a", name="f", arguments='{"x"')], [fragment(0, "a", arguments=":1}")]) == [A]
    assert calls([fragment(name="f", arguments='{"x"')], [fragment(id="a", arguments=":1}")]) == [A]


def test_a_name_that_repeats_is_ignored() -> None:
    assert calls([fragment(0, "a", "f", '{"x"')], [fragment(0, "a", "f", ":")], [fragment(0, None, "f", "1}")]) == [A]


def test_a_name_that_continues_before_any_argument_is_appended() -> None:
    deltas = [fragment(0, "a", "get_")], [fragment(0, None, "weather")], [fragment(0, None, None, "{}")]
    assert calls(*deltas) == [("a", "get_weather", "{}")]
    assert take(*deltas)[1] == ToolCall(0, None, "get_weather")


def test_a_name_that_changes_after_arguments_is_a_warning_where_the_id_says_that_it_is_one_call() -> None:
    deltas = [fragment(0, "a", "f", '{"x"')], [fragment(0, "a", "g", ":1}")]
    assert calls(*deltas) == [A]
    assert [one.rule for one in take(*deltas) if isinstance(one, Warning)] == ["tool-call-name-changed"]


def test_an_empty_name_is_none() -> None:
    assert calls([fragment(0, "a", "", "")], [fragment(0, None, "f", '{"x":1}')]) == [A]


@pytest.mark.parametrize("nothing", [None, "", []])
def test_empty_arguments_add_nothing(nothing: Any) -> None:
    assert calls([fragment(0, "a", "f", nothing)], [fragment(0, None, None, '{"x":1}')], [fragment(0)]) == [A]
    assert calls([fragment(0, "a", "f", nothing)]) == [("a", "f", "")]


def test_arguments_that_come_as_an_object_are_made_json() -> None:
    assert calls([fragment(0, "a", "f", {"x": 1})]) == [A]
    assert calls([fragment(0, "a", "f", {"city": "Zürich"})])[0][2] == '{"city":"Zürich"}'


@pytest.mark.parametrize("index", [0, None])
def test_an_empty_object_is_arguments_where_nothing_else_comes(index: Any) -> None:
    assert calls([fragment(index, "a", "f", {})]) == [("a", "f", "{}")]
    assert calls([fragment(index, "a", "f", {})], [fragment(index, None, None, '{"x":1}')]) == [A]
    assert take([fragment(index, "a", "f", {})]) == [ToolCall(0, "a", "f")]


@pytest.mark.parametrize("index", [0, "absent"])
def test_a_whole_call_without_an_id_may_be_followed_by_one_of_the_same_name(index: Any) -> None:
    assert calls([fragment(index, "", "f", '{"x":1}')], [fragment(index, "", "f", '{"x":2}')]) == [
        ("", "f", '{"x":1}'),
        ("", "f", '{"x":2}'),
    ]
    assert calls([fragment(index, "", "f", '{"x"')], [fragment(index, "", "f", ":{}}")]) == [("", "f", '{"x":{}}')]
    assert calls([fragment(index, "", "f", '{"x":1}')], [fragment(index, "", "f", "")]) == [("", "f", '{"x":1}')]


def test_a_fragment_that_adds_nothing_gives_nothing() -> None:
    assert take([fragment(0)], [{"index": 0}], [{}], [fragment(0, "a", "f")], [fragment(0, "a", "f")]) == [
        ToolCall(0, "a", "f"),
    ]


def test_custom_tools_have_an_input_in_the_place_of_arguments() -> None:
    custom = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    assert take([custom]) == [ToolCall(0, "a", "sh", "ls")]


def test_a_signature_of_a_call_is_kept() -> None:
    signed = {**fragment(0, "a", "f", "{}"), "extra_content": {"google": {"thought_signature": "c2ln"}}}
    assert take([signed]) == [ToolCall(0, "a", "f", "{}"), Signature("c2ln", tool_index=0)]


def test_calls_count_up_from_zero_in_order_of_appearance() -> None:
    out = take([fragment(5, "a", "f"), fragment(2, "b", "g")], [fragment(5, None, None, "{}")])
    assert [one.index for one in out if isinstance(one, ToolCall)] == [0, 1, 0]


VALUES = st.sampled_from([None, "", "a", "b", 0, 1, [], {}, True, 1.5])


@given(st.lists(st.lists(st.builds(fragment, VALUES, VALUES, VALUES, VALUES) | VALUES, max_size=3), max_size=5))
def test_fragments_of_any_shape_are_taken_without_raising(deltas: list[list[Any]]) -> None:
    seen: set[int] = set()
    for event in take(*deltas):
        if isinstance(event, ToolCall):
            assert event.index in seen or event.index == len(seen)
            seen.add(event.index)
            assert event.id or event.name or event.arguments
