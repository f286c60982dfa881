"""Classes as their source describes them: fields with types and defaults in plain words, and what stands below each."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import json
import re
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec
from pydantic import BaseModel

REQUIRED = object()
_PLAIN: dict[Any, str] = {str: "text", int: "integer", float: "number", bool: "`true` or `false`", bytes: "bytes"}
_LISTS = (tuple, list, Sequence, frozenset, AbstractSet)
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


class Field(NamedTuple):
    """One field: its type, its default (empty where there is nothing to say) and its meaning, as Markdown."""

    name: str
    type: str
    default: str
    says: str


def table(
    kind: type, words: Mapping[str, str] | None = None, left_out: AbstractSet[str] = frozenset()
) -> Iterator[str]:
    """The fields of a class as a table; `words` are types that annotations do not tell."""
    yield from ("| key | value | default | |", "| --- | --- | --- | --- |")
    for field in fields_of(kind, words or {}):
        if field.name not in left_out:
            yield f"| `{field.name}` | {cell(field.type)} | {cell(field.default)} | {cell(field.says)} |"


def fields_of(kind: type, words: Mapping[str, str]) -> Iterator[Field]:
    """The fields of a pydantic model, a msgspec struct or a dataclass. Raises TypeError for a type without words."""
    hints, said = get_type_hints(kind, include_extras=True), docstrings(kind)
    for name, default in _defaults(kind).items():
        bounds = _bounds(kind, name)
        type_words = words.get(name) or ", ".join([type_in_words(hints[name]), *bounds])
        yield Field(name, type_words, _default_words(default), _in_files(said.get(name, "")))


def about(kind: type) -> str:
    """What the class says of itself."""
    return _in_files(inspect.cleandoc(kind.__doc__ or ""))


def parts_of(kind: type) -> Iterator[type]:
    """The models that a model's fields are made of, in the order of the fields."""
    for hint in get_type_hints(kind, include_extras=True).values():
        yield from (each for each in _classes(hint) if issubclass(each, BaseModel | msgspec.Struct))


def _classes(hint: Any) -> Iterator[type]:
    if get_origin(hint) is None and isinstance(hint, type):
        yield hint
    for argument in get_args(hint):
        yield from _classes(argument)


def type_in_words(hint: Any) -> str:
    """A type as somebody who writes YAML or JSON would say it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return type_in_words(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(type_in_words(each) for each in arguments if each is not types.NoneType))
    if origin is Literal:
        return ", ".join(f"`{json.dumps(each) if isinstance(each, bool) else each}`" for each in arguments)
    if origin in _LISTS:
        return f"list of {type_in_words(arguments[0])}"
    if origin in (dict, Mapping):
        inner = "JSON" if arguments[1] is Any else type_in_words(arguments[1])
        return f"mapping to {inner}"
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    raise TypeError(f"there are no words for {hint!r}")


def docstrings(kind: type) -> dict[str, str]:
    """What stands below each field in the source, those of bases included."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        found |= _module_docstrings(each.__module__).get(each.__qualname__, {})
    return found


@functools.cache
def _module_docstrings(module: str) -> dict[str, dict[str, str]]:
    path = str(getattr(sys.modules[module], "__file__", None))
    if not path.endswith(".py"):
        return {}
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {node.name: dict(_below_fields(node.body)) for node in classes}


def _below_fields(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, inspect.cleandoc(words)


def _defaults(kind: Any) -> dict[str, Any]:
    if issubclass(kind, BaseModel):
        return {
            name: REQUIRED if field.is_required() else field.get_default(call_default_factory=True)
            for name, field in kind.model_fields.items()
        }
    if issubclass(kind, msgspec.Struct):
        return {each.encode_name: REQUIRED if each.required else each.default for each in msgspec.structs.fields(kind)}
    missing = dataclasses.MISSING
    return {
        each.name: REQUIRED if each.default is missing and each.default_factory is missing else each.default
        for each in dataclasses.fields(kind)
    }


def _bounds(kind: Any, name: str) -> Iterator[str]:
    for limit in kind.model_fields[name].metadata if issubclass(kind, BaseModel) else ():
        for bound, words in _BOUNDS.items():
            if (value := getattr(limit, bound, None)) is not None:
                yield f"{words} {value}"


def _in_files(text: str) -> str:
    """Python's constants as YAML and JSON write them."""
    return re.sub(r"\b(None|True|False)\b", lambda found: {"None": "null"}.get(found[0], found[0].lower()), text)


def _default_words(value: Any) -> str:
    if value is REQUIRED:
        return "required"
    if isinstance(value, bool | int | float | str) and value != "":
        return f"`{value if isinstance(value, str) else json.dumps(value)}`"
    if isinstance(value, tuple) and value and all(isinstance(each, str) for each in value):
        return ", ".join(f"`{each}`" for each in value)
    return ""


def cell(text: str) -> str:
    """Text within a table."""
    return " ".join(text.split()).replace("|", "\\|")
