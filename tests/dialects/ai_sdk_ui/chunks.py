"""Chunks of a UI message stream in tests: to and from bytes, and the rules by which everything opened is closed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from harness.dialects import dialect
from harness.dialects.base import Encoder
from harness.events import AnyEvent

DONE = b"data: [DONE]\n\n"


def body(*chunks: dict[str, Any], done: bool = True) -> bytes:
    """A stream of chunks."""
    frames = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)
    return frames + DONE if done else frames


def read(frames: Iterable[bytes]) -> list[dict[str, Any]]:
    """The chunks of frames; the end marker is `{"type": "[DONE]"}`."""
    found = []
    for frame in frames:
        data = b"\n".join(line[6:] for line in frame.splitlines() if line.startswith(b"data: "))
        found.append({"type": "[DONE]"} if data == b"[DONE]" else json.loads(data))
    return found


def written(*events: AnyEvent, closed: bool = True) -> tuple[list[dict[str, Any]], Encoder]:
    """The chunks that the encoder makes of events, and the encoder."""
    encoder = dialect("ai-sdk-ui").encoder()
    frames = [frame for event in events for frame in encoder.feed(event)]
    return read([*frames, *(encoder.close() if closed else [])]), encoder


def kinds(chunks: Iterable[dict[str, Any]]) -> list[str]:
    """The chunks' types."""
    return [chunk["type"] for chunk in chunks]


def imbalance(chunks: Iterable[dict[str, Any]]) -> list[str]:
    """What is wrong with the order of chunks that claim to be over."""
    wrong: list[str] = []
    parts: set[str] = set()
    calls: set[str] = set()
    seen: set[str] = set()
    started = in_step = False
    over = ""
    for chunk in chunks:
        kind = chunk["type"]
        if over and not (over == "finish" and kind == "[DONE]"):
            wrong.append(f"{kind} after {over}")
        if not started and kind != "start":
            wrong.append(f"{kind} before start")
        if kind == "start":
            wrong += ["a second start"] if started else []
            started = True
        elif kind in ("start-step", "finish-step"):
            wrong += [f"{kind} out of turn"] if in_step == (kind == "start-step") else []
            wrong += [f"{kind} while {sorted(parts | calls)} are open"] if parts or calls else []
            in_step = kind == "start-step"
        elif kind in ("finish", "error", "abort"):
            wrong += [f"{kind} within a step"] if in_step else []
            over = kind
        elif kind in ("text-start", "reasoning-start"):
            wrong += ["a part within no step"] if not in_step else []
            wrong += [f"the id {chunk['id']} twice"] if chunk["id"] in seen else []
            parts.add(chunk["id"])
            seen.add(chunk["id"])
        elif kind in ("text-delta", "reasoning-delta", "text-end", "reasoning-end"):
            wrong += [f"{kind} for {chunk['id']}, which is not open"] if chunk["id"] not in parts else []
            parts -= {chunk["id"]} if kind.endswith("-end") else set()
        elif kind == "tool-input-start":
            wrong += ["a call within no step"] if not in_step else []
            wrong += [f"the call {chunk['toolCallId']} twice"] if chunk["toolCallId"] in seen else []
            calls.add(chunk["toolCallId"])
            seen.add(chunk["toolCallId"])
        elif kind in ("tool-input-delta", "tool-input-available", "tool-input-error"):
            wrong += [f"{kind} for a call that is not open"] if chunk["toolCallId"] not in calls else []
            calls -= set() if kind == "tool-input-delta" else {chunk["toolCallId"]}
    wrong += [f"{sorted(parts | calls)} are never closed"] if parts or calls else []
    return [*wrong, *(["the last step is open"] if in_step else [])]
