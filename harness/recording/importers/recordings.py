"""Recordings as lines of JSON, one exchange each: the form of published harvests of recorded streams.

A line has `kind`, `status`, `body_b64`, and mostly `dialect`, `provider`, `method`, `url`, `request_body`,
`response_headers` and, where the recorder kept the network reads, `chunk_lengths`.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from itertools import accumulate
from typing import Any

import msgspec

from harness.dialects import dialect_names
from harness.folders import plain_name
from harness.recording.cassette import Exchange, RecordedRequest
from harness.recording.importers.bodies import UNKNOWN_BASE_URL, made_up_request
from harness.recording.importers.imported import (
    NO_REQUEST,
    NO_REQUEST_BODY,
    ONE_CHUNK,
    REBUILT_FRAMES,
    Imported,
    Source,
    Wishes,
    Wrong,
    read_json,
)
from harness.recording.importers.whole import OTHER_DIALECT, endpoint_of
from harness.recording.received import parted
from harness.wire.response import Chunk, WireResponse

MEND = "take the line out, or mend it by hand"
DIALECT_ALIASES = {"ollama-chat": "ollama"}
"""Names under which such recordings file a dialect that we call otherwise."""

_REBUILT = frozenset({"payload-lines", "reframed"})
"""What a line may say of its fidelity: the recorder kept the payloads of frames, and not the lines around them."""


def import_recordings(source: Source, wishes: Wishes) -> Imported:
    """All lines of a file, streams and errors; those of dialects that nobody here decodes with `everything` alone."""
    taken: list[Exchange] = []
    left = undecoded = total = 0
    for number, line in enumerate(source.text.split("\n"), 1):
        if not line.strip():
            continue
        total += 1
        record = read_json(line, mend=MEND, line=number)
        try:
            name = _dialect(record)
            if wishes.dialect not in (None, name):
                left += 1
            elif name is None and not wishes.everything:
                undecoded += 1
            else:
                taken.append(_exchange(record, name, wishes))
        except (KeyError, TypeError, AttributeError, binascii.Error, ValueError) as error:
            what = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise Wrong(f"this line is no recording: {what}", MEND, line=number) from None
    notes = [f"left out: {left} of {total} lines, {OTHER_DIALECT.format(wishes.dialect)}"] * bool(left)
    notes += [f"left out: {undecoded} of {total} lines, of no dialect of ours (--all takes them)"] * bool(undecoded)
    return Imported("recordings, a line each", tuple(taken), tuple(notes))


def _dialect(record: dict[str, Any]) -> str | None:
    said = str(record["dialect"])
    name = DIALECT_ALIASES.get(said, said)
    return name if name in dialect_names() else None


def _exchange(record: dict[str, Any], name: str | None, wishes: Wishes) -> Exchange:
    body = base64.b64decode(record["body_b64"], validate=True)
    chunks, notes = _chunks(body, record.get("chunk_lengths"))
    request = _request(record, name, body, notes)
    headers = tuple((str(key), str(value)) for key, value in (record.get("response_headers") or {}).items())
    playable, form = parted(headers)
    if record.get("fidelity") in _REBUILT:
        notes.append(REBUILT_FRAMES)
    if record.get("id"):
        notes.append(f"imported from {record['id']}")
    return Exchange(
        request,
        WireResponse(_status(record["status"]), playable, chunks),
        provider=wishes.provider or (plain_name(str(record["provider"])) if record.get("provider") else None),
        note="; ".join(notes) or None,
        header_form=form,
    )


def _status(said: Any) -> int:
    if isinstance(said, bool) or not isinstance(said, int) or not 200 <= said <= 999:
        raise ValueError(f"{said!r} is no status of a final response")
    return said


def _chunks(body: bytes, lengths: Any) -> tuple[tuple[Chunk, ...], list[str]]:
    if not lengths:
        return ((Chunk(body),) if body else ()), [ONE_CHUNK] * bool(body)
    if sum(lengths) != len(body) or min(lengths) < 0:
        raise ValueError(f"the chunks have {sum(lengths)} bytes, and the body has {len(body)}")
    ends = list(accumulate(lengths))
    cuts = zip([0, *ends[:-1]], ends, strict=True)
    return tuple(Chunk(body[start:end]) for start, end in cuts), ["times were not recorded"]


def _request(record: dict[str, Any], name: str | None, body: bytes, notes: list[str]) -> RecordedRequest:
    """The request as it was kept; of the address at least the dialect's own path, so that the exchange can be played
    and read."""
    url, asked = record.get("url"), record.get("request_body")
    if not url:
        if name is None:
            return RecordedRequest("POST", UNKNOWN_BASE_URL, (), b"")
        notes.append(NO_REQUEST)
        return made_up_request(name, body)
    if "://" not in url:
        url = UNKNOWN_BASE_URL + url
        notes.append("the host was not recorded")
    sent = b"" if asked is None else msgspec.json.encode(asked)
    request = RecordedRequest(str(record.get("method") or "POST"), url, (), sent)
    if name is not None and endpoint_of(request) != name:
        notes.append(f"the request went to {request.url.partition('?')[0]}, which is no endpoint of {name} here")
        return made_up_request(name, body)
    if asked is None and name is not None:
        notes.append(NO_REQUEST_BODY)
        return replace(request, body=made_up_request(name, body).body)
    return request
