"""Sample results as a real run would give them: several systems, dialects and families, and every kind of verdict."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.catalogue.findings import FailureKind, Finding, Verdict
from harness.catalogue.models import Level
from harness.runner.results import (
    EventRecord,
    Evidence,
    Footer,
    Header,
    RecordingResult,
    Result,
    Run,
    ScenarioNote,
    SystemNote,
)

from .sample_wire import attempt, recut, text_frames

ANSWER = ("Oslo", " today:", " 3 °C", ", light", " snow ❄", " and", " a mild", " wind.")
WHOLE = "".join(ANSWER)

SYSTEMS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "reference": ("0.1.0", "python", ("anthropic-messages", "gemini", "ollama", "openai-chat", "openai-responses")),
    "openai-python": ("3.52.0", "python", ("openai-chat", "openai-responses")),
    "anthropic-python": ("2.11.0", "python", ("anthropic-messages",)),
    "ollama-python": ("0.6.3", "python", ("ollama",)),
    "navaia-code": ("0.9.4", "python", ("openai-chat",)),
    "axion-code": ("1.4.1", "python", ("anthropic-messages", "openai-chat", "openai-responses")),
    "python-codex": ("0.4.2", "python", ("openai-responses",)),
}


@dataclass(frozen=True)
class Situation:
    """One sample scenario, and how a system that gets it wrong gets it wrong."""

    id: str
    title: str
    level: Level
    kind: FailureKind
    silent: bool
    wire: str
    why: str = "A stream is cut wherever the network likes; what the caller gets may not depend on it."
    incidents: tuple[str, ...] = ()


SITUATIONS = (
    Situation("canary/plain-text", "A plain answer in eight deltas", "must", "loss", False, "plain"),
    Situation("chunking/every-byte", "Every byte is a chunk of its own", "must", "loss", False, "bytes"),
    Situation(
        "chunking/inside-a-character",
        "A cut inside a three-byte character",
        "must",
        "corruption",
        True,
        "inside",
        "Bytes are decoded chunk by chunk in many clients, so half a character turns into a replacement character.",
        ("danielmiessler/Fabric#2203", "api7/aisix#111"),
    ),
    Situation("ending/closed-mid-text", "The connection closes mid-answer, with no stop reason", "must",
              "silent-truncation", True, "cut",
              "An answer that was cut off and passes for a finished one is the costliest failure: nobody notices.",
              ("NousResearch/hermes-agent#6847",)),
    Situation("ending/silence", "The server falls silent mid-answer", "must", "hang", False, "stall"),
    Situation("errors/overload-after-headers", "An error in the stream after some text", "must", "silent-error", True,
              "cut"),
    Situation("framing/crlf", "Lines end in CR LF", "must", "loss", True, "crlf"),
    Situation("framing/comments", "Comments between events", "should", "leak", False, "comment"),
    Situation("retry/after-429", "A rate limit that names its wait", "must", "retry", False, "retry"),
    Situation("retry/burst-of-529", "Three overloads in a row", "should", "retry", False, "retry"),
    Situation("usage/late", "Usage after the stop reason", "may", "loss", True, "plain"),
    Situation("thinking/tag-in-two", "A think tag cut in two", "must", "leak", True, "plain"),
)  # fmt: skip


def small_run() -> Run:
    """Twelve scenarios on three systems: a perfect one, one that fails by every rule, one in between."""
    systems = ("reference", "openai-python", "anthropic-python")
    return run_of(systems, SITUATIONS, {"openai-python": lambda place: "fail", "anthropic-python": _mixed})


def large_run(copies: int = 5) -> Run:
    """Enough cases for a realistic matrix: every situation in several guises on every system."""
    copied = [
        Situation(f"{each.id}-{number}" if number else each.id, f"{each.title}{GUISES[number]}", each.level, each.kind,
                  each.silent, each.wire, each.why, each.incidents)
        for number in range(copies)
        for each in SITUATIONS
        if not (number and each.id.startswith("canary"))
    ]  # fmt: skip
    outcomes = {name: _spread(number) for number, name in enumerate(SYSTEMS)}
    return run_of(tuple(SYSTEMS), copied, outcomes)


GUISES = ("", ", through a proxy", ", with tool calls", ", twice over", ", after a keep-alive", ", late")


def _mixed(place: int) -> str:
    return ("pass", "unsupported", "error", "pass", "fail")[place % 5]


def _spread(seed: int) -> Any:
    def outcome(place: int) -> str:
        if not seed:
            return "pass"
        number = (place * 7919 + seed * 104729) % 97
        if number < 6 + 5 * seed:
            return "fail"
        return "unsupported" if number > 90 else "error" if number == 60 else "pass"

    return outcome


def run_of(systems: Sequence[str], situations: Sequence[Situation], outcomes: dict[str, Any]) -> Run:
    results = [
        result_of(situation, system, dialect, outcomes.get(system, lambda place: "pass")(place))
        for place, situation in enumerate(situations)
        for system in systems
        for dialect in SYSTEMS[system][2]
    ]
    notes = {each.id: ScenarioNote(why=each.why, incidents=list(each.incidents)) for each in situations}
    return Run(header_of(systems, notes), tuple(results), (), Footer(len(results), 42.5))


def header_of(systems: Iterable[str], notes: dict[str, ScenarioNote]) -> Header:
    return Header(
        format=1,
        harness="0.1.0",
        catalogue="2026.11",
        started="2026-11-20T10:00:00Z",
        lane="sockets",
        python="3.11.7",
        platform="Linux x86_64",
        systems={name: SYSTEMS[name][0] for name in systems},
        scenarios=notes,
        described={
            name: SystemNote(SYSTEMS[name][1], "client", list(SYSTEMS[name][2]), ["retries", "usage"])
            for name in systems
        },
    )


def result_of(situation: Situation, system: str, dialect: str, outcome: str) -> Result:
    verdict: Verdict = outcome  # type: ignore[assignment]
    failing = outcome == "fail"
    ending_fails = situation.kind in ("silent-truncation", "silent-error", "hang", "retry")
    return Result(
        system=system,
        system_version=SYSTEMS[system][0],
        dialect=dialect,
        scenario=situation.id,
        family=situation.id.partition("/")[0],
        title=situation.title,
        level=situation.level,
        verdict=verdict,
        content="pass" if failing and ending_fails else verdict,
        ending="pass" if failing and not ending_fails else verdict,
        failures=[_finding(situation, dialect)] if failing else [],
        attempts=2 if situation.wire == "retry" else 1,
        duration_s=0.118,
        reproduce=f"harness replay --system {system} --scenario {situation.id} --dialect {dialect}",
        note={"unsupported": "not claimed: think_tags", "error": "the worker died with signal 9"}.get(outcome, ""),
        evidence=None if outcome == "unsupported" else _evidence(situation, dialect, outcome),
    )


def _finding(situation: Situation, dialect: str) -> Finding:
    expected, seen = _values(situation)
    return Finding(
        kind=situation.kind,
        check={"loss": "text", "retry": "waits"}.get(situation.kind, situation.kind),
        column="ending" if situation.kind in ("silent-truncation", "silent-error", "hang", "retry") else "content",
        silent=situation.silent,
        message={
            "silent-truncation": "the caller was told that the answer is complete; it was cut off",
            "hang": "nothing came for 30 s, and the caller was still waiting",
            "retry": "attempt 2 came 0.51 s after a Retry-After of 2 s",
        }.get(situation.kind, "the text is not the one that was sent"),
        expected=expected,
        seen=seen,
        attempt=1,
        offset=len(b"".join(text_frames(dialect, ANSWER)[:4])),
    )


def _values(situation: Situation) -> tuple[Any, Any]:
    match situation.kind:
        case "corruption":
            return WHOLE, WHOLE.replace("❄", "���")
        case "silent-truncation" | "silent-error":
            return ["truncated", "failed"], "completed"
        case "leak":
            return WHOLE, "<think>Snow?</think>" + WHOLE
        case "retry":
            return {"at_least": 2.0}, 0.51
    return WHOLE, WHOLE.replace(" and a mild", "")


def _evidence(situation: Situation, dialect: str, outcome: str) -> Evidence:
    frames = text_frames(dialect, ANSWER)
    wire, cut = _wire(situation, dialect, frames)
    got = ANSWER[:3] if cut else ANSWER
    text = "".join(got)
    expected_text: Any = {"prefix_of": WHOLE, "at_least": "Oslo"} if cut else WHOLE
    if outcome == "fail" and situation.kind in ("corruption", "leak", "loss"):
        text = _values(situation)[1]
    status = "completed" if not cut or outcome == "fail" else "error"
    events: list[dict[str, Any]] = [{"type": "text", "text": piece} for piece in got]
    if status == "completed":
        events += [{"type": "usage", "input_tokens": 9, "output_tokens": 8}, {"type": "finish", "reason": "stop"}]
    return Evidence(
        expected={"ending": ["truncated", "failed"] if cut else ["completed"], "text": expected_text, "tool_calls": []},
        seen={"status": "completed", "text": text, "reasoning": "", "tool_calls": [],
              "usage": {"input_tokens": 9, "output_tokens": 8},
              "end": {"status": status, "raised": None if status == "completed" else "APIConnectionError",
                      "error": None, "hung": situation.kind == "hang" and outcome == "fail", "broken": None}},
        events=[EventRecord(round(0.009 + 0.0125 * place, 6), event) for place, event in enumerate(events)],
        wire=wire,
        stderr="Traceback (most recent call last):\n  worker died\n" if outcome == "error" else "",
    )  # fmt: skip


def _wire(situation: Situation, dialect: str, frames: list[bytes]) -> tuple[list[Any], bool]:
    body = b"".join(frames)
    match situation.wire:
        case "bytes":
            return [attempt(dialect, recut(body, 1), gap_s=0.0001)], False
        case "inside":
            place = body.index("❄".encode()) + 1
            return [attempt(dialect, [body[:place], body[place:]])], False
        case "cut":
            return [attempt(dialect, frames[:5], how_ended="no_last_chunk")], True
        case "stall":
            return [attempt(dialect, frames[:5], how_ended="stall", client_left=True)], True
        case "crlf":
            return [attempt(dialect, [frame.replace(b"\n", b"\r\n") for frame in frames])], False
        case "retry":
            error = json.dumps({"error": {"type": "rate_limit_error", "message": "Slow down."}}).encode()
            refused = attempt(dialect, [error], status=429, headers=[("retry-after", "2")])
            return [refused, attempt(dialect, frames, number=2, at_s=2.02)], False
    return [attempt(dialect, frames)], False


def recording_of(name: str, verdict: Verdict = "pass") -> RecordingResult:
    return RecordingResult(
        system="reference",
        id=name,
        dialect="openai-chat",
        provider="example",
        source="recordings/openai-chat.jsonl.gz",
        size=2048,
        frames=12,
        cuttings=7,
        status="completed",
        finish="stop",
        verdict=verdict,
        problems=[] if verdict == "pass" else ["cut into 7-byte chunks, the text differs"],
        warnings=[],
    )
