"""The CSV table, read back by Python's own reader."""

from __future__ import annotations

import csv
import io

from msgspec.structs import replace

from harness.report.outputs.csv_table import render_csv

from ..sample import run_of, small_run
from ..sample_hostile import hostile_run


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_each_result_is_a_line_with_its_gravest_failure() -> None:
    read = rows(render_csv(small_run()))
    assert len(read) == len(small_run().results)
    [cut] = [
        row
        for row in read
        if (row["system"], row["dialect"], row["scenario"])
        == ("openai-python", "openai-chat", "ending/closed-mid-text")
    ]
    assert (cut["verdict"], cut["silent"], cut["kinds"], cut["version"]) == (
        "fail",
        "yes",
        "silent-truncation",
        "3.52.0",
    )
    assert cut["reproduce"].startswith("harness replay --system openai-python --scenario ending/closed-mid-text")


def test_what_a_spreadsheet_would_take_for_a_formula_stays_a_text() -> None:
    [first, *_] = small_run().results
    run = replace_first_note(first, '=HYPERLINK("http://evil.invalid")')
    assert rows(run)[0]["message"] == '\'=HYPERLINK("http://evil.invalid")'


def replace_first_note(first: object, note: str) -> str:
    run = run_of(("reference",), (), {})
    changed = replace(first, failures=[], note=note)  # type: ignore[type-var]
    return render_csv(type(run)(run.header, (changed,), (), run.footer))  # type: ignore[arg-type]


def test_hostile_words_break_no_line() -> None:
    read = rows(render_csv(hostile_run()))
    assert len(read) == len(hostile_run().results) + len(hostile_run().searches)
    assert all(row["verdict"] in ("pass", "fail", "error", "unsupported") for row in read)
