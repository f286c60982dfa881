"""Reads a YAML or JSON document that may be hostile into plain values, and says where in the file something is wrong.

Nothing is ever executed or built but strings, bytes, numbers, booleans, nulls, lists and mappings. They are built from
the parser's flat run of events, each of which is checked first: libyaml's composer recurses in C, so a document that
nests deeply enough would end the whole process, and aliases can make a small file stand for gigabytes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes that a file may have."""
EXPANDED_LIMIT = 256 * 1024 * 1024
"""What the document may amount to with its aliases written out: characters, and NODE_WEIGHT for each node."""
NODE_WEIGHT = 64
DEPTH_LIMIT = 100
"""Levels of nesting; a cassette has seven."""
NUMBER_LENGTH = 64
"""Characters up to which a plain word can be a number: what a longer one is worth takes the square of its length."""

Place: TypeAlias = Sequence[str | int]
"""Keys and positions from the top of the document down to a value."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's where it was built
_MAKE = yaml.SafeLoader("")
_STANDARD = "tag:yaml.org,2002:"
_LISTS = {_STANDARD + "seq", _STANDARD + "python/tuple"}
_MAPPINGS = {_STANDARD + "map"}
_TEXTS = {_STANDARD + "str", _STANDARD + "python/str", _STANDARD + "python/unicode"}
"""Tags of plain values; older versions of vcrpy wrote those of Python."""
_OTHERS: dict[str, Callable[[Any], Any]] = {
    _STANDARD + "int": _MAKE.construct_yaml_int,
    _STANDARD + "float": _MAKE.construct_yaml_float,
    _STANDARD + "bool": _MAKE.construct_yaml_bool,
    _STANDARD + "null": _MAKE.construct_yaml_null,
    _STANDARD + "binary": lambda node: base64.decodebytes(node.value.encode("ascii")),
}
_WORDS = {
    first: [(tag, pattern.match) for tag, pattern in resolvers if tag in _OTHERS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
"""What a plain word can be beside text, by its first character: no dates and no merge keys."""
_NO_KEY: Any = object()


class DocumentError(ValueError):
    """The document cannot be read; `line` counts from 1, None where it is not known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read: its plain values, and its text to find places in."""

    data: Any
    text: str

    def line_of(self, place: Place) -> int | None:
        """The line of the value at `place`, or of the nearest thing around it that exists; None in JSON."""
        try:
            nodes = _nodes(self.text)
            return _line_in(nodes, next(nodes), place)
        except (yaml.YAMLError, StopIteration):
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
            return Document(_read_json(text), text)
        except (ValueError, RecursionError) as error:
            if only_json or isinstance(error, DocumentError):
                at = getattr(error, "lineno", None)
                raise DocumentError(f"this is no JSON: {error}", at and min(at, _last_line(text))) from None
    return Document(_read_yaml(text), text)


def _read_json(text: str) -> Any:
    values = text.count(",") + text.count("[") + text.count("{")  # at least; those in strings count as well
    if values * NODE_WEIGHT > EXPANDED_LIMIT:
        raise DocumentError("the document has too many values")
    return json.loads(text)


def _read_yaml(text: str) -> Any:
    builder = _Builder()
    event: Any = None
    try:
        parser = _LOADER(text)
        while (event := parser.get_event()) is not None:
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = min(mark.line + 1, _last_line(text)) if mark else None
        raise DocumentError(f"this is no YAML: {error.problem}", at) from None
    except DocumentError as error:
        raise DocumentError(str(error), _line_at(event, text)) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise DocumentError(f"this is no YAML: {error}", _line_at(event, text)) from None
    return builder.data


def _line_at(event: Any, text: str) -> int | None:
    return min(int(event.start_mark.line) + 1, _last_line(text)) if event else None


def _last_line(text: str) -> int:
    """Where a parser's complaint may point at most: what the end cuts off is found behind the last line."""
    return len(text.splitlines()) or 1


class _Open:
    """A collection that we are in."""

    __slots__ = ("anchor", "key", "values", "weight")

    def __init__(self, values: Any, anchor: str | None) -> None:
        self.values = values
        self.key = _NO_KEY
        self.anchor = anchor
        self.weight = NODE_WEIGHT


class _Builder:
    """Builds values from events, and measures what they amount to once aliases are written out. Raises DocumentError
    for foreign tags, deep nesting, and too much of anything."""

    def __init__(self) -> None:
        self.data: Any = None
        self._open: list[_Open] = []
        self._named: dict[str, tuple[Any, int]] = {}  # the value and the weight of each anchor
        self._documents = 0
        self._total = 0

    def take(self, event: Any) -> None:
        """One event of the parser."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            value, weight = _scalar(event), NODE_WEIGHT + len(event.value)
            if event.anchor is not None:
                self._named[event.anchor] = (value, weight)
            self._add(value, weight)
        elif kind is yaml.MappingStartEvent:
            self._begin({}, event, _MAPPINGS)
        elif kind is yaml.SequenceStartEvent:
            self._begin([], event, _LISTS)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._end()
        elif kind is yaml.AliasEvent:
            self._add(*self._alias(event.anchor))
        elif kind is yaml.DocumentStartEvent:
            self._documents += 1
            if self._documents > 1:
                raise DocumentError("this is no YAML: there is more than one document")

    def _add(self, value: Any, weight: int) -> None:
        self._total += weight
        if self._total > EXPANDED_LIMIT:
            raise DocumentError("the document amounts to too much once its aliases are written out")
        if not self._open:
            self.data = value
            return
        around = self._open[-1]
        around.weight += weight
        if type(around.values) is list:
            around.values.append(value)
        elif around.key is not _NO_KEY:
            around.values[around.key] = value
            around.key = _NO_KEY
        elif isinstance(value, dict | list):
            raise DocumentError("this is no YAML that we read: a key is a list or a mapping")
        else:
            around.key = value

    def _begin(self, values: Any, event: Any, tags: set[str]) -> None:
        if event.tag not in (None, "!") and event.tag not in tags:
            raise _refused(event.tag)
        if len(self._open) >= DEPTH_LIMIT:
            raise DocumentError(f"the document is nested more than {DEPTH_LIMIT} levels deep")
        self._add(values, NODE_WEIGHT)
        if self._open:
            self._open[-1].weight -= NODE_WEIGHT  # it comes with the rest of the collection, in the end
        self._open.append(_Open(values, event.anchor))

    def _end(self) -> None:
        done = self._open.pop()
        if done.anchor is not None:
            self._named[done.anchor] = (done.values, done.weight)
        if self._open:
            self._open[-1].weight += done.weight

    def _alias(self, anchor: str) -> tuple[Any, int]:
        if any(around.anchor == anchor for around in self._open):
            raise DocumentError(f"the alias *{anchor} lies inside of what it names")
        if anchor not in self._named:
            raise DocumentError(f"this is no YAML: the alias *{anchor} names nothing")
        return self._named[anchor]


def _scalar(event: Any) -> Any:
    """The value of a scalar; raises ValueError where it is not what its tag says."""
    tag, value = event.tag, event.value
    if tag is None or tag == "!":
        if tag is None and event.implicit[0] and len(value) <= NUMBER_LENGTH:
            for tag, matches in _WORDS.get(value[:1], ()):
                if matches(value):
                    return _OTHERS[tag](yaml.ScalarNode(tag, value))
        return value
    if tag in _TEXTS:
        return value
    if tag not in _OTHERS:
        raise _refused(tag)
    if len(value) > NUMBER_LENGTH and not tag.endswith("binary"):
        raise ValueError(f"a value of the tag {tag} has {len(value)} characters")
    try:
        return _OTHERS[tag](yaml.ScalarNode(tag, value))
    except (KeyError, IndexError):
        raise ValueError(f"{value!r} does not fit the tag {tag}") from None


def _refused(tag: str) -> DocumentError:
    return DocumentError(f"the tag {tag} is refused: a file is read as plain values, never as objects")


def _nodes(text: str) -> Iterator[Any]:
    """The events of a document that begin or end a value."""
    ends = (yaml.NodeEvent, yaml.CollectionEndEvent)
    return (event for event in yaml.parse(text, Loader=_LOADER) if isinstance(event, ends))


def _line_in(nodes: Iterator[Any], node: Any, place: Place) -> int:
    """The line of the value at a place in the value that begins with `node`, or of the nearest thing around it."""
    line = int(node.start_mark.line) + 1
    if not place or not isinstance(node, yaml.CollectionStartEvent):
        return line
    number = 0
    while not isinstance(inner := next(nodes), yaml.CollectionEndEvent):
        step: Any = number
        if isinstance(node, yaml.MappingStartEvent):
            step = getattr(inner, "value", None)
            _pass_over(nodes, inner)
            inner = next(nodes)
        if step == place[0]:
            return _line_in(nodes, inner, place[1:])
        _pass_over(nodes, inner)
        number += 1
    return line


def _pass_over(nodes: Iterator[Any], node: Any) -> Any:
    """Reads to the end of the value that begins with `node`, and gives the last event of it."""
    depth = int(isinstance(node, yaml.CollectionStartEvent))
    while depth:
        node = next(nodes)
        depth += isinstance(node, yaml.CollectionStartEvent) - isinstance(node, yaml.CollectionEndEvent)
    return node


def end_of_list(text: str, key: str) -> tuple[int, int] | None:
    """Where the list under a key of the top mapping ends, as a character's number, and the column of its dashes.

    None where it is no list of items that begin with dashes. The text is YAML that could be read.
    """
    nodes = _nodes(text)
    next(nodes)
    while not isinstance(name := next(nodes), yaml.CollectionEndEvent):
        _pass_over(nodes, name)
        value = next(nodes)
        if getattr(name, "value", None) == key:
            if not isinstance(value, yaml.SequenceStartEvent) or value.flow_style:
                return None
            end = _pass_over(nodes, value)
            start: Any = value.start_mark
            return end.start_mark.index, start.column
        _pass_over(nodes, value)
    return None
