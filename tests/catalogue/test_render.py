"""From scenario to wire: literal frames, bodies, errors and connections, and canonical events in every dialect."""

import json
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.catalogue.models import Response, Scenario
from harness.catalogue.render import (
    NotExpressible,
    RenderedScenario,
    Unrenderable,
    dialects_of,
    render,
    render_response,
)
from harness.dialects import UnknownDialect, dialect, dialect_names
from harness.transcript import Transcript, fold
from harness.wire.response import WireResponse

HELLO = [{"text": ["Hel", "lo"]}, {"finish": "stop"}]
CALLS = [
    {"tool_call": {"id": "call_1", "name": "get_weather", "arguments": ['{"city"', ': "Oslo"}']}},
    {"finish": "tool_calls"},
]


def scenario(**fields: Any) -> Scenario:
    plain = {"id": "a/b", "title": "T", "why": "W", "responses": [{"events": HELLO}], "expect": {}}
    return Scenario.model_validate(plain | fields)


def rendered(name: str, **response: Any) -> WireResponse:
    return render_response(Response.model_validate(response), dialect(name))


def read(name: str, response: WireResponse) -> Transcript:
    decoder = dialect(name).decoder()
    return fold(name, [*decoder.feed(response.body), *decoder.close()])


@pytest.mark.parametrize("name", dialect_names())
def test_canonical_events_read_back_in_every_dialect(name: str) -> None:
    response = rendered(name, events=[*HELLO, {"usage": {"input_tokens": 9, "output_tokens": 4}}])
    transcript = read(name, response)
    assert (transcript.status, transcript.text, transcript.finish) == ("completed", "Hello", "stop")
    assert (transcript.usage.input_tokens, transcript.usage.output_tokens) == (9, 4)
    assert (response.status, response.header("content-type")) == (200, dialect(name).content_type)
    assert (response.transfer, response.ending) == ("chunked", "clean")


@pytest.mark.parametrize("name", dialect_names())
def test_tool_calls_read_back_in_every_dialect(name: str) -> None:
    transcript = read(name, rendered(name, events=CALLS))
    assert [(call.name, call.input) for call in transcript.tool_calls] == [("get_weather", {"city": "Oslo"})]


@pytest.mark.parametrize("name", dialect_names())
def test_each_frame_is_a_chunk(name: str) -> None:
    response = rendered(name, events=HELLO)
    assert [chunk.data for chunk in response.chunks] == dialect(name).split_frames(response.body)


@pytest.mark.parametrize("name", dialect_names())
def test_a_cut_after_events_is_the_same_in_every_dialect(name: str) -> None:
    response = rendered(name, events=HELLO, faults=[{"cut": {"after_events": 1, "how": "reset"}}])
    assert read(name, response).text == "Hel"
    assert (read(name, response).status, response.ending) == ("truncated", "reset")


@pytest.mark.parametrize("name", dialect_names())
def test_a_failure_ends_the_stream_without_a_good_end(name: str) -> None:
    transcript = read(name, rendered(name, events=[{"text": "Hel"}, {"failure": {"kind": "server", "message": "Oh."}}]))
    assert (transcript.status, transcript.text) == ("failed", "Hel")


@pytest.mark.parametrize("name", dialect_names())
def test_an_error_is_in_the_dialects_own_form(name: str) -> None:
    response = rendered(
        name, error={"kind": "rate_limit", "message": "Too many requests.", "retry_after_s": 2}, status=429
    )
    info = dialect(name).read_error(response.status, dict(response.headers), response.body)
    assert (info.kind, info.status, info.retryable, info.retry_after_s) == ("rate_limit", 429, True, 2)
    assert response.transfer == "length"


def test_what_is_not_retryable_says_so_where_the_vendor_does() -> None:
    assert rendered("anthropic-messages", error="rate_limit").header("x-should-retry") == "true"
    refused = rendered("anthropic-messages", error={"kind": "rate_limit", "retryable": False})
    assert refused.header("x-should-retry") == "false"


def test_headers_replace_those_of_the_response() -> None:
    response = rendered("openai-chat", error={"kind": "rate_limit", "retry_after_s": 2}, headers={"Retry-After": "7"})
    assert [value for name, value in response.headers if name == "retry-after"] == ["7"]


def test_a_header_may_be_left_out() -> None:
    assert rendered("ollama", events=[{"text": "Hi"}], headers={"content-type": None}).headers == ()


def test_a_response_comes_in_each_coding_that_a_request_may_accept() -> None:
    plain = rendered("ollama", events=[{"text": "Hi"}], faults=[{"encode": ["br", "gzip"]}], chunk_extension="a=1")
    assert plain.header("content-encoding") is None
    assert [name for name, _ in plain.codings] == ["br", "gzip"]
    coded = plain.accepted_by("gzip, deflate")
    assert (coded.header("content-encoding"), coded.chunk_extension, coded.codings) == ("gzip", "a=1", ())
    assert zlib.decompress(coded.body, 31) == plain.body
    assert plain.accepted_by(None) is plain.accepted_by("identity") is plain


def test_a_date_in_a_header_is_that_of_the_moment() -> None:
    response = rendered("openai-chat", error="rate_limit", headers={"retry-after": "{http-date+3}"})
    sent = dict(response.headers_at(datetime(2026, 11, 21, 23, 59, 58, tzinfo=UTC)))
    assert sent["retry-after"] == "Sun, 22 Nov 2026 00:00:01 GMT"


@pytest.mark.parametrize(
    ("name", "frame", "wire"),
    [
        ("openai-chat", {"a": 1}, b'data: {"a":1}\n\n'),
        ("openai-chat", {"type": "x"}, b'data: {"type":"x"}\n\n'),
        ("gemini", {"type": "x"}, b'data: {"type":"x"}\n\n'),
        ("anthropic-messages", {"type": "ping"}, b'event: ping\ndata: {"type":"ping"}\n\n'),
        ("openai-responses", {"type": "error"}, b'event: error\ndata: {"type":"error"}\n\n'),
        ("openai-responses", {"a": "é"}, 'data: {"a":"é"}\n\n'.encode()),
        ("ollama", {"a": 1}, b'{"a":1}\n'),
        ("openai-chat", "data: [DONE]", b"data: [DONE]\n\n"),
        ("openai-chat", "event: x\ndata: 1\n", b"event: x\ndata: 1\n\n"),
        ("openai-chat", ": ping", b": ping\n\n"),
        ("ollama", '{"a":', b'{"a":\n'),
    ],
)
def test_literal_frames_are_wrapped_in_the_framing(name: str, frame: Any, wire: bytes) -> None:
    assert rendered(name, frames=[frame]).body == wire


def test_an_envelope_is_added_to_every_mapping() -> None:
    response = rendered("ollama", frames=[{"done": True}, {"model": "b"}, "x"], envelope={"model": "a"})
    lines = response.body.splitlines()
    assert [json.loads(line) for line in lines[:2]] == [{"model": "a", "done": True}, {"model": "b"}]
    assert lines[2] == b"x"


def test_an_inserted_frame_is_wrapped_too() -> None:
    fault = {"insert": {"after_frames": 1, "frame": {"type": "ping"}}}
    response = rendered("anthropic-messages", events=HELLO, faults=[fault])
    assert response.chunks[1].data == b'event: ping\ndata: {"type":"ping"}\n\n'


@pytest.mark.parametrize(
    ("body", "status", "content_type"),
    [
        ("<h1>Bad gateway</h1>", 502, "text/html; charset=utf-8"),
        ('{"error": 1}', 400, "application/json"),
        ("Busy.", 503, "text/plain; charset=utf-8"),
        ("data: x\n\n", 200, "text/event-stream"),
    ],
)
def test_a_literal_body_has_the_content_type_that_it_looks_like(body: str, status: int, content_type: str) -> None:
    response = rendered("openai-chat", body=body, status=status)
    assert (response.status, response.header("content-type"), response.body) == (status, content_type, body.encode())


def test_a_literal_body_may_be_any_bytes() -> None:
    assert rendered("openai-chat", body=b"\xff\x00").body == b"\xff\x00"


@pytest.mark.parametrize(("connection", "ending"), [("reset", "reset"), ("close", "clean"), ("stall", "stall")])
def test_a_connection_may_end_before_the_status_line(connection: str, ending: str) -> None:
    response = rendered("openai-chat", connection=connection, before_head_s=0.5)
    assert (response.head, response.ending, response.body, response.before_head_s) == (False, ending, b"", 0.5)


def test_an_ending_takes_the_transfer_that_it_needs() -> None:
    short = rendered("openai-chat", events=HELLO, faults=[{"cut": {"after_frames": 1, "how": "short_length"}}])
    assert (short.transfer, short.missing_bytes > 0) == ("length", True)
    assert rendered("openai-chat", error="server", faults=[{"end": "no_last_chunk"}]).transfer == "chunked"
    assert rendered("openai-chat", events=HELLO, transfer="close").transfer == "close"


@pytest.mark.parametrize(
    ("name", "last"), [("openai-chat", '"finish_reason":"stop"'), ("anthropic-messages", '"stop_reason":"end_turn"')]
)
def test_the_end_marker_can_be_left_out(name: str, last: str) -> None:
    assert last in rendered(name, events=HELLO, end_marker=False).chunks[-1].data.decode()


def test_a_dialect_without_an_end_marker_of_its_own_cannot_leave_it_out() -> None:
    case = scenario(responses=[{"events": HELLO, "end_marker": False}])
    assert dialects_of(case) == ("anthropic-messages", "openai-chat")
    refused = render(case, "gemini")
    assert isinstance(refused, NotExpressible)
    assert "no end marker" in refused.reason


def test_what_a_dialect_cannot_express_is_said_with_the_reason() -> None:
    case = scenario(responses=[{"events": [{"text": {"text": "b", "choice": 1}}]}])
    refused = render(case, "anthropic-messages")
    assert isinstance(refused, NotExpressible)
    assert refused.reason.startswith("responses.0: ")


def test_a_request_that_a_dialect_cannot_say_keeps_the_scenario_out() -> None:
    case = scenario(request={"stop": ["END"]})
    refused = render(case, "openai-responses")
    assert isinstance(refused, NotExpressible)
    assert refused.reason.startswith("its request: ")


def test_a_scenario_runs_in_the_dialects_that_it_names() -> None:
    assert dialects_of(scenario(dialects=["gemini", "ollama"])) == ("gemini", "ollama")
    assert dialects_of(scenario(responses={"ollama": {"frames": [{"done": True}]}})) == ("ollama",)
    assert dialects_of(scenario()) == dialect_names()


def test_an_unknown_dialect_is_the_callers_mistake() -> None:
    with pytest.raises(UnknownDialect):
        render(scenario(), "opena-chat")


def test_a_fault_that_misses_names_the_scenario_the_dialect_and_the_response() -> None:
    case = scenario(responses=[{"events": HELLO}, {"events": HELLO, "faults": [{"cut": {"after_text": "Oslo"}}]}])
    with pytest.raises(Unrenderable, match=r"a/b in gemini: responses\.1: there is no 'Oslo'"):
        render(case, "gemini")


def test_a_stream_that_fails_has_no_end_marker_to_leave_out() -> None:
    case = scenario(responses=[{"events": [{"failure": {"kind": "server"}}], "end_marker": False}])
    with pytest.raises(Unrenderable, match="no end marker anyway"):
        render(case, "openai-chat")


def test_responses_and_fallback_responses_are_rendered_in_order() -> None:
    case = scenario(
        responses=[{"error": "overloaded"}, {"connection": "reset"}], fallback_responses=[{"events": HELLO}]
    )
    result = render(case, "openai-chat")
    assert isinstance(result, RenderedScenario)
    assert [response.head for response in result.responses] == [True, False]
    assert [response.status for response in result.fallback_responses] == [200]


def rendered_whole(**fields: Any) -> list[tuple[str, WireResponse]]:
    """The first response in every dialect, to a request for no stream."""
    asked = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": False}
    told = scenario(request=asked, **fields)
    answers = [(name, render(told, name)) for name in dialects_of(told)]
    return [(name, each.responses[0]) for name, each in answers if isinstance(each, RenderedScenario)]


def test_a_request_for_no_stream_gets_one_document() -> None:
    found = rendered_whole()
    for name, response in found:
        transcript = fold(name, dialect(name).read_answer(response.body))
        assert (transcript.status, transcript.text, transcript.finish) == ("completed", "Hello", "stop")
        assert (response.status, response.header("content-type")) == (200, "application/json")
        assert (response.transfer, len(response.chunks)) == ("length", 1)
    assert [name for name, _ in found] == list(dialect_names())


def test_a_request_for_no_stream_gets_an_http_error_where_the_events_fail() -> None:
    failure = {"failure": {"kind": "overloaded", "message": "busy"}}
    found = rendered_whole(responses=[{"events": [{"text": "Hel"}, failure]}])
    for name, response in found:
        headers = dict(response.headers)
        assert dialect(name).read_error(response.status, headers, response.body).kind == "overloaded"
        assert response.status in (503, 529)
    assert [name for name, _ in found] == list(dialect_names())


def test_a_literal_body_is_a_document_where_no_stream_is_asked_for() -> None:
    found = rendered_whole(responses=[{"body": ' {"x": 1}'}])
    assert {(each.header("content-type"), each.transfer) for _, each in found} == {("application/json", "length")}
    streamed = rendered_whole(responses=[{"body": "data: {}\n\n"}])
    assert {each.transfer for _, each in streamed} == {"chunked"}


def test_what_a_document_cannot_say_is_not_expressible() -> None:
    cut_off = [{"tool_call": {"id": "c", "name": "f", "arguments": '{"a'}}, {"finish": "length"}]
    names = [name for name, _ in rendered_whole(responses=[{"events": cut_off}])]
    assert names == ["openai-chat", "openai-responses"]
