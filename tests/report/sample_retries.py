"""Sample results of systems that were refused: with requests that came when they are said to have come."""

from __future__ import annotations

from typing import Any

from harness.catalogue.findings import Verdict
from harness.runner.results import AttemptRecord, Evidence, Result

from .sample_wire import attempt

ERROR = b'{"error": {"message": "Rate limit reached.", "type": "rate_limit_error"}}'


def requests_at(*times: float, answered: bool = False, dialect: str = "openai-chat") -> list[AttemptRecord]:
    """Requests at these seconds, each refused; `answered`: but for the last."""
    refused = [attempt(dialect, [ERROR], number=place, at_s=at, status=429) for place, at in enumerate(times, 1)]
    if answered:
        refused[-1] = attempt(dialect, [b"data: [DONE]\n\n"], number=len(times), at_s=times[-1])
    return refused


def refused_result(
    scenario: str,
    *times: float,
    answered: bool = False,
    hung: bool = False,
    status: str = "failed",
    duration_s: float = 1.0,
    system: str = "openai-python",
    dialect: str = "openai-chat",
    verdict: Verdict = "pass",
    **changes: Any,
) -> Result:
    """What one system did: its requests came at `times`; `status` is how its caller learnt that it was over."""
    end = {"status": None if hung else status, "hung": hung}
    seen = {"status": None if hung else "completed" if answered else status, "end": end}
    wire = requests_at(*times, answered=answered, dialect=dialect)
    values: dict[str, Any] = {
        "system_version": "3.52.0",
        "family": scenario.partition("/")[0],
        "title": f"The situation {scenario}",
        "level": "should",
        "content": verdict,
        "ending": verdict,
        "failures": [],
        "attempts": len(times),
        "reproduce": f"harness replay --system {system} --scenario {scenario}",
        "evidence": Evidence(seen=seen, wire=wire) if times else None,
    }
    given = {**values, **changes}
    return Result(system=system, dialect=dialect, scenario=scenario, verdict=verdict, duration_s=duration_s, **given)


def refusals() -> tuple[Result, ...]:
    """What a system did that waits as it was told, hurries, gives up, and was not asked."""
    responses = {"dialect": "openai-responses"}
    return (
        refused_result("rate-limits/retry-after-seconds", 0.0, 4.13, answered=True),
        refused_result("rate-limits/retry-after-seconds", 0.0, 0.47, 0.98, verdict="fail", **responses),
        refused_result("rate-limits/retry-after-a-minute", 0.0, hung=True, duration_s=25.0),
        refused_result("rate-limits/retry-after-a-minute", 0.0, **responses),
        refused_result("rate-limits/retry-after-unreadable", 0.0, status="completed", verdict="fail"),
        refused_result("overload/five-529", 0.0, 0.5, 1.5),
        refused_result("rate-limits/retry-after-zero", verdict="unsupported", note="not claimed: retry_after"),
    )
