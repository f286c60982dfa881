"""The `ai` package of npm, over its own providers, reads what we emit; skipped where its environment is not built."""

from __future__ import annotations

import base64
import json
import math
import random
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.dialects import dialect
from harness.events import AnyEvent
from harness.stack.translate.stream import StreamWriter
from harness.transcript import Transcript, fold

from ...systems.third_party import command_for
from ..said import DIALECTS
from .test_streams import Plain, answers, cut, emitted, sample

SCRIPT = Path(__file__).with_name("ai_sdk.mjs")
READ = ("anthropic-messages", "gemini", "openai-chat", "openai-responses")
"""The dialects that it has providers for."""
LIMIT_S = 120


def said_by_sdk(name: str, emissions: list[tuple[Transcript, bytes]]) -> list[dict[str, Any]]:
    """What the package makes of each body, cut anywhere."""
    luck = random.Random(3)
    lines = []
    for wanted, body in emissions:
        tools = sorted({call.name for call in wanted.tool_calls if call.name})
        pieces = [base64.b64encode(piece).decode() for piece in cut(body, luck) if piece]
        lines.append(json.dumps({"dialect": name, "tools": tools, "pieces": pieces}) + "\n")
    run = subprocess.run(
        command_for(SCRIPT), input="".join(lines), capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    return [json.loads(line) for line in run.stdout.split("\n") if line]


def as_in_script(value: Any) -> Any:
    """A value as JavaScript has it: every number is a double."""
    match value:
        case bool() | None | str():
            return value
        case int() | float():
            return None if math.isinf(value) else float(value)
        case list():
            return [as_in_script(item) for item in value]
    return {name: as_in_script(item) for name, item in value.items()}


def objections(name: str, said: dict[str, Any], wanted: Transcript) -> list[str]:
    """Where what the package says differs from the answer.

    It gives refusals as text, reads no reasoning of Responses but summaries, and puts all choices into one text.
    """
    if thrown := said.get("thrown"):
        return [f"it threw {thrown}"]
    broken = {call.name for call in wanted.tool_calls if call.input is None}
    refusals = () if name == "openai-chat" else ("refusal",)
    expected: dict[str, Any] = {
        "text": "".join(part.text for part in wanted.parts if part.kind in ("text", *refusals)),
        "reasoning": wanted.reasoning,
        "calls": [[call.name, as_in_script(call.input)] for call in wanted.tool_calls if call.name not in broken],
    }
    got = {**said, "calls": [as_in_script(call) for call in said["calls"] if call[0] not in broken]}
    if name == "openai-responses":
        del expected["reasoning"]
    if wanted.status != "completed":
        del expected["calls"]
    found = [
        f"{what}: {got[what]!r:.200} instead of {value!r:.200}"
        for what, value in expected.items()
        if got[what] != value
    ]
    if (wanted.status != "completed") != (said["error"] is not None):
        found.append(f"the answer is {wanted.status}, and its error {said['error']}")
    return found


@cache
def translated(name: str) -> list[tuple[str, Transcript, bytes]]:
    """Recordings of all other dialects, in this one."""
    found = []
    for source in DIALECTS:
        for recording, said in [] if source == name else sample(source):
            writer = StreamWriter(dialect(source), dialect(name))
            found.append((recording.id, fold(source, said), emitted(writer, said, keep_alive=True)))
    return found


def rendered(name: str, said: list[AnyEvent]) -> tuple[Transcript, bytes]:
    return fold(name, said), emitted(Plain(name), said, keep_alive=True)


@pytest.mark.parametrize("name", READ)
def test_answers_of_all_scenarios_are_read(name: str) -> None:
    told = [(scenario, *rendered(name, said)) for scenario, said in answers()]
    told = [each for each in told if not each[1].other_choices]
    results = said_by_sdk(name, [(wanted, body) for _, wanted, body in told])
    found = [
        f"{scenario}: {objection}"
        for (scenario, wanted, _), said in zip(told, results, strict=True)
        for objection in objections(name, said, wanted)
    ]
    assert found == []
    assert len(told) > 250


@pytest.mark.parametrize("name", READ)
def test_recordings_of_other_dialects_are_read(name: str) -> None:
    told = [each for each in translated(name) if not each[1].other_choices]
    results = said_by_sdk(name, [(wanted, body) for _, wanted, body in told])
    found = [
        f"{recording}: {objection}"
        for (recording, wanted, _), said in zip(told, results, strict=True)
        for objection in objections(name, said, wanted)
    ]
    assert found == []
    assert len(told) > 30
