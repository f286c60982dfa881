"""An exchange of which a recorder kept the whole body, as one piece and mostly unpacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from harness.recording.cassette import Exchange, RecordedRequest
from harness.recording.content_coding import UnpackedTooLarge, unpacked
from harness.recording.importers.bodies import made_up_request
from harness.recording.importers.imported import NO_REQUEST_BODY, ONE_CHUNK, Step, Wishes, Wrong
from harness.recording.play import dialect_of
from harness.recording.received import Headers, parted
from harness.wire.response import Chunk, Ending, Transfer, WireResponse

STREAM_TYPES = frozenset(
    {"text/event-stream", "application/x-ndjson", "application/jsonl", "application/vnd.amazon.eventstream"}
)
"""Content types of streams, which are taken from any endpoint."""
OTHER_DIALECT = "not of {}"
NO_ENDPOINT = "not of a model's endpoint and no streams (--all takes them)"


class Skip(Exception):
    """An exchange that is left out, and why."""


@dataclass(frozen=True, slots=True)
class Whole:
    """One exchange as such a recorder kept it. Headers are as they came; `status` is 0 where there was no head."""

    request: RecordedRequest
    status: int
    headers: Headers
    body: bytes
    reason: str = ""
    ending: Ending = "clean"
    before_head_s: float = 0.0
    receiving_s: float = 0.0
    recorded_at: str | None = None
    notes: Sequence[str] = field(default=())

    def exchange(self, wishes: Wishes, place: Sequence[Step]) -> Exchange:
        """In our form; raises Skip where nobody wished for it, and Wrong."""
        check_wanted(wishes, self.request, self.headers)
        playable, form = parted(self.headers)
        notes, body = list(self.notes), self.body
        codings = ",".join(value for name, value in playable if name == "content-encoding")
        if codings and (plain := _uncoded(body, codings, place)) is not None:
            notes.append(f"the body came in {codings} and is kept unpacked")
            body, playable = plain, tuple(field for field in playable if field[0] != "content-encoding")
        request, name = self.request, endpoint_of(self.request)
        if name and not request.body:
            request = replace(request, body=made_up_request(name, body).body)
            notes.append(NO_REQUEST_BODY)
        response = WireResponse(
            self.status,
            playable,
            (Chunk(body, self.receiving_s),) if body else (),
            ending=self.ending,
            transfer=_transfer(self.headers),
            before_head_s=self.before_head_s,
            head=self.status != 0,
        )
        return Exchange(
            request,
            response,
            provider=wishes.provider,
            recorded_at=self.recorded_at,
            note="; ".join([*([ONE_CHUNK] if body else []), *notes]) or None,
            reason=self.reason,
            header_form=form,
        )


def check_wanted(wishes: Wishes, request: RecordedRequest, headers: Headers) -> None:
    """Raises Skip where the exchange is none that was wished for. Streams are taken from any endpoint."""
    name = endpoint_of(request)
    if wishes.dialect is not None and name != wishes.dialect:
        raise Skip(OTHER_DIALECT.format(wishes.dialect))
    types = {value.partition(";")[0].strip().lower() for name, value in headers if name.lower() == "content-type"}
    if name is None and not wishes.everything and not types & STREAM_TYPES:
        raise Skip(NO_ENDPOINT)


def endpoint_of(request: RecordedRequest) -> str | None:
    """The dialect whose endpoint was asked; None where it is no such endpoint."""
    try:
        parts = urlsplit(request.url)
    except ValueError:
        return None
    return dialect_of(request.method, f"{parts.path}?{parts.query}" if parts.query else parts.path)


def _transfer(headers: Headers) -> Transfer:
    names = {name.lower() for name, _ in headers}
    return "length" if "content-length" in names and "transfer-encoding" not in names else "chunked"


def _uncoded(body: bytes, codings: str, place: Sequence[Step]) -> bytes | None:
    """The body without its content codings; None where it still is in one that we cannot undo."""
    try:
        plain = unpacked(body, codings)
    except UnpackedTooLarge as error:
        raise Wrong(str(error), "take the exchange out", place) from None
    if plain is not None:
        return plain
    try:
        body.decode()
    except UnicodeDecodeError:
        return None
    return body  # text: whoever recorded it had unpacked it
