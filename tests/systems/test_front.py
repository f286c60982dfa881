"""Our client in front of a gateway: what it sends, what it writes down, and what it leaves to the gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from harness.catalogue.observation import Attempt, CallerEnd, FrontLog
from harness.events import AnyEvent, Text
from harness.origin.clock import VirtualClock
from harness.systems.base import Case
from harness.systems.front import WRONG_KEY, FrontClient, literal

URL = "http://gateway.test/base"
SSE = {"content-type": "text/event-stream"}


def said(text: str) -> bytes:
    return b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % text.encode()


DONE = b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
HELLO = (said("Hel"), said("lo"), DONE)


class Gateway(httpx.AsyncBaseTransport):
    """Answers with these reads, a second apart, and then ends as it is told."""

    def __init__(self, clock: VirtualClock, *reads: bytes, ending: Exception | None = None, **head: Any) -> None:
        self.clock, self.reads, self.ending = clock, reads, ending
        self.head = {"status_code": 200, "headers": SSE, **head}
        self.requests: list[httpx.Request] = []
        self.patience: list[float] = []
        self.closed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        self.patience.append(request.extensions["timeout"]["read"])
        return httpx.Response(**self.head, stream=_Reads(self))

    async def aclose(self) -> None:
        self.closed += 1


class _Reads(httpx.AsyncByteStream):
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for data in self._gateway.reads:
            await self._gateway.clock.sleep(1)
            yield data
        if self._gateway.ending is not None:
            raise self._gateway.ending


def a_case(**fields: Any) -> Case:
    request = {"model": "test-model", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}
    usual: dict[str, Any] = {"id": "c1", "dialect": "openai-chat", "base_url": "http://origin.test", "api_key": "sk-up"}
    return Case(**{**usual, "request": request, "front": FrontLog(), **fields})


def through(gateway: Gateway, case: Case, model: str | None = None) -> tuple[CallerEnd, list[AnyEvent], list[Attempt]]:
    """What the caller saw, and what was written down."""
    events: list[AnyEvent] = []
    client = FrontClient(URL, "sk-front", gateway, gateway.clock, model)
    end = asyncio.run(client.run(case, events.append))
    assert case.front is not None
    return end, events, case.front.attempts


def texts(events: list[AnyEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def test_it_asks_the_gateway_with_the_gateways_own_key_and_model() -> None:
    gateway = Gateway(VirtualClock(), *HELLO)
    end, events, _ = through(gateway, a_case(), model="slot-3")
    [request] = gateway.requests
    assert (end, texts(events)) == (CallerEnd("completed"), "Hello")
    assert str(request.url) == f"{URL}/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer sk-front"
    assert json.loads(request.content)["model"] == "slot-3"


def test_times_count_from_the_moment_that_the_case_began() -> None:
    _, _, [attempt] = through(Gateway(VirtualClock(), *HELLO), a_case(front=FrontLog(began=-2.0)))
    assert (attempt.at_s, attempt.sent_s) == (2.0, (3.0, 4.0, 5.0))


def test_the_request_and_each_read_are_written_down_with_their_times() -> None:
    _, _, [attempt] = through(Gateway(VirtualClock(), *HELLO), a_case())
    assert attempt.response is not None
    assert (attempt.method, attempt.path, attempt.at_s) == ("POST", "/v1/chat/completions", 0.0)
    assert json.loads(attempt.body)["messages"] == [{"role": "user", "content": "Hi"}]
    assert [chunk.data for chunk in attempt.response.chunks] == list(HELLO)
    assert (attempt.sent_s, attempt.ended_s, attempt.response.ending) == ((1.0, 2.0, 3.0), 3.0, "clean")
    assert (attempt.response.status, attempt.response.header("content-type")) == (200, "text/event-stream")
    assert not attempt.client_left


@pytest.mark.parametrize(
    ("ending", "headers", "how"),
    [
        (httpx.ReadError(""), SSE, "reset"),
        (httpx.RemoteProtocolError("short"), {**SSE, "content-length": "999"}, "short_length"),
        (httpx.RemoteProtocolError("short"), {**SSE, "transfer-encoding": "chunked"}, "no_last_chunk"),
        (httpx.ReadTimeout(""), SSE, "timeout"),
    ],
)
def test_how_an_answer_broke_off_is_written_down(ending: Exception, headers: dict[str, str], how: str) -> None:
    end, events, [attempt] = through(Gateway(VirtualClock(), said("Hel"), ending=ending, headers=headers), a_case())
    assert attempt.response is not None
    assert (attempt.response.ending, texts(events)) == (how, "Hel")
    assert end.status == "truncated"


def test_a_gateway_that_says_nothing_is_written_down_too() -> None:
    class Deaf(Gateway):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused")

    end, _, [attempt] = through(Deaf(VirtualClock()), a_case())
    assert attempt.response is not None
    assert (attempt.response.head, attempt.response.status, attempt.response.ending) == (False, 0, "reset")
    assert (end.status, end.error and end.error.kind) == ("error", "connection")


def test_it_repeats_nothing_by_itself() -> None:
    gateway = Gateway(VirtualClock(), b'{"error": {"message": "busy"}}', status_code=503, headers={})
    end, _, attempts = through(gateway, a_case(options={"max_retries": 5}))
    assert (len(gateway.requests), len(attempts), end.status) == (1, 1, "error")


def test_it_is_more_patient_than_the_gateway_may_be() -> None:
    gateway = Gateway(VirtualClock(), *HELLO)
    through(gateway, a_case(options={"timeout_s": 10}))
    assert gateway.patience == [15.0]


def test_it_mends_no_history() -> None:
    orphan = {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "nobody", "content": "x"}]}
    request = {"model": "m", "messages": [orphan]}
    gateway = Gateway(VirtualClock(), *HELLO)
    through(gateway, a_case(request=request))
    [message] = json.loads(gateway.requests[0].content)["messages"]
    assert (message["role"], message["tool_call_id"]) == ("tool", "nobody")


def test_it_leaves_once_it_has_enough() -> None:
    end, events, [attempt] = through(
        Gateway(VirtualClock(), *(said("x") for _ in range(9))), a_case(options={"cancel_after_events": 2})
    )
    assert (end.status, texts(events), attempt.client_left) == ("cancelled", "xx", True)
    assert attempt.response is not None
    assert attempt.response.ending == "cancelled"


def test_a_slow_client_rests_after_each_read() -> None:
    _, _, [attempt] = through(Gateway(VirtualClock(), *HELLO), a_case(options={"read_pause_s": 5}))
    assert attempt.sent_s == (1.0, 7.0, 13.0)


def test_all_turns_of_a_talk_are_written_down() -> None:
    call = (
        b'data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function",'
        b'"function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n'
    )

    class Talker(Gateway):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            self.reads = HELLO if self.requests else (call,)
            return await super().handle_async_request(request)

    case = a_case(options={"tool_results": {"f": "42"}})
    end, events, attempts = through(Talker(VirtualClock()), case)
    assert (end.status, texts(events)) == ("completed", "Hello")
    assert [attempt.number for attempt in attempts] == [1, 2]
    assert json.loads(attempts[1].body)["messages"][-1] == {"role": "tool", "tool_call_id": "c1", "content": "42"}


def test_the_literal_request_comes_first_and_its_answer_is_not_the_callers() -> None:
    front = {"body": "{", "headers": {"x-odd": "1"}, "token": "wrong"}
    gateway = Gateway(VirtualClock(), *HELLO)
    end, events, attempts = through(gateway, a_case(front_request=front))
    assert (end.status, texts(events)) == ("completed", "Hello")
    assert [attempt.body[:1] for attempt in attempts] == [b"{", b"{"]
    assert attempts[0].body == b"{"
    assert (dict(attempts[0].headers)["x-odd"], dict(attempts[0].headers)["authorization"]) == (
        "1",
        f"Bearer {WRONG_KEY}",
    )


def test_a_literal_request_may_stand_alone() -> None:
    gateway = Gateway(VirtualClock(), b"fine", headers={})
    case = a_case(front_request={"method": "GET", "path": "/health", "only": True})
    end, events, [attempt] = through(gateway, case)
    assert (end, events) == (CallerEnd("completed"), [])
    assert (attempt.method, attempt.path, attempt.body) == ("GET", "/health", b"")


def test_a_transport_of_its_callers_is_not_closed() -> None:
    gateway = Gateway(VirtualClock(), *HELLO)
    through(gateway, a_case(front_request={}))
    assert (gateway.closed, len(gateway.requests)) == (0, 2)


def wire(front: dict[str, Any], **fields: Any) -> Any:
    from harness.catalogue.front import FrontRequest

    return literal(FrontRequest.model_validate(front), a_case(**fields))


def test_a_literal_request_is_the_canonical_one_but_for_what_is_said() -> None:
    plain = wire({})
    assert (plain.method, plain.path, json.loads(plain.body)["model"]) == ("POST", "/v1/chat/completions", "test-model")
    assert plain.headers["authorization"] == "Bearer sk-up"
    assert "authorization" not in wire({"token": "none"}).headers
    assert "content-type" not in wire({"headers": {"Content-Type": None}}).headers
    assert wire({"path": "/nowhere", "method": "DELETE"}).path == "/nowhere"


def test_a_literal_body_may_be_another_in_each_dialect() -> None:
    bodies = {"body": {"openai-chat": "a", "gemini": "b"}}
    assert wire(bodies).body == b"a"
    assert wire(bodies, dialect="gemini").body == b"b"


@pytest.mark.parametrize("dialect", ["openai-chat", "gemini", "anthropic-messages"])
def test_a_body_grows_to_the_size_that_is_asked_for(dialect: str) -> None:
    assert len(wire({"body_size": 5000}, dialect=dialect).body) == 5000
    assert len(wire({"body_size": 1}, dialect=dialect).body) == len(wire({}, dialect=dialect).body)
