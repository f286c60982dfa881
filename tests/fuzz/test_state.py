"""The state of a reader: all of it is seen, what is restored goes on alike, and what cannot be seen is refused."""

from __future__ import annotations

import math
import sys
import types
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness.dialects import dialect_names, stream_names
from harness.events import Usage
from harness.fuzz.proof import our_reader
from harness.fuzz.state import Unseen, picture, restored, same, snapshot
from tests.fuzz.proved import BODIES


class Thing:
    """Anything with attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Slotted:
    """A class without a dict."""

    __slots__ = ("__hidden", "seen")

    def __init__(self, hidden: int) -> None:
        self.__hidden = hidden


class Hides:
    """Leaves something out of its pickle form."""

    def __getstate__(self) -> None:
        return None


def shared(count: int) -> Thing:
    """Two names of one list, or of two."""
    lists: list[list[int]] = [[], []]
    return Thing(a=lists[0], b=lists[count - 1])


DIFFERENT: list[tuple[str, Callable[[], Any], Callable[[], Any]]] = [
    ("which object it is", lambda: shared(1), lambda: shared(2)),
    ("the order of a dict", lambda: Thing(a={1: 1, 2: 2}), lambda: Thing(a={2: 2, 1: 1})),
    ("a number's type", lambda: Thing(a=1), lambda: Thing(a=True)),
    ("a float's sign", lambda: Thing(a=0.0), lambda: Thing(a=-0.0)),
    ("the bytes of a buffer", lambda: Thing(a=bytearray(b"x")), lambda: Thing(a=bytearray(b"y"))),
    ("a buffer's type", lambda: Thing(a=bytearray(b"x")), lambda: Thing(a=b"x")),
    ("an attribute", lambda: Thing(a=1), lambda: Thing(a=1, b=None)),
    ("a hidden slot", lambda: Slotted(1), lambda: Slotted(2)),
    ("a field of an event", lambda: Thing(a=Usage(1)), lambda: Thing(a=Usage(2))),
    ("a class", lambda: Thing(a=Thing), lambda: Thing(a=Slotted)),
    ("a set", lambda: Thing(a={1}), lambda: Thing(a={1, 2})),
    ("a deque", lambda: Thing(a=deque([1, 2])), lambda: Thing(a=deque([2, 1]))),
]


@pytest.mark.parametrize(("what", "one", "other"), DIFFERENT, ids=[what for what, _, _ in DIFFERENT])
def test_states_that_differ_are_told_apart(what: str, one: Callable[[], Any], other: Callable[[], Any]) -> None:
    assert not same(snapshot(one()), snapshot(other()))
    assert picture(one()) != picture(other())
    assert same(snapshot(one()), snapshot(one()))
    assert picture(other()) == picture(other())


def test_states_are_equal_however_their_strings_are_shared() -> None:
    word = "".join(["a", "b"])
    once, twice = Thing(a=word, b=word), Thing(a="".join(["a", "b"]), b="".join(["a", "b"]))
    assert snapshot(once) != snapshot(twice)
    assert same(snapshot(once), snapshot(twice))


def test_nan_is_itself_and_a_cycle_is_walked_once() -> None:
    ring = Thing(nan=math.nan)
    ring.ring = ring  # type: ignore[attr-defined]
    assert same(snapshot(ring), snapshot(restored(snapshot(ring))))
    assert picture(ring) == picture(restored(snapshot(ring)))


def test_a_method_goes_with_the_object_that_it_is_of() -> None:
    class Counter:
        """Counts through a bound method that it holds."""

        def __init__(self) -> None:
            self.count = 0
            self.step = self.up

        def up(self) -> None:
            self.count += 1

    first = Counter()
    second = restored(snapshot(first))
    second.step()
    assert (first.count, second.count) == (0, 1)


def closure() -> Callable[[], int]:
    count = 0
    return lambda: count


UNSEEN = [
    ("generator", lambda: (number for number in range(3))),
    ("closure", closure),
    ("Hides", Hides),
    ("ecompress", zlib.decompressobj),
]


@pytest.mark.parametrize(("word", "make"), UNSEEN, ids=[word for word, _ in UNSEEN])
def test_what_cannot_be_seen_whole_is_refused(word: str, make: Callable[[], Any]) -> None:
    with pytest.raises(Unseen, match=word):
        snapshot(Thing(a=make()))
    with pytest.raises(Unseen):
        picture(Thing(a=make()))


@pytest.mark.parametrize(("name", "body"), BODIES, ids=[f"{name}-{at}" for at, (name, _) in enumerate(BODIES)])
def test_a_restored_reader_goes_on_as_the_one_that_was_saved(name: str, body: bytes) -> None:
    for target in (None, *dialect_names()):
        for place in range(0, len(body), 7):
            reader = our_reader(name, think_tags=True, target=target)
            reader.feed(body[:place])
            again = restored(snapshot(reader))
            assert picture(again) == picture(reader)
            rest = [*reader.feed(body[place:]), *reader.close()]
            assert [*again.feed(body[place:]), *again.close()] == rest
            assert picture(again) == picture(reader)


def memories() -> Iterator[tuple[str, Any]]:
    """Everything that could change in the modules that read: module globals, class attributes, default arguments."""
    rooms = ("harness.wire", "harness.dialects", "harness.stack.translate", "harness.stack.think_tags")
    for module in [module for name, module in sorted(sys.modules.items()) if name.startswith(rooms)]:
        for name, value in vars(module).items():
            if isinstance(value, type) and value.__module__ == module.__name__:
                yield from ((f"{module.__name__}.{name}.{key}", kept) for key, kept in vars(value).items())
            elif isinstance(value, types.FunctionType):
                yield f"{module.__name__}.{name}()", [value.__defaults__, value.__kwdefaults__]
            else:
                yield f"{module.__name__}.{name}", value


def changeable() -> dict[str, str]:
    """What each of them is now; pure caches keep nothing that could be told apart from computing it anew."""
    kinds = (dict, list, set, bytearray, deque)
    return {
        place: repr(value)
        for place, value in memories()
        if isinstance(value, kinds) and not place.rpartition(".")[2].startswith("__")
    }


def test_nothing_outside_of_a_reader_changes_while_it_reads() -> None:
    readers = [(our_reader(name, think_tags=True, target=target), body) for name, body in BODIES for target in TARGETS]
    before = changeable()
    for reader, body in readers:
        reader.feed(body)
        reader.close()
    assert changeable() == before
    assert len(before) > 50


TARGETS = (None, *stream_names())
