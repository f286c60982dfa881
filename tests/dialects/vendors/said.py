"""What an SDK makes of an answer, in one form for all of them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Said:
    """An answer as an SDK's user gets it: of the first choice, with a call's arguments by their value.

    `error` is the type of what the SDK raised, and its words. A refusal is in `text` where the SDK has no other place.
    """

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    finish: str | None = None
    usage: dict[str, int] = field(default_factory=dict)
    error: tuple[str, str] | None = None


def value(arguments: str) -> Any:
    """What arguments spell; None where they are cut off."""
    try:
        return json.loads(arguments)
    except ValueError:
        return None


def counts(**found: int | None) -> dict[str, int]:
    """The counts that are something."""
    return {name: count for name, count in found.items() if count}


def sse_payloads(body: bytes) -> list[bytes]:
    """The JSON payloads of an SSE body, one data line each."""
    lines = [line.removesuffix(b"\r")[6:] for line in body.split(b"\n") if line.startswith(b"data: ")]
    return [line for line in lines if line != b"[DONE]"]


def refused(adapter: Any, payloads: Iterable[bytes]) -> list[str]:
    """What a pydantic adapter says against payloads, taken strictly: no number for a text, no other word."""
    return [problem for payload in payloads if (problem := _problem(adapter, payload))]


def _problem(adapter: Any, payload: bytes) -> str:
    from pydantic import ValidationError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # names for enums that the SDK does not know yet
            adapter.validate_json(payload, strict=True)
    except ValidationError as error:
        return "; ".join([f"{payload[:300]!r}", *(f"{each['loc']}: {each['msg']}" for each in error.errors()[:3])])
    return ""
