"""An answer as the next request's history, and the loop that answers tool calls."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import to_builtins

from harness.events import AnyEvent, End, Failure, Finish, Other, Reasoning, Refusal, Signature, Text, ToolCall
from harness.stack.client import Client
from harness.stack.turns import TURN_LIMIT, assistant_message, converse, with_results
from harness.transcript import fold

from .fakes import DONE, FAKE, HELLO, PLAIN, REQUEST, Answer, Network, frame, run, texts


def said(*events: AnyEvent) -> Any:
    """The parts that an answer of these events leaves in the history."""
    message = assistant_message(fold("fake", [*events, Finish("stop"), End("completed")]))
    assert message.role == "assistant"
    return to_builtins(message)["content"]


def test_text_and_calls_keep_their_order() -> None:
    assert said(
        Text("Look"), Text("ing."), ToolCall(0, "c1", "f", '{"a":'), ToolCall(0, arguments="1}"), Text("!")
    ) == [
        {"type": "text", "text": "Looking."},
        {"type": "tool_call", "id": "c1", "name": "f", "arguments": '{"a":1}'},
        {"type": "text", "text": "!"},
    ]


def test_a_refusal_is_what_the_assistant_said() -> None:
    assert said(Refusal("No.")) == [{"type": "text", "text": "No."}]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    assert said(ToolCall(0, "c1", "f")) == [{"type": "tool_call", "id": "c1", "name": "f", "arguments": "{}"}]


def test_signatures_go_to_the_reasoning_before_them() -> None:
    assert said(Reasoning("one"), Signature("s1"), Reasoning("two"), Signature("s2"), Text("so")) == [
        {"type": "reasoning", "text": "one", "signature": "s1"},
        {"type": "reasoning", "text": "two", "signature": "s2"},
        {"type": "text", "text": "so"},
    ]


def test_redacted_and_lone_signatures_are_parts_of_their_own() -> None:
    assert said(Reasoning("one"), Signature("r1", "redacted"), Text("so"), Signature("s2")) == [
        {"type": "reasoning", "text": "one"},
        {"type": "reasoning", "redacted": "r1"},
        {"type": "text", "text": "so"},
        {"type": "reasoning", "signature": "s2"},
    ]


def test_encrypted_reasoning_keeps_its_id() -> None:
    assert said(Reasoning("sum"), Signature("e1", "encrypted", id="rs_1"), Signature("e2", "encrypted", id="rs_2")) == [
        {"type": "reasoning", "text": "sum", "encrypted": "e1", "id": "rs_1"},
        {"type": "reasoning", "encrypted": "e2", "id": "rs_2"},
    ]


def test_a_calls_signature_stays_with_its_call() -> None:
    assert said(ToolCall(0, "c1", "f", "{}"), ToolCall(1, "c2", "g", "{}"), Signature("s", tool_index=1)) == [
        {"type": "tool_call", "id": "c1", "name": "f", "arguments": "{}"},
        {"type": "tool_call", "id": "c2", "name": "g", "arguments": "{}", "signature": "s"},
    ]


def answer(*events: AnyEvent) -> Answer:
    return Answer([*(frame(event) for event in events), frame(Finish("stop")), DONE])


def talk(network: Network, **tools: str) -> list[AnyEvent]:
    async def all_of_it() -> list[AnyEvent]:
        async with Client(FAKE, "https://api.example", policy=PLAIN, transport=network, clock=network.clock) as client:
            return [event async for event in converse(client, REQUEST, tools)]

    return run(all_of_it())


def test_without_tools_a_talk_is_one_answer() -> None:
    network = Network(answer(ToolCall(0, "c1", "f", "{}")))
    events = talk(network)
    assert (len(network.requests), events[-1]) == (1, End("completed"))


def test_calls_are_answered_until_an_answer_without_calls_comes() -> None:
    network = Network(
        answer(Text("a"), ToolCall(0, "c1", "f", '{"n":1}'), ToolCall(1, "c2", "g", "")),
        answer(ToolCall(0, "c3", "f", "{}"), Signature("s", tool_index=0)),
        Answer(HELLO),
    )
    events = talk(network, f="one", g="two")
    assert [event.index for event in events if isinstance(event, ToolCall)] == [0, 1, 2]
    assert Signature("s", tool_index=2) in events
    assert [event.data for event in events if isinstance(event, Other)] == [
        {"index": 0, "name": "f", "content": "one"},
        {"index": 1, "name": "g", "content": "two"},
        {"index": 2, "name": "f", "content": "one"},
    ]
    assert texts(events) == "aHello"
    assert [event for event in events if isinstance(event, End)] == [End("completed")] == events[-1:]
    assert network.bodies[1]["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "a"},
                {"type": "tool_call", "id": "c1", "name": "f", "arguments": '{"n":1}'},
                {"type": "tool_call", "id": "c2", "name": "g", "arguments": "{}"},
            ],
        },
        {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "c1", "content": "one"}]},
        {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "c2", "content": "two"}]},
    ]
    assert network.bodies[2]["messages"][4:] == [
        {
            "role": "assistant",
            "content": [{"type": "tool_call", "id": "c3", "name": "f", "arguments": "{}", "signature": "s"}],
        },
        {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "c3", "content": "one"}]},
    ]


def test_made_ids_are_made_anew_for_each_turn() -> None:
    call = answer(ToolCall(0, None, "f", "{}"), ToolCall(1, None, "f", "{}"))
    network = Network(call, call, Answer(HELLO))
    talk(network, f="one")
    ids = [part["id"] for said in network.bodies[2]["messages"] for part in said["content"] if "id" in part]
    results = [
        part["tool_call_id"]
        for said in network.bodies[2]["messages"]
        for part in said["content"]
        if part["type"] == "tool_result"
    ]
    assert len(set(ids)) == 4
    assert results == ids


@pytest.mark.parametrize(
    "events",
    [
        (ToolCall(0, "c1", "unknown", "{}"),),
        (ToolCall(0, "c1", "f", '{"cut'),),
        (ToolCall(0, "c1", "f", "[1]"),),
        (ToolCall(0, "c1", "f", "{}"), Failure(FAKE.read_error(500, {}, b"broken"))),
        (),
    ],
    ids=["unknown tool", "cut off", "no object", "failed", "no call"],
)
def test_what_cannot_be_answered_is_left_to_the_caller(events: tuple[AnyEvent, ...]) -> None:
    network = Network(answer(*events))
    assert sum(isinstance(event, End) for event in talk(network, f="one")) == 1
    assert len(network.requests) == 1


def test_a_talk_that_never_ends_is_ended() -> None:
    network = Network(answer(ToolCall(0, "c1", "f", "{}")))
    events = talk(network, f="one")
    assert (len(network.requests), events[-1]) == (TURN_LIMIT, End("completed"))


def test_a_call_without_a_result_is_refused() -> None:
    with pytest.raises(KeyError):
        with_results(REQUEST, fold("fake", [ToolCall(0, "c1", "f", "{}")]), {})
