from __future__ import annotations

from typing import Any

import pytest

from harness.fuzz.neutral import BadPlan
from tests.fuzz.neutral.made import changed, made


def chat(*deltas: str, finish: str = "") -> bytes:
    """Chunks of chat with these deltas as JSON; the last one has the stop reason and the usage, if there is one."""
    bodies = [f'"choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]' for delta in deltas]
    if finish:
        bodies[-1] = bodies[-1].replace("null", f'"{finish}"') + ',"usage":{"total_tokens":3}'
    return b"".join(f'data: {{"id":"c",{body}}}\n\n'.encode() for body in bodies)


def test_the_first_half_of_a_chat_delta_has_its_beginning_and_the_second_its_end() -> None:
    body = chat('{"role":"assistant","content":"aé😀"}', finish="stop")
    assert changed(body, "openai-chat", "split-delta", pick=1).decode() == (
        'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"aé"},"finish_reason":null}],'
        '"usage":null}\n\n'
        'data: {"id":"c","choices":[{"index":0,"delta":{"content":"😀"},"finish_reason":"stop"}],'
        '"usage":{"total_tokens":3}}\n\n'
    )


def test_a_call_keeps_its_id_and_name_in_the_first_half() -> None:
    call = '{"tool_calls":[{"index":1,"id":"x","type":"function","function":{"name":"f","arguments":"{}"}}]}'
    assert changed(chat(call), "openai-chat", "split-delta").decode() == (
        'data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"x","type":"function",'
        '"function":{"name":"f","arguments":"{"}}]},"finish_reason":null}]}\n\n'
        'data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"}"}}]},'
        '"finish_reason":null}]}\n\n'
    )


@pytest.mark.parametrize(
    "delta",
    [
        '{"content":"a"}',
        '{"content":["ab"]}',
        '{"tool_calls":[{"id":"x","function":{"name":"f","arguments":"{}"}}]}',
        '{"tool_calls":[{"index":0,"function":{"arguments":"{}"}},{"index":0,"function":{"arguments":"{}"}}]}',
        '{"reasoning":"ab","reasoning_content":"ab"}',
        '{"reasoning":"ab","reasoning_details":[{"text":"ab"}]}',
    ],
    ids=["one character", "no string", "no index", "one index twice", "said in two fields", "said in details"],
)
def test_what_cannot_be_parted_without_a_change_is_left_whole(delta: str) -> None:
    with pytest.raises(BadPlan, match="no place for split-delta"):
        made(chat(delta), "openai-chat", {"name": "split-delta"})


@pytest.mark.parametrize("extra", ['"logprobs":{"content":[]}', '"error":{"message":"busy"}'])
def test_a_choice_with_more_to_it_is_left_whole(extra: str) -> None:
    body = chat('{"content":"ab"}').replace(b'"index":0', f'"index":0,{extra}'.encode())
    with pytest.raises(BadPlan, match="no place for split-delta"):
        made(body, "openai-chat", {"name": "split-delta"})


def test_frames_behind_a_new_one_count_on() -> None:
    delta = '{"type":"response.output_text.delta","sequence_number": 4,"delta":"ab"}'
    body = f'event: response.output_text.delta\ndata: {delta}\n\nevent: x\ndata: {{ "sequence_number":5}}\n\n'
    assert changed(body.encode(), "openai-responses", "split-delta").decode() == (
        "event: response.output_text.delta\n"
        'data: {"type":"response.output_text.delta","sequence_number":4,"delta":"a"}\n\n'
        "event: response.output_text.delta\n"
        'data: {"type":"response.output_text.delta","sequence_number":5,"delta":"b"}\n\n'
        'event: x\ndata: { "sequence_number":6}\n\n'
    )


def test_anthropics_deltas_are_parted_each_with_its_name() -> None:
    delta = '{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"ab"}}'
    body = f"event: content_block_delta\r\ndata: {delta}\r\n\r\n".encode()
    halves = [delta.replace("ab", half).join(["event: content_block_delta\r\ndata: ", "\r\n\r\n"]) for half in "ab"]
    assert changed(body, "anthropic-messages", "split-delta").decode() == "".join(halves)


def test_a_signature_is_no_string_to_be_parted() -> None:
    delta = '{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"ab"}}'
    with pytest.raises(BadPlan, match="no place for split-delta"):
        made(f"data: {delta}\n\n".encode(), "anthropic-messages", {"name": "split-delta"})


def test_of_gemini_the_second_half_has_the_signature_and_the_end() -> None:
    parts = '[{"text":"x","thought":true},{"text":"ab","thoughtSignature":"s"},{"text":"y"}]'
    body = (
        f'data: {{"candidates":[{{"content":{{"parts":{parts},"role":"model"}},"finishReason":"STOP","index":0}}],'
        '"usageMetadata":{"totalTokenCount":3},"modelVersion":"m"}\r\n\r\n'
    )
    assert changed(body.encode(), "gemini", "split-delta").decode() == (
        'data: {"candidates":[{"content":{"parts":[{"text":"x","thought":true},{"text":"a"}],"role":"model"},'
        '"index":0}],"modelVersion":"m"}\r\n\r\n'
        'data: {"candidates":[{"content":{"parts":[{"text":"b","thoughtSignature":"s"},{"text":"y"}],"role":"model"},'
        '"finishReason":"STOP","index":0}],"usageMetadata":{"totalTokenCount":3},"modelVersion":"m"}\r\n\r\n'
    )


def test_an_element_of_an_array_becomes_two() -> None:
    body = b'[{"candidates":[{"content":{"parts":[{"text":"ab"}]}}]}\n]\n'
    assert changed(body, "gemini", "split-delta") == (
        b'[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},\n'
        b'{"candidates":[{"content":{"parts":[{"text":"b"}]}}]}\n]\n'
    )


@pytest.mark.parametrize(
    ("pick", "first", "second"),
    [
        (0, '"content":"","thinking":"t"', '"content":"ab","thinking":"u"'),
        (1, '"thinking":"tu","content":"a"', '"content":"b"'),
    ],
)
def test_of_ollama_thoughts_come_before_the_text(pick: int, first: str, second: str) -> None:
    body = '{"model":"m","created_at":"t","message":{"role":"assistant","content":"ab","thinking":"tu"},"done":true}\n'
    assert changed(body.encode(), "ollama", "split-delta", pick=pick).decode() == (
        f'{{"model":"m","created_at":"t","message":{{"role":"assistant",{first}}},"done":false}}\n'
        f'{{"model":"m","created_at":"t","message":{{"role":"assistant",{second}}},"done":true}}\n'
    )


def test_pieces_of_a_ui_stream_are_parted() -> None:
    body = b'data: {"type":"tool-input-delta","toolCallId":"c","inputTextDelta":"{}"}\n\n'
    assert changed(body, "ai-sdk-ui", "split-delta") == (
        b'data: {"type":"tool-input-delta","toolCallId":"c","inputTextDelta":"{"}\n\n'
        b'data: {"type":"tool-input-delta","toolCallId":"c","inputTextDelta":"}"}\n\n'
    )


def test_an_empty_delta_follows_a_full_one() -> None:
    body = b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"ab"}}\n\n'
    assert changed(body, "anthropic-messages", "empty-delta") == body + body.replace(b"ab", b"")


def test_two_deltas_of_the_same_are_one() -> None:
    first, second = (chat(f'{{"content":"{text}"}}') for text in ("a\\n", "é"))
    assert (
        changed(first + b": hi\n\n" + second, "openai-chat", "merged-deltas")
        == chat('{"content":"a\\né"}') + b": hi\n\n"
    )


def test_what_tells_two_deltas_apart_does_not_keep_them_apart_where_it_says_nothing() -> None:
    delta = '{{"type":"response.output_text.delta","sequence_number":{},"obfuscation":"{}","delta":"{}"}}'
    first, second = delta.format(4, "x", "a"), delta.format(5, "yz", "b")
    body = f'data: {first}\n\ndata: {second}\n\ndata: {{"sequence_number":6}}\n\n'
    assert changed(body.encode(), "openai-responses", "merged-deltas").decode() == (
        f'data: {delta.format(4, "x", "ab")}\n\ndata: {{"sequence_number":5}}\n\n'
    )


@pytest.mark.parametrize(
    "body",
    [
        chat('{"content":"a"}', '{"reasoning":"b"}'),
        chat('{"role":"assistant","content":"a"}', '{"content":"b"}'),
        chat('{"content":"a"}', '{"content":"b"}', finish="stop"),
        chat('{"content":"a","reasoning":"a"}', '{"content":"b","reasoning":"b"}'),
        chat('{"content":"a"}') + b"data: [DONE]\n\n" + chat('{"content":"b"}'),
    ],
    ids=["other strings", "a role in one", "the end in one", "two strings", "something between"],
)
def test_deltas_that_are_not_of_the_same_stay_apart(body: bytes) -> None:
    with pytest.raises(BadPlan, match="no place for merged-deltas"):
        made(body, "openai-chat", {"name": "merged-deltas"})


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"name": "split-delta"}, "choices.0.delta.content of frame 1 split after 'a'"),
        ({"name": "empty-delta", "at": 1}, "an empty choices.0.delta.content after frame 2"),
        ({"name": "merged-deltas"}, "frame 1 and the next are one"),
    ],
)
def test_words_say_which_string_it_was(step: dict[str, Any], words: str) -> None:
    assert made(chat('{"content":"ab"}', '{"content":"cd"}'), "openai-chat", step).words == words
