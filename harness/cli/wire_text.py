"""A scenario's responses as a person reads them: status, headers, and the chunks with their pauses and ending."""

from __future__ import annotations

from harness.catalogue.models import Scenario
from harness.catalogue.render import NotExpressible, render
from harness.wire.response import Chunk, WireResponse


def wire_text(scenario: Scenario, dialect: str) -> str:
    """The responses in that dialect, one block an attempt."""
    rendered = render(scenario, dialect)
    if isinstance(rendered, NotExpressible):
        return f"{dialect} cannot express this scenario: {rendered.reason}"
    blocks = [_block(number, response) for number, response in enumerate(rendered.responses, 1)]
    return "\n\n".join(blocks)


def _block(number: int, response: WireResponse) -> str:
    head = [f"attempt {number}: HTTP {response.status}" if response.head else f"attempt {number}: no status line"]
    head += [f"  {name}: {value}" for name, value in response.headers]
    chunks = [f"  {_pause(chunk)}{chunk.data.decode('utf-8', 'backslashreplace')!r}" for chunk in response.chunks]
    coded = [
        f"  in {name}, where the request accepts it: {len(other.body)} bytes in {len(other.chunks)} chunks"
        for name, other in response.codings
    ]
    return "\n".join([*head, *chunks, f"  ends: {response.ending}", *coded])


def _pause(chunk: Chunk) -> str:
    gate = chunk.gate
    wanted = (repr(gate.until_text) if gate.until_text else f"{gate.until_events} events with content") if gate else ""
    held = f"(when the caller has {wanted}) " if wanted else ""
    return held + (f"(after {chunk.pause_s:g} s) " if chunk.pause_s else "")
