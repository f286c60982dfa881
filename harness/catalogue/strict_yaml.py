"""YAML as scenarios are written in it: a small, safe subset, with the line of every field at hand.

Scalars follow YAML 1.2's core schema: only `true` and `false` are booleans, a date or `no` is a string. Two tags are
known besides: `!!binary` gives bytes, and `!repeat [text, times]` gives a long string from a short line. Anchors and
aliases work, within limits; duplicate keys, merge keys, other tags and several documents are refused. Nothing is
executed, and no input makes the reader slow, deep or big.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

FILE_LIMIT = 256 * 1024
"""Bytes that one file may have."""
DEPTH_LIMIT = 64
"""How deep values may nest; deeper ones are a mistake or an attack on the stack."""
VALUE_LIMIT = 50_000
"""Values that one file may amount to once its aliases are resolved (a "billion laughs" needs more)."""
TEXT_LIMIT = 32 * 1024 * 1024
"""Characters that all `!repeat` texts of one file may have together."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?")
_TAG_PREFIX = "tag:yaml.org,2002:"

Path: TypeAlias = tuple[str | int, ...]


class BadYaml(ValueError):
    """The text cannot be read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(slots=True)
class _Reader:
    """Builds values from parser events. `lines` is filled only for the second reading, which looks for a fault."""

    parser: Any
    lines: dict[Path, int] | None = None
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    values: int = 0
    repeated: int = 0

    def document(self) -> Any:
        self.parser.get_event()  # the stream starts
        if isinstance(self.parser.get_event(), yaml.StreamEndEvent):
            raise BadYaml(1, "the file is empty")
        value = self.value(self.parser.get_event(), (), 0)
        self.parser.get_event()  # the document ends
        after = self.parser.get_event()
        if not isinstance(after, yaml.StreamEndEvent):
            raise BadYaml(_line(after), "a file holds one document; a second one begins here")
        return value

    def value(self, event: NodeEvent, path: Path, depth: int) -> Any:
        if depth > DEPTH_LIMIT:
            raise BadYaml(_line(event), f"values nest deeper than {DEPTH_LIMIT} levels")
        self.count(1, event)
        if self.lines is not None:
            self.lines.setdefault(path, _line(event))
        before = self.values
        match event:
            case AliasEvent():
                return self.alias(event)
            case ScalarEvent():
                value = _scalar(event)
            case MappingStartEvent():
                value = self.mapping(event, path, depth)
            case SequenceStartEvent():
                value = self.sequence(event, path, depth)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.values - before + 1)
        return value

    def alias(self, event: AliasEvent) -> Any:
        if event.anchor not in self.anchors:
            raise BadYaml(_line(event), f"the alias *{event.anchor} has no anchor before it")
        value, weight = self.anchors[event.anchor]
        self.count(weight, event)
        return value

    def count(self, amount: int, event: NodeEvent) -> None:
        self.values += amount
        if self.values > VALUE_LIMIT:
            raise BadYaml(_line(event), f"the file amounts to more than {VALUE_LIMIT} values")

    def mapping(self, event: MappingStartEvent, path: Path, depth: int) -> dict[str, Any]:
        _refuse_tag(event)
        mapping: dict[str, Any] = {}
        while not isinstance(key_event := self.parser.get_event(), MappingEndEvent):
            key = _key(key_event)
            if key in mapping:
                raise BadYaml(_line(key_event), f"the key {key!r} is given twice")
            if self.lines is not None:
                self.lines[(*path, key)] = _line(key_event)
            mapping[key] = self.value(self.parser.get_event(), (*path, key), depth + 1)
        return mapping

    def sequence(self, event: SequenceStartEvent, path: Path, depth: int) -> Any:
        tag = event.tag
        if tag != "!repeat":
            _refuse_tag(event)
        items: list[Any] = []
        while not isinstance(item := self.parser.get_event(), SequenceEndEvent):
            items.append(self.value(item, (*path, len(items)), depth + 1))
        return self.repeat(items, event) if tag == "!repeat" else items

    def repeat(self, items: list[Any], event: NodeEvent) -> str:
        match items:
            case [str(text), int(times)] if times >= 0 and not isinstance(times, bool):
                self.repeated += len(text) * times
                if self.repeated > TEXT_LIMIT:
                    raise BadYaml(_line(event), f"!repeat texts of one file may have {TEXT_LIMIT} characters together")
                return text * times
        raise BadYaml(_line(event), 'a repetition is a text and how often it comes, such as !repeat ["na ", 16]')


def read_yaml(data: bytes) -> Any:
    """The value that the one document in `data` spells. Raises BadYaml."""
    return _read(data, None)


def line_of(data: bytes, path: Sequence[str | int]) -> int:
    """The line on which the field at `path` stands, or else the nearest one around it; counts from 1.

    `data` has been read by `read_yaml` before.
    """
    return nearest_line(lines_of(data), path)


def lines_of(data: bytes) -> dict[Path, int]:
    """The lines of all fields by their paths; `data` has been read by `read_yaml` before."""
    lines: dict[Path, int] = {}
    _read(data, lines)
    return lines


def nearest_line(lines: Mapping[Path, int], path: Sequence[str | int]) -> int:
    """The line of the field at `path` among `lines_of`, or else the nearest one around it; counts from 1."""
    place = tuple(path)
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _read(data: bytes, lines: dict[Path, int] | None) -> Any:
    if len(data) > FILE_LIMIT:
        raise BadYaml(1, f"the file has {len(data)} bytes; the limit is {FILE_LIMIT}")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BadYaml(data.count(b"\n", 0, error.start) + 1, "the file is not UTF-8") from None
    try:
        return _Reader(_LOADER(text), lines).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = "; ".join(part for part in (error.context, error.problem) if part)
        raise BadYaml(mark.line + 1 if mark else 1, f"not YAML: {what}") from None
    except yaml.YAMLError as error:  # a character that YAML forbids: its message spans lines
        raise BadYaml(1, f"not YAML: {' '.join(str(error).split())}") from None


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1


def _key(event: NodeEvent) -> str:
    if not isinstance(event, ScalarEvent):
        raise BadYaml(_line(event), "a key is a plain word")
    if event.value == "<<" and event.implicit[0]:
        raise BadYaml(_line(event), "merge keys (<<) are not read; write the fields out, or use `envelope`")
    key: str = event.value
    return key


def _refuse_tag(event: ScalarEvent | CollectionStartEvent) -> None:
    tag = event.tag
    if tag is not None and tag not in ("!", f"{_TAG_PREFIX}map", f"{_TAG_PREFIX}seq"):
        raise BadYaml(_line(event), f"the tag {_short_tag(tag)} is not read here; only !!binary, !!str and !repeat are")


def _short_tag(tag: str) -> str:
    return tag.replace(_TAG_PREFIX, "!!")


def _scalar(event: ScalarEvent) -> Any:
    text: str = event.value
    if event.tag == f"{_TAG_PREFIX}binary":
        return _binary(event, text)
    if event.tag == f"{_TAG_PREFIX}str" or (event.tag in (None, "!") and not event.implicit[0]):
        return text
    if event.tag is not None:
        _refuse_tag(event)
    return _plain(text)


def _binary(event: ScalarEvent, text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise BadYaml(_line(event), f"!!binary is not base64: {error}") from None


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first.isdigit() or first in "-+.":
        if _INTEGER.fullmatch(text):
            return int(text) if len(text) < 4000 else text  # int() refuses longer ones
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
