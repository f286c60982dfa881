"""The reference system is our own client, driven as its users drive it, on sockets or without."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from harness.catalogue.models import FEATURES
from harness.catalogue.observation import Attempt, CallerEnd
from harness.dialects import dialect_names
from harness.events import AnyEvent, ErrorInfo, Finish, Reasoning, Retry, Text
from harness.origin.case import FALLBACK_PREFIX, CasePlan
from harness.origin.clock import VirtualClock
from harness.origin.transport import InProcessTransport
from harness.systems.base import Case
from harness.systems.bundled.reference import SYSTEM
from harness.systems.in_process import InProcessDriver
from harness.wire.response import Chunk, WireResponse

from .conftest import answer

DIALECT = "openai-chat"
HELLO: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]}
HI = answer(DIALECT, [Text("Hi"), Finish("stop")])
BUSY = WireResponse(529, (("content-type", "application/json"),), (Chunk(b'{"error": {"message": "Overloaded"}}'),))
TOO_LONG = WireResponse(
    400,
    (("content-type", "application/json"),),
    (Chunk(b'{"error": {"message": "too long", "code": "context_length_exceeded"}}'),),
)


def ask(
    *responses: WireResponse, request: dict[str, Any] = HELLO, fallback: tuple[WireResponse, ...] = (), **options: Any
) -> tuple[CallerEnd, list[AnyEvent], tuple[Attempt, ...]]:
    async def main() -> tuple[CallerEnd, list[AnyEvent], tuple[Attempt, ...]]:
        clock = VirtualClock()
        transport = InProcessTransport(CasePlan("c1", DIALECT, responses, fallback), clock)
        url = transport.base_url
        second = f"{url}{FALLBACK_PREFIX}" if fallback else None
        events: list[AnyEvent] = []
        case = Case("c1", DIALECT, url, "sk-test", request, options, second, transport, clock)
        end = await InProcessDriver(SYSTEM).run(case, events.append)
        return end, events, transport.log.attempts

    return asyncio.run(main())


def test_it_claims_everything_in_every_dialect() -> None:
    assert SYSTEM.description.name == "reference"
    assert SYSTEM.description.dialects == dialect_names()
    assert SYSTEM.description.claims(DIALECT) == set(FEATURES) - {"heartbeats", "previous_response", "tokens"}


def test_an_answer_is_handed_on() -> None:
    end, events, attempts = ask(HI)
    assert end == CallerEnd("completed")
    assert Text("Hi") in events
    assert attempts[0].faults == ()


def test_left_to_itself_it_repeats_and_says_so() -> None:
    end, events, attempts = ask(BUSY, HI, max_retries=None)
    assert (end.status, len(attempts)) == ("completed", 2)
    assert [event.attempt for event in events if isinstance(event, Retry)] == [2]


@pytest.mark.parametrize(("max_retries", "attempts"), [(0, 1), (1, 2)])
def test_it_repeats_no_oftener_than_it_may(max_retries: int, attempts: int) -> None:
    end, _, seen = ask(BUSY, max_retries=max_retries)
    assert (end.status, len(seen)) == ("error", attempts)
    assert end.error is not None
    assert (end.error.kind, end.error.status) == ("overloaded", 529)


@pytest.mark.parametrize(("think_tags", "expected"), [(True, ("Hm.", "Hi")), (False, ("", "<think>Hm.</think>Hi"))])
def test_think_tags_are_split_only_if_asked_for(think_tags: bool, expected: tuple[str, str]) -> None:
    _, events, _ = ask(answer(DIALECT, [Text("<think>Hm.</think>Hi"), Finish("stop")]), think_tags=think_tags)
    reasoning = "".join(event.text for event in events if isinstance(event, Reasoning))
    assert (reasoning, "".join(event.text for event in events if isinstance(event, Text))) == expected


@pytest.mark.parametrize(("compaction", "status", "attempts"), [(True, "completed", 2), (False, "error", 1)])
def test_an_overflow_is_compacted_only_if_asked_for(compaction: bool, status: str, attempts: int) -> None:
    words = [("user", "a" * 99), ("assistant", "b" * 99), ("user", "c" * 99), ("assistant", "d"), ("user", "e")]
    turns = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in words]
    end, _, seen = ask(TOO_LONG, HI, request={"model": "m", "messages": turns}, compaction=compaction, max_retries=0)
    assert (end.status, len(seen)) == (status, attempts)


def test_a_second_provider_takes_over() -> None:
    end, events, seen = ask(BUSY, fallback=(HI,), max_retries=0)
    assert end.status == "completed"
    assert Text("Hi") in events
    assert [attempt.fallback for attempt in seen] == [False, True]


def test_it_is_stopped_from_outside_and_stops_its_request() -> None:
    words = answer(DIALECT, [Text("word ") for _ in range(50)])
    end, _, seen = ask(replace(words, ending="stall"), cancel_after_events=2)
    assert end == CallerEnd("cancelled")
    assert seen[0].client_left


def test_a_server_that_falls_silent_is_given_up_on() -> None:
    silent = WireResponse(200, (("content-type", "text/event-stream"),), HI.chunks[:1], ending="stall")
    end, _, _ = ask(silent, timeout_s=3, max_retries=0)
    assert end.status in ("error", "truncated")
    assert isinstance(end.error, ErrorInfo)
    assert end.error.kind == "timeout"
