"""What a system must claim for a scenario to say anything about it.

A scenario's own `needs` come first; these are derived besides:

| what the scenario has | feature |
|---|---|
| `expect.tool_calls` (unless it expects none, or only calls that were cut off) | `tool_calls` |
| `expect.attempts` of at least 2, without `options.tool_results` and `front` | `retries` |
| `expect.fallback_attempts` of at least 2 | `retries` |
| `expect.waits` | `retry_after` and `retries` |
| `expect.refusal`, unless anything will do | `refusals` |
| `expect.signatures` | `signatures` |
| `expect.other_choices` | `parallel_choices` |
| `expect.requests`, and a `request` that is more than a user's words: earlier turns | `history` |
| the same, and images | `images` |
| the same, comparing a system text, tools or settings | `settings` |
| `expect.second_request_shorter`, `options.compaction` | `compaction` |
| `expect.fallback_attempts`, `fallback_responses` | `fallback` |
| `expect.upstream_stopped`, `options.cancel_after_events` | `cancel` |
| `options.think_tags` | `think_tags` |
| `options.tool_results` | `tool_loop` |
| `options.max_retries` of null, and `expect.attempts` | that many retries by default, by its documentation |
| `request.stream` of false | `whole_answers` |
| `front.continued` | `previous_response` |
| `expect.front.heartbeats` | `heartbeats` |
| `front.token` | `tokens` |
| a server that falls silent before its answer is whole, nobody cancelling or hanging up | `timeouts` |
| before a gateway, a request that the vendor of the same dialect would refuse, and a good answer | `history_repair` |

`reasoning`, `usage` and `warnings` are never needed: what they stand for is compared where they are claimed, and the
rest of the scenario is judged either way. `overflow` and `error_kinds` only make the comparison of errors stricter.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.catalogue.across import expectation_of
from harness.catalogue.models import AnyValue, Count, Expectation, Response, Scenario
from harness.catalogue.requests import SETTINGS
from harness.dialects import dialect as dialect_record
from harness.request import ImagePart

DOCUMENTED = "a documented number of default retries"
"""What a scenario needs besides features that leaves a system its own number of retries and counts them."""


def missing_features(
    scenario: Scenario,
    dialect: str,
    features: frozenset[str],
    documented_retries: int | None = None,
    upstream: str | None = None,
) -> frozenset[str]:
    """What the scenario needs in that dialect and a system with these features does not claim.

    `documented_retries`: how often it repeats a request by default, None where its documentation does not say;
    `upstream`: of a gateway, the dialect that it reads.
    """
    missing = needed_features(scenario, dialect, upstream) - features
    wanted = expectation_of(scenario, dialect, upstream).attempts
    return missing if _enough_by_default(scenario, wanted, documented_retries) else missing | {DOCUMENTED}


def _enough_by_default(scenario: Scenario, wanted: Count | None, documented_retries: int | None) -> bool:
    """Whether a system that is left its own number of retries can be expected to do what is counted."""
    if wanted is None or scenario.options.max_retries is not None:
        return True
    return documented_retries is not None and wanted.of(documented_retries).at_least <= 1 + documented_retries


def needed_features(scenario: Scenario, dialect: str, upstream: str | None = None) -> frozenset[str]:
    """Everything that a system must claim for the scenario to say something about it."""
    expectation = expectation_of(scenario, dialect, upstream)
    derived = (*_of_expectation(expectation, scenario), *_of_options(scenario, upstream or dialect))
    if dialect == upstream and _is_to_be_mended(expectation, scenario, dialect):
        derived = (*derived, "history_repair")
    return frozenset((*scenario.needs, *derived, *_of_request(expectation, scenario)))


def _is_to_be_mended(expectation: Expectation, scenario: Scenario, name: str) -> bool:
    """Whether the client asks what its own vendor refuses, and is to have an answer: more than a relay's work."""
    spoken = dialect_record(name)
    wire = spoken.build_request(scenario.request, "sk-test")
    literal = scenario.front.body_in(name) if scenario.front is not None else None
    body = literal.encode() if literal is not None and 200 in (expectation.front.status or ()) else wire.body
    return any(spoken.validate(wire.path, dict(wire.headers), body))


def _of_expectation(expectation: Expectation, scenario: Scenario) -> Iterator[str]:
    calls = expectation.tool_calls
    turns = bool(scenario.options.tool_results or scenario.front)  # each of which has a request of its own
    repeated = (None if turns else expectation.attempts, expectation.fallback_attempts)
    derived = {
        "tool_calls": isinstance(calls, AnyValue) or any(call.executable for call in calls),
        "retries": any(count is not None and count.at_least > 1 for count in repeated) or bool(expectation.waits),
        "retry_after": bool(expectation.waits),
        "refusals": expectation.refusal != "" and not isinstance(expectation.refusal, AnyValue),
        "signatures": bool(expectation.signatures),
        "parallel_choices": bool(expectation.other_choices),
        "compaction": expectation.second_request_shorter,
        "fallback": expectation.fallback_attempts is not None,
        "cancel": expectation.upstream_stopped,
        "heartbeats": expectation.front.heartbeats is not None,
    }
    return (feature for feature, needed in derived.items() if needed)


def _of_request(expectation: Expectation, scenario: Scenario) -> Iterator[str]:
    """What a system must be able to be given, where what it sends is judged."""
    if not expectation.requests:
        return
    messages = scenario.request.messages
    compared = {name for each in expectation.requests for name in each.compared}
    if any(isinstance(part, ImagePart) for message in messages for part in message.content):
        yield "images"
    if len(messages) > 1:
        yield "history"
    if compared & {*SETTINGS}:
        yield "settings"


def _of_options(scenario: Scenario, dialect: str) -> Iterator[str]:
    options = scenario.options
    left = options.cancel_after_events is not None or (scenario.front is not None and scenario.front.hangs_up)
    derived = {
        "think_tags": options.think_tags,
        "compaction": options.compaction,
        "cancel": options.cancel_after_events is not None,
        "fallback": bool(scenario.fallback_responses),
        "tool_loop": bool(options.tool_results),
        "whole_answers": not scenario.request.stream,
        "previous_response": scenario.front is not None and scenario.front.continued,
        "tokens": scenario.front is not None and scenario.front.token is not None,
        "timeouts": not left and any(map(_falls_silent, scenario.responses_in(dialect))),
    }
    return (feature for feature, needed in derived.items() if needed)


def _falls_silent(response: Response) -> bool:
    return response.connection == "stall" or any(fault.cut and fault.cut.how == "stall" for fault in response.faults)
