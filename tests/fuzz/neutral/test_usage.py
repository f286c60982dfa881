from __future__ import annotations

import pytest

from harness.fuzz.neutral import BadPlan
from tests.fuzz.neutral.made import changed, made

SAID = b'data: {"id":"c","choices":[{"index":0}]}\n\n'
COUNTED = b'data: {"id":"c","choices":[],"usage":{"total_tokens":3}}\n\n'
BOTH = b'data: {"id":"c","choices":[{"index":0}],"usage":{"total_tokens":3}}\n\n'
DONE = b"data: [DONE]\n\n"


def test_the_usage_of_chat_comes_with_the_last_choice() -> None:
    assert changed(SAID + SAID + COUNTED + DONE, "openai-chat", "usage-early") == SAID + BOTH + DONE


def test_the_usage_of_chat_comes_behind_the_last_choice() -> None:
    assert changed(SAID + BOTH + DONE, "openai-chat", "usage-late") == SAID + SAID + COUNTED + DONE


@pytest.mark.parametrize(
    "body",
    [
        BOTH + COUNTED,
        SAID + COUNTED.replace(b'"usage"', b'"error":{"message":"busy"},"usage"'),
        SAID + COUNTED.replace(b'"usage"', b'"citations":["x"],"usage"'),
    ],
    ids=["said twice", "with an error", "with more"],
)
def test_usage_that_is_not_alone_and_single_stays_where_it_is(body: bytes) -> None:
    with pytest.raises(BadPlan, match="no place for usage-early"):
        made(body + DONE, "openai-chat", {"name": "usage-early"})


def test_usage_that_is_running_stays_where_it_is() -> None:
    with pytest.raises(BadPlan, match="no place for usage-late"):
        made(BOTH + SAID + DONE, "openai-chat", {"name": "usage-late"})


def test_a_chunk_of_chat_may_say_that_there_is_no_usage_yet() -> None:
    assert changed(SAID + COUNTED, "openai-chat", "usage-null") == (
        b'data: {"id":"c","choices":[{"index":0}],"usage":null}\n\n' + COUNTED
    )


def test_geminis_usage_comes_in_an_earlier_chunk_too_or_in_one_of_its_own() -> None:
    said, counted = b'data: {"candidates":[{}]}\n\n', b'data: {"candidates":[{}],"usageMetadata":{"n":1}}\n\n'
    assert changed(said + said + counted, "gemini", "usage-early", at=1) == said + counted + counted
    assert changed(said + counted, "gemini", "usage-late") == said + said + b'data: {"usageMetadata":{"n":1}}\n\n'


def test_an_anthropic_stream_may_count_twice() -> None:
    body = b'event: message_delta\ndata: {"type":"message_delta","delta":{},"usage":{"output_tokens":5}}\n\n'
    assert changed(body, "anthropic-messages", "usage-early") == (
        b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":null,"stop_sequence":null},'
        b'"usage":{"output_tokens":2}}\n\n' + body
    )


def test_the_end_of_an_anthropic_stream_may_repeat_the_counts_of_its_beginning() -> None:
    start = b'data: {"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}\n\n'
    end = b'data: {"type":"message_delta","usage":{"output_tokens":5}}\n\n'
    assert changed(start + end, "anthropic-messages", "usage-repeated") == (
        start + b'data: {"type":"message_delta","usage":{"input_tokens":9,"output_tokens":5}}\n\n'
    )
