"""Asks an OpenAI-style chat endpoint, and gives the answer piece by piece.

It has one bug, which it shares with many a client: nothing looks whether a stop reason came before the end.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Piece:
    """Some more of the text."""

    text: str


@dataclass(frozen=True)
class Call:
    """Some more of a call of a tool: its id and name come first, its arguments bit by bit."""

    index: int
    id: str | None
    name: str | None
    arguments: str


@dataclass(frozen=True)
class Finish:
    """Why the answer ended."""

    reason: str


def ask(base_url: str, key: str, body: dict[str, Any], timeout_s: float = 30) -> Iterator[Piece | Call | Finish]:
    """The answer as it comes. Raises what httpx raises, and ValueError where the server tells of an error."""
    headers = {"authorization": f"Bearer {key}"}
    url = f"{base_url}/v1/chat/completions"
    with httpx.stream("POST", url, json=body, headers=headers, timeout=timeout_s) as response:
        if response.is_error:
            response.read()
        response.raise_for_status()
        for data in events(response.iter_bytes()):
            if data == "[DONE]":
                break
            yield from pieces(json.loads(data))


def events(reads: Iterable[bytes]) -> Iterator[str]:
    """The data of each event. Lines end in CR, LF or both, and nothing is decoded before its line is whole."""
    waiting = b""
    data: list[str] = []
    for read in reads:
        *lines, waiting = re.split(rb"\r\n|\n|\r(?!$)", waiting + read)
        for line in lines:
            if line.startswith(b"data:"):
                data.append(line.removeprefix(b"data:").removeprefix(b" ").decode())
            elif not line and data:
                yield "\n".join(data)
                data = []


def pieces(chunk: dict[str, Any]) -> Iterator[Piece | Call | Finish]:
    """What one chunk says."""
    if chunk.get("error"):
        raise ValueError(f"the server tells of an error: {chunk['error']}")
    for choice in chunk.get("choices") or []:
        delta = choice.get("delta") or {}
        if delta.get("content"):
            yield Piece(delta["content"])
        for call in delta.get("tool_calls") or []:
            function = call.get("function") or {}
            yield Call(call.get("index") or 0, call.get("id"), function.get("name"), function.get("arguments") or "")
        if choice.get("finish_reason"):
            yield Finish(choice["finish_reason"])
