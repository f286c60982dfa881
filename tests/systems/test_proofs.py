"""What the vendors' own SDKs really do, shown without the harness: the plain SDK against a server of plain bytes.

Each test is a failure that the catalogue finds, or the reason why an adapter reads the SDK as it does. A new version of
an SDK that mends one of them fails the test, and the entry under `harness/systems/known` is then stale.
"""

from __future__ import annotations

import gzip
import json
import time
import zlib
from typing import Any

import pytest

from .raw_server import RawServer, error, stream

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")

ASK = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


def chunk(content: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    given = {**({"content": content} if content is not None else {}), **delta}
    choices = [{"index": 0, "delta": given, "finish_reason": finish}]
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}


def call(index: int | None, call_id: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    fields = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return chunk(tool_calls=[{key: value for key, value in fields.items() if value is not None}])


DONE = "data: [DONE]\n\n"


def openai_client(server: RawServer, **options: Any) -> Any:
    return openai.OpenAI(api_key="k", base_url=f"{server.url}/v1", **{"max_retries": 0, **options})


def chat(*answers: bytes, **options: Any) -> tuple[list[Any], int]:
    """The chunks that a plain loop sees, and how many requests there were."""
    with (
        RawServer(*answers) as server,
        openai_client(server, **options) as client,
        client.chat.completions.create(**ASK, stream=True) as chunks,
    ):
        return list(chunks), server.requests


def text_of(chunks: list[Any]) -> str:
    return "".join(choice.delta.content or "" for each in chunks for choice in each.choices)


def reasons_of(chunks: list[Any]) -> list[str]:
    return [choice.finish_reason for each in chunks for choice in each.choices if choice.finish_reason]


def test_openai_chat_ends_quietly_when_the_body_ends_before_the_stop_reason() -> None:
    chunks, _ = chat(stream(chunk("Hel"), chunk("lo, I was")))
    assert (text_of(chunks), reasons_of(chunks)) == ("Hello, I was", [])


def test_openai_chat_ends_quietly_when_the_body_ends_before_the_first_word() -> None:
    chunks, _ = chat(stream(chunk("", role="assistant")))
    assert (text_of(chunks), reasons_of(chunks)) == ("", [])


def test_openai_chat_ends_quietly_when_a_body_without_length_is_cut_off() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    chunks, _ = chat(head + f"data: {json.dumps(chunk('Hel'))}\n\n".encode())
    assert (text_of(chunks), reasons_of(chunks)) == ("Hel", [])


def test_openai_chat_raises_when_a_chunked_body_lacks_its_last_chunk() -> None:
    with pytest.raises(openai.APIConnectionError):
        chat(stream(chunk("Hel"), last_chunk=False))


def test_openai_chat_drops_half_an_event_and_ends_quietly() -> None:
    chunks, _ = chat(stream(chunk("Hel"), f"data: {json.dumps(chunk('lo'))[:60]}"))
    assert (text_of(chunks), reasons_of(chunks)) == ("Hel", [])


def test_openai_chat_ends_quietly_on_an_empty_body() -> None:
    assert chat(stream()) == ([], 1)


def test_openai_chat_drops_a_last_event_that_lacks_its_blank_line() -> None:
    chunks, _ = chat(stream(chunk("Hello"), f"data: {json.dumps(chunk(finish='stop'))}\n"))
    assert (text_of(chunks), reasons_of(chunks)) == ("Hello", [])


@pytest.mark.parametrize("event", ["retry: 3000\n\n", "id: 7\n\n", "event: ping\n\n"])
def test_openai_chat_fails_on_an_event_without_data(event: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        chat(stream(event, chunk("Hello"), chunk(finish="stop"), DONE))


def test_openai_chat_takes_a_json_answer_for_an_empty_stream() -> None:
    refusal = json.dumps({"error": {"message": "no such model", "type": "invalid_request_error"}})
    assert chat(stream(refusal, content_type="application/json")) == ([], 1)


def test_openai_chat_repeats_a_request_whose_quota_is_exhausted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    body = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}
    with RawServer(error(429, body)) as server, openai_client(server, max_retries=2) as client:
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(**ASK, stream=True)
        assert server.requests == 3
    assert caught.value.code == "insufficient_quota"


def test_openai_waits_as_long_as_the_server_asks_up_to_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    limited = error(429, {"error": {"message": "slow"}}, ["retry-after: 120"])
    chunks, requests = chat(limited, stream(chunk("Hi"), chunk(finish="stop"), DONE), max_retries=2)
    assert (text_of(chunks), requests, waits) == ("Hi", 2, [120.0])
    with pytest.raises(openai.RateLimitError):
        chat(error(429, {"error": {"message": "slow"}}, ["retry-after: 121"]), max_retries=2)
    assert waits == [120.0]


@pytest.mark.parametrize(
    "shape",
    [
        {"error": {"message": "overloaded", "code": 503}},
        {"error": "overloaded"},
        {**chunk("Hel"), "error": {"message": "overloaded", "code": "server_error"}},
    ],
)
def test_openai_chat_raises_for_an_error_object_in_the_stream(shape: dict[str, Any]) -> None:
    with pytest.raises(openai.APIError):
        chat(stream(chunk("Hel"), shape, DONE))


@pytest.mark.parametrize(
    "event",
    [
        {"object": "error", "message": "overloaded", "code": 503},
        {"type": "error", "message": "overloaded", "code": "server_error"},
    ],
)
def test_openai_chat_hands_on_an_error_of_another_shape_as_a_chunk_without_choices(event: dict[str, Any]) -> None:
    chunks, _ = chat(stream(chunk("Hel"), event, DONE))
    assert [each.choices for each in chunks[1:]] == [None]


def helper_call(*frames: dict[str, Any]) -> list[tuple[str, str]]:
    """The calls as the SDK's own accumulating helper gives them: name and arguments."""
    with (
        RawServer(stream(*frames, chunk(finish="tool_calls"), DONE)) as server,
        openai_client(server) as client,
        client.chat.completions.stream(**ASK) as events,
    ):
        for _ in events:
            pass
        calls = events.get_final_completion().choices[0].message.tool_calls
    return [(each.function.name, each.function.arguments) for each in calls]


def test_the_openai_helper_appends_a_name_that_is_repeated() -> None:
    frames = (call(0, "a", "get_weather", ""), call(0, "a", "get_weather", "{}"))
    assert helper_call(*frames) == [("get_weatherget_weather", "{}")]


def test_the_openai_helper_makes_one_call_of_two_that_share_an_index() -> None:
    frames = (call(0, "a", "f", '{"x":1}'), call(0, "b", "f", '{"x":2}'))
    assert helper_call(*frames) == [("ff", '{"x":1}{"x":2}')]


def test_the_openai_helper_fails_on_calls_without_an_index() -> None:
    with pytest.raises(TypeError):
        helper_call(call(None, "a", "f", "{}"), call(None, "b", "f", "{}"))


def test_openai_chat_gives_calls_without_an_index_nothing_to_tell_their_fragments_by() -> None:
    chunks, _ = chat(stream(call(None, "a", "f", "{"), call(None, None, None, "}"), DONE))
    assert [each.choices[0].delta.tool_calls[0].index for each in chunks] == [None, None]


def responses(*answers: bytes, **options: Any) -> list[Any]:
    with (
        RawServer(*answers) as server,
        openai_client(server, **options) as client,
        client.responses.create(model="m", input="Hello", stream=True) as events,
    ):
        return list(events)


DELTA = {"type": "response.output_text.delta", "item_id": "i", "output_index": 0, "content_index": 0, "delta": "Hel"}


def test_openai_responses_ends_quietly_when_the_body_ends_before_the_final_response() -> None:
    assert [event.type for event in responses(stream(DELTA))] == ["response.output_text.delta"]


def test_openai_responses_ends_quietly_at_the_end_marker_of_another_dialect() -> None:
    assert [event.type for event in responses(stream(DELTA, DONE))] == ["response.output_text.delta"]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.failed", "response": {"id": "r", "status": "failed", "error": {"code": "server_error"}}},
        {"type": "error", "code": "server_error", "message": "overloaded"},
    ],
)
def test_openai_responses_hands_an_error_on_as_an_event(event: dict[str, Any]) -> None:
    assert [each.type for each in responses(stream(DELTA, event))] == ["response.output_text.delta", event["type"]]


def test_openai_responses_raises_for_an_error_event_with_an_error_object() -> None:
    with pytest.raises(openai.APIError):
        responses(stream(DELTA, {"type": "error", "error": {"code": "server_error", "message": "overloaded"}}))


def test_openai_responses_reads_on_after_the_final_response() -> None:
    final = {"type": "response.completed", "response": {"id": "r", "status": "completed", "output": []}}
    with pytest.raises(openai.APIConnectionError):
        responses(stream(DELTA, final, last_chunk=False))


def packed(*members: str, ended: bool = True) -> bytes:
    """A 200 whose body is gzip members, one for each text, and ends well as HTTP has it."""
    body = b"".join(map(gzip.compress, map(str.encode, members)))
    if not ended:
        packer = zlib.compressobj(wbits=31)
        body = b"".join(packer.compress(each.encode()) + packer.flush(zlib.Z_SYNC_FLUSH) for each in members)
    head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n"
    return f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body


def sse(payload: dict[str, Any]) -> str:
    name = f"event: {payload['type']}\n" if "type" in payload else ""
    return f"{name}data: {json.dumps(payload)}\n\n"


def test_openai_chat_fails_on_a_comment_behind_an_event_with_an_id() -> None:
    with pytest.raises(json.JSONDecodeError):
        chat(stream(f"id: 7\n{sse(chunk('Hel'))}", ": keep-alive\n\n", chunk("lo"), chunk(finish="stop"), DONE))


def test_openai_chat_loses_the_first_event_behind_a_byte_order_mark() -> None:
    chunks, _ = chat(stream(f"\ufeff{sse(chunk('Hel'))}", chunk("lo"), chunk(finish="stop"), DONE))
    assert (text_of(chunks), reasons_of(chunks)) == ("lo", ["stop"])


def test_openai_chat_ends_quietly_when_a_content_coding_lacks_its_end() -> None:
    chunks, _ = chat(packed(sse(chunk("Hel")), ended=False))
    assert (text_of(chunks), reasons_of(chunks)) == ("Hel", [])


def test_openai_responses_ends_quietly_when_a_content_coding_lacks_its_end() -> None:
    assert [event.type for event in responses(packed(sse(DELTA), ended=False))] == ["response.output_text.delta"]


def test_openai_loses_what_follows_the_first_gzip_member() -> None:
    chunks, _ = chat(packed(sse(chunk("Hel")), sse(chunk("lo", finish="stop")), DONE))
    assert (text_of(chunks), reasons_of(chunks)) == ("Hel", [])
    assert [event.type for event in responses(packed(sse(DELTA), sse(DELTA)))] == ["response.output_text.delta"]


NO_UTF8 = stream(chunk("Hel"), chunk("lo ~"), chunk(finish="stop"), DONE).replace(b"~", b"\xff")


def test_openai_chat_fails_on_a_byte_that_is_no_utf8() -> None:
    with pytest.raises(UnicodeDecodeError):
        chat(NO_UTF8)


def test_openai_responses_fails_on_a_byte_that_is_no_utf8() -> None:
    with pytest.raises(UnicodeDecodeError):
        responses(stream({**DELTA, "delta": "lo ~"}).replace(b"~", b"\xff"))


START = {
    "type": "message_start",
    "message": {
        "id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
}  # fmt: skip
BLOCK = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
WORD = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}}
STOP = {"type": "message_stop"}


def anthropic_client(server: RawServer, **options: Any) -> Any:
    return anthropic.Anthropic(api_key="k", base_url=server.url, **{"max_retries": 0, **options})


def messages(*answers: bytes, **options: Any) -> list[str]:
    """The types of the events that a plain loop sees."""
    with (
        RawServer(*answers) as server,
        anthropic_client(server, **options) as client,
        client.messages.create(**ASK, max_tokens=9, stream=True) as events,
    ):
        return [event.type for event in events]


def test_anthropic_ends_quietly_when_the_body_ends_before_the_stop_reason() -> None:
    assert messages(stream(START, BLOCK, WORD)) == ["message_start", "content_block_start", "content_block_delta"]


def test_anthropic_ends_quietly_when_the_body_ends_before_the_first_word() -> None:
    assert messages(stream(START)) == ["message_start"]


def test_the_anthropic_helper_gives_a_cut_off_message_as_the_final_one() -> None:
    with (
        RawServer(stream(START, BLOCK, WORD)) as server,
        anthropic_client(server) as client,
        client.messages.stream(**ASK, max_tokens=9) as events,
    ):
        message = events.get_final_message()
    assert (message.content[0].text, message.stop_reason) == ("Hel", None)


def test_anthropic_drops_half_an_event_and_ends_quietly() -> None:
    half = f"event: content_block_delta\ndata: {json.dumps(WORD)[:40]}"
    assert messages(stream(START, BLOCK, half)) == ["message_start", "content_block_start"]


def test_anthropic_ends_quietly_on_an_empty_body() -> None:
    assert messages(stream()) == []


def test_anthropic_ends_quietly_when_a_content_coding_lacks_its_end() -> None:
    seen = messages(packed(sse(START), sse(BLOCK), sse(WORD), ended=False))
    assert seen == ["message_start", "content_block_start", "content_block_delta"]


def test_anthropic_loses_what_follows_the_first_gzip_member() -> None:
    assert messages(packed(sse(START), sse(BLOCK) + sse(WORD))) == ["message_start"]


def test_anthropic_fails_on_a_byte_that_is_no_utf8() -> None:
    with pytest.raises(UnicodeDecodeError):
        messages(stream(START, BLOCK, {**WORD, "delta": {"type": "text_delta", "text": "~"}}).replace(b"~", b"\xff"))


def test_anthropic_takes_a_json_answer_for_an_empty_stream() -> None:
    refusal = json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    assert messages(stream(refusal, content_type="application/json")) == []


def test_anthropic_skips_the_first_event_behind_a_byte_order_mark() -> None:
    assert messages(stream(f"\ufeff{sse(START)}", BLOCK, WORD, STOP)) == [
        "content_block_start",
        "content_block_delta",
        "message_stop",
    ]


def test_anthropic_skips_every_event_whose_name_stands_in_its_data_alone() -> None:
    assert messages(stream(*(f"data: {json.dumps(event)}\n\n" for event in (START, BLOCK, WORD, STOP)))) == []


def test_anthropic_raises_for_an_error_in_the_stream_with_the_status_of_the_stream() -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with pytest.raises(anthropic.APIStatusError) as caught:
        messages(stream(START, overloaded))
    assert type(caught.value) is anthropic.APIStatusError
    assert (caught.value.status_code, caught.value.type) == (200, "overloaded_error")


def test_anthropic_does_not_wrap_a_connection_that_breaks() -> None:
    with pytest.raises(Exception, match="incomplete chunked read") as caught:
        messages(stream(START, WORD, last_chunk=False))
    assert not isinstance(caught.value, anthropic.AnthropicError)


def test_anthropic_reads_on_after_the_end_of_the_message() -> None:
    with pytest.raises(Exception, match="incomplete chunked read"):
        messages(stream(START, BLOCK, WORD, STOP, last_chunk=False))


def test_anthropic_waits_a_whole_day_if_the_server_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    limited = error(429, {"type": "error", "error": {"type": "rate_limit_error"}}, ["retry-after: 86400"])
    assert messages(limited, stream(START, STOP), max_retries=2) == ["message_start", "message_stop"]
    assert waits == [86400.0]


def test_anthropic_takes_no_temperature() -> None:
    with RawServer(stream(START)) as server, anthropic_client(server) as client, pytest.raises(TypeError):
        client.messages.create(**ASK, max_tokens=9, stream=True, temperature=0)
