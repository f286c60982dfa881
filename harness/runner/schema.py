"""The published schema of results files: JSON Schema of one line, made from the types that write them."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from harness.runner.results import FORMAT, Line

TITLE = "One line of a results file"


def results_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) that every line of a results file satisfies."""
    [schema], definitions = msgspec.json.schema_components([Line], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TITLE,
        "description": f"Results files of format {FORMAT} are JSON lines: a header, results, and a footer.",
        **schema,
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """The schema as the file that is published."""
    return json.dumps(results_schema(), ensure_ascii=False, indent=2) + "\n"
