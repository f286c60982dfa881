"""Reads a YAML or JSON document that may be hostile into plain values, and says where in the file something is wrong.

Nothing is ever executed or built but strings, bytes, numbers, booleans, nulls, lists and mappings. The document is
checked as a flat run of parser events first: libyaml's composer recurses in C, so a document that nests deeply enough
would end the whole process, and aliases can make a small file stand for gigabytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import yaml

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes that a file may have."""
EXPANDED_LIMIT = 256 * 1024 * 1024
"""What the document may amount to with its aliases written out: characters, and NODE_WEIGHT for each node."""
NODE_WEIGHT = 64
DEPTH_LIMIT = 100
"""Levels of nesting; a cassette has seven."""

Place: TypeAlias = Sequence[str | int]
"""Keys and positions from the top of the document down to a value."""

_STANDARD = "tag:yaml.org,2002:"
_PLAIN_TAGS = {_STANDARD + name for name in ("str", "int", "float", "bool", "null", "binary", "map", "seq")}
_HARMLESS_PYTHON = {_STANDARD + "python/" + name for name in ("str", "unicode", "tuple")}
"""Tags of plain values, which older versions of vcrpy wrote."""


class DocumentError(ValueError):
    """The document cannot be read; `line` counts from 1, None where it is not known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml's where it was built
    """The safe loader, without dates (they are strings to us) and without merge keys."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":merge"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _plain_string(loader: Any, node: Any) -> Any:
    return loader.construct_scalar(node)


def _plain_list(loader: Any, node: Any) -> Any:
    return loader.construct_sequence(node, deep=True)


_Loader.add_constructor(_STANDARD + "python/str", _plain_string)
_Loader.add_constructor(_STANDARD + "python/unicode", _plain_string)
_Loader.add_constructor(_STANDARD + "python/tuple", _plain_list)


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read: its plain values, and its text to find places in."""

    data: Any
    text: str

    def line_of(self, place: Place) -> int | None:
        """The line of the value at `place`, or of the nearest thing around it that exists; None in JSON."""
        try:
            node = yaml.compose(self.text, Loader=_Loader)
        except yaml.YAMLError:
            return None
        for step in place:
            inner = _child(node, step)
            if inner is None:
                break
            node = inner
        return int(node.start_mark.line) + 1 if node is not None else None


def _child(node: Any, step: str | int) -> Any:
    match node, step:
        case yaml.SequenceNode(), int() if step < len(node.value):
            return node.value[step]
        case yaml.MappingNode(), str():
            return next((value for key, value in node.value if key.value == step), None)
    return None


def read_document(raw: bytes, *, only_json: bool) -> Document:
    """The document in `raw`; raises DocumentError. JSON is tried first where the text begins like it."""
    if len(raw) > SIZE_LIMIT:
        raise DocumentError(f"the file has {len(raw)} bytes, and {SIZE_LIMIT} are the limit")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DocumentError(f"the file is not UTF-8 text: byte {error.start} is no character", line) from None
    if only_json or text.lstrip().startswith("{"):
        try:
            return Document(json.loads(text), text)
        except (ValueError, RecursionError) as error:
            if only_json:
                at = getattr(error, "lineno", None)
                raise DocumentError(f"this is no JSON: {error}", at and min(at, _last_line(text))) from None
    return Document(_read_yaml(text), text)


def _read_yaml(text: str) -> Any:
    try:
        _check_events(text)
        return yaml.load(text, Loader=_Loader)  # a safe loader: see the class
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line + 1, _last_line(text)) if mark else None
        raise DocumentError(f"this is no YAML: {error.problem}", line) from None
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError(f"this is no YAML: {error}") from None


def _last_line(text: str) -> int:
    """Where a parser's complaint may point at most: what the end cuts off is found behind the last line."""
    return len(text.splitlines()) or 1


def _check_events(text: str) -> None:
    """Refuses foreign tags, deep nesting and aliases that amount to too much; builds nothing."""
    meter = _Meter()
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        tag = getattr(event, "tag", None)
        if tag not in (None, "!") and tag not in _PLAIN_TAGS | _HARMLESS_PYTHON:
            raise DocumentError(f"the tag {tag} is refused: a file is read as plain values, never as objects", line)
        match event:
            case yaml.CollectionStartEvent():
                meter.open(event.anchor, line)
            case yaml.CollectionEndEvent():
                meter.close()
            case yaml.ScalarEvent():
                meter.scalar(event.anchor, len(event.value), line)
            case yaml.AliasEvent():
                meter.alias(event.anchor, line)


class _Meter:
    """Measures what a document amounts to once its aliases are written out."""

    def __init__(self) -> None:
        self._weights: dict[str, int] = {}  # of what each anchor names
        self._open: list[tuple[str | None, int]] = []  # anchor and weight of each collection that we are in
        self._total = 0

    def open(self, anchor: str | None, line: int) -> None:
        if len(self._open) >= DEPTH_LIMIT:
            raise DocumentError(f"the document is nested more than {DEPTH_LIMIT} levels deep", line)
        self._open.append((anchor, 0))
        self._add(NODE_WEIGHT, line)

    def close(self) -> None:
        anchor, weight = self._open.pop()
        if anchor is not None:
            self._weights[anchor] = weight
        if self._open:
            outer, so_far = self._open[-1]
            self._open[-1] = (outer, so_far + weight)

    def scalar(self, anchor: str | None, length: int, line: int) -> None:
        if anchor is not None:
            self._weights[anchor] = NODE_WEIGHT + length
        self._add(NODE_WEIGHT + length, line)

    def alias(self, anchor: str | None, line: int) -> None:
        if any(anchor == open_anchor for open_anchor, _ in self._open):
            raise DocumentError(f"the alias *{anchor} lies inside of what it names", line)
        self._add(self._weights.get(anchor or "", 0), line)

    def _add(self, weight: int, line: int) -> None:
        if self._open:
            anchor, so_far = self._open[-1]
            self._open[-1] = (anchor, so_far + weight)
        self._total += weight
        if self._total > EXPANDED_LIMIT:
            raise DocumentError("the document amounts to too much once its aliases are written out", line)
