"""An exchange as the text that stands for it in a cassette."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import accumulate
from typing import Any

import msgspec

from harness.recording.cassette import CHUNK_LIMIT, Exchange, RecordedRequest
from harness.recording.chunk_table import table
from harness.recording.harness_key import HARNESS_KEY, HARNESS_KEY_VERSION, Wrong, read_harness_key
from harness.recording.received import Headers, grouped, joined, order_of, parted
from harness.recording.yaml_text import STEP, Body, yaml_lines
from harness.wire.response import WireResponse

FILE_START = "version: 1\ninteractions:\n"
EMPTY_FILE = "version: 1\ninteractions: []\n"
STAND_IN_STATUS = 502
"""The status that vcrpy is told where the connection ended before there was one."""
TRANSCRIPT_DEPTH = 40
"""Levels of a transcript that are written as YAML; one that is deeper (a tool's arguments) is written as JSON text."""


def written(exchange: Exchange) -> str:
    """The exchange as one item of a cassette's list of interactions, in YAML.

    Times are rounded to the microsecond. Raises ValueError for a response that nobody can have recorded (with gates,
    other codings or chunk extensions), and for what could not be read again.
    """
    _check(exchange.response)
    key = {name: value for name, value in _harness_key(exchange) if value is not None}
    try:
        read_harness_key(key, (HARNESS_KEY,))
    except Wrong as wrong:
        raise ValueError(f"{'.'.join(map(str, wrong.place))}: {wrong.problem}") from None
    item = {"request": _request(exchange.request), "response": _response(exchange), HARNESS_KEY: key}
    return f"- {yaml_lines(item, STEP).removeprefix(STEP)}"


def _check(response: WireResponse) -> None:
    if response.codings or response.chunk_extension or any(chunk.gate for chunk in response.chunks):
        raise ValueError("a response with gates, chunk extensions or a choice of codings is no recording: play it")
    if response.head and not 200 <= response.status <= 999:
        raise ValueError(f"a response has no status {response.status}")
    if len(response.chunks) > CHUNK_LIMIT:
        raise ValueError(f"the body has {len(response.chunks)} chunks, and {CHUNK_LIMIT} are the limit")


def _request(request: RecordedRequest) -> dict[str, Any]:
    return {
        "method": request.method,
        "uri": request.url,
        "headers": grouped(request.headers),
        "body": _body(request.body),
    }


def _response(exchange: Exchange) -> dict[str, Any]:
    response = exchange.response
    status = {"code": response.status, "message": exchange.reason}
    if not response.head:
        status = {"code": STAND_IN_STATUS, "message": "No response"}
    headers = {name: [_value(one) for one in values] for name, values in grouped(_came(exchange)).items()}
    return {"status": status, "headers": headers, "body": {"string": _body(response.body)}}


def _value(value: str) -> str | bytes:
    """A header's value; httpx cannot play one from vcrpy that is text and not ASCII, but takes its bytes."""
    if value.isascii() or max(value) > "\xff":
        return value
    return value.encode("latin-1")


def _came(exchange: Exchange) -> Headers:
    return joined(exchange.response.headers, exchange.header_form, len(exchange.response.body))


def _body(body: bytes) -> Body | bytes:
    """As vcrpy has it: text where it is UTF-8."""
    try:
        return Body(body, "utf-8")
    except UnicodeDecodeError:
        return body


def _harness_key(exchange: Exchange) -> Iterable[tuple[str, Any]]:
    """The fields of our key; those that are None are left out."""
    response = exchange.response
    head_us, arrivals = _times(response)
    sizes = (len(chunk.data) for chunk in response.chunks)
    yield "version", HARNESS_KEY_VERSION
    yield "chunks", table(zip(sizes, arrivals, strict=True))
    yield "head_us", head_us
    yield "ending", response.ending
    yield "transfer", response.transfer
    yield "missing_bytes", response.missing_bytes or None
    yield "head", None if response.head else False
    yield "request_order", order_of(exchange.request.headers)
    yield "response_order", order_of(_came(exchange))
    yield "provider", exchange.provider
    yield "scenario", exchange.scenario
    yield "tool", exchange.tool
    yield "recorded_at", exchange.recorded_at
    yield "masked", exchange.masked or None
    yield "note", exchange.note
    yield "transcript", _transcript(exchange.transcript)


def _times(response: WireResponse) -> tuple[int, list[int]]:
    """When the head came and when each chunk came, in microseconds after the request."""
    head_us = round(response.before_head_s * 1e6)
    pauses = (round(chunk.pause_s * 1e6) for chunk in response.chunks)
    return head_us, list(accumulate(pauses, initial=head_us))[1:]


def _transcript(transcript: Mapping[str, Any] | None) -> Mapping[str, Any] | Body | None:
    if transcript is None or _depth_within(transcript, TRANSCRIPT_DEPTH):
        return transcript
    return Body(msgspec.json.format(msgspec.json.encode(transcript)), "utf-8")


def _depth_within(value: Any, levels: int) -> bool:
    match value:
        case Mapping():
            return levels > 0 and all(_depth_within(inner, levels - 1) for inner in value.values())
        case list() | tuple():
            return levels > 0 and all(_depth_within(inner, levels - 1) for inner in value)
    return True


def canonical(exchange: Exchange) -> Exchange:
    """The exchange as it will be read from what is written of it."""
    response = exchange.response
    if not response.head:
        return replace(exchange, response=replace(response, status=0, headers=()), reason="", header_form=())
    headers, form = parted(_came(exchange))
    return replace(exchange, response=replace(response, headers=headers), header_form=form)
