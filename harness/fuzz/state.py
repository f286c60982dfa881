"""The exact state of a reader: everything that can be reached from it, as a snapshot to compare and to go on from.

A snapshot is the reader's whole graph of objects, in pickle's form: which object is which counts (two names of one
list are not two lists), and so do the order of dicts, the type of each number and the bytes of each buffer. Equal
snapshots are therefore equal states. The converse does not hold, since pickle writes a string that is shared otherwise
than one that is spelled twice; `same` then compares the pictures of both, in which a string is only its characters.

What cannot be seen whole (a generator, a closure, a compressor, a class with a pickle form of its own) raises Unseen:
nothing is taken for equal that was not looked at. Not looked at, because they do not change, are classes, functions,
modules, compiled patterns, and the records that describe dialects. A snapshot is good for the process that took it.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import re
import struct
import types
from collections import deque
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cache, lru_cache
from typing import Any, TypeAlias

import msgspec

Snapshot: TypeAlias = bytes
"""A state at one moment."""

_SEEN_WHOLE = (msgspec.Struct, bytearray, deque, types.MethodType)
"""Types that are no plain objects, and whose pickle form holds all that they are."""
_PLAIN = (int, bool, complex, str, bytes, type(None), type(...))


class Unseen(TypeError):
    """The state of a reader cannot be seen whole; the message names the type."""


def snapshot(reader: object) -> Snapshot:
    """The state of `reader` now. Raises Unseen."""
    target = io.BytesIO()
    try:
        _Pickler(target, pickle.HIGHEST_PROTOCOL).dump(reader)
    except Unseen:
        raise
    except (TypeError, AttributeError, ValueError, pickle.PicklingError, RecursionError) as error:
        raise Unseen(f"the state of a {type(reader).__qualname__} cannot be seen whole: {error}") from error
    return target.getvalue()


def restored(state: Snapshot) -> Any:
    """A reader in that state, which shares nothing that changes with any other."""
    return pickle.loads(state)


def same(left: Snapshot, right: Snapshot) -> bool:
    """Whether two states are one. Raises Unseen."""
    return left == right or _pictures_match(left, right)


@lru_cache(maxsize=1024)  # what differs only in how strings are shared does so again and again
def _pictures_match(left: Snapshot, right: Snapshot) -> bool:
    return bool(picture(restored(left)) == picture(restored(right)))


def picture(reader: object) -> Any:
    """The state as nested tuples, which are equal exactly where states are. Raises Unseen."""
    return _Painter().paint(reader)


class _Pickler(pickle.Pickler):
    """Pickles by value, but for what does not change."""

    def reducer_override(self, obj: Any) -> Any:
        if _is_constant(obj):
            is_named = isinstance(obj, type | types.FunctionType) and "<locals>" not in obj.__qualname__
            return NotImplemented if is_named else (_constant, (_number_of(obj),))
        kind: Any = type(obj)
        _check(kind)
        return NotImplemented


_constants: list[Any] = []
_numbers: dict[Any, int] = {}


def _number_of(value: Any) -> int:
    """The number under which something that does not change is known, and kept alive: the same for equal records."""
    key = _key(value)
    number = _numbers.get(key)
    if number is None:
        number = _numbers[key] = len(_constants)
        _constants.append(value)
    return number


def _key(value: Any) -> Any:
    """A record's fields where they are plain values; else which object it is."""
    kind: Any = type(value)
    names = getattr(kind, "__match_args__", ()) if _is_record(kind) else ()
    fields = [getattr(value, name) for name in names]
    if fields and all(type(field) in _PLAIN for field in fields):
        return kind, *[(type(field), field) for field in fields]
    return id(value)


def _constant(number: int) -> Any:
    return _constants[number]


def _is_constant(value: Any) -> bool:
    if isinstance(value, types.FunctionType):
        if value.__closure__:
            raise Unseen(f"the function {value.__qualname__} keeps values in a closure")
        return True
    if isinstance(value, type | types.ModuleType | re.Pattern):
        return True
    if isinstance(value, types.BuiltinFunctionType):
        return value.__self__ is None or isinstance(value.__self__, types.ModuleType | type)
    kind: Any = type(value)
    return _is_record(kind)


@cache
def _is_record(kind: Any) -> bool:
    """Frozen dataclasses: what is known of a dialect, of a pair, of a loss."""
    return is_dataclass(kind) and bool(getattr(kind, "__dataclass_params__").frozen)  # noqa: B009  no stub knows it


@cache
def _check(kind: Any) -> None:
    """Refuse a type whose pickle form may hold less than all that it is."""
    if issubclass(kind, _SEEN_WHOLE) and (kind in _SEEN_WHOLE or issubclass(kind, msgspec.Struct)):
        return
    own = [name for name in ("__reduce__", "__reduce_ex__", "__getstate__") if _own(kind, name)]
    if own or not (kind.__dictoffset__ or "__slots__" in vars(kind)):  # neither: made in C, with a memory of its own
        raise Unseen(f"{kind.__qualname__} has a pickle form of its own, which may hide a part of its state")


def _own(kind: type, name: str) -> bool:
    return getattr(kind, name) is not getattr(object, name)


class _Painter:
    """Walks over the graph once. An object that comes again is told by the number of its first visit."""

    def __init__(self) -> None:
        self._visited: dict[int, int] = {}
        self._alive: list[Any] = []  # or the id of what a property made could come again

    def paint(self, value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return kind, value
        if kind is float:
            return kind, struct.pack("d", value)  # NaN is itself, and -0.0 is not 0.0
        if kind is tuple:
            return kind, tuple(map(self.paint, value))
        if _is_constant(value):
            return "constant", _number_of(value)
        if (number := self._visited.get(id(value))) is not None:
            return "again", number
        self._visited[id(value)] = len(self._visited)
        self._alive.append(value)
        return kind, self._parts(kind, value)

    def _parts(self, kind: Any, value: Any) -> Any:
        paint = self.paint
        if kind in (list, deque):
            return tuple(map(paint, value))
        if kind is dict:
            return tuple((paint(key), paint(item)) for key, item in value.items())
        if kind in (set, frozenset):
            return frozenset(_Painter().paint(item) for item in value)
        if kind is bytearray:
            return bytes(value)
        if kind is types.MethodType:
            return paint(value.__func__), paint(value.__self__)
        _check(kind)
        names = value.__struct_fields__ if isinstance(value, msgspec.Struct) else _attributes(value)
        return tuple((name, paint(getattr(value, name))) for name in names)


def _attributes(value: Any) -> list[str]:
    """The names of all attributes that are set, in one order."""
    slots: list[str] = _slot_names(type(value))
    return sorted([*getattr(value, "__dict__", ()), *(name for name in slots if hasattr(value, name))])


_slot_names: Callable[[type], list[str]] = copyreg._slotnames  # type: ignore[attr-defined]
"""Pickle's own list of the slots of a class and its bases, as they are called outside of it."""
