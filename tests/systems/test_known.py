"""Known failures are written down with a reason and a proof, and found by scenario and dialect."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest

from harness.catalogue.loader import load_catalogue
from harness.systems.known import FOLDER, UnreadableKnownFailures, known_failures, load_known
from harness.systems.registry import bundled_names

ROOT = Path(__file__).parents[2]

ENTRY = """
failures:
  - scenarios: [retry/*, canary/plain-text]
    dialects: [openai-chat]
    reason: It waits for a day.
    link: https://example.invalid/1
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "some-system.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("scenario", "dialect", "reason"),
    [
        ("retry/absurd", "openai-chat", "It waits for a day."),
        ("canary/plain-text", "openai-chat", "It waits for a day."),
        ("canary/plain-text-2", "openai-chat", None),
        ("retry/absurd", "gemini", None),
    ],
)
def test_it_is_found_by_scenario_and_dialect(tmp_path: Path, scenario: str, dialect: str, reason: str | None) -> None:
    assert load_known(written(tmp_path, ENTRY)).reason_for(scenario, dialect) == reason


def test_a_system_without_a_file_has_no_known_failures(tmp_path: Path) -> None:
    assert known_failures("reference", tmp_path).failures == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("failures: [", "not YAML"),
        ("failures: [{scenarios: [a/*], reason: It is so for a reason.}]", "needs a proof or a link"),
        ("failures: [{scenarios: [a/*], reason: no, link: x}]", "failures.0.reason"),
        ("failures: [{scenarios: [], reason: It is so for a reason., link: x}]", "failures.0.scenarios"),
        ("failure: []", "failure: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_file_is_refused_with_the_field(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UnreadableKnownFailures) as caught:
        load_known(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_bundled_entry_is_about_a_scenario_there_is_and_names_a_proof_there_is(path: Path) -> None:
    assert path.stem in bundled_names()
    ids = [scenario.id for scenario in load_catalogue().scenarios]
    for known in load_known(path).failures:
        for pattern in known.scenarios:
            assert fnmatch.filter(ids, pattern), pattern
        if known.proof:
            module, _, name = known.proof.partition("::")
            assert f"def {name}(" in (ROOT / module).read_text()
