"""Recorded answers in the form that was not recorded: a stream as one document, a document as a stream.

For gateways alone, which may ask their upstream for the one to make the other of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.dialects.base import Dialect
from harness.events import AnyEvent, End
from harness.wire.response import Chunk, Transfer, WireResponse


def in_other_form(recorded: Sequence[WireResponse], dialect: Dialect) -> tuple[WireResponse, ...]:
    """All of them in the other form; nothing where one has none. A refusal has one form."""
    others = [_other(response, dialect) for response in recorded]
    return tuple(other for other in others if other is not None) if None not in others else ()


def _other(response: WireResponse, dialect: Dialect) -> WireResponse | None:
    if not response.head or response.status >= 300:
        return response
    if response.ending != "clean" or response.header("content-encoding"):
        return None
    if response.body.lstrip()[:1] == b"{" and (whole := _completed(dialect.read_answer(response.body))):
        encoder = dialect.encoder()
        frames = [frame for event in whole for frame in encoder.feed(event)] + encoder.close()
        return _changed(response, dialect.content_type, [frame for frame in frames if frame], "chunked")
    decoder = dialect.decoder()
    try:
        document = dialect.write_answer([*decoder.feed(response.body), *decoder.close()])
    except ValueError:
        return None
    return _changed(response, "application/json", [document.body], "length")


def _completed(events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
    """The events of an answer that ended well, else none."""
    return events if events[-1] == End("completed") else ()


def _changed(response: WireResponse, content_type: str, pieces: list[bytes], transfer: Transfer) -> WireResponse:
    headers = tuple(field for field in response.headers if field[0] != "content-type")
    return replace(
        response,
        headers=(("content-type", content_type), *headers),
        chunks=tuple(map(Chunk, pieces)),
        transfer=transfer,
        codings=(),
    )
