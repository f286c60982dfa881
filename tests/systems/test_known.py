"""Known failures are written down with a reason and a proof, and found by scenario and dialect."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import pytest

from harness.catalogue.findings import FailureKind
from harness.catalogue.loader import load_catalogue
from harness.systems.known_files import FOLDER, UnreadableKnownFailures, known_failures, load_known
from harness.systems.registry import BUNDLED, bundled_names

from .third_party import all_rows

ROOT = Path(__file__).parents[2]

ENTRY = """
version: 1.2.3
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


FOUND = """
version: 1.2.3
failures:
  - scenarios: [fuzz/cuts/*]
    dialects: [openai-chat]
    streams: [encoding/*]
    failures: [corruption, loss]
    reason: It decodes every read by itself.
    link: https://example.invalid/2
"""


@pytest.mark.parametrize(
    ("kind", "dialect", "stream", "failure", "known"),
    [
        ("cuts", "openai-chat", "encoding/emoji", "loss", True),
        ("neutral", "openai-chat", "encoding/emoji", "loss", False),
        ("cuts", "gemini", "encoding/emoji", "loss", False),
        ("cuts", "openai-chat", "framing/emoji", "loss", False),
        ("cuts", "openai-chat", "encoding/emoji", "hang", False),
    ],
)
def test_what_searches_find_is_known_by_kind_family_dialect_stream_and_failure(
    tmp_path: Path, kind: str, dialect: str, stream: str, failure: FailureKind, known: bool
) -> None:
    entries = load_known(written(tmp_path, FOUND))
    entry = entries.entry_for_finding(kind, "inside characters", dialect=dialect, stream=stream, failure=failure)
    assert (entry is not None) is known


def test_what_is_known_of_scenarios_says_nothing_of_searches(tmp_path: Path) -> None:
    scenarios = load_known(written(tmp_path, ENTRY.replace("retry/*", "'*'")))
    assert scenarios.entry_for_finding("cuts", "x", dialect="openai-chat", stream="a/b", failure="loss") is None
    searches = load_known(written(tmp_path, FOUND))
    assert searches.entry_for("fuzz/cuts/x", "openai-chat") is None


def test_another_version_has_no_known_failures(tmp_path: Path) -> None:
    known = load_known(written(tmp_path, ENTRY))
    assert known.of("1.2.3") == known
    assert known.of("1.2.4").failures == ()


def test_a_system_without_a_file_has_no_known_failures(tmp_path: Path) -> None:
    assert known_failures("reference", tmp_path).failures == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("failures: [", "not YAML"),
        ("failures: [{scenarios: [a/*], reason: It is so for a reason.}]", "needs a proof or a link, or a last day"),
        ("failures: [{scenarios: [a/*], reason: no, link: x}]", "failures.0.reason"),
        ("failures: [{scenarios: [], reason: It is so for a reason., link: x}]", "failures.0.scenarios"),
        ("failures: []", "version is missing"),
        ("{version: 0.3, failures: []}", "version: a text belongs here, not 0.3: put it in quotes"),
        ("failure: []", "unknown key 'failure'; did you mean 'failures'?"),
        (
            "failures: [{scenarios: [a/*, fuzz/cuts/*], reason: It is so for a reason., link: x}]",
            "about scenarios or about what searches find",
        ),
        ("failures: [{scenarios: [a/*], streams: [b/*], reason: It is so for a reason., link: x}]", "say more of what"),
        ("failures: [{scenarios: [fuzz/*], failures: [lost], reason: It is so for a reason., link: x}]", "failures.0"),
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
        for pattern in known.scenarios if not known.scenarios[0].startswith("fuzz/") else known.streams or ():
            assert fnmatch.filter(ids, pattern), pattern
        if known.proof:
            assert is_there(known.proof), known.proof


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_bundled_file_is_about_the_version_that_is_installed(path: Path) -> None:
    adapters = [each for each in BUNDLED.iterdir() if each.stem.replace("_", "-") == path.stem]
    pinned = [*adapters, BUNDLED / "package.json"]
    version = load_known(path).version
    assert any(re.search(rf"[=@\"]{re.escape(str(version))}\"", each.read_text()) for each in pinned)


def is_there(proof: str) -> bool:
    """Whether the test, the row of a proof, or the section of a finding is there."""
    place, _, anchor = proof.partition("#")
    if anchor:
        return anchor in anchors((ROOT / place).read_text(encoding="utf-8"))
    module, _, test = proof.partition("::")
    name, _, row = test.partition("[")
    known_row = not row or name != "test_proof" or row.removesuffix("]") in {each.id for each in all_rows()}
    return known_row and f"def {name}(" in (ROOT / module).read_text(encoding="utf-8")


def anchors(markdown: str) -> set[str]:
    """The anchors of a page's headings, as they are made for links: words in lower case, joined by hyphens."""
    headings = re.findall(r"^#+ (.+)$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("proof", "there"),
    [
        ("docs/findings/README.md#known-failures", True),
        ("docs/findings/README.md#no-such-heading", False),
        ("tests/systems/test_third_party_proofs.py::test_proof[openai-python/clean-answer]", True),
        ("tests/systems/test_third_party_proofs.py::test_proof[openai-python/no-such-row]", False),
        ("tests/systems/test_known.py::test_no_such", False),
    ],
)
def test_a_proof_is_a_test_a_row_or_a_section_there_is(proof: str, there: bool) -> None:
    assert is_there(proof) is there


def test_anchors_are_made_of_a_headings_words() -> None:
    assert anchors("# A `stop` reason, lost\n\n## Two-part\ntext # no\n") == {"a-stop-reason-lost", "two-part"}
