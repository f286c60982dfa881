"""Tells by its content which form a file has, and imports it."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.dialects import dialect
from harness.recording.importers.bodies import dialect_of_payload, import_body, looks_like_sse, payload_of
from harness.recording.importers.frames import import_chunk_document, import_list
from harness.recording.importers.har import import_har, import_har_zip
from harness.recording.importers.imported import (
    SIZE_LIMIT,
    Imported,
    Importer,
    Source,
    UnreadableImport,
    Wishes,
    Wrong,
)
from harness.recording.importers.recordings import import_recordings
from harness.recording.importers.vcr import import_vcr
from harness.wire import aws_event_stream, json_array

FORMS: Mapping[str, Importer] = {
    "har": import_har,
    "har-zip": import_har_zip,
    "cassette": import_vcr,
    "body": import_body,
    "list": import_list,
    "chunks": import_chunk_document,
    "recordings": import_recordings,
}
"""The forms that are read, by the names that `--form` takes."""

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_BOM = b"\xef\xbb\xbf"
_WHITE = b" \t\r\n"
_CASSETTE_KEYS = (b"interactions:", b"http_interactions:", b"version:", b"- request:", b"recorded_with:")
_BODY_SUFFIXES = frozenset({".sse", ".ndjson", ".txt", ".bin"})
_START = 4096
_FIRST_ELEMENT = 1 << 20


def import_file(path: Path, wishes: Wishes, form: str | None = None) -> Imported:
    """What a file holds, read in the form that was named, else in the one that its content shows.

    Raises UnreadableImport, which names the file, the place and the mend; nothing in the file is ever executed.
    """
    try:
        source = Source(path, _read(path))
        if not source.raw.strip(_BOM + _WHITE):
            raise Wrong("the file is empty", "there is nothing to import")
        return FORMS[form or form_of(source)](source, wishes)
    except Wrong as wrong:
        raise wrong.at(path) from None
    except OSError as error:
        raise UnreadableImport(f"{path}: cannot be read: {error.strerror or error}; give the path of a file") from None


def _read(path: Path) -> bytes:
    """All bytes, unpacked where the file is gzip'd."""
    with path.open("rb") as file:
        raw = file.read(SIZE_LIMIT + 1)
    if raw.startswith(_GZIP):
        try:
            with gzip.open(io.BytesIO(raw)) as packed:
                raw = packed.read(SIZE_LIMIT + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise Wrong(f"the gzip cannot be unpacked: {error}", "pack it again") from None
    if len(raw) > SIZE_LIMIT:
        raise Wrong(f"the file has more than {SIZE_LIMIT} bytes", "cut it into smaller ones")
    return raw


def form_of(source: Source) -> str:
    """The name of the form that a file's content shows; raises Wrong where it shows none."""
    raw = source.raw.removeprefix(_BOM)
    start = raw.lstrip(_WHITE)
    if raw.startswith(_ZIP):
        return "har-zip"
    if raw.startswith(aws_event_stream.FIRST_BYTE):
        return "body"
    if start.startswith(b"{"):
        return _form_of_object(start)
    if start.startswith(b"["):
        return _form_of_array(start)
    if any(line.startswith(_CASSETTE_KEYS) for line in start[:_START].split(b"\n")):
        return "cassette"
    if looks_like_sse(raw) or source.path.suffix in _BODY_SUFFIXES:
        return "body"
    problem = "this is none of the forms that are read"
    raise Wrong(problem, f"name its form with --form, one of {', '.join(FORMS)}")


def _form_of_object(start: bytes) -> str:
    """One JSON object, or lines of them."""
    line, _, rest = start.partition(b"\n")
    first = payload_of(line)
    if first is not None and rest.strip(_WHITE):
        name = dialect_of_payload(first)
        if "body_b64" in first:
            return "recordings"
        return "body" if name and dialect(name).facts.get("framing") == "ndjson" else "list"
    if first is None and b'"log"' in start[:_START] and b'"entries"' in start:
        return "har"  # also one that was cut off: its error then speaks of archives
    return _form_of_value(first if first is not None else payload_of(start))


def _form_of_value(value: dict[str, Any] | None) -> str:
    match value:
        case {"log": {"entries": _}}:
            return "har"
        case {"interactions": _} | {"http_interactions": _}:
            return "cassette"
        case {"chunks": list()}:
            return "chunks"
        case {"body_b64": _}:
            return "recordings"
    return "body"


def _form_of_array(start: bytes) -> str:
    """A bare list of old cassettes, Gemini's answer in one array, or a list of frames or chunks."""
    framer = json_array.Framer()
    frames = framer.feed(start[:_FIRST_ELEMENT]) + framer.close()
    match payload_of(frames[0].data) if frames else None:
        case {"request": dict(), "response": dict()}:
            return "cassette"
        case dict(first) if dialect_of_payload(first) == "gemini" or "error" in first:
            return "body"
    return "list"
