"""What failed is kept in a folder that a person can read and share."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.fuzz.database import PLANS, Kept
from tests.fuzz.given import stream_of

STREAM = stream_of(b"data: [DONE]\n\n")


def test_plans_come_back_as_they_were_kept(tmp_path: Path) -> None:
    Kept(tmp_path, "my-system", STREAM, "cuts").keep([{"cuts": [4]}, {"cuts": [7, 9]}])
    assert Kept(tmp_path, "my-system", STREAM, "cuts").plans() == [{"cuts": [4]}, {"cuts": [7, 9]}]


def test_each_reader_and_kind_has_a_folder_of_its_own(tmp_path: Path) -> None:
    Kept(tmp_path, "my-system", STREAM, "cuts").keep([{"cuts": [4]}])
    assert Kept(tmp_path, "my-system", STREAM, "neutral").plans() == []
    assert Kept(tmp_path, "other", STREAM, "cuts").plans() == []


def test_nothing_is_written_for_a_search_without_findings(tmp_path: Path) -> None:
    Kept(tmp_path, "my-system", STREAM, "cuts").keep([])
    assert list(tmp_path.iterdir()) == []


def test_what_fails_no_more_is_forgotten(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "my-system", STREAM, "cuts")
    kept.keep([{"cuts": [4]}])
    kept.keep([])
    assert kept.plans() == []


@pytest.mark.parametrize(
    ("text", "plans"), [("{", []), ('{"cuts": [4]}', []), ("", []), ('[4, {"cuts": [4]}]', [{"cuts": [4]}])]
)
def test_of_a_file_that_is_not_ours_only_plans_are_read(tmp_path: Path, text: str, plans: list[object]) -> None:
    kept = Kept(tmp_path, "my-system", STREAM, "cuts")
    kept.folder.mkdir(parents=True)
    (kept.folder / PLANS).write_text(text)
    assert kept.plans() == plans


def test_names_of_systems_never_leave_the_folder(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "../../adapters/my system.py", STREAM, "cuts")
    kept.keep([{"cuts": [4]}])
    assert kept.folder.resolve().is_relative_to(tmp_path.resolve())
    assert kept.plans() == [{"cuts": [4]}]
