"""Retries, Retry-After, overloads, overflow, fallback and credentials, as a user of the client sees them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from harness.events import (
    AnyEvent,
    End,
    ErrorInfo,
    ErrorKind,
    Failure,
    Finish,
    Other,
    Retry,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.request import Request, read_request
from harness.stack.client import Client
from harness.stack.fallback import Target
from harness.stack.overflow import drop_oldest_turns

from .fakes import (
    FAKE,
    HELLO,
    PLAIN,
    REQUEST,
    Answer,
    Network,
    error_answer,
    failures,
    fake_dialect,
    frame,
    retries,
    run,
    texts,
)

URL = "https://api.example"
SECOND = "https://second.example"
KEYED = fake_dialect("keyed", key_variable="FAKE_API_KEY")


def ask(network: Network, request: Request = REQUEST, dialect: Any = FAKE, **options: Any) -> list[AnyEvent]:
    options = {"policy": PLAIN, "transport": network, "clock": network.clock, **options}

    async def collect() -> list[AnyEvent]:
        async with Client(dialect, URL, **options) as client, client.stream(request) as stream:
            return [event async for event in stream]

    events = run(collect())
    assert [type(event) for event in events].count(End) == 1
    assert type(events[-1]) is End
    return events


def in_stream(kind: ErrorKind, *before: AnyEvent, after: tuple[AnyEvent, ...] = ()) -> Answer:
    """A 200 stream in which the error `kind` comes after `before`."""
    return Answer([frame(event) for event in (*before, Failure(ErrorInfo(kind, "in the stream")), *after)])


def others(events: list[AnyEvent]) -> list[Any]:
    return [event.data for event in events if isinstance(event, Other)]


def rules(events: list[AnyEvent]) -> list[str]:
    return [event.rule for event in events if isinstance(event, Warning)]


class TestRetries:
    @pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
    def test_a_passing_error_status_is_repeated(self, status: int) -> None:
        network = Network(error_answer(status), Answer())
        events = ask(network)
        assert (texts(events), events[-1], failures(events)) == ("Hello", End("completed"), [])
        assert network.bodies[0] == network.bodies[1]

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
    def test_a_lasting_one_is_not(self, status: int) -> None:
        network = Network(error_answer(status))
        events = ask(network)
        assert [error.status for error in failures(events)] == [status]
        assert len(network.requests) == 1

    @pytest.mark.parametrize(
        ("status", "message"),
        [
            (429, "You exceeded your current quota, please check your plan and billing details"),
            (403, "unsupported_country_region_territory"),
        ],
    )
    def test_neither_are_a_used_up_quota_and_a_refused_region(self, status: int, message: str) -> None:
        network = Network(error_answer(status, message))
        ask(network)
        assert len(network.requests) == 1

    @pytest.mark.parametrize("broken", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), 1e9])
    def test_a_connection_that_never_came_is_repeated(self, broken: Any) -> None:
        network = Network(Answer(before_head=broken), Answer())
        assert texts(ask(network)) == "Hello"

    @pytest.mark.parametrize("kind", ["overloaded", "rate_limit", "server", "timeout", "connection"])
    def test_an_error_in_the_stream_before_any_content_is_repeated(self, kind: ErrorKind) -> None:
        network = Network(in_stream(kind, Start("lost", "m"), Usage(input_tokens=9)), Answer())
        events = ask(network)
        assert (texts(events), events[-1], failures(events)) == ("Hello", End("completed"), [])
        assert Start("lost", "m") not in events
        assert network.closed[0]

    @pytest.mark.parametrize("chunks", [[], [frame(Start())], [b": ping\n\n", httpx.ReadError("reset")]])
    def test_a_stream_that_ends_before_any_content_is_repeated(self, chunks: list[Any]) -> None:
        network = Network(Answer(chunks), Answer())
        assert texts(ask(network)) == "Hello"

    def test_an_empty_answer_is_never_a_success(self) -> None:
        events = ask(Network(Answer([])), policy=PLAIN.limited(0))
        assert events[-1] == End("truncated")
        assert [error.kind for error in failures(events)] == ["connection"]

    def test_each_repeat_is_told_before_its_wait(self) -> None:
        network = Network(error_answer(500, "oops"))
        events = ask(network)
        assert events[:-2] == [
            Retry(2, 4, 1.0, "server (HTTP 500): oops"),
            Retry(3, 4, 2.0, "server (HTTP 500): oops"),
            Retry(4, 4, 4.0, "server (HTTP 500): oops"),
        ]
        assert network.clock.sleeps == [1, 2, 4]
        assert network.times == [0, 1, 3, 7]
        assert [error.message for error in failures(events)] == ["oops"]

    def test_the_server_may_forbid_it(self) -> None:
        network = Network(error_answer(500, x_should_retry="false"), Answer())
        assert ask(network)[-1] == End("failed")

    def test_a_page_instead_of_a_stream_is_final(self) -> None:
        network = Network(Answer([b"<html>Sign in</html>"], headers={"content-type": "text/html"}), Answer())
        events = ask(network)
        assert [error.kind for error in failures(events)] == ["protocol"]
        assert len(network.requests) == 1

    def test_an_error_object_in_a_200_is_judged_like_any_error(self) -> None:
        busy = Answer([b'{"error": {"message": "busy", "code": 503}}'], headers={"content-type": "application/json"})
        assert texts(ask(Network(busy, Answer()))) == "Hello"


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ({"retry_after": "7"}, 7.0),
            ({"retry_after": "7.5"}, 7.5),
            ({"retry_after_ms": "1500"}, 1.5),
            ({"retry_after": "0"}, 1.0),
            ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1.0),
            ({}, 5.0),
        ],
    )
    def test_the_wait_is_at_least_what_was_asked(self, headers: dict[str, str], expected: float) -> None:
        network = Network(error_answer(429, **headers), Answer())
        assert texts(ask(network)) == "Hello"
        assert network.clock.sleeps == [expected]

    @pytest.mark.parametrize("value", ["-3", "soon", "NaN", "1e5"])
    def test_what_cannot_be_read_is_ignored_with_a_warning(self, value: str) -> None:
        network = Network(error_answer(429, retry_after=value), Answer())
        events = ask(network)
        assert rules(events) == ["retry-after-unreadable"]
        assert network.clock.sleeps == [5.0]
        assert texts(events) == "Hello"

    def test_an_absurd_one_is_refused_at_once(self) -> None:
        network = Network(error_answer(429, "slow down", retry_after="223920"), Answer())
        events = ask(network)
        (error,) = failures(events)
        assert (error.kind, error.status, error.retry_after_s) == ("rate_limit", 429, 223920)
        assert "asks to wait 223920 s" in error.message
        assert (events[-1], network.clock.sleeps, len(network.requests)) == (End("failed"), [], 1)

    def test_the_limit_is_the_policys(self) -> None:
        network = Network(error_answer(429, "slow down", retry_after="600"), Answer())
        assert texts(ask(network, policy=replace(PLAIN, retry_after_limit_s=600))) == "Hello"
        assert network.clock.sleeps == [600]


class TestOverloads:
    def test_three_in_a_row_are_repeated_and_the_fourth_is_final(self) -> None:
        network = Network(error_answer(529, "Overloaded"))
        events = ask(network)
        assert len(network.requests) == 4
        assert [error.status for error in failures(events)] == [529]

    def test_any_other_answer_resets_the_count(self) -> None:
        statuses = [529, 529, 529, 500, 529, 529, 529]
        network = Network(*map(error_answer, statuses), Answer())
        assert texts(ask(network)) == "Hello"
        assert len(network.requests) == 8

    def test_they_are_counted_apart(self) -> None:
        statuses = [529, 500, 529, 500, 529, 500]
        network = Network(*map(error_answer, statuses), Answer())
        assert texts(ask(network)) == "Hello"

    def test_in_the_stream_they_count_too(self) -> None:
        network = Network(in_stream("overloaded"))
        ask(network)
        assert len(network.requests) == 4


class TestAfterContent:
    CONTENT = (Text("Hel"), ToolCall(0, "c", "f"), Finish("stop"), Text(" "))

    @pytest.mark.parametrize("content", CONTENT, ids=lambda event: type(event).__name__)
    def test_an_error_is_final(self, content: AnyEvent) -> None:
        network = Network(in_stream("overloaded", Start("id"), content), Answer())
        fallback = [Target(FAKE, SECOND)]
        events = ask(network, fallback=fallback, compact=lambda request, _: None)
        assert content in events
        assert (events[-1], len(network.requests), retries(events)) == (End("failed"), 1, [])
        assert [error.kind for error in failures(events)] == ["overloaded"]

    @pytest.mark.parametrize("broken", [httpx.ReadError("reset"), httpx.RemoteProtocolError("cut"), 1e9])
    def test_a_lost_connection_is_a_truncation(self, broken: Any) -> None:
        network = Network(Answer([HELLO[0], broken]), Answer())
        events = ask(network, fallback=[Target(FAKE, SECOND)])
        assert (texts(events), events[-1], len(network.requests)) == ("Hel", End("truncated"), 1)

    def test_an_overflow_is_final(self) -> None:
        network = Network(in_stream("context_overflow", Text("Hel")), Answer())
        events = ask(network, compact=lambda request, _: read_request({"model": "m", "messages": []}))
        assert (texts(events), events[-1], len(network.requests)) == ("Hel", End("failed"), 1)

    def test_content_after_a_final_error_is_kept(self) -> None:
        network = Network(in_stream("invalid_request", after=(Text("more"), Finish("stop"))))
        events = ask(network)
        assert (texts(events), events[-1]) == ("more", End("failed"))


LONG = read_request(
    {
        "model": "m",
        "messages": [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "1"},
            {"role": "user", "content": "two"},
        ],
    }
)
OVERFLOW = error_answer(400, "This model's maximum context length is 8192 tokens")


class TestOverflow:
    @pytest.mark.parametrize("overflow", [OVERFLOW, in_stream("context_overflow", Start("id"))])
    def test_the_compacted_request_is_tried(self, overflow: Answer) -> None:
        network = Network(overflow, Answer())
        events = ask(network, LONG, compact=drop_oldest_turns)
        assert (texts(events), failures(events)) == ("Hello", [])
        (retry,) = retries(events)
        assert (retry.attempt, retry.delay_s) == (2, 0.0)
        assert "context_overflow" in retry.reason
        assert [len(body["messages"]) for body in network.bodies] == [3, 1]
        assert network.clock.sleeps == []

    def test_a_second_overflow_is_final(self) -> None:
        asked: list[ErrorInfo] = []

        def compact(request: Request, error: ErrorInfo) -> Request | None:
            asked.append(error)
            return drop_oldest_turns(request)

        network = Network(OVERFLOW)
        events = ask(network, LONG, compact=compact)
        assert (len(network.requests), len(asked), events[-1]) == (2, 1, End("failed"))
        assert [error.kind for error in failures(events)] == ["context_overflow"]

    def test_it_needs_no_retries_to_be_allowed(self) -> None:
        network = Network(OVERFLOW, Answer())
        assert texts(ask(network, LONG, compact=drop_oldest_turns, policy=PLAIN.limited(0))) == "Hello"

    def test_the_compacted_request_may_be_repeated(self) -> None:
        network = Network(error_answer(500), OVERFLOW, error_answer(500), Answer())
        events = ask(network, LONG, compact=drop_oldest_turns)
        assert [retry.attempt for retry in retries(events)] == [2, 3, 4]
        assert [len(body["messages"]) for body in network.bodies] == [3, 3, 1, 1]

    def test_without_a_hook_it_is_final(self) -> None:
        network = Network(OVERFLOW)
        assert [error.kind for error in failures(ask(network, LONG))] == ["context_overflow"]
        assert len(network.requests) == 1

    def test_a_hook_that_gives_nothing_leaves_the_error(self) -> None:
        network = Network(OVERFLOW)
        assert [error.kind for error in failures(ask(network, compact=drop_oldest_turns))] == ["context_overflow"]
        assert len(network.requests) == 1

    @pytest.mark.parametrize("problem", [KeyError("x"), TimeoutError("summary"), httpx.ReadError("reset")])
    def test_a_hook_that_raises_leaves_the_error_and_a_warning(self, problem: Exception) -> None:
        def broken(_: Request, __: ErrorInfo) -> Request | None:
            raise problem

        events = ask(Network(OVERFLOW), compact=broken)
        assert rules(events) == ["compaction-failed"]
        assert [error.kind for error in failures(events)] == ["context_overflow"]

    def test_a_tokens_per_minute_limit_is_none(self) -> None:
        limit = error_answer(429, "Request too large: limit 30000 tokens per minute, requested 31000")
        network = Network(limit, Answer())
        assert texts(ask(network, LONG, compact=drop_oldest_turns)) == "Hello"
        assert network.bodies[0] == network.bodies[1]


class TestFallback:
    def test_an_exhausted_primary_hands_over(self) -> None:
        network = Network(error_answer(503, "down"), error_answer(503, "down"), Answer())
        target = Target(fake_dialect("other"), "https://me:secret@second.example/", model="other-model")
        events = ask(network, policy=PLAIN.limited(1), fallback=[target])
        assert (texts(events), failures(events)) == ("Hello", [])
        assert others(events) == [
            {
                "dialect": "other",
                "base_url": "https://second.example/",
                "model": "other-model",
                "reason": "overloaded (HTTP 503): down",
            }
        ]
        assert [str(request.url.host) for request in network.requests] == ["api.example"] * 2 + ["second.example"]
        assert [body["model"] for body in network.bodies] == ["test-model", "test-model", "other-model"]

    @pytest.mark.parametrize(
        "answer",
        [
            error_answer(429, "You exceeded your current quota, please check your plan and billing details"),
            error_answer(429, "slow down", retry_after="99999"),
            Answer([b"<html>"], headers={"content-type": "text/html"}),
        ],
    )
    def test_so_does_one_that_will_not_serve(self, answer: Answer) -> None:
        assert texts(ask(Network(answer, Answer()), fallback=[Target(FAKE, SECOND)])) == "Hello"

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
    def test_a_refused_request_is_not_tried_elsewhere(self, status: int) -> None:
        network = Network(error_answer(status), Answer())
        assert ask(network, fallback=[Target(FAKE, SECOND)])[-1] == End("failed")
        assert len(network.requests) == 1

    def test_each_target_has_its_own_tries(self) -> None:
        network = Network(*[error_answer(500)] * 5, Answer())
        events = ask(network, policy=PLAIN.limited(2), fallback=[Target(FAKE, SECOND)])
        assert [(retry.attempt, retry.max_attempts) for retry in retries(events)] == [(2, 3), (3, 3)] * 2
        assert texts(events) == "Hello"

    def test_when_all_are_exhausted_the_last_error_stands(self) -> None:
        network = Network(error_answer(503, "first"), error_answer(500, "second"))
        events = ask(network, policy=PLAIN.limited(0), fallback=[Target(FAKE, SECOND)])
        assert [error.message for error in failures(events)] == ["second"]

    def test_a_fallback_without_key_is_passed_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("FAKE_API_KEY", raising=False)
        network = Network(error_answer(503, "down"), Answer())
        targets = [Target(KEYED, SECOND), Target(FAKE, SECOND)]
        events = ask(network, policy=PLAIN.limited(0), fallback=targets)
        assert (rules(events), texts(events)) == (["fallback-not-configured"], "Hello")

    def test_where_no_fallback_is_configured_the_primarys_error_stands(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("FAKE_API_KEY", raising=False)
        network = Network(error_answer(503, "down"))
        events = ask(network, policy=PLAIN.limited(0), fallback=[Target(KEYED, SECOND)])
        assert [error.message for error in failures(events)] == ["down"]
        assert rules(events) == ["fallback-not-configured"]

    def test_the_event_comes_before_the_answer(self) -> None:
        network = Network(error_answer(500), Answer([frame(Start("r")), *HELLO]))
        events = ask(network, policy=PLAIN.limited(0), fallback=[Target(FAKE, SECOND)])
        assert [type(event) for event in events[:3]] == [Other, Start, Text]


class TestCredentials:
    def test_a_missing_key_is_told_before_any_request(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("FAKE_API_KEY", raising=False)
        network = Network(Answer())
        events = ask(network, dialect=KEYED)
        (error,) = failures(events)
        assert (error.kind, events[-1], network.requests) == ("auth", End("failed"), [])
        assert "FAKE_API_KEY" in error.message

    def test_a_key_from_the_environment_is_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FAKE_API_KEY", "sk-env")
        network = Network(Answer())
        ask(network, dialect=KEYED)
        assert network.requests[0].headers["authorization"] == "Bearer sk-env"

    def test_a_primary_that_is_not_configured_hands_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("FAKE_API_KEY", raising=False)
        network = Network(Answer())
        events = ask(network, dialect=KEYED, fallback=[Target(FAKE, SECOND)])
        assert (texts(events), failures(events)) == ("Hello", [])
        assert "FAKE_API_KEY" in others(events)[0]["reason"]

    def test_no_key_ever_reaches_an_event(self) -> None:
        network = Network(error_answer(500))
        events = ask(network, policy=PLAIN.limited(0), api_key="sk-secret", fallback=[Target(FAKE, SECOND, "sk-other")])
        keys = [request.headers["authorization"] for request in network.requests]
        assert keys == ["Bearer sk-secret", "Bearer sk-other"]
        assert "sk-secret" not in repr(events)
        assert "sk-other" not in repr(events)


class TestRequests:
    def test_what_the_dialect_cannot_say_is_a_warning_once(self) -> None:
        asked = read_request({"model": "m", "messages": [], "top_p": 0.5})
        events = ask(Network(error_answer(500), Answer()), asked)
        assert rules(events) == ["request-loss"]

    def test_thinking_is_fitted_to_the_model(self) -> None:
        network = Network(Answer())
        asked = read_request({"model": "gpt-4o", "messages": [], "reasoning": {"effort": "high"}})
        events = ask(network, asked, dialect=fake_dialect("openai-chat"))
        assert "reasoning" not in network.bodies[0]
        assert rules(events) == ["reasoning-unsupported"]
