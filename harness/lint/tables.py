"""Runs one dialect's tables over its frames: order, fields, and what is opened and closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from harness.lint.paths import MISSING, Wanted, value_at, wanted
from harness.lint.spec import Spec, Track

Report: TypeAlias = Callable[[str, str], None]
"""(rule, message): a rule is broken by the frame that is looked at."""


class Machine:
    """The tables of one dialect, at work on one stream."""

    def __init__(self, spec: Spec, report: Report) -> None:
        self._spec = spec
        self._report = report
        self._state = next(iter(spec.states))
        self._before = ""  # the kind of the frame before
        self._fields = {kind: _list_of(table) for kind, table in spec.fields.items()}
        self._usual = {kind: _list_of(table) for kind, table in spec.usual.items()}
        self._tracks = [_Open(name, track, report) for name, track in spec.tracks.items()]
        self._count: int | None = None
        self._same: dict[str, Any] = {}

    @property
    def over(self) -> bool:
        """Whether nothing may come any more."""
        return not self._spec.states[self._state].to

    def frame(self, kind: str, payload: dict[str, Any]) -> None:
        """Take in the next frame."""
        for want in (*self._fields.get("*", ()), *self._fields.get(kind, ())):
            for message, is_missing in want.faults(payload):
                self._report("field-missing" if is_missing else "field-type", f"{kind}: {message}")
        for want in (*self._usual.get("*", ()), *self._usual.get(kind, ())):
            for message, _ in want.faults(payload):
                self._report("field-usual", f"{kind}: {message}")
        for track in self._tracks:
            track.frame(kind, payload)
        self._counted(kind, payload)
        self._alike(payload)
        self.step(kind)

    def step(self, kind: str) -> None:
        """The next state, without a look at the payload."""
        state = self._spec.states[self._state]
        step = state.to.get(kind)
        if step is None:
            if kind in self._spec.kinds or not state.to:
                self._report(state.other, self._place(kind))
        elif isinstance(step, str):
            self._state = step
        else:
            self._state = step[0]
            self._report(step[1], self._place(kind))
        self._before = kind

    def end(self) -> None:
        """The body ends."""
        rule = self._spec.states[self._state].end
        if rule:
            self._report(rule, f"the stream ends after {self._before}" if self._before else "the stream is empty")

    def _place(self, kind: str) -> str:
        return f"{kind} comes after {self._before}" if self._before else f"{kind} comes first"

    def _counted(self, kind: str, payload: dict[str, Any]) -> None:
        counter = self._spec.counter
        if counter is None:
            return
        given = value_at(payload, counter.path)
        if type(given) is not int:
            return  # the fields say so
        due = counter.first if self._count is None else self._count + 1
        if given != due:
            self._report(counter.rule, f"{kind}: {counter.path} is {given}, and {due} is due")
        self._count = given

    def _alike(self, payload: dict[str, Any]) -> None:
        for path, rule in self._spec.same.items():
            given = value_at(payload, path)
            if given not in (MISSING, "") and self._same.setdefault(path, given) != given:
                self._report(rule, f"{path} is {str(given)[:60]!r}, and was {str(self._same[path])[:60]!r}")


class _Open:
    """What is open of one track."""

    def __init__(self, name: str, track: Track, report: Report) -> None:
        self._name, self._track, self._report = name, track, report
        self._open: dict[tuple[Any, ...], None] = {}
        self._known: set[tuple[Any, ...]] = set()

    def frame(self, kind: str, payload: dict[str, Any]) -> None:
        track = self._track
        if kind in track.left_before and self._open:
            names = ", ".join(_shown(key) for key in list(self._open)[:5])
            self._break(track.left, f"{self._name} {names} is still open before {kind}")
            self._open.clear()
        for table, act in (
            (track.opens, self._opens),
            (track.whole, self._whole),
            (track.uses, self._uses),
            (track.closes, self._closes),
            (track.knows, self._knows),
        ):
            if (paths := table.get(kind)) is not None and (key := _key(payload, paths)) is not None:
                act(kind, key)

    def _opens(self, kind: str, key: tuple[Any, ...]) -> None:
        track = self._track
        if key in self._known:
            self._break(track.again, f"{kind}: {self._name} {_shown(key)} was there before")
        elif track.gap and key[-1] != (due := len(self._known)):
            self._break(track.gap, f"{kind}: {self._name} {_shown(key)} begins, and {due} is due")
        if track.apart and self._open:
            self._break(
                track.apart, f"{kind}: {self._name} {_shown(key)} begins while {_shown(next(iter(self._open)))} is open"
            )
        self._open[key] = None
        self._known.add(key)

    def _uses(self, kind: str, key: tuple[Any, ...]) -> None:
        if key not in self._open:
            self._break(self._track.unknown, f"{kind}: {self._name} {_shown(key)} is not open")

    def _closes(self, kind: str, key: tuple[Any, ...]) -> None:
        self._uses(kind, key)
        self._open.pop(key, None)

    def _whole(self, kind: str, key: tuple[Any, ...]) -> None:
        if key not in self._open:
            self._opens(kind, key)
        self._open.pop(key, None)

    def _knows(self, kind: str, key: tuple[Any, ...]) -> None:
        if key not in self._known:
            self._break(self._track.unknown, f"{kind}: {self._name} {_shown(key)} was never there")

    def _break(self, rule: str | None, message: str) -> None:
        if rule:
            self._report(rule, message)


def _key(payload: dict[str, Any], paths: str | Iterable[str]) -> tuple[Any, ...] | None:
    """The key's values; None where one is no key, which is the fields' concern."""
    values = [value_at(payload, path) for path in ([paths] if isinstance(paths, str) else paths)]
    return tuple(values) if all(type(value) in (int, str) for value in values) else None


def _shown(key: tuple[Any, ...]) -> str:
    return "/".join(str(part)[:40] for part in key)


def _list_of(table: dict[str, str]) -> tuple[Wanted, ...]:
    return tuple(wanted(path, type_) for path, type_ in table.items())
