"""Corrections of single recordings: how they are written, found, and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.lint.corrections import Correction, UnreadableCorrections, correction_of, read_corrections

KNOWN = {"rec-1": Correction(left_out="edited"), "a.yaml#2": Correction(provider="acme", why="its address")}


def test_a_recording_is_found_by_its_id_or_by_its_place() -> None:
    assert correction_of(KNOWN, Path("x/b.yaml"), 0, "it has no head; imported from rec-1") == KNOWN["rec-1"]
    assert correction_of(KNOWN, Path("x/a.yaml"), 2, "") == KNOWN["a.yaml#2"]
    assert correction_of(KNOWN, Path("x/a.yaml"), 1, "imported from rec-12") is None


def test_a_file_of_corrections_is_read(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("rec-1: {left_out: edited}\na.yaml#2: {provider: acme, why: its address}\n")
    assert read_corrections(file) == KNOWN


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- rec-1", "this is no list of recordings with what is so about each"),
        ("rec-1: {left_out: [", "c.yaml:1: this is no YAML"),
        ("rec-1: {}", "rec-1: say either why it is left_out, or its provider"),
        ("rec-1: {provider: acme}", "rec-1: say why another provider is known to have answered"),
        ("rec-1: {lost: x}", "rec-1: lost: Extra inputs are not permitted"),
    ],
)
def test_a_file_that_says_something_else_is_refused_with_the_place(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(UnreadableCorrections) as refused:
        read_corrections(file)
    assert words in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCorrections, match=r"none\.yaml: cannot be read: No such file or directory"):
        read_corrections(tmp_path / "none.yaml")


def test_the_published_corrections_can_be_read() -> None:
    published = read_corrections(Path(__file__).parents[2] / "docs/findings/recordings.yaml")
    assert published["rec-6aabdae55305cea5"].left_out is not None
    assert published["rec-deb1fb9139add634"].provider == "avian"
