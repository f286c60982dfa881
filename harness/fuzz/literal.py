"""Wire responses written in the scenario language: literal frames or bytes, with the cuts and the ending they had."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Any, get_args

from harness.catalogue.faults import CutEnding
from harness.catalogue.models import Response
from harness.catalogue.render import render_response, write_frame
from harness.dialects import dialect as dialect_record
from harness.wire.content_coding import CodingForm
from harness.wire.response import WireResponse

FORM_OF: dict[CodingForm, list[str]] = {"members": ["gzip"], "raw": ["deflate"]}
"""The codings that there are in a form of their own besides the usual one."""


class Unwritable(ValueError):
    """The scenario language has no words for this response; the message says why."""


def literal_response(response: WireResponse, dialect: str) -> dict[str, Any]:
    """The response as a scenario file has it: rendered again, it is the same bytes in the same chunks.

    Raises Unwritable.
    """
    record = dialect_record(dialect)
    for candidate in _candidates(response, dialect):
        if _same(render_response(Response.model_validate(candidate), record), response):
            return candidate
    raise Unwritable(f"its bytes, sent as {response.transfer} and ended by {response.ending}, cannot be written so")


def _candidates(response: WireResponse, dialect: str) -> Iterator[dict[str, Any]]:
    if not response.head:
        yield {"connection": "close" if response.ending == "clean" else response.ending}
        return
    written = _body(response.body, dialect)
    if response.status != 200:
        written["status"] = response.status
    if headers := _headers(response, dialect):
        written["headers"] = headers
    if response.chunk_extension:
        written["chunk_extension"] = response.chunk_extension
    if response.header_case != "lower":
        written["header_case"] = response.header_case
    if response.transfer != "chunked":
        written["transfer"] = response.transfer
    ending = [] if response.ending == "clean" else [{"end": response.ending}]
    if response.ending != "clean" and response.ending not in get_args(CutEnding):
        raise Unwritable(f"no scenario ends by {response.ending}")
    cuts = _cuts(response)
    if not response.codings:
        yield {**written, "faults": [cuts, *ending]}
        return
    codings = [coding for coding, _ in response.codings]
    for form in get_args(CodingForm):
        if form == "flushed" or codings == FORM_OF[form]:
            yield {**written, "faults": [cuts, {"encode": {"coding": codings, "form": form}}, *ending]}


def _body(body: bytes, dialect: str) -> dict[str, Any]:
    """As frames where each of them is written as it stands, else as text, else as bytes."""
    record = dialect_record(dialect)
    frames = []
    for frame in record.split_frames(body):
        try:
            text = frame.decode()
        except UnicodeDecodeError:
            break
        own = text.removesuffix("\n\n") if "ndjson" not in record.content_type else text.removesuffix("\n")
        if write_frame(own, record) != frame:
            break
        frames.append(own)
    else:
        if frames:
            return {"frames": frames}
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body": body}


def _headers(response: WireResponse, dialect: str) -> dict[str, str | None]:
    """Those that a stream of the dialect does not have of itself; null for what it has and this one lacks."""
    usual = {"content-type": dialect_record(dialect).content_type}
    own = dict(response.headers)
    if len(own) < len(response.headers):
        raise Unwritable("a header is there twice")
    changed = {name: value for name, value in own.items() if usual.get(name) != value}
    return {**changed, **dict.fromkeys(usual.keys() - own.keys())}


def _cuts(response: WireResponse) -> dict[str, Any]:
    size = len(response.body)
    ends = [end for end in accumulate(len(chunk.data) for chunk in response.chunks) if 0 < end < size]
    return {"chunks": {"at": ends} if ends else "whole"}


def _same(made: WireResponse, wanted: WireResponse) -> bool:
    """Whether the two go over the wire alike; of a body that breaks off, how much more was promised does not count."""
    return _flat(made) == _flat(wanted) and [(name, _flat(other)) for name, other in made.codings] == [
        (name, _flat(other)) for name, other in wanted.codings
    ]


def _flat(response: WireResponse) -> tuple[object, ...]:
    return (
        response.head,
        response.status,
        sorted(response.headers),
        [chunk.data for chunk in response.chunks if chunk.data],
        response.ending,
        response.transfer,
        response.chunk_extension,
        response.header_case,
    )
