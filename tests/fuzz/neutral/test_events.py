from __future__ import annotations

from typing import Any

import pytest

from harness.fuzz.neutral import BadPlan
from tests.fuzz.neutral.made import changed, made

ANTHROPIC = (
    b'event: message_start\ndata: {"type":"message_start"}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n'
)
TRAP = (
    '{"content":"not part of the answer","text":"not part of the answer","delta":{"content":"not part of the answer"},'
    '"finish_reason":"length","error":{"message":"not part of the answer"}}'
)


def test_a_ping_comes_between_the_first_event_and_the_last() -> None:
    assert changed(ANTHROPIC, "anthropic-messages", "ping") == (
        b'event: message_start\ndata: {"type":"message_start"}\n\n'
        b'event: ping\ndata: {"type":"ping"}\n\n'
        b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    )


@pytest.mark.parametrize("last", ['{"type":"message_stop"}', '{"type":"error","error":{}}', "[DONE]"])
def test_nothing_comes_behind_the_end(last: str) -> None:
    body = f'data: {last}\n\ndata: {{"type":"x"}}\n\n'
    with pytest.raises(BadPlan, match="no place for ping"):
        made(body.encode(), "anthropic-messages", {"name": "ping"})


def test_an_unknown_event_is_named_and_numbered_like_the_others() -> None:
    body = b'event: a\ndata: {"type":"a","sequence_number":0}\n\nevent: b\ndata: {"type":"b","sequence_number":1}\n\n'
    assert changed(body, "openai-responses", "unknown-event").decode() == (
        'event: a\ndata: {"type":"a","sequence_number":0}\n\n'
        'event: response.harness.delta\ndata: {"type":"response.harness.delta","output_index":0,'
        '"delta":"not part of the answer","sequence_number":1}\n\n'
        'event: b\ndata: {"type":"b","sequence_number":2}\n\n'
    )


def test_events_without_names_get_others_without_names() -> None:
    body = b'data: {"type":"message_start"}\n\ndata: {"type":"message_stop"}\n\n'
    assert b"event:" not in changed(body, "anthropic-messages", "unknown-event")


def test_an_applications_own_data_is_unknown_to_a_ui_stream() -> None:
    body = b'data: {"type":"start"}\n\ndata: {"type":"finish"}\n\n'
    assert changed(body, "ai-sdk-ui", "unknown-event").decode() == (
        f'data: {{"type":"start"}}\n\ndata: {{"type":"data-harness","data":{TRAP},"transient":true}}\n\n'
        'data: {"type":"finish"}\n\n'
    )


def test_a_chunk_with_nothing_in_it_is_of_the_same_answer() -> None:
    body = b'data: {"id":"c","model":"m","choices":[{"index":0}]}\n\ndata: {"choices":[{"index":0}]}\n\n'
    assert changed(body, "openai-chat", "empty-chunk") == (
        b'data: {"id":"c","model":"m","choices":[{"index":0}]}\n\n'
        b'data: {"id":"c","model":"m","choices":[]}\n\ndata: {"choices":[{"index":0}]}\n\n'
    )


def test_an_element_with_nothing_in_it_keeps_the_array_whole() -> None:
    body = b'[{"responseId":"r","candidates":[]}\n,\n{"candidates":[]}]'
    assert changed(body, "gemini", "empty-chunk") == (
        b'[{"responseId":"r","candidates":[]}\n,\n{"responseId":"r"},\n{"candidates":[]}]'
    )


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({}, '{"x_harness":null,"message":{"tool_calls":[{"function":{"arguments":{"a":{}}}}]}}'),
        (
            {"pick": 1, "form": "text"},
            '{"message":{"tool_calls":[{"function":{"arguments":{"a":{}}}}],"x_harness":"new"}}',
        ),
        ({"pick": 2}, '{"message":{"tool_calls":[{"x_harness":null,"function":{"arguments":{"a":{}}}}]}}'),
        (
            {"pick": 3, "form": "object"},
            '{"message":{"tool_calls":[{"function":{"x_harness":TRAP,"arguments":{"a":{}}}}]}}',
        ),
        ({"pick": 4}, '{"x_harness":null,"message":{"tool_calls":[{"function":{"arguments":{"a":{}}}}]}}'),
    ],
    ids=["at the top", "below", "in a list", "a trap", "never in arguments"],
)
def test_any_object_of_the_vendor_may_have_a_new_member(step: dict[str, Any], expected: str) -> None:
    body = b'{"message":{"tool_calls":[{"function":{"arguments":{"a":{}}}}]}}\n'
    assert changed(body, "ollama", "unknown-field", **step).decode() == expected.replace("TRAP", TRAP) + "\n"
