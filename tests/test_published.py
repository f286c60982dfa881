"""The published snapshot is what it says it is: small, self-contained, and the README's table is its table."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from harness.report.outputs.standings import BEGIN, END

ROOT = Path(__file__).parents[1]
SNAPSHOT = ROOT / "reports" / "matrix"
PAGES = sorted(SNAPSHOT.rglob("*.html"))
DATA = json.loads((SNAPSHOT / "verdicts.json").read_text())
LIMIT = 4_500_000


def between_marks(path: Path) -> str:
    _, _, rest = path.read_text().partition(f"{BEGIN}\n")
    table, mark, _ = rest.partition(f"\n{END}")
    assert mark, f"{path} has no table"
    return table


def rows(table: str) -> dict[str, list[str]]:
    """The cells of each system's row, by its name and version."""
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): [cell.strip("*") for cell in cells[1:]] for cells in lines}


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in SNAPSHOT.rglob("*") if path.is_file()) < LIMIT


def test_the_readme_has_the_table_of_the_snapshot() -> None:
    table = between_marks(ROOT / "README.md")
    assert table in (SNAPSHOT / "README.md").read_text()
    assert len(rows(table)) == len({(each["system"], each["version"]) for each in DATA["columns"]})


def test_the_table_counts_what_the_data_says() -> None:
    for name, cells in rows(between_marks(ROOT / "README.md")).items():
        own = [each for each in DATA["columns"] if f"{each['system']} {each['version']}" == name]
        read = f"{own[0]['upstream']} → " if "upstream" in own[0] else ""
        assert cells[1] == read + ", ".join(each["dialect"] for each in own)
        halves = [pair for each in own for pair in zip(each["content"], each["ending"], strict=True)]
        counts = Counter(letter.lower() for pair in halves for letter in {each.lower() for each in pair})
        known = sum(any(letter.isupper() for letter in pair) for pair in halves)
        assert [int(cell) for cell in (cells[3], cells[4], cells[7])] == [counts["s"], counts["h"], known]
        assert int(cells[8]) == sum(pair == ("u", "u") for pair in halves)


def test_every_column_has_a_letter_for_every_scenario() -> None:
    assert DATA["scenarios"] and DATA["columns"]
    for column in DATA["columns"]:
        assert len(column["content"]) == len(column["ending"]) == len(DATA["scenarios"])
        assert set((column["content"] + column["ending"]).lower()) <= {*DATA["letters"], "."}


def test_every_system_has_its_page() -> None:
    for column in DATA["columns"]:
        assert (SNAPSHOT / "systems" / f"{column['system']}.html").is_file()
    there = {path.stem for path in PAGES if path.parent.name == "systems"}
    assert there == {each["system"] for each in DATA["columns"]}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_loads_nothing_from_elsewhere_and_links_to_what_is_there(path: Path) -> None:
    text = path.read_text()
    assert "<script" not in text and "<img" not in text
    for place in re.findall(r'(?:href|src)="([^"#]+)', text):
        assert place.startswith("https://") or (path.parent / place).exists(), place


@pytest.mark.parametrize(
    "path", [*PAGES, SNAPSHOT / "README.md", SNAPSHOT / "verdicts.json"], ids=lambda path: path.name
)
def test_nothing_names_the_machine_on_which_it_was_made(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"/(?:root|home|tmp|work|Users)/|127\.0\.0\.1:\d|harness-home-", text) == []
