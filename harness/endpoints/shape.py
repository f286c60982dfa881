"""The shape of recordings: which kinds of events there are, with which fields of which types, in which order, how
streams end, under which headers and in which reads they come. Two shapes can be compared (`drift`).

Every observation is counted in events and in exchanges, by the situation (the probe) in which it was made, and keeps
the first place at which it was made, so that a difference can be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from harness.endpoints.chunking import Reads, reads_of
from harness.recording.cassette import Exchange
from harness.recording.content_coding import UnpackedTooLarge, unpacked
from harness.recording.golden import asked_in
from harness.recording.importers.bodies import frames_of, payload_of
from harness.wire.frame import Frame

OPAQUE = frozenset(
    {"args", "arguments", "input", "input_schema", "json_schema", "logit_bias", "metadata", "parameters", "properties"}
    | {"schema", "tools", "instructions"}
)
"""Fields whose inside is the model's or the caller's own: nobody promises its shape."""
ECHOES = frozenset(
    {"instructions", "metadata", "prompt_cache_key", "safety_identifier", "tool_choice", "tools", "user"}
)
"""Fields that give back what the caller asked: their type is the caller's choice."""
ENUMERATIONS = frozenset(
    {"finish_reason", "stop_reason", "finishReason", "done_reason", "blockReason", "object", "role", "status", "code"}
)
"""Fields whose values are words that clients compare."""
START = "(start)"
_EXCERPT = 120
_LEVELS = 16
_FORMS = 64
_NAME = re.compile(r"[A-Za-z_@$][\w.$:@-]{0,60}", re.ASCII)
_WORD = re.compile(r"[\w.-]{1,40}", re.ASCII)
_STREAM_TYPES = ("text/event-stream", "application/x-ndjson", "application/vnd.amazon.eventstream")

Situation: TypeAlias = str
"""The probe that an exchange answers; empty where that is not known."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was seen: the cassette, the exchange's number in it, the byte of its body, and what stands
    there."""

    file: str
    exchange: int
    offset: int | None
    excerpt: str


@dataclass(frozen=True, slots=True)
class Source:
    """One exchange that is looked at: its number among all, its situation, and where it lies."""

    number: int
    situation: Situation
    file: str
    exchange: int

    def place(self, offset: int | None, shown: bytes) -> Place:
        """A place in it; what is shown is cut."""
        text = shown[: 4 * _EXCERPT].decode("utf-8", "backslashreplace")
        return Place(self.file, self.exchange, offset, text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…")


@dataclass(slots=True)
class Seen:
    """How often something was seen, in which exchanges, and where first."""

    count: int = 0
    exchanges: dict[int, Situation] = field(default_factory=dict)
    place: Place | None = None

    def add(self, source: Source, offset: int | None, shown: Any) -> None:
        """One more; `shown` is bytes, or a value whose JSON is shown."""
        self.count += 1
        self.exchanges[source.number] = source.situation
        if self.place is None:
            self.place = source.place(offset, shown if isinstance(shown, bytes) else msgspec.json.encode(shown))


Tally: TypeAlias = dict[str, Seen]


@dataclass(slots=True)
class FieldShape:
    """One field: how often it was there, the types of its values, and of enumerations the values."""

    seen: Seen = field(default_factory=Seen)
    types: Tally = field(default_factory=dict)
    values: Tally = field(default_factory=dict)


@dataclass(slots=True)
class KindShape:
    """One kind of event, or of document: its SSE names, the objects in it by their path, their fields, and for each
    path the sets of keys that objects there have."""

    seen: Seen = field(default_factory=Seen)
    names: Tally = field(default_factory=dict)
    objects: Tally = field(default_factory=dict)
    fields: dict[str, FieldShape] = field(default_factory=dict)
    forms: dict[str, dict[frozenset[str], Seen]] = field(default_factory=dict)

    def without(self, path: str, name: str) -> Seen:
        """The objects at that path that have no such key."""
        lacking = Seen()
        for keys, seen in self.forms.get(path, {}).items():
            if name not in keys:
                lacking.count += seen.count
                lacking.exchanges |= seen.exchanges
                lacking.place = lacking.place or seen.place
        return lacking


@dataclass(slots=True)
class DialectShape:
    """Everything seen in one dialect. `answers` has for each situation the statuses, `headers` for each class of
    answers (`2xx`, or the status of an error) the names; `content_types` also tells situations apart."""

    exchanges: dict[int, Situation] = field(default_factory=dict)
    streams: dict[int, Situation] = field(default_factory=dict)
    kinds: dict[str, KindShape] = field(default_factory=dict)
    order: dict[tuple[str, str], Seen] = field(default_factory=dict)
    ends: Tally = field(default_factory=dict)
    answers: dict[Situation, Tally] = field(default_factory=dict)
    endings: dict[Situation, Tally] = field(default_factory=dict)
    headers: dict[str, Tally] = field(default_factory=dict)
    answered: dict[str, Seen] = field(default_factory=dict)
    content_types: dict[str, Tally] = field(default_factory=dict)
    framing: Tally = field(default_factory=dict)
    reads: list[Reads] = field(default_factory=list)


Shape: TypeAlias = dict[str, DialectShape]
"""The shape of recordings, by dialect."""


def shape_of(exchanges: Iterable[tuple[str, int, Exchange]]) -> Shape:
    """The shape of exchanges, each with its cassette's name and its number in it.

    Exchanges with no dialect's endpoint are passed over, and so are those whose probe was not elicited.
    """
    shape: Shape = {}
    for number, (file, position, exchange) in enumerate(exchanges):
        asked = asked_in(exchange)
        if asked is None or is_not_elicited(exchange) or not exchange.response.head:
            continue
        source = Source(number, exchange.scenario or "", file, position)
        _Look(shape.setdefault(asked.dialect.name, DialectShape()), source, exchange).look()
    return shape


def is_not_elicited(exchange: Exchange) -> bool:
    """Whether the recorder said that the answer does not show what the probe is about."""
    return exchange.note is not None and "not elicited" in exchange.note


def kind_of(frame: Frame) -> tuple[str, dict[str, Any] | None]:
    """The kind of a frame, and its payload where that is an object.

    The payload's own `type` is the kind, where it has one. Dialects without have few kinds, told by what is there.
    """
    payload = payload_of(frame.data)
    if payload is None:
        text = frame.data.strip()
        return (text.decode() if _WORD.fullmatch(text.strip(b"[]").decode("ascii", "replace")) else "(text)"), None
    match payload:
        case {"type": str(kind)} if _WORD.fullmatch(kind):
            return kind, payload
        case {"error": error} if error is not None:
            return "error", payload
        case {"choices": []} | {"choices": None}:
            return ("usage" if payload.get("usage") else "no choices"), payload
        case {"done": bool(done)}:
            return ("last" if done else "part"), payload
    return "chunk", payload


class _Look:
    """Looks at one exchange, and adds to a shape what it sees."""

    def __init__(self, shape: DialectShape, source: Source, exchange: Exchange) -> None:
        self._shape, self._source, self._exchange = shape, source, exchange
        self._response = exchange.response

    def look(self) -> None:
        shape, source, response = self._shape, self._source, self._response
        shape.exchanges[source.number] = source.situation
        body = self._body()
        first = body[:_EXCERPT]
        _seen(shape.answers.setdefault(source.situation, {}), str(response.status)).add(source, 0, first)
        _seen(shape.endings.setdefault(source.situation, {}), response.ending).add(source, len(body), body[-_EXCERPT:])
        self._headers()
        is_stream = 200 <= response.status < 300 and self._content_type() in _STREAM_TYPES
        if is_stream:
            self._stream(body)
        elif (payload := payload_of(body)) is not None:
            kind = "(document)" if response.status < 300 else f"(error {response.status})"
            self._payload(kind, payload, Frame(body, 0))

    def _body(self) -> bytes:
        codings = self._response.header("content-encoding") or ""
        try:
            return unpacked(self._response.body, codings) or b""
        except UnpackedTooLarge:
            return b""

    def _content_type(self) -> str:
        """The media type; of recordings without one, what the body begins like."""
        said = self._response.header("content-type")
        if said is not None:
            return said.partition(";")[0].strip().lower()
        return "application/json" if self._response.body.lstrip()[:2] in (b"{\n", b"{ ") else _STREAM_TYPES[0]

    def _headers(self) -> None:
        status = self._response.status
        group = "2xx" if 200 <= status < 300 else str(status)
        names = dict(self._response.headers)
        if not names:
            return  # a recorder that keeps no headers says nothing about them
        line = f"{status}".encode()
        _seen(self._shape.answered, group).add(self._source, None, line)
        for name, value in names.items():
            _seen(self._shape.headers.setdefault(group, {}), name).add(self._source, None, f"{name}: {value}".encode())
        if said := self._response.header("content-type"):
            kind = said.partition(";")[0].strip().lower()
            answer = f"{group} {self._source.situation}".rstrip()
            _seen(self._shape.content_types.setdefault(answer, {}), kind).add(self._source, None, said.encode())

    def _stream(self, body: bytes) -> None:
        shape, source = self._shape, self._source
        shape.streams[source.number] = source.situation
        before, last = START, None
        offsets = []
        for frame in frames_of(body):
            offsets.append(frame.offset)
            kind, payload = kind_of(frame)
            self._payload(kind, payload, frame)
            if kind != before:
                _pair(shape.order, (before, kind)).add(source, frame.offset, frame.data)
            before, last = kind, frame
        if last is not None and self._is_whole():
            _seen(shape.ends, before).add(source, last.offset, last.data)
        for feature in _framing_of(body):
            _seen(shape.framing, feature).add(source, 0, body[:_EXCERPT])
        if (reads := reads_of(self._exchange, offsets, body)) is not None:
            shape.reads.append(reads)

    def _is_whole(self) -> bool:
        status = (self._exchange.transcript or {}).get("status", "completed")
        return self._response.ending == "clean" and status == "completed"

    def _payload(self, kind: str, payload: dict[str, Any] | None, frame: Frame) -> None:
        shape = self._shape.kinds.setdefault(kind, KindShape())
        shape.seen.add(self._source, frame.offset, frame.data)
        _seen(shape.names, frame.event or "").add(self._source, frame.offset, frame.data)
        if payload is not None:
            self._object(shape, payload, "", frame.offset, _LEVELS)

    def _object(self, shape: KindShape, value: dict[str, Any], path: str, offset: int, levels: int) -> None:
        """Objects that say their type are different ones: what one has, another need not have."""
        tag = value.get("type")
        if path and isinstance(tag, str) and _WORD.fullmatch(tag):
            path = f"{path}<{tag}>"
        _seen(shape.objects, path).add(self._source, offset, value)
        forms, keys = shape.forms.setdefault(path, {}), frozenset(value)
        if keys in forms or len(forms) < _FORMS:
            forms.setdefault(keys, Seen()).add(self._source, offset, value)
        for key, inner in value.items():
            name = key if _NAME.fullmatch(key) else "*"
            self._value(shape, inner, f"{path}.{name}" if path else name, name, offset, levels - 1)

    def _value(self, shape: KindShape, value: Any, path: str, name: str, offset: int, levels: int) -> None:
        found = shape.fields.get(path)
        if found is None:
            found = shape.fields[path] = FieldShape()
        shown = {name: value}
        found.seen.add(self._source, offset, shown)
        _seen(found.types, "any" if name in ECHOES else _type(value)).add(self._source, offset, shown)
        if name in ENUMERATIONS and isinstance(value, str) and _WORD.fullmatch(value):
            _seen(found.values, value).add(self._source, offset, shown)
        if name in OPAQUE or not levels:
            return
        if isinstance(value, dict):
            self._object(shape, value, path, offset, levels)
        elif isinstance(value, list):
            for inner in value:
                self._value(shape, inner, f"{path}[]", "", offset, levels - 1)


def _seen(tally: Tally, key: str) -> Seen:
    found = tally.get(key)
    if found is None:
        found = tally[key] = Seen()
    return found


def _pair(tally: dict[tuple[str, str], Seen], key: tuple[str, str]) -> Seen:
    return tally.setdefault(key, Seen())


def _type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _framing_of(body: bytes) -> Iterator[str]:
    """What hand-written readers of event streams trip over."""
    if body.startswith(b"\xef\xbb\xbf"):
        yield "a byte order mark"
    if b"\r\n" in body:
        yield "lines that end in CRLF"
    elif b"\n" in body:
        yield "lines that end in LF"
    if re.search(rb"(?m)^data:[^ \r\n]", body):
        yield "no space after `data:`"
    if re.search(rb"(?m)^id:", body):
        yield "`id:` lines"
    if re.search(rb"(?m)^retry:", body):
        yield "`retry:` lines"
    if re.search(rb"(?m)^:", body):
        yield "comments"
