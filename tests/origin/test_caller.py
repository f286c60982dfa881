"""What counts as having reached the caller."""

from __future__ import annotations

import pytest

from harness.events import AnyEvent, Finish, Other, Reasoning, Refusal, Start, Text, ToolCall, Usage
from harness.origin.caller import Caller
from harness.wire.response import Gate

from .test_log import Ticks


def caller_of(*events: AnyEvent) -> tuple[Caller, list[float]]:
    """A caller that hears one event a second from 100 on, and when it told of something new."""
    clock = Ticks()
    told: list[float] = []
    caller = Caller(clock, lambda: told.append(clock.at))
    for event in events:
        caller.heard(event)
        clock.at += 1
    return caller, told


CONTENT = [
    Text("a"),
    Reasoning("b"),
    Refusal("c"),
    ToolCall(0, "call_1"),
    ToolCall(0, arguments="{"),
    Text("d", choice=1),
]
NO_CONTENT = [Text(""), Reasoning(""), Refusal(""), Start("id"), Finish("stop"), Usage(1, 2), Other("x")]


@pytest.mark.parametrize("event", CONTENT, ids=repr)
def test_content_counts(event: AnyEvent) -> None:
    caller, told = caller_of(event)
    assert (caller.met_at(Gate(1)), caller.met_at(Gate(2)), told) == (100.0, None, [100.0])


@pytest.mark.parametrize("event", NO_CONTENT, ids=repr)
def test_what_brings_nothing_does_not_count(event: AnyEvent) -> None:
    caller, told = caller_of(event)
    assert (caller.met_at(Gate(1)), told) == (None, [])


def test_a_gate_is_met_when_the_last_of_it_comes() -> None:
    caller, _ = caller_of(Text("He"), Text("ll"), Text("o"), Text("!"))
    assert [caller.met_at(Gate(count)) for count in (1, 3)] == [100.0, 102.0]
    assert [caller.met_at(Gate(until_text=text)) for text in ("H", "Hel", "Hello", "Hello!?")] == [100, 101, 102, None]


def test_text_counts_without_its_white_space_and_of_the_first_choice_alone() -> None:
    caller, _ = caller_of(Text("One,\n"), Text("xxxx", choice=1), Reasoning("yyyy"), Text("two"))
    assert caller.met_at(Gate(until_text=" One , two ")) == 103.0


def test_a_caller_that_has_ended_is_waited_for_no_more() -> None:
    caller, told = caller_of(Text("One"))
    caller.ended()
    caller.ended()
    assert (caller.met_at(Gate(1)), caller.met_at(Gate(2)), told) == (100.0, 101.0, [100.0, 101.0])
