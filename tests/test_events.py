"""The canonical vocabulary and its JSON form."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.events import (
    ERROR_KINDS,
    FINISH_REASONS,
    STATUSES,
    AnyEvent,
    End,
    ErrorInfo,
    Event,
    Failure,
    Finish,
    Other,
    Reasoning,
    Refusal,
    Retry,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
    from_builtins,
    to_builtins,
)

COUNTS = st.none() | st.integers(0, 10**9)
NAMES = st.none() | st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
ANY_EVENT: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(Start, NAMES, NAMES),
    st.builds(Text, st.text(), st.integers(0, 3)),
    st.builds(Reasoning, st.text(), st.integers(0, 3), st.booleans()),
    st.builds(Signature, st.text(), st.sampled_from(["signature", "redacted", "encrypted"])),
    st.builds(Refusal, st.text()),
    st.builds(ToolCall, st.integers(0, 9), NAMES, NAMES, st.text()),
    st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    st.builds(Finish, st.sampled_from(FINISH_REASONS), NAMES),
    st.builds(
        Failure, st.builds(ErrorInfo, st.sampled_from(ERROR_KINDS), st.text(), st.none() | st.integers(100, 599), NAMES)
    ),
    st.builds(Warning, st.text(), st.text(), COUNTS),
    st.builds(Retry, st.integers(2, 9), COUNTS, st.floats(0, 100), st.text()),
    st.builds(Other, st.text(), JSON),
    st.builds(End, st.sampled_from(STATUSES)),
)


@given(ANY_EVENT)
def test_every_event_survives_its_json_form(event: AnyEvent) -> None:
    assert from_builtins(msgspec.json.decode(msgspec.json.encode(to_builtins(event)))) == event


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (Text("Hel"), {"type": "text", "text": "Hel", "choice": 0}),
        (
            ToolCall(0, "call_1", "f", '{"a"'),
            {"type": "tool_call", "index": 0, "id": "call_1", "name": "f", "arguments": '{"a"', "choice": 0},
        ),
        (Finish("stop"), {"type": "finish", "reason": "stop", "raw": None, "choice": 0}),
        (End("completed"), {"type": "end", "status": "completed"}),
        (
            Retry(2, None, 0.5, "429"),
            {"type": "retry", "attempt": 2, "max_attempts": None, "delay_s": 0.5, "reason": "429"},
        ),
    ],
)
def test_the_json_form_is_what_adapters_write(event: AnyEvent, data: dict[str, Any]) -> None:
    assert to_builtins(event) == data
    assert from_builtins(data) == event


def test_what_an_adapter_leaves_out_has_its_default() -> None:
    assert from_builtins({"type": "tool_call", "index": 1}) == ToolCall(1)
    assert from_builtins({"type": "usage", "input_tokens": 9}) == Usage(input_tokens=9)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"type": "text"}, "text"),
        ({"type": "text", "text": 3}, r"\$\.text"),
        ({"type": "finish", "reason": "done"}, r"\$\.reason"),
        ({"type": "tool_call", "index": "0"}, r"\$\.index"),
        ({"type": "telepathy"}, "telepathy"),
        ({}, "type"),
        ("text", "object"),
    ],
)
def test_a_value_that_is_no_event_is_refused_by_the_name_of_its_field(data: Any, said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        from_builtins(data)


def test_every_event_class_is_in_the_union_and_has_its_own_type() -> None:
    union = typing.get_args(AnyEvent)
    assert set(union) == set(Event.__subclasses__())
    tags = [event.__struct_config__.tag for event in union]
    assert len(set(tags)) == len(tags)
    assert "tool_call" in tags


def test_events_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Text("a").text = "b"  # type: ignore[misc]


def test_unknown_fields_of_a_known_event_are_skipped() -> None:
    assert from_builtins({"type": "text", "text": "a", "colour": "red"}) == Text("a")
