"""HTTP archives (HAR 1.2): those of browsers, of mitmproxy, and of Playwright with bodies inside or beside them.

A HAR keeps whole bodies, unpacked and mostly as text. Network reads are not in it, so a body is one chunk, which comes
when the archive says that the response had been received. Websockets are no HTTP exchanges and are left out.
"""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from harness.recording.cassette import Exchange, RecordedRequest
from harness.recording.importers.imported import SIZE_LIMIT, Imported, Source, Step, Wishes, Wrong, read_json
from harness.recording.importers.whole import Skip, Whole, check_wanted
from harness.recording.received import Headers
from harness.wire.response import Ending

MEND = "export the archive again, or mend it by hand"
ENDINGS: dict[str, Ending] = {
    "ERR_ABORTED": "cancelled",
    "NS_BINDING_ABORTED": "cancelled",
    "NS_ERROR_ABORT": "cancelled",
    "ERR_TIMED_OUT": "timeout",
    "ERR_CONNECTION_TIMED_OUT": "timeout",
    "NS_ERROR_NET_TIMEOUT": "timeout",
    "ERR_CONNECTION_RESET": "reset",
    "NS_ERROR_NET_RESET": "reset",
    "ERR_HTTP2_PROTOCOL_ERROR": "reset",
    "ERR_CONNECTION_CLOSED": "no_last_chunk",
    "ERR_EMPTY_RESPONSE": "no_last_chunk",
    "ERR_INCOMPLETE_CHUNKED_ENCODING": "no_last_chunk",
    "NS_ERROR_NET_PARTIAL_TRANSFER": "no_last_chunk",
    "ERR_CONTENT_LENGTH_MISMATCH": "short_length",
}
"""What browsers call the ways in which a response broke off, without `net::`."""

_LARGEST = 10**12
_WINDOWS_1252 = {
    ord(bytes([byte]).decode("cp1252")): byte
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
"""The characters in which it differs from Latin-1, and their bytes; five bytes have none."""

Beside: TypeAlias = Callable[[str], bytes | None]
"""Reads a file that lies beside the archive, by its plain name; None where there is none."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the log, and its place in the document."""

    data: dict[str, Any]
    place: tuple[Step, ...]
    beside: Beside

    def part(self, key: str) -> dict[str, Any]:
        """The object under that key; raises Wrong."""
        value = self.data.get(key)
        if not isinstance(value, dict):
            raise Wrong(f"an entry has a `{key}`, an object", MEND, (*self.place, key))
        return value


def import_har(source: Source, wishes: Wishes) -> Imported:
    """A HAR file; bodies that it keeps beside itself are read from its own folder alone."""
    return _import(source.text, wishes, lambda name: _read_beside(source, name))


def import_har_zip(source: Source, wishes: Wishes) -> Imported:
    """A zip as Playwright writes it: one `.har` and the bodies beside it."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.raw)) as packed:
            names = [info.filename for info in packed.infolist() if info.filename.endswith(".har")]
            if len(names) != 1:
                raise Wrong(f"the zip holds {len(names)} files that end in .har, and one is wanted", "unpack it")
            log = Source(source.path / names[0], _unzipped(packed, names[0]) or b"")
            return _import(log.text, wishes, lambda name: _unzipped(packed, name))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise Wrong(f"the zip cannot be read: {error}", "unpack it, or export it again") from None


def _unzipped(packed: zipfile.ZipFile, name: str) -> bytes | None:
    try:
        info = packed.getinfo(name)
    except KeyError:
        return None
    with packed.open(info) as file:
        data = file.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        raise Wrong(f"{name} in the zip unpacks to more than {SIZE_LIMIT} bytes", "export fewer requests")
    return data


def _read_beside(source: Source, name: str) -> bytes | None:
    path = source.path.parent / name
    if path.is_symlink() or not path.is_file() or path.stat().st_size > SIZE_LIMIT:
        return None
    return path.read_bytes()


def _import(text: str, wishes: Wishes, beside: Beside) -> Imported:
    match read_json(text, mend=MEND):
        case {"log": {"entries": list(entries)} as log}:
            pass
        case _:
            raise Wrong("a HAR has a `log` with a list of `entries`", MEND, ("log", "entries"))
    taken: list[Exchange] = []
    left: Counter[str] = Counter()
    for number, data in enumerate(entries):
        place = ("log", "entries", number)
        if not isinstance(data, dict):
            raise Wrong("an entry is an object", MEND, place)
        try:
            taken.append(_exchange(_Entry(data, place, beside), wishes))
        except Skip as skip:
            left[str(skip)] += 1
    creator = log.get("creator")
    by = creator.get("name") if isinstance(creator, dict) else None
    notes = tuple(f"left out: {count} of {len(entries)} entries, {why}" for why, count in left.most_common())
    return Imported(f"HAR of {by}" if isinstance(by, str) else "HAR", tuple(taken), notes)


def _exchange(entry: _Entry, wishes: Wishes) -> Exchange:
    if entry.data.get("_webSocketMessages") is not None or entry.data.get("_resourceType") == "websocket":
        raise Skip("websockets")
    response, notes = entry.part("response"), list[str]()
    request = _request(entry)
    headers = _headers(response.get("headers"), (*entry.place, "response", "headers"))
    check_wanted(wishes, request, headers)
    body, is_cut = _body(entry, response, headers, notes)
    before_head_s, receiving_s = _times(entry.data)
    reason = response.get("statusText")
    whole = Whole(
        request,
        _status(entry, response),
        headers,
        body,
        reason=reason if isinstance(reason, str) else "",
        ending=_ending(response, is_cut),
        before_head_s=before_head_s,
        receiving_s=receiving_s,
        recorded_at=_moment(entry.data.get("startedDateTime")),
        notes=notes,
    )
    return whole.exchange(wishes, entry.place)


def _request(entry: _Entry) -> RecordedRequest:
    request, place = entry.part("request"), (*entry.place, "request")
    match request:
        case {"method": str(method), "url": str(url)}:
            pass
        case _:
            raise Wrong("a request has a `method` and a `url`, both text", MEND, place)
    headers = _headers(request.get("headers"), (*place, "headers"))
    body = b""
    post = request.get("postData")
    if isinstance(post, dict):
        if isinstance(text := post.get("text"), str) and text:
            body = _encoded(text, post.get("encoding"), (*place, "postData", "text"))
        elif isinstance(name := post.get("_file"), str):
            body = _file(entry, name)
    return RecordedRequest(method.upper(), url, tuple((name.lower(), value) for name, value in headers), body)


def _status(entry: _Entry, response: dict[str, Any]) -> int:
    """The status, 0 where the connection broke before any; raises Skip where nothing at all is known."""
    status = response.get("status")
    if isinstance(status, bool) or not isinstance(status, int | float):
        raise Wrong("a response has a `status`, a number", MEND, (*entry.place, "response", "status"))
    if 200 <= status <= 999:
        return int(status)
    if status <= 0 and _failure(response) in ENDINGS:
        return 0
    raise Skip("without a final response")


def _failure(response: dict[str, Any]) -> str:
    said = response.get("_error") or response.get("_failureText")
    return said.removeprefix("net::").strip() if isinstance(said, str) else ""


def _ending(response: dict[str, Any], is_cut: bool) -> Ending:
    """How the body ended. Of what the recorder cut off nothing more is known, as where we hang up ourselves."""
    return ENDINGS.get(_failure(response), "cancelled" if is_cut else "clean")


def _headers(data: Any, place: tuple[Step, ...]) -> Headers:
    """The headers in their order, without HTTP/2's pseudo headers; several lines in one value become several."""
    if data is None:
        return ()
    if not isinstance(data, list):
        raise Wrong("headers are a list of objects with `name` and `value`", MEND, place)
    return tuple(_header_fields(data, place))


def _header_fields(data: list[Any], place: tuple[Step, ...]) -> Iterator[tuple[str, str]]:
    for number, field in enumerate(data):
        match field:
            case {"name": str(name), "value": str(value)}:
                if name and not name.startswith(":"):
                    yield from ((name, line.strip()) for line in value.split("\n"))
            case _:
                raise Wrong("a header has a `name` and a `value`, both text", MEND, (*place, number))


def _body(entry: _Entry, response: dict[str, Any], headers: Headers, notes: list[str]) -> tuple[bytes, bool]:
    """The body as the archive holds it, and whether that is only its beginning; raises Skip where it has nothing."""
    content, place = response.get("content"), (*entry.place, "response", "content")
    body, size = b"", 0
    if isinstance(content, dict):
        size = _size(content)
        if isinstance(text := content.get("text"), str):
            body = _encoded(text, content.get("encoding"), (*place, "text"))
        elif isinstance(name := content.get("_file"), str):
            body = _file(entry, name)
    if not body and (size > 0 or _promises_a_body(response, headers)):
        raise Skip("whose bodies the archive does not hold")
    is_text = isinstance(content, dict) and content.get("encoding") != "base64"
    if is_text and _charset(headers) is None and (meant := _meant(body)) is not None:
        notes.append("the archive had taken UTF-8 for Windows-1252: mended")
        return meant, False
    if len(body) >= size:
        return body, False
    notes.append(f"the archive holds {len(body)} of {size} bytes of the body")
    return body, True


def _charset(headers: Headers) -> str | None:
    types = (value.lower() for name, value in headers if name.lower() == "content-type")
    return next((kind.partition("charset=")[2] for kind in types if "charset=" in kind), None)


def _meant(body: bytes) -> bytes | None:
    """The bytes that came, where a recorder read each of them as one character for want of a charset; else None.

    Browsers and proxies do so, and event streams and JSON are UTF-8 all the same. That a body of true UTF-8 also looks
    as if it had been read so is next to impossible: each of its characters would have to be half of another one.
    """
    try:
        came = body.decode().translate(_WINDOWS_1252).encode("latin-1")
        came.decode()
    except UnicodeError:
        return None
    return came if len(came) < len(body) else None


def _promises_a_body(response: dict[str, Any], headers: Headers) -> bool:
    """Whether an empty body is one that was not kept, rather than one that was empty."""
    is_empty = ("content-length", "0") in {(name.lower(), value) for name, value in headers}
    return response.get("status") == 200 and not is_empty


def _encoded(text: str, encoding: Any, place: tuple[Step, ...]) -> bytes:
    if encoding != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Wrong("the text is said to be base64, and is not", MEND, place) from None


def _file(entry: _Entry, name: str) -> bytes:
    """A body that lies beside the archive; a name that leads elsewhere is refused."""
    if PurePosixPath(name).name != name or "\\" in name or "\0" in name or name in {"", ".", ".."}:
        raise Wrong(f"the file name {name!r} leads out of the archive's folder", MEND, entry.place)
    found = entry.beside(name)
    if found is None:
        raise Wrong(f"a body lies in {name!r}, which is not there", "import it from where it was written", entry.place)
    return found


def _size(content: dict[str, Any]) -> int:
    """How many bytes the body had at least. Most count it unpacked; mitmproxy counts it packed, and says what was
    saved."""
    size = _number(content.get("size"))
    return int(min(size, size + _number(content.get("compression"))))


def _times(entry: dict[str, Any]) -> tuple[float, float]:
    """Seconds until the head came, and from there until the body had come; 0 where they are not known."""
    timings = entry.get("timings")
    known = timings if isinstance(timings, dict) else {}
    send, wait, receive = (max(0.0, _number(known.get(name))) / 1000 for name in ("send", "wait", "receive"))
    return send + wait, receive


def _number(value: Any) -> float:
    """A number that a recorder gave; 0 where it gave none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
    return float(value) if is_number else 0.0


def _moment(said: Any) -> str | None:
    """ISO 8601 in UTC; None where the archive has no such time."""
    try:
        moment = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
