"""Tools that offer the same in other words, and those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from harness.catalogue.checks.schemas import tool_difference
from harness.request import Tool

ADDRESS = {"type": "object", "properties": {"street": {"type": "string"}}, "required": ["street"]}
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "to": {"$ref": "#/$defs/address"},
        "how": {"type": "string", "enum": ["fast", "cheap"], "description": "Which way."},
        "notes": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
        "size": {"anyOf": [{"type": "number"}, {"type": "string"}]},
        "tag": {"type": ["string", "null"]},
    },
    "required": ["to"],
    "$defs": {"address": ADDRESS},
}
SEND = Tool("send", "Sends a parcel.", PARAMETERS)


def what(parameters: dict[str, Any] | None, **changes: Any) -> str | None:
    """What differs where the tool is sent with other parameters."""
    fields = {"name": "send", "description": "Sends a parcel.", "parameters": parameters, **changes}
    found = tool_difference([SEND], [Tool("other"), Tool(**fields)])
    return None if found is None else found.what


def with_field(name: str, schema: Any) -> dict[str, Any]:
    """The parameters with another schema for one field, or without the field."""
    properties = {**PARAMETERS["properties"], name: schema}
    return {**PARAMETERS, "properties": {key: value for key, value in properties.items() if value is not None}}


def test_the_same_is_no_difference_and_other_tools_may_be_there() -> None:
    assert what(PARAMETERS) is None
    assert tool_difference([], None) is None


@pytest.mark.parametrize(
    "parameters",
    [
        with_field("to", ADDRESS),
        with_field("to", {"allOf": [ADDRESS], "title": "To"}),
        with_field("to", {**ADDRESS, "additionalProperties": False, "type": "OBJECT"}),
        with_field("how", {"enum": ["cheap", "fast", None], "description": "Which way."}),
        with_field("how", {"anyOf": [{"type": "string", "enum": ["fast", "cheap"]}, {"type": "null"}],
                           "description": "Which way."}),
        with_field("size", {"oneOf": [{"type": "NUMBER"}, {"type": "string"}, {"type": "null"}]}),
        with_field("tag", {"type": "string", "nullable": True}),
        {**PARAMETERS, "required": ["to", "how", "notes", "size", "tag"], "$schema": "x", "title": "Send"},
    ],
    ids=["written out", "in allOf", "closed, in capitals", "enum of values", "or null", "oneOf", "nullable", "strict"],
)  # fmt: skip
def test_other_words_are_no_difference(parameters: dict[str, Any]) -> None:
    assert what(parameters) is None


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (None, "the schema of send: it has other fields"),
        (with_field("notes", None), "the schema of send: it has other fields"),
        (with_field("more", {"type": "string"}), "the schema of send: it has other fields"),
        (with_field("how", {"type": "integer"}), "the schema of send.how: it has another type"),
        (with_field("how", {"type": "string", "description": "Which way."}),
         "the schema of send.how: it allows other values"),
        (with_field("how", {"type": "string", "enum": ["fast"], "description": "Which way."}),
         "the schema of send.how: it allows other values"),
        (with_field("how", {"type": "string", "enum": ["fast", "cheap"]}),
         "the schema of send.how: it has lost its description"),
        (with_field("notes", {"type": "array", "items": {"type": "object"}}),
         "the schema of send.notes.items: it has other fields"),
        (with_field("notes", {"type": "array"}), "the schema of send.notes.items: it has another type"),
        (with_field("size", {"type": "number"}), "the schema of send.size: it has other alternatives"),
        ({**PARAMETERS, "required": []}, "the schema of send: fields are no longer required"),
        ({**PARAMETERS, "$defs": {}}, "the schema of send.to: it has another type"),
        (with_field("to", {"type": "object", "properties": {"street": {"type": "string"}}}),
         "the schema of send.to: fields are no longer required"),
    ],
)  # fmt: skip
def test_what_is_lost_is_told_with_its_place(parameters: Any, expected: str) -> None:
    assert what(parameters) == expected


def test_a_tool_keeps_its_name_and_description() -> None:
    assert what(PARAMETERS, name="send_it") == "the tool send is not on offer"
    assert what(PARAMETERS, description=None) == "the tool send has lost its description"
    assert what(PARAMETERS, description="Tool: Sends a parcel. Use it.") is None
    assert tool_difference([SEND], None) is not None


def test_a_tool_without_parameters_may_get_an_empty_schema() -> None:
    empty = {"type": "object", "properties": {}, "additionalProperties": False}
    assert tool_difference([Tool("now")], [Tool("now", None, empty)]) is None
    assert tool_difference([Tool("now", None, empty)], [Tool("now")]) is None


@pytest.mark.parametrize("sent", [None, {"properties": 3}, {"properties": {"to": 3}}, {"required": 7}])
def test_schemas_of_any_shape_are_compared(sent: Any) -> None:
    assert what(sent) is not None


def test_schemas_that_hold_themselves_are_compared() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
    parameters = {"$ref": "#/$defs/node", "$defs": {"node": node, "loop": {"$ref": "#/$defs/loop"}}}
    assert tool_difference([Tool("f", None, parameters)], [Tool("f", None, parameters)]) is None
    loop = {**parameters, "$ref": "#/$defs/loop"}
    assert tool_difference([Tool("f", None, loop)], [Tool("f", None, loop)]) is None
