"""The verdicts as data: every case has a letter for each half, in the order of the scenarios."""

from __future__ import annotations

import json
from dataclasses import replace

from msgspec.structs import replace as replace_fields

from harness.report.outputs.verdict_data import encode_verdicts

from ..sample import SITUATIONS, small_run


def test_it_names_the_run() -> None:
    run = small_run()
    data = json.loads(encode_verdicts(replace(run, header=replace_fields(run.header, left_out={"b": "2", "a": "1"}))))
    assert (data["format"], data["harness"], data["catalogue"]) == (1, "0.1.0", "2026.11")
    assert (data["started"], data["platform"]) == ("2026-11-20T10:00:00Z", "Linux x86_64")
    assert list(data["left_out"].items()) == [("a", "1"), ("b", "2")]
    assert data["letters"]["s"] == "fails silently"


def test_every_case_has_its_letters() -> None:
    data = json.loads(encode_verdicts(small_run()))
    assert sorted(map(tuple, data["scenarios"])) == sorted((each.id, each.level) for each in SITUATIONS)
    columns = {(each["system"], each["dialect"]): each for each in data["columns"]}
    assert len(columns) == 8
    reference = columns["reference", "openai-chat"]
    assert (reference["content"], reference["ending"]) == ("p" * 12, "p" * 12)
    openai = columns["openai-python", "openai-chat"]
    places = {scenario: place for place, (scenario, _) in enumerate(data["scenarios"])}
    assert (openai["version"], openai["language"]) == ("3.52.0", "python")
    halves = {name: openai["content"][place] + openai["ending"][place] for name, place in places.items()}
    assert halves["chunking/inside-a-character"] == "sp"
    assert halves["ending/silence"] == "ph"
    assert halves["retry/after-429"] == "pf"


def test_a_known_failure_is_a_capital_letter_and_a_case_that_did_not_run_a_dot() -> None:
    run = small_run()
    results = [
        replace_fields(each, known="As we know.") if each.system == "openai-python" else each
        for each in run.results
        if (each.system, each.scenario) != ("anthropic-python", "framing/crlf")
    ]
    data = json.loads(encode_verdicts(replace(run, results=tuple(results))))
    columns = {each["system"]: each for each in data["columns"]}
    place = [scenario for scenario, _ in data["scenarios"]].index("framing/crlf")
    assert columns["openai-python"]["content"][place] == "S"
    assert columns["openai-python"]["ending"][place] == "p"
    assert columns["anthropic-python"]["content"][place] == "."


def test_it_has_a_line_for_each_system_and_dialect() -> None:
    lines = encode_verdicts(small_run()).splitlines()
    assert sum(line.startswith('{"system": ') for line in lines) == 8
