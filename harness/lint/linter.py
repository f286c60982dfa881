"""The strict reader: bytes in, findings out, whatever the bytes are."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from harness.lint.checks import CHECKS
from harness.lint.finding import Finding
from harness.lint.paths import MISSING, value_at
from harness.lint.spec import Spec, spec
from harness.lint.tables import Machine
from harness.wire import json_array, ndjson, sse
from harness.wire.frame import Frame, Framer

EACH = 10
"""How often one rule is reported of one stream; the first times count."""
_SHOWN = 60  # characters of a frame that is no JSON


class Linter:
    """One stream, incrementally: `feed` any number of times, then `close`; each gives what it finds. Never raises."""

    def __init__(self, dialect: str) -> None:
        self._spec: Spec = spec(dialect)
        self._framer: Framer = ndjson.Framer() if self._spec.framing == "ndjson" else sse.Framer()
        self._machine = Machine(self._spec, self._break)
        self._checks = CHECKS[dialect](self._break) if dialect in CHECKS else None
        self._found: list[Finding] = []
        self._times: Counter[str] = Counter()
        self._offset = 0  # of the frame that is looked at
        self._size = 0
        self._over = False  # nothing more can be read
        self._last_byte = b""  # that is no white space

    def feed(self, data: bytes) -> list[Finding]:
        """What the frames that `data` completes break."""
        if data and not self._size:
            self._choose(data)
        self._size += len(data)
        self._last_byte = data.rstrip()[-1:] or self._last_byte
        if not self._over:
            for frame in self._framer.feed(data):
                self._frame(frame)
        return self._taken()

    def close(self) -> list[Finding]:
        """What the end of the body breaks."""
        for frame in [] if self._over else self._framer.close():
            self._last(frame)
        self._offset = self._size
        if not self._over:
            if isinstance(self._framer, json_array.Framer) and self._last_byte != b"]" and not self._times["frame-cut"]:
                self._break("frame-cut", "the body ends within the array")
            if self._checks:
                self._checks.end()
            self._machine.end()
        return self._taken()

    def _taken(self) -> list[Finding]:
        found, self._found = self._found, []
        return found

    def _break(self, rule: str, message: str) -> None:
        self._times[rule] += 1
        if self._times[rule] <= EACH:
            plain = message.encode("utf-8", "replace").decode()  # half a surrogate pair is no text to hand on
            self._found.append(Finding(rule, self._spec.rules[rule].level, self._offset, plain))

    def _choose(self, data: bytes) -> None:
        """A JSON array is a framing of its own; one JSON document is no stream."""
        first = data[:1]
        if first == b"[" and self._spec.framing == "sse-or-array":
            self._framer = json_array.Framer()
        elif first in (b"<", b"d", b"e", b":") if self._spec.framing == "ndjson" else first in (b"{", b"[", b"<"):
            self._over = True
            self._break("not-a-stream", f"the body begins with {first.decode()!r}")

    def _last(self, frame: Frame) -> None:
        """A frame whose end never came."""
        self._offset = frame.offset
        whole = frame.data.strip() == (self._spec.end_marker or "").encode() or _parsed(frame.data) is not MISSING
        if whole:
            self._break("frame-unterminated", "the last frame is whole, and its end is not there")
            self._frame(frame)
        else:
            self._break("frame-cut", "the body ends within a frame")

    def _frame(self, frame: Frame) -> None:
        self._offset = frame.offset
        if frame.too_long:
            self._over = True
            self._break("frame-too-long", "the frame is longer than a frame may be")
            return
        data = frame.data.strip()
        if not data and self._spec.framing == "ndjson":
            return  # an empty line
        if data == b"[DONE]" and self._spec.framing != "ndjson":
            self._done()
            return
        payload = _parsed(frame.data)
        if type(payload) is not dict:
            self._unreadable(frame.data, payload)
            return
        kind = _kind(self._spec.kind, payload)
        if self._machine.over:
            self._machine.step(kind)  # that it is there is all that is wrong with it
            return
        self._name(kind, frame)
        self._machine.frame(kind, payload)
        if self._checks:
            self._checks.frame(kind, payload)

    def _done(self) -> None:
        if self._spec.end_marker is None:
            self._break("done-marker-stray", "[DONE] is no part of this dialect")
        else:
            if self._checks and not self._machine.over:
                self._checks.done()
            self._machine.step("[DONE]")

    def _unreadable(self, data: bytes, payload: Any) -> None:
        try:
            shown = data[:_SHOWN].decode() if len(data) <= _SHOWN else data.decode()[:_SHOWN]
        except UnicodeDecodeError:
            self._break("frame-not-utf8", "the frame is not UTF-8")
            return
        what = "no JSON" if payload is MISSING else "no JSON object"
        self._break("frame-not-json", f"the frame is {what}: {shown!r}")

    def _name(self, kind: str, frame: Frame) -> None:
        if self._spec.named == "always" and frame.event is None:
            self._break("event-name-missing", f"the event has no name, and its type is {kind}")
        elif self._spec.named == "always" and frame.event != kind:
            self._break("event-name", f"the event is called {frame.event}, and its type is {kind}")
        elif self._spec.named == "never" and frame.event is not None:
            self._break("event-name", f"the event has the name {frame.event[:_SHOWN]!r}")


def lint(dialect: str, data: bytes) -> list[Finding]:
    """Everything that is wrong with a stream of that dialect, in the order of the body; `data` is the whole body.

    Raises UnknownStream, a ValueError, for a dialect without rules; never for what the bytes say.
    """
    linter = Linter(dialect)
    return [*linter.feed(data), *linter.close()]


def _parsed(data: bytes) -> Any:
    """The JSON value, read strictly; MISSING where it is none."""
    try:
        return json.loads(data.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return MISSING


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _kind(wanted: str | dict[str, dict[str, Any]], payload: dict[str, Any]) -> str:
    """A frame's kind: what a field says, or the first that it fits."""
    if isinstance(wanted, str):
        said = value_at(payload, wanted)
        if type(said) is not str:
            return ""
        return "data-*" if said.startswith("data-") else said
    return next((kind for kind, conditions in wanted.items() if _fits(conditions, payload)), "")


def _fits(conditions: dict[str, Any], payload: dict[str, Any]) -> bool:
    """`has` a path with a value that is not null, is `empty` (an empty list) at it, or `is` a value there."""
    for word, asked in conditions.items():
        if word == "has" and value_at(payload, asked) in (MISSING, None):
            return False
        if word == "empty" and value_at(payload, asked) != []:
            return False
        if word == "is" and any(value_at(payload, path) != value for path, value in asked.items()):
            return False
    return True
