"""An alert names a file that is there, below the folder that alerts are named from, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.report.outputs.alert_places import AlertPlaces, Place
from harness.runner.results import Footer, write_run
from tests.runner.test_results import HEADER, RECORDING, SEARCH, result

FILES = (
    "specs/scenarios/retry/absurd.yaml",
    "own/retry/absurd.yaml",
    "tapes/chat/tools.yaml",
    "tapes/a b.yaml",
    "adapter.py",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_text("# here\n")
    (tmp_path / "outside.yaml").write_text("# here\n")
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("scenario", "options", "uri"),
    [
        ("retry/absurd", "--system adapter.py --scenario retry/absurd", "specs/scenarios/retry/absurd.yaml"),
        ("retry/absurd", "--system x --scenario retry/absurd --catalogue own", "own/retry/absurd.yaml"),
        ("retry/other", "--system adapter.py --scenario retry/other", "adapter.py"),
        ("retry/other", "--system bundled --scenario retry/other", None),
        ("cassette/chat/tools#3", "--system x --cassette nowhere --cassette tapes", "tapes/chat/tools.yaml"),
        ("cassette/tools#0", "--cassette tapes/chat/tools.yaml", "tapes/chat/tools.yaml"),
        ("cassette/a b#0", "--cassette 'tapes/a b.yaml'", "tapes/a%20b.yaml"),
        ("r-17", "--system x --recordings tapes --scenario r-17 --cuts", None),
        ("outside", "--system x --catalogue ..", None),
        ("outside", "--system 'x", None),
        ("nul\x00", "--system x", None),
    ],
)
def test_a_failure_stands_at_a_file_that_is_there(root: Path, scenario: str, options: str, uri: str | None) -> None:
    place = AlertPlaces(root, None).of_result(result(scenario=scenario, reproduce=f"harness replay {options}"))
    assert place == (Place(uri) if uri else None)


def test_what_has_no_file_of_its_own_stands_in_the_results_file(root: Path) -> None:
    fine, broken = result(scenario="a/b"), result(scenario="retry/other", verdict="fail")
    stream = replace(RECORDING, verdict="fail", source="recordings/a.jsonl.gz#7")
    write_run(root / "r.jsonl", [HEADER, fine, broken, stream, SEARCH, Footer(4, 1.0)])
    places = AlertPlaces(root, root / "r.jsonl")
    assert places.of_result(broken) == Place("r.jsonl", 3)
    assert places.of_recording(stream) == Place("r.jsonl", 4)
    assert places.of_result(result(scenario=SEARCH.stream, system=SEARCH.system)) == Place("r.jsonl", 5)
    assert places.of_result(result(scenario="not/there")) == Place("r.jsonl", 1)
