"""What an encoder sends for a silent time, and the calls that it lets go of because the upstream is silent."""

from __future__ import annotations

import pytest

from harness.dialects import dialect
from harness.events import ErrorInfo, Failure, Text, ToolCall

from .decoded import encoded, transcript
from .said import FULL, STREAMS

every_stream = pytest.mark.parametrize("name", STREAMS)
HOLD_CALLS = ("gemini", "ollama")
HAND_OVER_CALLS = (*HOLD_CALLS, "ai-sdk-ui")


@every_stream
def test_a_keep_alive_between_any_two_frames_changes_nothing(name: str) -> None:
    encoder = dialect(name).encoder()
    sent = [encoder.keep_alive()]
    for event in FULL:
        for frame in encoder.feed(event):
            sent += [frame, encoder.keep_alive()]
    alive = len(sent)
    sent += encoder.close()
    assert all(sent[:alive])
    assert transcript(name, sent) == transcript(name, encoded(name, FULL))


@every_stream
def test_nothing_keeps_a_stream_alive_that_has_ended(name: str) -> None:
    ended, failed = dialect(name).encoder(), dialect(name).encoder()
    ended.close()
    failed.feed(Failure(ErrorInfo("overloaded", "busy")))
    assert (ended.keep_alive(), failed.keep_alive()) == (b"", b"")


@every_stream
def test_a_whole_call_is_let_go_of_when_nothing_follows(name: str) -> None:
    encoder = dialect(name).encoder()
    fed = encoder.feed(ToolCall(0, "call_a", "get_weather", '{"city":"Oslo"}'))
    settled = encoder.settle(doubtful=False)
    assert b"Oslo" in b"".join([*fed, *settled]).replace(b"\\", b"")
    assert bool(settled) == (name in HAND_OVER_CALLS)
    assert encoder.settle() == []


@pytest.mark.parametrize("name", HAND_OVER_CALLS)
def test_an_empty_object_is_in_doubt_until_more_comes_or_the_silence_says_that_it_does_not(name: str) -> None:
    encoder = dialect(name).encoder()
    encoder.feed(ToolCall(0, "call_a", "now", "{}"))
    assert encoder.settle(doubtful=False) == []
    assert len(encoder.settle()) == 1


@pytest.mark.parametrize("name", HOLD_CALLS)
def test_a_call_that_is_cut_off_is_never_let_go_of(name: str) -> None:
    encoder = dialect(name).encoder()
    for piece in ('{"a": "', "}", "\\", '"}"', ', "b": [1'):
        encoder.feed(ToolCall(0, "call_a", "get_weather", piece))
        assert encoder.settle() == []
    assert encoder.feed(ToolCall(0, arguments="]}")) == []
    assert len(encoder.settle()) == 1
    assert encoder.feed(Text("x"))
