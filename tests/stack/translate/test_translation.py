"""`harness.translate`: chunks in, frames out as they come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import harness
from harness.dialects import UnknownDialect
from tests.dialects.decoded import transcript

CHAT = (
    b'data: {"id":"r1","model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}\n\n',
    b"data: [DONE]\n\n",
)


def test_frames_losses_and_status() -> None:
    translation = harness.translate("openai-chat", "ollama", b"".join(CHAT))
    assert translation.status is None
    result = transcript("ollama", b"".join(translation))
    assert (result.text, result.finish) == ("Hello", "stop")
    assert (translation.status, [loss.what for loss in translation.losses]) == ("completed", ["response-id"])


def test_a_frame_is_given_before_the_next_chunk_is_asked_for() -> None:
    asked = 0

    def reads() -> Iterator[bytes]:
        nonlocal asked
        for chunk in CHAT:
            asked += 1
            yield chunk

    frames = iter(harness.translate("openai-chat", "gemini", reads()))
    assert b"Hel" in next(frames)
    assert asked == 1


def test_nothing_at_all_is_a_stream_that_was_cut_off() -> None:
    translation = harness.translate("gemini", "openai-responses", b"")
    assert transcript("openai-responses", b"".join(translation)).status == "failed"
    assert translation.status == "truncated"


@pytest.mark.parametrize("pair", [("smoke", "gemini"), ("gemini", "smoke")])
def test_an_unknown_dialect_is_refused_before_anything_is_read(pair: tuple[str, str]) -> None:
    with pytest.raises(UnknownDialect, match="unknown dialect 'smoke'"):
        harness.translate(*pair, b"")


CALLS = (
    b'data: {"id":"r1","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a",'
    b'"function":{"name":"f","arguments":"{\\"x\\": 1}"}}]}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b",'
    b'"function":{"name":"g","arguments":"{\\"y\\": 2}"}}]}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\n',
)


@pytest.mark.parametrize("target", ["gemini", "ollama"])
def test_calls_go_out_frame_by_frame_however_the_original_was_cut(target: str) -> None:
    in_frames = [*harness.translate("openai-chat", target, CALLS)]
    assert [frame.count(b'"name"') for frame in in_frames] == [1, 1, 0]
    body = b"".join(CALLS)
    assert [*harness.translate("openai-chat", target, body)] == in_frames
    assert [*harness.translate("openai-chat", target, [body[at : at + 1] for at in range(len(body))])] == in_frames
