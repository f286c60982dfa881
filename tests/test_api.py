"""The Python API: bytes in, transcript out, whatever the cutting."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness
from harness import Transcript, decode, decoder, fold
from harness.dialects import UnknownDialect, dialect_names
from harness.events import End, Finish, Start, Text

CHAT = (
    'data: {"id":"r1","model":"m","choices":[{"index":0,"delta":{"content":"<think>Só"}}]}\n\n'
    'data: {"choices":[{"index":0,"delta":{"content":"</think>Olá"},"finish_reason":"stop"}]}\n\n'
    "data: [DONE]\n\n"
).encode()
OLLAMA = (
    '{"model":"m","message":{"role":"assistant","content":"Olá 🌍"},"done":false}\n'
    '{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}\n'
).encode()
STREAMS = [("openai-chat", CHAT), ("ollama", OLLAMA)]
KEYS = "dialect status finish finish_raw text reasoning refusal tool_calls usage error id model other_choices warnings"


def pieces(body: bytes, ends: list[int]) -> list[bytes]:
    places = [0, *sorted(end % (len(body) + 1) for end in ends), len(body)]
    return [body[start:end] for start, end in pairwise(places)]


def test_bytes_become_a_transcript() -> None:
    transcript = decode("openai-chat", CHAT)
    assert isinstance(transcript, Transcript)
    assert (transcript.text, transcript.status, transcript.finish) == ("<think>Só</think>Olá", "completed", "stop")
    assert (transcript.reasoning, transcript.warnings) == ("", ())


def test_the_json_form_has_its_keys_in_their_order() -> None:
    for name in dialect_names():
        assert list(decode(name, b"").to_dict()) == KEYS.split()
    json.dumps(decode("openai-chat", CHAT).to_dict())


def test_think_tags_become_reasoning_when_asked() -> None:
    transcript = decode("openai-chat", CHAT, think_tags=True)
    assert (transcript.text, transcript.reasoning) == ("Olá", "Só")


def test_a_block_that_is_never_closed_is_not_lost() -> None:
    open_ended = CHAT.replace(b"</think>", b"")
    transcript = decode("openai-chat", open_ended, think_tags=True)
    assert (transcript.text, transcript.reasoning) == ("", "SóOlá")


def test_any_iterable_of_bytes_will_do() -> None:
    def generator() -> Iterator[bytes]:
        yield CHAT[:33]
        yield b""
        yield CHAT[33:]

    whole = decode("openai-chat", CHAT).to_dict()
    for chunks in ([CHAT], (CHAT[:7], CHAT[7:]), generator(), iter([CHAT])):
        assert decode("openai-chat", chunks).to_dict() == whole
    for body in (bytearray(CHAT), memoryview(CHAT)):
        assert decode("openai-chat", body).to_dict() == whole


@pytest.mark.parametrize(("dialect", "body"), STREAMS)
@pytest.mark.parametrize("think_tags", [False, True])
def test_every_single_cut_gives_the_same(dialect: str, body: bytes, think_tags: bool) -> None:
    whole = decode(dialect, body, think_tags=think_tags).to_dict()
    for place in range(len(body)):
        assert decode(dialect, [body[:place], body[place:]], think_tags=think_tags).to_dict() == whole
    byte_by_byte = [body[place : place + 1] for place in range(len(body))]
    assert decode(dialect, byte_by_byte, think_tags=think_tags).to_dict() == whole


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 1000), max_size=12), st.booleans())
def test_any_cutting_gives_the_same(stream: tuple[str, bytes], ends: list[int], think_tags: bool) -> None:
    dialect, body = stream
    whole = decode(dialect, body, think_tags=think_tags).to_dict()
    assert decode(dialect, pieces(body, ends), think_tags=think_tags).to_dict() == whole


@given(st.sampled_from(dialect_names()), st.binary(max_size=400), st.booleans())
def test_no_bytes_at_all_make_it_raise(dialect: str, body: bytes, think_tags: bool) -> None:
    status = decode(dialect, body, think_tags=think_tags).status
    assert status in ("completed", "truncated", "failed")


@pytest.mark.parametrize("dialect", dialect_names())
def test_noise_is_never_a_finished_answer(dialect: str) -> None:
    assert decode(dialect, random.Random(3).randbytes(5_000)).status != "completed"
    assert decode(dialect, b"").status == "truncated"


def test_the_incremental_decoder_gives_events_as_they_come() -> None:
    incremental = decoder("ollama")
    first, second = OLLAMA.splitlines(keepends=True)
    assert incremental.feed(first[:-1]) == []
    assert Text("Olá 🌍") in incremental.feed(first[-1:])
    assert Finish("stop", "stop") in incremental.feed(second)
    assert incremental.close()[-1] == End("completed")


def test_the_incremental_decoder_splits_think_tags_too() -> None:
    incremental = decoder("openai-chat", think_tags=True)
    events = [*incremental.feed(CHAT), *incremental.close()]
    assert events[0] == Start("r1", "m")
    assert fold("openai-chat", events) == decode("openai-chat", CHAT, think_tags=True)


@pytest.mark.parametrize("function", [decoder, lambda name: decode(name, b"")])
def test_an_unknown_dialect_is_refused_with_those_that_there_are(function: object) -> None:
    assert callable(function)
    with pytest.raises(
        UnknownDialect, match=r"unknown dialect 'openai'; the dialects are ai-sdk-ui, anthropic-messages, gemini"
    ):
        function("openai")
    assert issubclass(UnknownDialect, ValueError)


def test_the_public_names_are_offered() -> None:
    assert set(harness.__all__) <= set(dir(harness))
    assert len(harness.load_catalogue()) > 100


def test_a_request_is_translated_with_its_losses() -> None:
    body = b'{"model":"m","max_tokens":9,"top_k":3,"messages":[{"role":"user","content":"Hi"}]}'
    there = harness.translate_request("anthropic-messages", "ollama", "/v1/messages", {}, body)
    assert there.path == "/api/chat"
    assert json.loads(there.body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": False,
        "options": {"num_predict": 9, "top_k": 3},
    }
    assert there.losses == ()
    with pytest.raises(UnknownDialect):
        harness.translate_request("semaphore", "ollama", "/", {}, b"")
