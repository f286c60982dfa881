"""What third-party systems really do, shown without the harness: the plain library against a server of plain bytes.

Each row of `proofs/<system>.yaml` is a failure that the catalogue finds. A new version of a system that mends it fails
the row, and the entry under `harness/systems/known` is then stale. docs/findings/README.md says how to write one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.systems.environment import read_block
from harness.systems.registry import BUNDLED

from .third_party import PROOFS, Row, all_rows, matches, script_of, show

SCRIPTS = sorted(path for path in PROOFS.iterdir() if path.suffix in (".py", ".mjs") and path.name[0] != "_")


@pytest.mark.third_party
@pytest.mark.parametrize("row", all_rows(), ids=lambda row: row.id)
def test_proof(row: Row) -> None:
    shown = show(row)
    problem = f"printed: {shown.lines}; its stderr: {shown.stderr[-2000:]}"
    assert shown.hung == row.hangs, problem
    assert len(shown.lines) == len(row.prints), problem
    for expected, printed in zip(row.prints, shown.lines, strict=True):
        assert matches(expected, printed), problem
    if row.requests is not None:
        assert shown.requests == row.requests


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_proof_is_of_the_version_that_the_adapter_drives(script: Path) -> None:
    adapter = BUNDLED / script.name
    assert adapter.is_file()
    if script.suffix == ".py":
        assert read_block(script) == read_block(adapter)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_proof_knows_nothing_of_the_harness(script: Path) -> None:
    assert "harness" not in script.read_text()


@pytest.mark.parametrize("rows", sorted(PROOFS.glob("*.yaml")), ids=lambda path: path.stem)
def test_rows_have_a_script(rows: Path) -> None:
    assert script_of(rows.stem).is_file()
