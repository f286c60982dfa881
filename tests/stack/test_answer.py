"""Whole answers: a request for no stream, and whatever a server may answer it with."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from harness.dialects import dialect, dialect_names
from harness.events import AnyEvent, End, ErrorInfo, Finish, Text, ToolCall, Usage
from harness.request import Request, read_request
from harness.stack.client import Client
from harness.transcript import Transcript

from .fakes import PLAIN, Answer, Network, run

URL = "https://api.example"
ALL = pytest.mark.parametrize("name", dialect_names())
ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_output_tokens": 99}
WHOLE, STREAM = read_request({**ASKED, "stream": False}), read_request(ASKED)
SAID: list[AnyEvent] = [
    Text("Let me lóok."),
    ToolCall(0, "call_1", "f", '{"city": "Oslo"}'),
    Finish("tool_calls"),
    Usage(9, 4),
    End("completed"),
]
JSON = {"content-type": "application/json"}
LOST = httpx.RemoteProtocolError("peer closed connection")


def document(name: str, events: list[AnyEvent] = SAID) -> bytes:
    return dialect(name).write_answer(events).body


def frames(name: str) -> list[bytes]:
    encoder = dialect(name).encoder()
    return [frame for event in SAID for frame in encoder.feed(event)] + encoder.close()


def ask(name: str, network: Network, request: Request = WHOLE, **options: Any) -> Transcript:
    options = {"policy": PLAIN, "api_key": "sk-test", **options}
    return Client(name, URL, transport=network, clock=network.clock, **options).transcript(request)


def gist(result: Transcript) -> Any:
    calls = [(call.name, call.input) for call in result.tool_calls]
    return result.status, result.text, calls, (result.usage.input_tokens, result.usage.output_tokens)


ALL_OF_IT = ("completed", "Let me lóok.", [("f", {"city": "Oslo"})], (9, 4))


@ALL
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_document_is_read_however_it_is_cut(name: str, size: int) -> None:
    body = document(name)
    network = Network(Answer([body[at : at + size] for at in range(0, len(body), size)], headers=JSON))
    result = ask(name, network)
    assert gist(result) == ALL_OF_IT
    assert (result.finish, result.warnings, result.error) == ("tool_calls", (), None)


@ALL
def test_what_is_sent_asks_for_no_stream_and_is_valid(name: str) -> None:
    network = Network(Answer([document(name)], headers=JSON))
    ask(name, network)
    (sent,) = network.requests
    path = sent.url.raw_path.decode()
    assert dialect(name).matches(sent.method, path)
    assert dialect(name).validate(path, dict(sent.headers), sent.content) == []
    assert not json.loads(sent.content).get("stream")
    assert "stream" not in path.lower()
    assert dialect(name).read_request(path, dict(sent.headers), sent.content).stream is False


@ALL
def test_a_stream_in_the_place_of_a_document_is_read_with_a_warning(name: str) -> None:
    result = ask(name, Network(Answer(frames(name), headers={"content-type": dialect(name).content_type})))
    assert gist(result) == ALL_OF_IT
    assert [warning.rule for warning in result.warnings] == ["stream-unasked"]


@ALL
def test_a_document_in_the_place_of_a_stream_is_read_with_a_warning(name: str) -> None:
    result = ask(name, Network(Answer([document(name)], headers=JSON)), STREAM)
    assert gist(result) == ALL_OF_IT
    warned = "stream-missing" in [warning.rule for warning in result.warnings]
    assert warned == (name != "ollama")  # whose stream may be one line


def test_an_unasked_stream_is_handed_on_as_it_comes() -> None:
    network = Network(Answer(frames("openai-chat")))
    client = Client("openai-chat", URL, transport=network, api_key="sk-test")

    async def count_batches() -> int:
        async with client.stream(WHOLE) as stream:
            return len([1 async for event in stream if isinstance(event, Text | ToolCall)])

    assert run(count_batches()) == 2


@ALL
def test_a_document_that_is_cut_with_its_connection_is_asked_for_again(name: str) -> None:
    body = document(name)
    network = Network(Answer([body[: len(body) // 2], LOST], headers=JSON), Answer([body], headers=JSON))
    assert gist(ask(name, network)) == ALL_OF_IT
    assert len(network.requests) == 2


@ALL
def test_a_document_that_is_never_whole_says_so(name: str) -> None:
    body = document(name)
    result = ask(name, Network(Answer([body[:-9], LOST], headers=JSON)), policy=PLAIN.limited(0))
    assert result.error is not None
    assert (result.status, result.text, result.error.kind) == ("truncated", "", "connection")


@ALL
def test_a_document_that_ends_early_though_http_says_it_is_whole_is_no_answer(name: str) -> None:
    result = ask(name, Network(Answer([document(name)[:-9]], headers=JSON)))
    assert result.error is not None
    assert (result.status, result.text, result.error.kind) == ("failed", "", "protocol")


@ALL
def test_a_connection_that_breaks_after_the_document_is_a_warning(name: str) -> None:
    result = ask(name, Network(Answer([document(name), LOST], headers=JSON)))
    assert gist(result) == ALL_OF_IT
    assert [warning.rule for warning in result.warnings] == ["connection-lost-after-end"]


@ALL
def test_an_empty_body_is_no_answer(name: str) -> None:
    result = ask(name, Network(Answer([], headers=JSON)), policy=PLAIN.limited(0))
    assert result.error is not None
    assert (result.status, result.error.kind) == ("truncated", "connection")


@ALL
@pytest.mark.parametrize("body", [b"<html>busy</html>", b"{}", b'{"hello": 1}', b"null"])
def test_what_is_no_answer_is_shown(name: str, body: bytes) -> None:
    result = ask(name, Network(Answer([body], headers=JSON)))
    assert result.error is not None
    assert (result.status, result.error.kind) == ("failed", "protocol")
    assert f"is no {name} answer (application/json); it begins with {body.decode()!r}" in result.error.message


@ALL
def test_an_error_object_under_a_good_status_is_repeated_as_its_kind_demands(name: str) -> None:
    error = dialect(name).write_error(ErrorInfo("rate_limit", "slow down"))
    headers = {**JSON, "retry-after": "7"}
    network = Network(Answer([error.body], headers=headers), Answer([document(name)], headers=JSON))
    assert gist(ask(name, network)) == ALL_OF_IT
    assert network.clock.sleeps == [7.0]


@ALL
def test_think_tags_are_read_in_documents(name: str) -> None:
    body = document(name, [Text("<think>Hm.</think>Hi"), Finish("stop"), End("completed")])
    result = ask(name, Network(Answer([body], headers=JSON)), think_tags=True)
    assert (result.reasoning, result.text) == ("Hm.", "Hi")


def test_a_document_that_is_not_whole_fails_with_what_it_said() -> None:
    body = {"candidates": [{"content": {"parts": [{"text": "So far"}]}}]}
    result = ask("gemini", Network(Answer([json.dumps(body).encode()], headers=JSON)))
    assert result.error is not None
    assert (result.status, result.text, result.error.kind) == ("truncated", "So far", "connection")
