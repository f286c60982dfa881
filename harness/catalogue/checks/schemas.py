"""How a tool on offer differs from the one that was asked for. Pure.

Schemas are compared by what they let a model say: definitions may be written out where they are used, types be in
capitals, and what a strict mode adds (null among the types, every field required) is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.catalogue.canonical import json_text
from harness.dialects.decoding import as_dict, as_list
from harness.request import Tool

_DEPTH = 30
"""How deep schemas are compared: those that hold themselves have no end."""


@dataclass(frozen=True, slots=True)
class ToolDifference:
    """What differs, in words, and what was asked and seen there."""

    what: str
    expected: Any
    seen: Any


def tool_difference(wanted: Sequence[Tool], offered: Sequence[Tool] | None) -> ToolDifference | None:
    """The first difference; tools that nobody asked for are none."""
    by_name = {tool.name: tool for tool in offered or ()}
    for tool in wanted:
        seen = by_name.get(tool.name)
        if seen is None:
            return ToolDifference(f"the tool {tool.name} is not on offer", tool.name, sorted(by_name))
        if tool.description and tool.description not in (seen.description or ""):
            what = f"the tool {tool.name} has lost its description"
            return ToolDifference(what, tool.description, seen.description)
        found = next(_Schemas(tool.parameters or {}, seen.parameters or {}).differences(), None)
        if found is not None:
            place = ".".join((tool.name, *found.path))
            return ToolDifference(f"the schema of {place}: {found.what}", found.expected, found.seen)
    return None


@dataclass(frozen=True, slots=True)
class _Found:
    path: tuple[str, ...]
    what: str
    expected: Any
    seen: Any


@dataclass(frozen=True, slots=True)
class _Schemas:
    """Two whole schemas, in which references are looked up."""

    wanted: Mapping[str, Any]
    seen: Mapping[str, Any]

    def differences(self) -> Iterator[_Found]:
        yield from self._compare({"type": "object", **self.wanted}, {"type": "object", **self.seen}, ())

    def _compare(self, wanted: Any, seen: Any, path: tuple[str, ...]) -> Iterator[_Found]:
        if len(path) > _DEPTH:
            return
        wanted, seen = _resolved(wanted, self.wanted), _resolved(seen, self.seen)
        kinds, seen_kinds = _kinds(wanted), _kinds(seen)
        if kinds and kinds != seen_kinds:
            yield _Found(path, "it has another type", sorted(kinds), sorted(seen_kinds))
        if (words := _words(wanted)) is not None and words != _words(seen):
            yield _Found(path, "it allows other values", words, _words(seen))
        if wanted.get("description") and path and wanted["description"] != seen.get("description"):
            yield _Found(path, "it has lost its description", wanted["description"], seen.get("description"))
        yield from self._fields(wanted, seen, path)
        if "items" in wanted:
            yield from self._compare(wanted["items"], seen.get("items"), (*path, "items"))
        yield from self._choices(wanted, seen, path)

    def _fields(self, wanted: Mapping[str, Any], seen: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[_Found]:
        fields, seen_fields = as_dict(wanted.get("properties")), as_dict(seen.get("properties"))
        if set(fields) != set(seen_fields):
            yield _Found(path, "it has other fields", sorted(fields), sorted(seen_fields))
            return
        required = as_list(seen.get("required"))
        lost = [name for name in as_list(wanted.get("required")) if name not in required]
        if lost:
            yield _Found(path, "fields are no longer required", lost, required)
        for name, schema in fields.items():
            yield from self._compare(schema, seen_fields[name], (*path, name))

    def _choices(self, wanted: Mapping[str, Any], seen: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[_Found]:
        choices, seen_choices = _choices(wanted, self.wanted), _choices(seen, self.seen)
        if len(choices) != len(seen_choices):
            if choices:
                yield _Found(path, "it has other alternatives", len(choices), len(seen_choices))
            return
        for number, (choice, seen_choice) in enumerate(zip(choices, seen_choices, strict=True)):
            yield from self._compare(choice, seen_choice, (*path, str(number)))


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a reference stands for, and a lone alternative besides null in its own place."""
    for _ in range(_DEPTH):
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        rest = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
        alternatives = _choices(schema, root, several=False)
        if isinstance(reference, str):
            schema = {**_at(reference, root), **rest}
        elif len(alternatives) == 1 and isinstance(alternatives[0], dict):
            schema = {**alternatives[0], **rest}
        else:
            return schema
    return {}


def _at(reference: str, root: Any) -> dict[str, Any]:
    """What `#/$defs/Name` names; nothing where it leads nowhere."""
    for step in reference.removeprefix("#").strip("/").split("/"):
        root = root.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(root, dict) else None
    return root if isinstance(root, dict) else {}


def _choices(schema: Mapping[str, Any], root: Mapping[str, Any], several: bool = True) -> list[Any]:
    """The alternatives of a schema but null; with `several`, those of a real choice alone."""
    given: list[Any] = next(
        (schema[key] for key in ("anyOf", "oneOf", "allOf") if isinstance(schema.get(key), list)), []
    )
    choices = [choice for choice in given if not (isinstance(choice, dict) and choice.get("type") == "null")]
    return choices if len(choices) > 1 or not several else []


def _kinds(schema: Mapping[str, Any]) -> frozenset[str]:
    """The types besides null, in small letters; a fixed set of texts is of strings, fields make an object."""
    kind = schema.get("type")
    named = {kind} if isinstance(kind, str) else {*kind} if isinstance(kind, list) else set()
    if not named and (words := _words(schema)) is not None and all(word.startswith('"') for word in words):
        named = {"string"}
    if not named and "properties" in schema:
        named = {"object"}
    return frozenset(str(name).lower() for name in named) - {"null"}


def _words(schema: Mapping[str, Any]) -> list[str] | None:
    """The values of an enumeration as JSON, sorted, without null."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list):
        return None
    return sorted(json_text(value) for value in values if value is not None)
