"""The client over every real dialect: what it sends is valid, what it reads is what was encoded."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects import dialect, dialect_names
from harness.dialects.base import Dialect
from harness.events import AnyEvent, End, ErrorInfo, ErrorKind, Failure, Finish, Reasoning, Start, Text, ToolCall, Usage
from harness.request import Request, read_request
from harness.stack.client import Client
from harness.stack.overflow import drop_oldest_turns
from harness.stack.retry import TRANSIENT
from harness.transcript import Transcript

from .fakes import PLAIN, REQUEST, Answer, Network

URL = "https://api.example"
WHOLE: list[AnyEvent] = [
    Start("resp_1", "test-model"),
    Text("Let me "),
    Text("lóok."),
    ToolCall(0, "call_1", "get_weather", '{"city": "Oslo"}'),
    Finish("tool_calls"),
    Usage(input_tokens=9, output_tokens=4),
]
LONG = read_request(
    {
        "model": "test-model",
        "system": "You are terse.",
        "messages": [
            {"role": "user", "content": "Weather in Oslo?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": '{"city": "Oslo"}'}
                ],
            },
            {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "call_1", "content": "3 °C"}]},
            {"role": "assistant", "content": "3 °C"},
            {"role": "user", "content": "And in Bergen?"},
        ],
        "tools": [
            {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
        ],
        "max_output_tokens": 100,
    }
)
ALL = pytest.mark.parametrize("name", dialect_names())


def body(record: Dialect, events: list[AnyEvent], *, ended: bool = True) -> list[bytes]:
    encoder = record.encoder()
    frames = [frame for event in events for frame in encoder.feed(event)]
    return [*frames, *(encoder.close() if ended else [])]


def answer(record: Dialect, events: list[AnyEvent], *, ended: bool = True) -> Answer:
    return Answer(body(record, events, ended=ended), headers={"content-type": record.content_type})


def refusal(record: Dialect, kind: ErrorKind, message: str, retry_after_s: float | None = None) -> Answer:
    told = ErrorInfo(kind, message, retryable=kind in TRANSIENT, retry_after_s=retry_after_s)
    error = record.write_error(told)
    return Answer([error.body], error.status, error.headers)


def ask(name: str, network: Network, request: Request = REQUEST, **options: Any) -> Transcript:
    options = {"policy": PLAIN, "api_key": "sk-test", **options}
    return Client(name, URL, transport=network, clock=network.clock, **options).transcript(request)


@ALL
def test_an_answer_arrives_whole(name: str) -> None:
    transcript = ask(name, Network(answer(dialect(name), WHOLE)))
    assert (transcript.status, transcript.text, transcript.error) == ("completed", "Let me lóok.", None)
    assert [(call.name, call.input) for call in transcript.tool_calls] == [("get_weather", {"city": "Oslo"})]
    assert (transcript.usage.input_tokens, transcript.usage.output_tokens) == (9, 4)


@ALL
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_it_does_not_matter_how_the_bytes_are_cut(name: str, size: int) -> None:
    whole = b"".join(body(dialect(name), WHOLE))
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    network = Network(Answer(pieces, headers={"content-type": dialect(name).content_type}))
    assert ask(name, network).to_dict() == ask(name, Network(answer(dialect(name), WHOLE))).to_dict()


@ALL
@pytest.mark.parametrize("request_", [REQUEST, LONG])
def test_what_is_sent_is_valid(name: str, request_: Request) -> None:
    record = dialect(name)
    network = Network(answer(record, WHOLE))
    ask(name, network, request_)
    (sent,) = network.requests
    path = sent.url.raw_path.decode()
    assert record.matches(sent.method, path)
    assert record.validate(path, dict(sent.headers), sent.content) == []


@ALL
def test_a_compacted_request_is_valid(name: str) -> None:
    record = dialect(name)
    overflow = refusal(record, "context_overflow", "This model's maximum context length is 4096 tokens.")
    network = Network(overflow, answer(record, WHOLE))
    transcript = ask(name, network, LONG, compact=drop_oldest_turns)
    assert (transcript.status, len(network.requests)) == ("completed", 2)
    first, second = network.requests
    assert len(second.content) < len(first.content)
    assert record.validate(second.url.raw_path.decode(), dict(second.headers), second.content) == []


@ALL
@pytest.mark.parametrize(("kind", "requests"), [("rate_limit", 2), ("server", 2), ("auth", 1), ("invalid_request", 1)])
def test_errors_keep_their_kind(name: str, kind: ErrorKind, requests: int) -> None:
    network = Network(refusal(dialect(name), kind, "The request failed."))
    transcript = ask(name, network, policy=PLAIN.limited(1))
    assert transcript.error is not None
    assert (transcript.status, transcript.error.kind, len(network.requests)) == ("failed", kind, requests)


@ALL
def test_the_wait_that_the_vendor_names_is_kept(name: str) -> None:
    record = dialect(name)
    network = Network(refusal(record, "rate_limit", "Slow down.", 7.5), answer(record, WHOLE))
    assert ask(name, network).status == "completed"
    assert network.clock.sleeps == [7.5]


@ALL
def test_an_error_in_the_stream_before_any_content_is_repeated(name: str) -> None:
    record = dialect(name)
    error = Failure(ErrorInfo("server", "Internal server error", code="server_error", retryable=True))
    network = Network(answer(record, [Start("lost"), error], ended=False), answer(record, WHOLE))
    transcript = ask(name, network)
    assert (transcript.status, transcript.text, len(network.requests)) == ("completed", "Let me lóok.", 2)


@ALL
def test_an_error_in_the_stream_after_content_is_final(name: str) -> None:
    record = dialect(name)
    error = Failure(ErrorInfo("overloaded", "Overloaded", code="overloaded_error", retryable=True))
    network = Network(answer(record, [Text("Let me "), error], ended=False), answer(record, WHOLE))
    transcript = ask(name, network)
    assert (transcript.status, transcript.text, len(network.requests)) == ("failed", "Let me ", 1)


@ALL
def test_a_cut_answer_is_truncated(name: str) -> None:
    network = Network(answer(dialect(name), WHOLE[:3], ended=False))
    transcript = ask(name, network)
    assert (transcript.status, transcript.text) == ("truncated", "Let me lóok.")
    assert transcript.error is not None
    assert transcript.error.kind == "connection"


@ALL
def test_an_empty_answer_is_no_success(name: str) -> None:
    network = Network(Answer([], headers={"content-type": dialect(name).content_type}))
    assert ask(name, network, policy=PLAIN.limited(0)).status == "truncated"


@ALL
@pytest.mark.parametrize("page", [b"<html><body>Sign in</body></html>", b"upstream connect error"])
def test_a_page_is_no_answer(name: str, page: bytes) -> None:
    network = Network(Answer([page], headers={"content-type": "text/html"}))
    transcript = ask(name, network)
    assert transcript.error is not None
    assert (transcript.status, transcript.error.kind, len(network.requests)) == ("failed", "protocol", 1)
    assert page.decode()[:20] in transcript.error.message


@ALL
def test_an_error_object_under_a_200_is_that_error(name: str) -> None:
    error = dialect(name).write_error(ErrorInfo("rate_limit", "Rate limit reached"))
    network = Network(Answer([error.body], 200, {"content-type": "application/json"}))
    transcript = ask(name, network, policy=PLAIN.limited(0))
    assert transcript.error is not None
    assert (transcript.status, transcript.error.kind) == ("failed", "rate_limit")


@ALL
def test_think_tags_are_split_where_asked_for(name: str) -> None:
    events = [Text("<think>hm</th"), Text("ink>Hi"), Finish("stop")]
    transcript = ask(name, Network(answer(dialect(name), events)), think_tags=True)
    assert (transcript.reasoning, transcript.text) == ("hm", "Hi")


@ALL
def test_a_body_that_stays_open_after_its_end_is_not_waited_for(name: str) -> None:
    record = dialect(name)
    whole = answer(record, WHOLE)
    network = Network(Answer([*whole.chunks, 1e9], headers=whole.headers))
    transcript = ask(name, network)
    assert (transcript.status, transcript.error) == ("completed", None)
    if record.facts["end_marker"]:
        assert network.clock.now() <= PLAIN.after_end_s


@ALL
def test_native_reasoning_ends_the_assumption_of_an_open_block(name: str) -> None:
    events = [Reasoning("hm"), Text("Hi"), Finish("stop")]
    transcript = ask(name, Network(answer(dialect(name), events)), think_tags="assume-open")
    assert (transcript.reasoning, transcript.text) == ("hm", "Hi")


def test_every_stream_has_one_end() -> None:
    for name in dialect_names():
        record = dialect(name)
        for cut in range(len(WHOLE)):
            decoder = record.decoder()
            events = [*decoder.feed(b"".join(body(record, WHOLE[:cut], ended=False))), *decoder.close()]
            assert [type(event) for event in events].count(End) == 1
