"""`harness systems`: what comes with the harness."""

from __future__ import annotations

import json

from tests.cli.conftest import Harness


def test_the_list_says_how_each_system_runs(harness: Harness) -> None:
    rows = dict(line.split(maxsplit=1) for line in harness("systems", "list").out.splitlines())
    assert rows["reference"] == "in this process"
    assert rows["openai-python"] == rows["anthropic-python"] == "as a worker"


def test_the_list_as_data(harness: Harness) -> None:
    said = json.loads(harness("systems", "list", "--json").out)
    assert {"name": "reference", "runs": "in this process"} in said
    assert [row["name"] for row in said] == sorted(row["name"] for row in said)
