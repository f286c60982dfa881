"""`harness scenarios`: what there is, one of them, and what was probably meant."""

from __future__ import annotations

import json

import pytest

from harness.catalogue.loader import load_catalogue
from tests.cli.conftest import SCENARIO, Harness

WRONG_NAMES = [
    (["show", "canary/plain-txt"], "no scenario 'canary/plain-txt'; did you mean 'canary/plain-text'?"),
    (["show", "plain-text"], "no scenario 'plain-text'; did you mean 'canary/plain-text'?"),
    (["show", "xyzzy"], "no scenario 'xyzzy'; `harness scenarios list` names them all"),
    (["list", "--family", "canry"], "no family 'canry'; did you mean 'canary'?"),
    (["list", "--dialect", "klingon"], "unknown dialect 'klingon'; the dialects are ai-sdk-ui, anthropic-messages, "),
    (["show", "canary/plain-text", "--dialect", "klingon"], "unknown dialect 'klingon'; the dialects are "),
    (["list", "--catalogue", "nowhere"], "nowhere: no such folder of scenarios"),
]


def test_the_list_has_a_line_for_every_scenario(harness: Harness) -> None:
    *rows, last = harness("scenarios", "list").out.splitlines()
    catalogue = load_catalogue()
    assert [row.split()[:2] for row in rows] == [[each.id, each.level] for each in catalogue]
    assert all(row.endswith(each.title) for row, each in zip(rows, catalogue, strict=True))
    assert last == f"{len(catalogue)} scenarios, catalogue {catalogue.version}"


def test_the_list_of_a_family_in_a_dialect_as_data(harness: Harness) -> None:
    said = json.loads(harness.inside("scenarios", "list", "-f", "canary", "-d", "gemini", "--json").out)
    assert list(said) == ["catalogue", "scenarios"]
    assert {
        "id": "canary/plain-text",
        "level": "must",
        "dialects": ["gemini"],
        "title": "A plain answer, streamed in three pieces",
    } in said["scenarios"]
    assert {row["id"].partition("/")[0] for row in said["scenarios"]} == {"canary"}


def test_one_scenario_says_why_and_where(harness: Harness) -> None:
    said = harness.inside("scenarios", "show", "canary/plain-text").out
    assert said.startswith("canary/plain-text  (must)\nA plain answer, streamed in three pieces\n\nThe simplest thing ")
    assert "\nruns in:   anthropic-messages, gemini, ollama, openai-chat, openai-responses\n" in said


def test_one_scenario_shows_its_bytes_in_a_dialect(harness: Harness) -> None:
    said = harness.inside("scenarios", "show", "canary/plain-text", "--dialect", "ollama").out
    assert "\nattempt 1: HTTP 200\n  content-type: application/x-ndjson\n" in said
    assert '"content":"Hello"' in said
    assert said.endswith("\n  ends: clean\n")


def test_one_scenario_as_data(harness: Harness) -> None:
    harness.write("own/greetings/word.yaml", SCENARIO)
    said = json.loads(harness.inside("scenarios", "show", "greetings/word", "--json", "--catalogue", "own").out)
    assert said["id"] == "greetings/word"
    assert said["responses"] == [
        {
            "events": [
                {"type": "text", "text": "Hello", "choice": 0},
                {"type": "finish", "reason": "stop", "raw": None, "choice": 0},
            ]
        }
    ]


@pytest.mark.parametrize(("arguments", "error"), WRONG_NAMES, ids=lambda value: str(value))
def test_a_wrong_name_is_answered_with_the_one_that_was_meant(
    harness: Harness, arguments: list[str], error: str
) -> None:
    assert harness.inside("scenarios", *arguments, status=2).error.startswith(error)
