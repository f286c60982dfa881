"""Readers without a bug read every stream here as it was meant: else what is found of the others says nothing."""

from __future__ import annotations

import pytest

from tests.mutants.decoders import sdks, streams
from tests.mutants.decoders.careful import CAREFUL, THINKER
from tests.mutants.decoders.subject import ReaderSubject

MEANT = {
    "words": "Grüße, dear world",
    "short": "Hi you",
    "counted": "Hi you",
    "faces": "Hi 😀 you",
    "letters": "boot hall",
    "escapes": 'a "b" c\\d\ne',
    "separators": "one two\u2028three",
    "wide": "x" * 12_000 + " end",
    "thinking": "<think>Hm.</think>Yes.",
    "call": "",
    "call-in-pieces": "",
    "messages": "Grüße you",
    "messages-crlf": "Hi you",
    "gemini": "Hi you",
    "ollama": "Grüße you",
}
BY_DIALECT = {reader.dialect: reader for reader in CAREFUL.values()}


@pytest.mark.parametrize("name", MEANT)
def test_a_careful_reader_gets_every_word_and_ends_well(name: str) -> None:
    stream = streams.stream(name)
    outcome = ReaderSubject("careful", BY_DIALECT[stream.dialect]).outcome(stream, stream.response)
    assert (outcome.ended, outcome.transcript["finish"] in ("stop", "tool_calls")) == ("completed", True)
    assert outcome.transcript["text"] == MEANT[name]
    assert outcome.transcript["usage"]["output_tokens"] == 4


def test_every_stream_is_read() -> None:
    assert set(MEANT) == set(streams.BODIES)


@pytest.mark.parametrize("name", ["call", "call-in-pieces"])
def test_a_call_is_whole(name: str) -> None:
    stream = streams.stream(name)
    [call] = ReaderSubject("careful", CAREFUL["careful-chat"]).outcome(stream, stream.response).transcript["tool_calls"]
    assert call == {"id": "call_1", "name": "f", "arguments": '{"city":"Oslo"}', "input": {"city": "Oslo"}}


def test_what_stands_between_think_tags_is_told_apart() -> None:
    stream = streams.stream("thinking")
    outcome = ReaderSubject("careful", THINKER).outcome(stream, stream.response)
    assert (outcome.transcript["reasoning"], outcome.transcript["text"]) == ("Hm.", "Yes.")


def test_a_packed_body_is_unpacked() -> None:
    stream = streams.packed("short")
    outcome = ReaderSubject("careful", CAREFUL["careful-chat"]).outcome(stream, stream.response)
    assert outcome.transcript["text"] == "Hi you"


def test_the_vendors_sdks_read_them_too() -> None:
    read = {}
    for subject, name in ((sdks.openai_chat(), "words"), (sdks.anthropic_messages(), "messages")):
        stream = streams.stream(name)
        outcome = subject.outcome(stream, stream.response)
        read[name] = (outcome.ended, outcome.transcript["text"])
        subject.close()
    assert read == {"words": ("completed", "Grüße, dear world"), "messages": ("completed", "Grüße you")}
