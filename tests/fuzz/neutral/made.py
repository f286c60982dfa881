"""Makes one plan of a literal body, for tests that compare bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.fuzz.neutral import variant_of
from harness.fuzz.stream import Stream
from harness.fuzz.variant import Variant
from harness.wire.response import WireResponse
from tests.fuzz.given import stream_of


def stream_in(dialect: str, body: bytes) -> Stream:
    """A stream of that body; also of a UI message stream, which no scenario can be of."""
    return replace(stream_of(body), dialect=dialect)


def made(body: bytes, dialect: str, *steps: dict[str, Any]) -> Variant:
    """The variant with these mutations; a step has a name, and is at block 0 unless it says otherwise."""
    return variant_of(stream_in(dialect, body), {"mutations": [{"at": 0, **step} for step in steps]})


def changed(body: bytes, dialect: str, name: str, **step: Any) -> bytes:
    """The body after one mutation."""
    return made(body, dialect, {"name": name, **step}).response.body


def played(response: WireResponse, name: str, dialect: str = "openai-chat", **step: Any) -> WireResponse:
    """A response after one mutation."""
    stream: Stream = replace(stream_of(response.body, dialect), response=response)
    return variant_of(stream, {"mutations": [{"at": 0, "name": name, **step}]}).response
