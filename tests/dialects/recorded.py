"""Real streams recorded from providers, which lie beside the repository; tests that need them skip without them."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "recordings"


@dataclass(frozen=True)
class Recording:
    """One recorded response."""

    id: str
    kind: str
    status: int
    headers: dict[str, str]
    body: bytes
    chunks: tuple[bytes, ...]
    url: str
    request: Any
    features: tuple[str, ...]


def recordings(name: str, kind: str) -> list[Recording]:
    """All recordings of a file, `stream` or `error`; skips the test where there are none."""
    path = FOLDER / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip("the recordings are not here")
    with gzip.open(path, "rt") as lines:
        return [_recording(data) for data in map(json.loads, lines) if data["kind"] == kind]


def _recording(data: dict[str, Any]) -> Recording:
    body = base64.b64decode(data["body_b64"])
    return Recording(
        id=data["id"],
        kind=data["kind"],
        status=data["status"],
        headers=data.get("response_headers") or {},
        body=body,
        chunks=tuple(_pieces(body, data.get("chunk_lengths") or [len(body)])),
        url=data.get("url") or "",
        request=data.get("request_body"),
        features=tuple(data["features"]),
    )


def _pieces(body: bytes, lengths: list[int]) -> Iterator[bytes]:
    at = 0
    for length in lengths:
        yield body[at : at + length]
        at += length
