from __future__ import annotations

import asyncio
from dataclasses import dataclass

from harness.origin.case import Answer, ReceivedRequest
from harness.origin.log import CaseLog

from .wire import response

REQUEST = ReceivedRequest("POST", "/v1", (("host", "x"),), b"body")
PLANNED = response(b"one", b"two")


@dataclass
class Ticks:
    """A clock that is set by hand."""

    at: float = 100.0

    def __call__(self) -> float:
        return self.at


def test_times_count_from_the_beginning_of_the_case() -> None:
    clock = Ticks()
    log = CaseLog(clock)
    clock.at = 101.5
    attempt = log.begin(REQUEST, Answer(PLANNED))
    attempt.sent(102.0)
    clock.at = 103.0
    attempt.sent()
    attempt.end(104.0)
    (seen,) = log.attempts
    assert (seen.number, seen.at_s, seen.sent_s, seen.ended_s) == (1, 1.5, (2.0, 3.0), 4.0)
    assert (seen.method, seen.path, seen.headers, seen.body) == ("POST", "/v1", (("host", "x"),), b"body")
    assert seen.response is PLANNED


def test_an_attempt_in_play_has_not_ended() -> None:
    log = CaseLog(Ticks())
    log.begin(REQUEST, Answer(PLANNED)).sent()
    assert log.attempts[0].ended_s is None


def test_only_the_first_end_counts() -> None:
    log = CaseLog(Ticks())
    attempt = log.begin(REQUEST, Answer(PLANNED))
    attempt.end(101.0)
    attempt.end(109.0, client_left=True)
    assert (log.attempts[0].ended_s, log.attempts[0].client_left) == (1.0, False)


def test_main_fallback_and_stray_requests_are_numbered_apart() -> None:
    log = CaseLog(Ticks())
    for answer in (Answer(PLANNED), Answer(PLANNED, fallback=True), Answer(PLANNED, stray=True), Answer(PLANNED)):
        log.begin(REQUEST, answer)
    assert [(attempt.number, attempt.fallback) for attempt in log.attempts] == [(1, False), (1, True), (2, False)]
    assert [stray.number for stray in log.strays] == [1]


def test_an_answer_that_was_not_planned_is_logged_without_a_response() -> None:
    log = CaseLog(Ticks())
    log.begin(REQUEST, Answer(PLANNED, planned=False))
    assert log.attempts[0].response is None


def test_waiters_are_woken_by_what_they_wait_for() -> None:
    async def main() -> None:
        log = CaseLog(Ticks())
        second = asyncio.create_task(log.wait_for_attempt(2))
        ended = asyncio.create_task(log.wait_for_end(1))
        elsewhere = asyncio.create_task(log.wait_for_attempt(1, fallback=True))
        await asyncio.sleep(0)
        first = log.begin(REQUEST, Answer(PLANNED))
        assert (await log.wait_for_attempt(1)).number == 1
        assert not second.done()
        log.begin(REQUEST, Answer(PLANNED))
        assert (await second).number == 2
        assert not ended.done()
        first.end(101.0)
        assert (await ended).ended_s == 1.0
        assert not elsewhere.done()
        log.begin(REQUEST, Answer(PLANNED, fallback=True))
        assert (await elsewhere).fallback

    asyncio.run(main())


def test_a_waiter_that_gave_up_harms_nobody() -> None:
    async def main() -> None:
        log = CaseLog(Ticks())
        gone = asyncio.create_task(log.changed())
        stays = asyncio.create_task(log.changed())
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        log.begin(REQUEST, Answer(PLANNED))
        await stays
        assert gone.cancelled()

    asyncio.run(main())


def test_a_log_that_keeps_a_few_forgets_the_oldest_and_numbers_on() -> None:
    log = CaseLog(Ticks(), keep=2)
    for _ in range(5):
        log.begin(REQUEST, Answer(PLANNED))
    assert [attempt.number for attempt in log.attempts] == [4, 5]
