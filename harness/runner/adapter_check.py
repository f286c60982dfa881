"""Says what is wrong with an adapter rather than with the system that it drives.

The canaries, and one plain scenario for each feature that the adapter claims, are run; then their results are read for
the mistakes that adapters make. Where a result cannot tell the adapter from its system, that is said too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from harness.catalogue.loader import Catalogue
from harness.runner.gateway_check import Mistake, Suspect, gateway_mistakes
from harness.runner.lineup import NOT_STARTED
from harness.runner.plan import CANARY_FAMILY
from harness.runner.results import Line, Result
from harness.runner.session import Listeners, Settings, run_session

PROBES = {
    "retries": ("overload/one-503",),
    "retry_after": ("rate-limits/retry-after-seconds",),
    "cancel": ("disconnects/cancelled-by-the-caller",),
    "timeouts": ("disconnects/silence-mid-answer",),
    "signatures": ("thinking/anthropic-signature-kept", "thinking/responses-encrypted-reasoning"),
    "refusals": ("framing/refusal-in-its-own-field",),
    "parallel_choices": ("framing/choices-interleaved",),
    "tool_loop": ("multi-turn/one-call",),
}
"""By feature: scenarios that show it plainly. A canary stands for each feature that is not here."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that is wrong: who is suspected, where it showed, what it is, and what would mend it."""

    suspect: Suspect
    scenario: str
    dialect: str
    problem: str
    mend: str
    reproduce: str


@dataclass(frozen=True, slots=True)
class AdapterCheck:
    """What came of a check. `broken` says why the system could not be started; then nothing else was learnt."""

    diagnoses: tuple[Diagnosis, ...] = ()
    passed: int = 0
    broken: str | None = None


def check_adapter(name: str, catalogue: Catalogue, note: Callable[[str], None]) -> AdapterCheck:
    """Runs the canaries and the probes through the system of that name, and reads what they say of its adapter.

    Raises what `run_session` raises.
    """
    probes = {scenario for scenarios in PROBES.values() for scenario in scenarios}
    chosen = tuple(each for each in catalogue if each.family == CANARY_FAMILY or each.id in probes)
    results: list[Result] = []

    def keep(line: Line) -> None:
        if isinstance(line, Result):
            results.append(line)

    run_session(Settings((name,), chosen, catalogue), Listeners(note=note, planned=lambda _: None, line=keep))
    if all(result.system_version == NOT_STARTED for result in results):
        return AdapterCheck(broken=results[0].note)
    passed = sum(result.verdict == "pass" for result in results)
    return AdapterCheck(tuple(diagnose(results)), passed)


def diagnose(results: Iterable[Result]) -> list[Diagnosis]:
    """What the results of those scenarios say of the adapter; empty for one that is sound."""
    found: list[Diagnosis] = []
    for result in sorted(results, key=lambda each: (each.family != CANARY_FAMILY, each.scenario, each.dialect)):
        if result.verdict in ("fail", "error"):
            for suspect, problem, mend in gateway_mistakes(result) if result.upstream else _mistakes(result):
                found.append(Diagnosis(suspect, result.scenario, result.dialect, problem, mend, result.reproduce))
    return found


def _mistakes(result: Result) -> Iterator[Mistake]:
    """The first family of mistakes that explains the result; else the findings as they are."""
    if result.verdict == "error":
        yield "adapter", result.note, "its log and the traceback are in the report's cell"
        return
    for explain in (_wrong_address, _refused_request, _text, _calls, _finish, _usage, _claims):
        mistakes = list(explain(result))
        if mistakes:
            yield from mistakes
            return
    for failure in result.failures:
        yield "adapter or system", failure.message, "see the evidence: what was sent, and what came out"


def _wrong_address(result: Result) -> Iterator[Mistake]:
    wire = result.evidence.wire if result.evidence else []
    if not wire:
        yield (
            "adapter",
            "no request came to the base URL that the case names",
            "give the client case.base_url, and nothing else",
        )
    for attempt in wire:
        if any(fault.startswith("no-such-endpoint") for fault in attempt.request_faults):
            yield (
                "adapter",
                f"the request went to {attempt.method} {attempt.path}, where {result.dialect} is not served",
                "case.base_url carries no version path: add /v1 (or what the client expects) to it, or leave it out",
            )
            return


def _refused_request(result: Result) -> Iterator[Mistake]:
    wire = result.evidence.wire if result.evidence else []
    for fault in dict.fromkeys(fault for attempt in wire for fault in attempt.request_faults):
        yield (
            "adapter or system",
            f"the vendor would refuse the request: {fault}",
            "if the client was told so by the adapter, mend the translation of case.request; else the client sends it",
        )


def _text(result: Result) -> Iterator[Mistake]:
    pieces = [event["text"] for event in _events(result, "text")]
    seen, wanted = "".join(pieces), _expected(result, "text")
    if not isinstance(wanted, str) or seen == wanted or _raised(result):
        return
    if len(pieces) > 1 and all(later.startswith(earlier) for earlier, later in itertools.pairwise(pieces)):
        yield "adapter", "each Text holds all of the text so far", "yield what is new: Text is a delta"
    elif seen == wanted * 2:
        yield "adapter", "the text is given twice", "yield the deltas, or the whole at the end, not both"
    elif not seen and _ended(result) == "completed":
        yield "adapter or system", "the case completed without any Text", "yield a Text for each piece of the answer"
    else:
        yield "adapter or system", f"the text is {seen!r}, not {wanted!r}", "see the events in the report's cell"


def _calls(result: Result) -> Iterator[Mistake]:
    wanted = _expected(result, "tool_calls")
    if not wanted or _raised(result):
        return
    fragments = _events(result, "tool_call")
    if not fragments:
        yield "adapter or system", "a plain tool call gave no ToolCall", "yield one, or do not claim tool_calls"
    elif not any(fragment.get("name") for fragment in fragments):
        yield "adapter", "no ToolCall carries a name", "give the name with the first fragment of each call"
    elif len({fragment["index"] for fragment in fragments}) > len(wanted):
        yield "adapter", "the fragments of one call have several indices", "keep one index for each call"
    else:
        yield from _arguments(result, fragments)


def _arguments(result: Result, fragments: list[dict[str, Any]]) -> Iterator[Mistake]:
    pieces = [fragment.get("arguments", "") for fragment in fragments]
    if len(pieces) > 1 and pieces[-1].startswith("{") and pieces[0]:
        yield (
            "adapter",
            "the arguments are given again from their beginning",
            "arguments are appended: yield what is new",
        )
    elif any(failure.check == "tool-calls-as-sent" for failure in result.failures):
        yield (
            "adapter or system",
            f"the arguments are {''.join(pieces)!r}",
            "hand on the JSON text as the client has it",
        )


def _finish(result: Result) -> Iterator[Mistake]:
    if not any(failure.check == "finish-as-sent" for failure in result.failures) or _raised(result):
        return
    finishes = _events(result, "finish")
    if not finishes:
        yield "adapter or system", "no Finish was given", "yield the reason that the client tells, if it tells one"
    else:
        said = finishes[-1].get("raw") or finishes[-1]["reason"]
        yield "adapter", f"the Finish says {finishes[-1]['reason']!r} for {said!r}", "map the client's word to ours"


def _usage(result: Result) -> Iterator[Mistake]:
    if not any(failure.check == "usage-as-sent" for failure in result.failures) or _raised(result):
        return
    if not _events(result, "usage"):
        yield "adapter or system", "no Usage was given", "ask the client for usage, or do not claim it"
    else:
        yield "adapter or system", "the Usage has other counts", "hand on the counts as the client has them"


def _claims(result: Result) -> Iterator[Mistake]:
    """A feature that is claimed, and of which nothing was seen where it shows plainly."""
    if _raised(result) and result.family == CANARY_FAMILY:
        return
    absent: dict[str, Callable[[], bool]] = {
        "reasoning": lambda: bool(_expected(result, "reasoning")) and not _events(result, "reasoning"),
        "retries": lambda: result.attempts == 1,
        "cancel": lambda: _ended(result) == "completed",
        "signatures": lambda: not _events(result, "signature"),
        "refusals": lambda: not _events(result, "refusal"),
        "tool_loop": lambda: result.attempts == 1,
    }
    for feature, nothing_seen in absent.items():
        plain = result.scenario in PROBES.get(feature, (f"{CANARY_FAMILY}/{feature}",))
        if plain and nothing_seen():
            yield (
                "adapter or system",
                f"it claims {feature}, and shows nothing of it where it is plainly asked for",
                f"hand on what the client has, or do not claim {feature}",
            )


def _events(result: Result, kind: str) -> list[dict[str, Any]]:
    events = [record.event for record in result.evidence.events] if result.evidence else []
    return [event for event in events if event["type"] == kind and not event.get("choice")]


def _expected(result: Result, name: str) -> Any:
    return result.evidence.expected.get(name) if result.evidence else None


def _seen(result: Result) -> dict[str, Any]:
    return result.evidence.seen if result.evidence else {}


def _ended(result: Result) -> str | None:
    status: str | None = (_seen(result).get("end") or {}).get("status")
    return status


def _raised(result: Result) -> bool:
    return _ended(result) not in ("completed", "truncated", "cancelled")
