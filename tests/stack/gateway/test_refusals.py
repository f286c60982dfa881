"""What goes wrong reaches the client in its own dialect, with its status, and says nothing of the gateway's inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from harness.dialects import dialect, dialect_names
from harness.events import AnyEvent, Failure, Finish, Start, ToolCall
from harness.stack.fallback import Target
from harness.stack.gateway.refusal import told
from harness.stack.policy import Policy
from harness.transcript import fold

from ..fakes import Answer, error_answer
from .behind import PATHS, TALKS, frames
from .inside import KEY, Inside, stream

CHAT = "openai-chat"
every_dialect = pytest.mark.parametrize("served", dialect_names())


def kind(served: str, response: Any) -> tuple[int, str]:
    """The status and the kind of error, as the client's dialect has it."""
    error = dialect(served).read_error(response.status_code, dict(response.headers), response.content)
    return response.status_code, error.kind


@every_dialect
@pytest.mark.parametrize("token", [None, "wrong", "wröng"])
def test_a_wrong_token_is_refused_before_anything_else(served: str, token: str | None) -> None:
    inside = Inside(CHAT, stream(CHAT), token="right")
    headers = {} if token is None else {"authorization": f"Bearer {token}".encode()}
    response = inside.ask("POST", PATHS[served], content=b"{", headers=headers)
    assert kind(served, response) == (401, "auth")
    assert "right" not in response.text and inside.network.requests == []


@pytest.mark.parametrize(
    "shown",
    [
        {"headers": {"authorization": "Bearer right"}},
        {"headers": {"authorization": "bearer  right"}},
        {"headers": {"x-api-key": "right"}},
        {"headers": {"x-goog-api-key": "right"}},
        {"headers": {"api-key": "right"}},
        {"params": {"key": "right"}},
    ],
)
def test_the_token_may_be_shown_as_any_vendor_has_it(shown: dict[str, Any]) -> None:
    inside = Inside(CHAT, stream(CHAT), token="right")
    assert inside.ask("POST", PATHS[CHAT], json=TALKS[CHAT], **shown).status_code == 200
    assert inside.network.requests[0].headers["authorization"] == f"Bearer {KEY}"


@every_dialect
def test_an_unknown_path_is_not_found_in_the_dialect_of_the_path(served: str) -> None:
    path = {
        "anthropic-messages": "/v1/messages/nothing",
        "gemini": "/v1beta/nothing",
        "ollama": "/api/nothing",
        "openai-responses": "/v1/responses/nothing",
    }.get(served, "/v1/nothing")
    response = Inside(CHAT, stream(CHAT)).ask("GET", path)
    assert response.status_code == 404
    assert path in dialect(served).read_error(404, {}, response.content).message


@every_dialect
def test_another_method_is_not_allowed(served: str) -> None:
    response = Inside(CHAT, stream(CHAT)).ask("PUT", PATHS[served])
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert "PUT" in dialect(served).read_error(405, {}, response.content).message


@every_dialect
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"model": "\xff"}', b"[" * 5000])
def test_a_body_that_is_no_object_is_refused(served: str, body: bytes) -> None:
    inside = Inside(CHAT, stream(CHAT))
    response = inside.ask("POST", PATHS[served], content=body)
    assert kind(served, response) == (400, "invalid_request")
    assert inside.network.requests == []


@pytest.mark.parametrize(
    "served, body, where",
    [
        ("openai-chat", {"model": "m", "messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ("openai-chat", {"messages": [{"role": "user", "content": "x"}]}, "model"),
        ("openai-responses", {"model": "m", "input": 5}, "input"),
        ("anthropic-messages", {"model": "m", "max_tokens": 5, "messages": "x"}, "messages"),
        (
            "anthropic-messages",
            {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": 5}]},
            "content",
        ),
        ("gemini", {"contents": [{"role": "user", "parts": [{"text": 5}]}]}, "contents[0].parts[0]"),
        ("ollama", {"model": "m", "messages": 7}, "messages"),
    ],
)
def test_the_place_at_fault_is_named(served: str, body: dict[str, Any], where: str) -> None:
    response = Inside(CHAT, stream(CHAT)).ask("POST", PATHS[served], json=body)
    assert response.status_code == 400
    assert where in dialect(served).read_error(400, {}, response.content).message


def test_openai_has_a_field_for_the_place() -> None:
    response = Inside(CHAT, stream(CHAT)).ask("POST", PATHS[CHAT], json={"model": "m", "messages": 1})
    assert response.json()["error"]["param"] == "messages"


@every_dialect
@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_that_is_too_large_is_refused(served: str, chunked: bool) -> None:
    inside = Inside(CHAT, stream(CHAT), max_request_bytes=1000)
    body = json.dumps({**TALKS[served], "padding": "x" * 1000}).encode()
    response = inside.ask("POST", PATHS[served], content=_pieces(body) if chunked else body)
    assert response.status_code == 413
    assert "1000 bytes" in dialect(served).read_error(413, {}, response.content).message
    assert inside.ask("POST", PATHS[served], json=TALKS[served]).status_code == 200


async def _pieces(body: bytes) -> Any:
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-encoding": "gzip"},
    ],
)
def test_a_body_that_is_not_json_in_utf_8_by_its_own_account_is_refused(headers: dict[str, str]) -> None:
    response = Inside(CHAT, stream(CHAT)).ask("POST", PATHS[CHAT], json=TALKS[CHAT], headers=headers)
    assert kind(CHAT, response) == (415, "invalid_request")


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", "application/problem+json", ""])
def test_json_may_be_called_by_its_other_names(content_type: str) -> None:
    response = Inside(CHAT, stream(CHAT)).ask(
        "POST", PATHS[CHAT], content=json.dumps(TALKS[CHAT]), headers={"content-type": content_type}
    )
    assert response.status_code == 200


@every_dialect
@pytest.mark.parametrize(
    "status, headers, expected",
    [
        (429, {"retry_after": "7"}, (429, "rate_limit")),
        (401, {}, (401, "auth")),
        (404, {}, (404, "not_found")),
        (500, {}, (500, "server")),
        (400, {}, (400, "invalid_request")),
    ],
)
def test_an_error_of_the_upstream_keeps_its_kind_status_and_time(
    served: str, status: int, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    inside = Inside(CHAT, error_answer(status, "the upstream says no", **headers))
    response = inside.ask("POST", PATHS[served], json=TALKS[served])
    assert kind(served, response) == expected
    assert "the upstream says no" in response.text
    assert response.headers.get("retry-after") == headers.get("retry_after")


def test_gemini_has_the_time_in_its_body_too() -> None:
    inside = Inside(CHAT, error_answer(429, "slow down", retry_after="7"))
    response = inside.ask("POST", PATHS["gemini"], json=TALKS["gemini"])
    assert {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"} in response.json()["error"][
        "details"
    ]


@every_dialect
def test_a_failure_before_the_content_is_an_http_error(served: str) -> None:
    said = b'data: {"error": {"message": "overloaded", "type": "overloaded_error", "code": "server_overloaded"}}\n\n'
    inside = Inside(CHAT, Answer([frames(CHAT)[0], said]))
    response = inside.ask("POST", PATHS[served], json=TALKS[served])
    status, what = kind(served, response)
    assert what == "overloaded" and status in (503, 529)
    assert response.headers["content-type"].startswith("application/json")


@every_dialect
def test_a_failure_after_content_is_an_error_in_the_stream_without_an_end(served: str) -> None:
    inside = Inside(CHAT, Answer([*frames(CHAT)[:2], b'data: {"error": {"message": "it broke", "code": 500}}\n\n']))
    response = inside.ask("POST", PATHS[served], json=TALKS[served])
    decoder = dialect(served).decoder()
    events = [*decoder.feed(response.content), *decoder.close()]
    seen = fold(served, events)
    assert (response.status_code, seen.status, seen.text) == (200, "failed", "Hel")
    assert any(isinstance(event, Failure) and "it broke" in event.error.message for event in events)
    assert b"[DONE]" not in response.content and b"message_stop" not in response.content


@every_dialect
def test_a_truncated_answer_is_never_a_finished_one(served: str) -> None:
    response = Inside(CHAT, Answer(frames(CHAT)[:3])).ask("POST", PATHS[served], json=TALKS[served])
    decoder = dialect(served).decoder()
    assert fold(served, [*decoder.feed(response.content), *decoder.close()]).status == "failed"


CALL: tuple[AnyEvent, ...] = (Start("r1", "m1"), ToolCall(0, "call_1", "f"), Finish("tool_calls"))


@pytest.mark.parametrize("served", ["anthropic-messages", "gemini", "ollama"])
@pytest.mark.parametrize("streaming", [True, False])
def test_a_call_whose_arguments_could_not_be_read_is_not_handed_on_without_any(served: str, streaming: bool) -> None:
    started, opened, *end = frames(CHAT, CALL)
    path = PATHS[served] if streaming else PATHS[served].replace("streamGenerateContent?alt=sse", "generateContent")
    request = TALKS[served] if served == "gemini" else {**TALKS[served], "stream": streaming}
    inside = Inside(CHAT, Answer([started, opened, b'data: {"choices": [{"del\n\n', *end]))
    response = inside.ask("POST", path, json=request)
    assert b"could not be read" in response.content
    assert (response.status_code, b"message_stop" in response.content) == (200 if streaming else 500, False)


SECRETS = ("upstream.example", KEY, "Traceback", "httpx", "ReadError", "RemoteProtocolError", "harness/stack")


def _troubles() -> Iterator[Any]:
    import httpx

    yield pytest.param(Answer(before_head=httpx.ConnectError("no route to upstream.example")), id="nobody there")
    yield pytest.param(Answer(before_head=httpx.ReadTimeout("upstream.example")), id="silence")
    yield pytest.param(Answer([frames(CHAT)[0], httpx.ReadError("upstream.example")]), id="a lost connection")
    yield pytest.param(Answer([b"<html>upstream.example</html>"], headers={"content-type": "text/html"}), id="a page")
    yield pytest.param(Answer([], 302, {"location": "http://upstream.example/login"}), id="a redirect")
    yield pytest.param(error_answer(401, f"Incorrect API key provided: {KEY}"), id="the key in words")
    yield pytest.param(error_answer(502, "http://upstream.example:8080/base/v1 is down"), id="the address in words")
    yield pytest.param(Answer(before_head=RuntimeError("upstream.example")), id="a fault of ours")


@pytest.mark.parametrize("trouble", list(_troubles()))
@pytest.mark.parametrize("streaming", [True, False])
def test_nothing_of_the_inside_is_told(trouble: Answer, streaming: bool) -> None:
    inside = Inside(CHAT, trouble)
    response = inside.ask("POST", PATHS[CHAT], json={**TALKS[CHAT], "stream": streaming})
    assert 400 <= response.status_code <= 599
    assert [secret for secret in SECRETS if secret in response.text + str(response.headers)] == []
    assert [secret for secret in SECRETS if secret in " ".join(inside.lines)] == []


def test_a_gateway_without_a_key_says_no_more_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    inside = Inside(CHAT, stream(CHAT), upstreams=(Target(CHAT, "http://upstream.example"),))
    response = inside.ask("POST", PATHS[CHAT], json=TALKS[CHAT])
    assert (response.status_code, response.json()["error"]["message"]) == (
        500,
        "the gateway has no key for its upstream",
    )


def test_a_retry_goes_unseen_and_a_fallback_of_another_dialect_answers() -> None:
    other = Target("anthropic-messages", "http://other.example", "k")
    first = Target(CHAT, "http://upstream.example", KEY)
    busy = error_answer(503, "busy")
    inside = Inside(
        CHAT, busy, busy, stream("anthropic-messages"), upstreams=(first, other), policy=Policy(max_retries=1)
    )
    response = inside.ask("POST", PATHS[CHAT], json=TALKS[CHAT])
    decoder = dialect(CHAT).decoder()
    assert fold(CHAT, [*decoder.feed(response.content), *decoder.close()]).text == "Hello"
    assert [request.url.host for request in inside.network.requests] == [
        "upstream.example",
        "upstream.example",
        "other.example",
    ]
    assert "dialects=anthropic-messages->openai-chat" in inside.lines[0]


def test_an_error_without_an_inside_stays_as_it_is() -> None:
    from harness.events import ErrorInfo

    error = ErrorInfo("quota", "You exceeded your current quota", status=429, code="insufficient_quota")
    assert told(error, (Target(CHAT, "http://upstream.example", KEY),)) == error
