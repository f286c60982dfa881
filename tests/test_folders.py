"""Data is found in a checkout and in an installed package."""

from pathlib import Path

from harness.folders import data_folder


def test_a_checkout_comes_first(tmp_path: Path) -> None:
    (tmp_path / "specs" / "scenarios").mkdir(parents=True)
    assert data_folder("specs/scenarios", tmp_path / "harness") == tmp_path / "specs" / "scenarios"


def test_an_installed_package_has_its_own_copy(tmp_path: Path) -> None:
    assert data_folder("specs/scenarios", tmp_path / "harness") == tmp_path / "harness/_data/specs/scenarios"


def test_the_catalogue_is_there() -> None:
    assert (data_folder("specs/scenarios") / "canary" / "plain-text.yaml").is_file()
