"""The smallest stream that breaks a rule: the dialect's good one, changed as the rule's example says."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from harness.lint.spec import Spec


def good_body(tables: Spec) -> bytes:
    """The stream without a fault."""
    return b"".join(_frame(tables, payload) for payload in tables.good)


def example_body(tables: Spec, rule: str) -> bytes:
    """The stream that breaks `rule`. An example changes the good stream by one of these, or several in `steps`:

    `without` frames, by number; another `frame` before number `at`; `set` fields or `drop` one in frame `at`; two
    frames `swapped`; the event's `name` in frame `at`, or none (`unnamed`); frame `at` as `raw` text; text `between`
    the frames, before number `at`, its characters as bytes; a frame with so many bytes of `padding` before it; the
    frames' field `renumber`ed from 0; the end `cut` by so many bytes; or a `body` of its own.
    """
    example = tables.rules[rule].example
    frames: list[Any] = deepcopy(tables.good)
    cut = 0
    for step in example.get("steps", [example]):
        if "body" in step:
            return str(step["body"]).encode("latin-1")
        cut += step.get("cut", 0)
        _change(frames, step)
    body = b"".join(_frame(tables, payload) for payload in frames)
    return body[: len(body) - cut]


class _Raw(bytes):
    """A frame as it goes over the wire."""


def _change(frames: list[Any], step: dict[str, Any]) -> None:
    at = step.get("at", len(frames))
    match step:
        case {"without": list(numbers)}:
            frames[:] = [frame for number, frame in enumerate(frames) if number not in numbers]
        case {"frame": frame}:
            frames.insert(at, deepcopy(frame))
        case {"set": dict(fields)}:
            for path, value in fields.items():
                holder, name = _holder(frames[at], path)
                holder[name] = value
        case {"drop": str(path)}:
            holder, name = _holder(frames[at], path)
            del holder[name]
        case {"swapped": [int(one), int(other)]}:
            frames[one], frames[other] = frames[other], frames[one]
        case {"name": str(name)}:
            frames[at] = _Raw(f"event: {name}\ndata: {json.dumps(frames[at])}\n\n".encode())
        case {"padding": int(size)}:
            frames.insert(at, _Raw(b"data: " + b"x" * size + b"\n\n"))
        case {"unnamed": True}:
            frames[at] = _Raw(f"data: {json.dumps(frames[at])}\n\n".encode())
        case {"raw": str(text)}:
            frames[at] = _Raw(text.encode())
        case {"between": str(text)}:
            frames.insert(at, _Raw(text.encode("latin-1")))
        case {"renumber": str(name)}:
            for number, frame in enumerate(frames):
                frame[name] = number


def _holder(frame: Any, path: str) -> tuple[Any, Any]:
    *names, last = [int(name) if name.isdecimal() else name for name in path.split(".")]
    for name in names:
        frame = frame[name]
    return frame, last


def _frame(tables: Spec, payload: Any) -> bytes:
    if isinstance(payload, _Raw):
        return payload
    if isinstance(payload, str):
        return f"data: {payload}\n\n".encode()
    data = json.dumps(payload)
    if tables.framing == "ndjson":
        return f"{data}\n".encode()
    name = f"event: {payload.get('type')}\n" if tables.named == "always" else ""
    return f"{name}data: {data}\n\n".encode()
