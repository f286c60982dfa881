"""Turns a scenario into wire responses in one dialect: the bytes, the chunks, and how each connection ends.

A scenario written in canonical events runs in every dialect that can express it; one that cannot gives a
NotExpressible with the reason. Rendering is pure: the same scenario always gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from typing import Any

import msgspec

from harness.catalogue.apply_faults import Body, FaultMisplaced, apply_faults, to_chunks
from harness.catalogue.canonical import json_text
from harness.catalogue.models import ErrorResponse, Response, Scenario
from harness.catalogue.other_form import in_other_form
from harness.dialects import dialect as dialect_record
from harness.dialects import dialect_names
from harness.dialects.base import Dialect, lose
from harness.events import RETRYABLE_KINDS, AnyEvent, End, ErrorInfo, Failure, Text
from harness.folders import data_folder
from harness.transcript import Transcript, fold
from harness.wire.content_coding import Coding
from harness.wire.response import Ending, Transfer, WireResponse


@dataclass(frozen=True, slots=True)
class RenderedScenario:
    """The answers to successive attempts in one dialect; the last one answers all further attempts."""

    scenario_id: str
    dialect: str
    responses: tuple[WireResponse, ...]
    fallback_responses: tuple[WireResponse, ...] = ()


@dataclass(frozen=True, slots=True)
class NotExpressible:
    """Why a scenario does not run in a dialect."""

    reason: str


class Unrenderable(ValueError):
    """A scenario contradicts itself; the message names the scenario, the dialect and the response."""


class _CannotExpress(Exception):
    """The dialect has no words for this response."""


def dialects_of(scenario: Scenario) -> tuple[str, ...]:
    """The names of the dialects that the scenario runs in."""
    return tuple(name for name in _candidates(scenario) if not isinstance(render(scenario, name), NotExpressible))


def _candidates(scenario: Scenario) -> tuple[str, ...]:
    written_for = scenario.responses if isinstance(scenario.responses, dict) else dialect_names()
    return tuple(name for name in written_for if scenario.dialects is None or name in scenario.dialects)


def render(scenario: Scenario, dialect_name: str) -> RenderedScenario | NotExpressible:
    """The scenario in that dialect. Raises UnknownDialect, Unrenderable."""
    if dialect_name not in _candidates(scenario):
        dialect_record(dialect_name)  # an unknown name is the caller's mistake
        return NotExpressible(f"the scenario is not written for {dialect_name}")
    dialect = dialect_record(dialect_name)
    losses = dialect.build_request(scenario.request, "sk-test").losses
    if losses:
        return NotExpressible(f"its request: {lose(losses)}")
    try:
        return RenderedScenario(
            scenario.id,
            dialect_name,
            _render_all(scenario, dialect, "responses", scenario.responses_in(dialect_name)),
            _render_all(scenario, dialect, "fallback_responses", scenario.fallback_responses),
        )
    except _CannotExpress as error:
        return NotExpressible(str(error))


def render_other_form(scenario: Scenario, dialect_name: str) -> tuple[WireResponse, ...]:
    """The answers as documents where the scenario streams, as streams where it does not; none where that cannot be.

    A gateway may ask its upstream for the one to make the other of it.
    """
    recorded = [response.wire for response in scenario.responses_in(dialect_name) if response.wire is not None]
    if recorded:
        return in_other_form(recorded, dialect_record(dialect_name))
    request = msgspec.structs.replace(scenario.request, stream=not scenario.request.stream)
    try:
        rendered = render(scenario.model_copy(update={"request": request}), dialect_name)
    except Unrenderable:
        return ()
    return rendered.responses if isinstance(rendered, RenderedScenario) else ()


def _render_all(
    scenario: Scenario, dialect: Dialect, what: str, responses: tuple[Response, ...]
) -> tuple[WireResponse, ...]:
    rendered = []
    for position, response in enumerate(responses):
        try:
            rendered.append(render_response(response, dialect, whole=not scenario.request.stream))
        except FaultMisplaced as error:
            raise Unrenderable(f"{scenario.id} in {dialect.name}: {what}.{position}: {error}") from None
        except _CannotExpress as error:
            raise _CannotExpress(f"{what}.{position}: {error}") from None
    return tuple(rendered)


_DOCUMENT = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class _Source:
    """What a response is before its faults: the body with its marks, and what HTTP says of it."""

    body: Body
    status: int
    headers: dict[str, str]
    transfer: Transfer


def render_response(response: Response, dialect: Dialect, *, whole: bool = False) -> WireResponse:
    """One response in one dialect, as one document where a `whole` answer is asked for.

    Raises FaultMisplaced; what the dialect cannot say stops `render`.
    """
    if response.wire is not None:
        return response.wire
    if response.connection is not None:
        ending: Ending = "clean" if response.connection == "close" else response.connection
        return WireResponse(0, (), (), ending, before_head_s=response.before_head_s, head=False)
    source = _whole_source(response, dialect) if whole else _source(response, dialect)
    codings = {coding: None for fault in response.faults if fault.encode is not None for coding in fault.encode.coding}
    plain = _faulted(response, source, dialect, None)
    return replace(plain, codings=tuple((each, _faulted(response, source, dialect, each)) for each in codings))


def _faulted(response: Response, source: _Source, dialect: Dialect, coding: Coding | None) -> WireResponse:
    """The response after its faults, in that content coding."""
    body = apply_faults(source.body, response.faults, lambda frame: write_frame(frame, dialect), coding)
    encoding = {} if coding is None else {"content-encoding": str(coding)}
    own = {name.lower(): value for name, value in response.headers.items()}
    headers = {name: value for name, value in {**source.headers, **encoding, **own}.items() if value is not None}
    return WireResponse(
        status=source.status if response.status is None else response.status,
        headers=tuple(headers.items()),
        chunks=to_chunks(body),
        ending=body.ending,
        transfer=_transfer(response, source, body.ending),
        missing_bytes=body.missing_bytes,
        before_head_s=response.before_head_s,
        chunk_extension=response.chunk_extension,
        header_case=response.header_case,
    )


def _transfer(response: Response, source: _Source, ending: Ending) -> Transfer:
    """The transfer that was asked for, or else the one in which the ending can happen."""
    if response.transfer is not None:
        return response.transfer
    needed: dict[Ending, Transfer] = {"short_length": "length", "no_last_chunk": "chunked"}
    return needed.get(ending, source.transfer)


def _source(response: Response, dialect: Dialect) -> _Source:
    if response.events is not None:
        return _streamed(_event_body(response, dialect), response, dialect)
    if response.frames is not None:
        frames = [
            write_frame(frame if isinstance(frame, str) else {**response.envelope, **frame}, dialect)
            for frame in response.frames
        ]
        return _streamed(_framed(frames), response, dialect)
    if response.body is not None:
        return _literal(response.body, response, dialect)
    if response.error is not None:
        return _error(response.error, response.status, dialect)
    return _cassette(response, dialect)


def _whole_source(response: Response, dialect: Dialect) -> _Source:
    """Events are one document, or an HTTP error where they fail; a literal body is what it looks like."""
    if response.events is None:
        source = _source(response, dialect)
        is_document = response.body is not None and source.body.data.lstrip()[:1] in (b"{", b"[")
        return replace(source, headers=_DOCUMENT, transfer="length") if is_document else source
    if failure := next((event for event in response.events if isinstance(event, Failure)), None):
        return _written_error(failure.error, dialect)
    try:
        answer = dialect.write_answer([*response.events, End("completed")])
    except ValueError as error:
        raise _CannotExpress(str(error)) from None
    if answer.losses:
        raise _CannotExpress(lose(answer.losses))
    return _Source(Body(answer.body, (len(answer.body),)), response.status or 200, _DOCUMENT, "length")


def _streamed(body: Body, response: Response, dialect: Dialect) -> _Source:
    return _Source(body, response.status or 200, {"content-type": dialect.content_type}, "chunked")


def _framed(frames: list[bytes]) -> Body:
    return Body(b"".join(frames), _ends(frames))


def _ends(pieces: list[bytes]) -> tuple[int, ...]:
    return tuple(accumulate(len(piece) for piece in pieces))


def _event_body(response: Response, dialect: Dialect) -> Body:
    """The encoder's frames, with a mark after each event's. A stream that failed is not ended as a good one."""
    encoder = dialect.encoder()
    frames: list[bytes] = []
    event_ends: list[int] = []
    size = 0
    events: tuple[AnyEvent, ...] = response.events or ()
    for event in events:
        given = encoder.feed(event)
        frames += given
        size += sum(map(len, given))
        event_ends.append(size)
    if not any(isinstance(event, Failure) for event in events):
        closing = encoder.close()
        frames = [*frames, *closing] if response.end_marker else _without_marker([*frames, *closing], dialect)
    elif not response.end_marker:
        raise FaultMisplaced("`end_marker: false` says nothing of a stream that fails: it has no end marker anyway")
    if encoder.losses:
        raise _CannotExpress(lose(encoder.losses))
    return Body(b"".join(frames), _ends(frames), tuple(event_ends))


def _without_marker(frames: list[bytes], dialect: Dialect) -> list[bytes]:
    """The frames without the last one, if that one is nothing but a mark that this is the end."""
    if frames and _said(frames[:-1], dialect) == _said(frames, dialect):
        return frames[:-1]
    raise _CannotExpress("it has no end marker apart from the stop reason")


def _said(frames: list[bytes], dialect: Dialect) -> dict[str, Any]:
    decoder = dialect.decoder()
    transcript: Transcript = fold(dialect.name, [*decoder.feed(b"".join(frames)), *decoder.close()])
    return {**transcript.to_dict(), "warnings": None}


def write_frame(frame: str | dict[str, Any], dialect: Dialect) -> bytes:
    """A literal frame in the dialect's framing: a mapping is its JSON payload, a string its own lines."""
    write = _write_line if "ndjson" in dialect.content_type else _write_sse
    return write(frame, dialect.name).encode()


def _write_line(frame: str | dict[str, Any], _dialect_name: str) -> str:
    return (frame.removesuffix("\n") if isinstance(frame, str) else json_text(frame)) + "\n"


def _write_sse(frame: str | dict[str, Any], dialect_name: str) -> str:
    if isinstance(frame, str):
        return frame.removesuffix("\n") + "\n\n"
    kind = frame.get("type")
    name = f"event: {kind}\n" if isinstance(kind, str) and _names_events(dialect_name) else ""
    return f"{name}data: {json_text(frame)}\n\n"


@cache
def _names_events(dialect_name: str) -> bool:
    """Whether the dialect's frames have an `event:` line, as its own encoder writes them."""
    return any(frame.startswith(b"event:") for frame in dialect_record(dialect_name).encoder().feed(Text("x")))


def _literal(body: str | bytes, response: Response, dialect: Dialect) -> _Source:
    data = body.encode() if isinstance(body, str) else body
    status = response.status or 200
    if status < 400:
        return _streamed(_framed(dialect.split_frames(data)), response, dialect)
    form = {b"{": "application/json", b"[": "application/json", b"<": "text/html; charset=utf-8"}
    headers = {"content-type": form.get(data.lstrip()[:1], "text/plain; charset=utf-8")}
    return _Source(Body(data, (len(data),)), status, headers, "length")


def _error(error: ErrorResponse, status: int | None, dialect: Dialect) -> _Source:
    info = ErrorInfo(
        error.kind,
        error.message,
        status=status,
        code=error.code,
        retryable=error.kind in RETRYABLE_KINDS if error.retryable is None else error.retryable,
        retry_after_s=error.retry_after_s,
    )
    return _written_error(info, dialect)


def _written_error(info: ErrorInfo, dialect: Dialect) -> _Source:
    written = dialect.write_error(info)
    headers = {name.lower(): value for name, value in written.headers.items()}
    return _Source(Body(written.body, (len(written.body),)), written.status, headers, "length")


_TRANSFER_HEADERS = ("transfer-encoding", "content-length", "connection", "content-encoding")


def _cassette(response: Response, dialect: Dialect) -> _Source:
    """A recorded response: its bytes, chunk boundaries, pauses and ending, which faults can then change."""
    from harness.recording.cassette import load_cassette  # most scenarios have none, and it loads another YAML reader

    exchanges = load_cassette(data_folder("cassettes") / str(response.cassette)).exchanges
    if response.exchange >= len(exchanges):
        raise FaultMisplaced(f"{response.cassette} has {len(exchanges)} exchanges, and no number {response.exchange}")
    recorded: WireResponse = exchanges[response.exchange].response
    ends = _ends([chunk.data for chunk in recorded.chunks])
    body = Body(
        data=recorded.body,
        frame_ends=_ends(dialect.split_frames(recorded.body)),
        chunk_ends=ends,
        pauses=tuple(
            (end - len(chunk.data), chunk.pause_s)
            for end, chunk in zip(ends, recorded.chunks, strict=True)
            if chunk.pause_s
        ),
        ending=recorded.ending,
        missing_bytes=recorded.missing_bytes,
    )
    headers = {name: value for name, value in recorded.headers if name not in _TRANSFER_HEADERS}
    return _Source(body, recorded.status, headers, recorded.transfer)
