"""The rules about the requests: how many there were, when they came, and whether a vendor would take them."""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalogue.checks.facts import Breach, Facts
from harness.catalogue.models import Wait
from harness.dialects import dialect

EARLY_TOLERANCE_S = 0.05
"""How much sooner than it should a request may come: clocks and sleeps are not exact."""
LATE_TOLERANCE_S = 1.0
"""How much later than it should: a loaded machine is slow."""


def attempts_counted(facts: Facts) -> Iterator[Breach]:
    """A request is repeated as often as it should be, and no more."""
    wanted, seen = facts.expectation.attempts, len(facts.attempts)
    if wanted is not None and seen not in (wanted := wanted.of(facts.documented_retries)):
        much = "not often enough" if seen < wanted.at_least else "too often"
        yield Breach("retry", f"the request was sent {much}: {seen} times, not {wanted}", str(wanted), seen)


def waits_kept(facts: Facts) -> Iterator[Breach]:
    """The pause between an answer and the next attempt is as long as it should be."""
    for wait in facts.expectation.waits:
        waited = _waited(facts, wait)
        if waited is None:
            continue  # there was no such attempt: that is the rule about their number
        soon = waited < wait.at_least_s - EARLY_TOLERANCE_S
        late = wait.at_most_s is not None and waited > wait.at_most_s + LATE_TOLERANCE_S
        if soon or late:
            message = (
                f"attempt {wait.before_attempt} came {waited:.2f} s after {_answer(wait)}, "
                f"too {'soon' if soon else 'late'}"
            )
            yield Breach("retry", message, _wait_words(wait), f"{waited:.3f} s", attempt=wait.before_attempt)


def _answer(wait: Wait) -> str:
    return "the answer" if wait.since_attempt is None else f"the answer to attempt {wait.since_attempt}"


def _waited(facts: Facts, wait: Wait) -> float | None:
    """Seconds from the moment when the earlier answer could first be seen to the later attempt.

    Not from the answer's end: the client acts on the head, and on a busy machine the origin notes the end later than
    the client sees it.
    """
    if wait.before_attempt > len(facts.attempts):
        return None
    earlier = wait.before_attempt - 1 if wait.since_attempt is None else wait.since_attempt
    before, this = facts.attempts[earlier - 1], facts.attempts[wait.before_attempt - 1]
    return this.at_s - before.at_s - (before.response.before_head_s if before.response else 0.0)


def _wait_words(wait: Wait) -> str:
    most = "" if wait.at_most_s is None else f", at most {wait.at_most_s:g} s"
    return f"at least {wait.at_least_s:g} s{most}"


def fallback_used(facts: Facts) -> Iterator[Breach]:
    """The second provider is asked when it should be, and only then."""
    wanted, seen = facts.expectation.fallback_attempts, len(facts.fallback_attempts)
    if wanted is not None and seen not in wanted:
        yield Breach("retry", f"the second provider was asked {seen} times, not {wanted}", str(wanted), seen)


def request_compacted(facts: Facts) -> Iterator[Breach]:
    """A request that overflowed the context is shorter when it is repeated."""
    if not facts.expectation.second_request_shorter or len(facts.attempts) < 2:
        return
    first, second = (len(attempt.body) for attempt in facts.attempts[:2])
    if second >= first:
        message = f"the second request has {second} bytes, the first had {first}"
        yield Breach("retry", message, f"fewer than {first} bytes", f"{second} bytes", attempt=2)


def requests_acceptable(facts: Facts) -> Iterator[Breach]:
    """What was sent is what the vendor accepts: each rule of the vendor's that a request breaks, once."""
    seen_rules = _broken_by_the_client(facts)
    for attempt in facts.observation.attempts:
        for fault in attempt.faults:
            if fault.rule not in seen_rules:
                seen_rules.add(fault.rule)
                message = f"the vendor would refuse the request: {fault.message}"
                place = f"{fault.rule} at {fault.where}" if fault.where else fault.rule
                yield Breach("request", message, "a request that the vendor accepts", place, attempt=attempt.number)


def _broken_by_the_client(facts: Facts) -> set[str]:
    """What a gateway's client asked wrongly in the vendor's own dialect: handed on, the vendor refuses it."""
    if facts.upstream != facts.dialect:
        return set()
    validate = dialect(facts.dialect).validate
    asked = (validate(attempt.path, dict(attempt.headers), attempt.body) for attempt in facts.observation.front)
    return {fault.rule for faults in asked for fault in faults}


def upstream_stopped(facts: Facts) -> Iterator[Breach]:
    """A caller that gives up makes the request upstream stop too."""
    front = facts.scenario.front
    left_first = front is not None and front.hangs_up  # the first of two callers
    attempt = next(iter(facts.observation.attempts), None) if left_first else facts.answered
    if facts.expectation.upstream_stopped and attempt is not None and not attempt.client_left:
        message = "the request went on upstream after the caller had stopped"
        yield Breach("hang", message, "the client hangs up", "it read on to the end", attempt=attempt.number)
