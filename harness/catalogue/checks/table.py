"""Every rule with its slug, and the verdict over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.catalogue.checks import calls, content, conversation, ending, front, requests
from harness.catalogue.checks.facts import Breach, Facts, Rule, read_facts
from harness.catalogue.checks.features import missing_features
from harness.catalogue.findings import Column, Finding, Judgement, Verdict
from harness.catalogue.models import Scenario
from harness.catalogue.observation import Observation


@dataclass(frozen=True, slots=True)
class Check:
    """One rule. The slug never changes, and is the same whether the rule is kept or broken."""

    slug: str
    column: Column
    rule: Rule

    @property
    def doc(self) -> str:
        """What the rule demands, in one sentence."""
        return (self.rule.__doc__ or "").strip()


CHECKS: tuple[Check, ...] = (
    Check("text-as-sent", "content", content.text_as_sent),
    Check("reasoning-as-sent", "content", content.reasoning_as_sent),
    Check("refusal-as-sent", "content", content.refusal_as_sent),
    Check("tool-calls-as-sent", "content", calls.tool_calls_as_sent),
    Check("cut-calls-not-executable", "content", calls.cut_calls_not_executable),
    Check("parts-in-order", "content", content.parts_in_order),
    Check("signatures-kept", "content", content.signatures_kept),
    Check("usage-as-sent", "content", content.usage_as_sent),
    Check("choices-as-sent", "content", content.choices_as_sent),
    Check("warnings-given", "content", content.warnings_given),
    Check("streamed-at-once", "content", content.streamed_at_once),
    Check("requests-as-asked", "content", requests.requests_as_asked),
    Check("front-contains", "content", front.front_contains),
    Check("front-hides", "content", front.front_hides),
    Check("front-well-formed", "content", front.front_well_formed),
    Check("ended-in-time", "ending", ending.ended_in_time),
    Check("ending-as-it-was", "ending", ending.ending_as_it_was),
    Check("finish-as-sent", "ending", ending.finish_as_sent),
    Check("error-as-sent", "ending", ending.error_as_sent),
    Check("attempts-counted", "ending", conversation.attempts_counted),
    Check("waits-kept", "ending", conversation.waits_kept),
    Check("fallback-used", "ending", conversation.fallback_used),
    Check("request-compacted", "ending", conversation.request_compacted),
    Check("requests-acceptable", "ending", conversation.requests_acceptable),
    Check("upstream-stopped", "ending", conversation.upstream_stopped),
    Check("front-status", "ending", front.front_status),
    Check("front-error", "ending", front.front_error),
    Check("front-headers", "ending", front.front_headers),
    Check("front-heartbeats", "ending", front.front_heartbeats),
)
"""In the order in which they are shown; silent findings go before all others."""

_TOLD_ANYWAY = frozenset(
    {
        "ended-in-time",
        "error-as-sent",
        "attempts-counted",
        "waits-kept",
        "fallback-used",
        "request-compacted",
        "requests-acceptable",
        "upstream-stopped",
        "front-contains",
        "front-hides",
        "front-well-formed",
        "front-status",
        "front-error",
        "front-headers",
        "front-heartbeats",
    }
)
"""Rules whose breach takes nothing from the caller that it would have to notice."""


def judge(
    scenario: Scenario,
    dialect_name: str,
    description_features: frozenset[str],
    observation: Observation,
    documented_retries: int | None = None,
    upstream: str | None = None,
) -> Judgement:
    """The verdict of one case. Pure: the same observation always gets the same judgement.

    `documented_retries`: how often the system repeats a request by default, None where its documentation does not say.
    `upstream`: of a gateway, the dialect that it reads; `dialect_name` is then that of its client.
    """
    if observation.broken is not None:
        return _no_verdict("error", observation.broken)
    missing = missing_features(scenario, dialect_name, description_features, documented_retries, upstream)
    if missing:
        return _no_verdict("unsupported", f"not claimed: {', '.join(sorted(missing))}")
    if declined := _declined(observation):
        return _no_verdict("unsupported", declined)
    facts = read_facts(scenario, dialect_name, description_features, observation, documented_retries, upstream)
    impossible = _impossible(facts)
    if impossible:
        return _no_verdict("error", impossible)
    findings = tuple(sorted(_findings(facts), key=lambda finding: not finding.silent))
    content_verdict, ending_verdict = (_verdict(findings, column) for column in ("content", "ending"))
    return Judgement("fail" if findings else "pass", content_verdict, ending_verdict, findings)


def _no_verdict(verdict: Verdict, note: str) -> Judgement:
    return Judgement(verdict, verdict, verdict, (), note)


def _declined(observation: Observation) -> str | None:
    """Why nothing can be said of a client that accepts none of the content codings that the scenario is about."""
    for attempt in observation.attempts:
        if attempt.response is not None and attempt.response.codings:
            offered = " or ".join(coding for coding, _ in attempt.response.codings)
            accepted = dict(attempt.headers).get("accept-encoding")
            return (
                f"its request does not accept {offered}: {f'it accepts {accepted}' if accepted else 'it says nothing'}"
            )
    return None


def _impossible(facts: Facts) -> str | None:
    """What cannot be the system's fault alone, and must be looked into before anything is said of it."""
    observation = facts.observation
    if observation.end is None and not observation.hung:
        return "the adapter never said how the case ended"
    wanted = facts.expectation.attempts
    answers_itself = wanted is not None and 0 in wanted
    if not observation.attempts and facts.outcome == "completed" and not answers_itself:
        return "the system ended well without a single request to the base URL it was given"
    return None


def _findings(facts: Facts) -> Iterator[Finding]:
    for check in CHECKS:
        for breach in check.rule(facts):
            yield _finding(check, breach, facts)


def _finding(check: Check, breach: Breach, facts: Facts) -> Finding:
    unnoticed = not facts.told and check.slug not in _TOLD_ANYWAY
    return Finding(
        kind=breach.kind,
        check=check.slug,
        column=check.column,
        silent=unnoticed if breach.silent is None else breach.silent,
        message=breach.message,
        expected=breach.expected,
        seen=breach.seen,
        attempt=breach.attempt,
        offset=breach.offset,
    )


def _verdict(findings: tuple[Finding, ...], column: str) -> Verdict:
    return "fail" if any(finding.column == column for finding in findings) else "pass"
