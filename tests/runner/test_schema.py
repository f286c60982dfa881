"""The published schema: what a validator of others makes of the lines of a real run."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from harness.runner.results import Line, encode_line
from harness.runner.schema import results_schema, schema_text

from ..report.sample import recording_of, small_run

PUBLISHED = Path(__file__).parents[2] / "docs" / "results.schema.json"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = results_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_every_line_of_a_run_satisfies_it(validator: Draft202012Validator) -> None:
    run = small_run()
    lines: list[Line] = [run.header, *run.results, recording_of("r1"), *([run.footer] if run.footer else [])]
    assert [error.message for line in lines for error in validator.iter_errors(json.loads(encode_line(line)))] == []


@pytest.mark.parametrize(
    "changed",
    [{"verdict": "perhaps"}, {"level": "maybe"}, {"record": "guess"}, {"failures": "many"}, {"attempts": "one"}],
)
def test_a_line_that_is_none_does_not(validator: Draft202012Validator, changed: dict[str, object]) -> None:
    line = {**msgspec.to_builtins(small_run().results[0]), **changed}
    assert not validator.is_valid(line)


def test_the_schema_in_the_documents_is_the_one_of_the_code() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == schema_text()
