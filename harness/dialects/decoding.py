"""The one machine behind every dialect's decoder: bytes to frames to payloads, warnings, failures and the end.

A dialect's decoder subclasses FrameDecoder and reads payloads (parsed JSON objects) in `_payload`. Everything here is
total over its input: what is wrong with a stream becomes an event, never an exception. The functions at the end read
values whose type the peer may have got wrong.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import msgspec

from harness.events import AnyEvent, End, ErrorInfo, Failure, Status, Warning
from harness.wire import aws_event_stream, json_array, sse
from harness.wire.frame import Frame, Framer

_SHOWN = 60  # characters of an unreadable payload that a warning shows
_COUNT_LIMIT = 2**63  # what readers of our JSON can hold

_parse = msgspec.json.Decoder().decode
_to_json = msgspec.json.Encoder().encode


class Framing:
    """Bytes to frames. It is all of a decoder that sees reads, and nothing that it holds is seen by the rest."""

    __slots__ = ("framer", "size")

    def __init__(self, framer: Framer) -> None:
        self.framer = framer
        self.size = 0
        """Bytes fed."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes."""
        if not self.size:
            self._choose_framer(data[:1])
        self.size += len(data)
        return self.framer.feed(data)

    def close(self) -> list[Frame]:
        """What is left when the body ends."""
        return self.framer.close()

    def _choose_framer(self, first_byte: bytes) -> None:
        """Another framing where the body begins with what the dialect's own cannot begin with."""
        if first_byte == aws_event_stream.FIRST_BYTE:
            self.framer = aws_event_stream.Framer()  # Bedrock carries the vendor's own events in a framing of AWS's
        elif first_byte == b"{" and type(self.framer) is sse.Framer:
            self.framer = json_array.Framer()  # one JSON document in the place of a stream, most often an error


class FrameDecoder(ABC):
    """Bytes to events. A dialect implements `_payload`; `feed` and `close` are as `base.Decoder` says.

    A dialect sets `_finished` once the model's own stop reason was seen, and `_ended` once the protocol's end marker
    was: frames after it are ignored. `end_marker` is the payload of an end marker that is not JSON.
    """

    end_marker: bytes | None = None

    def __init__(self, framer: Framer) -> None:
        self.framing = Framing(framer)
        self._finished = False
        self._ended = False
        self._failed = False
        self._warned_after_end = False
        self._whole = False  # the body is a document, which is whole by itself
        self._unreadable: str | None = None  # what could not be read, first

    def feed(self, data: bytes) -> list[AnyEvent]:
        """The events that `data` completes."""
        out: list[AnyEvent] = []
        self._read(self.framing.feed(data), out)
        return out

    def steps(self, data: bytes) -> list[list[AnyEvent]]:
        """The same events, those of each frame by themselves: that does not depend on where `data` was cut."""
        steps: list[list[AnyEvent]] = []
        for frame in self.framing.feed(data):
            out: list[AnyEvent] = []
            self._read([frame], out)
            steps.append(out)
        return steps

    def _read(self, frames: Iterable[Frame], out: list[AnyEvent]) -> None:
        """Read frames one by one: what comes of one depends on those before it, and not on how they came."""
        for frame in frames:
            if self._ended:
                self._after_end(frame, out)
                continue
            try:
                payload = _parse(frame.data)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                self._not_plain_json(frame, out)
                continue
            if type(payload) is dict:
                self._payload(payload, frame, out)
            elif payload is not None and not self._text_frame(frame, out):
                self.malformed(frame, "the payload is not an object", out)

    def document(self, payloads: Iterable[dict[str, Any]]) -> list[AnyEvent]:
        """The events of a body that is no stream but JSON, most often one object; instead of `feed` and `close`."""
        self._whole = True
        out: list[AnyEvent] = []
        for payload in payloads:
            self._payload(payload, Frame(b"", 0), out)
        return [*out, *self.close()]

    def close(self) -> list[AnyEvent]:
        """What is left of the body, then the dialect's own warnings, then End."""
        out: list[AnyEvent] = []
        for frame in self.framing.close():
            self._last_frame(frame, out)
        self._closing(out)
        if self._unreadable and not (self._failed or self._completed()):
            message = f"{self._unreadable}, and the stream never came to its end"
            self.fail(ErrorInfo("protocol", message), out)
        out.append(End(self._status()))
        return out

    @property
    def _size(self) -> int:
        """Bytes of the body, once it has ended: while frames are read, it would depend on the cutting."""
        return self.framing.size

    @property
    def ended(self) -> bool:
        """Whether the protocol's end marker was seen: a reader need not wait for what follows."""
        return self._ended

    @abstractmethod
    def _payload(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        """Read one payload: append its events to `out`."""

    def _text_frame(self, frame: Frame, out: list[AnyEvent]) -> bool:
        """Read a frame that is no JSON object; False where it means nothing to the dialect."""
        return False

    def _end_marker(self, frame: Frame, out: list[AnyEvent]) -> None:
        """Take note of the end marker."""
        self._ended = True

    def _closing(self, out: list[AnyEvent]) -> None:  # noqa: B027  most dialects have nothing to say
        """Say what is odd about a body that ends here."""

    def _completed(self) -> bool:
        """Whether the stream said that it is whole."""
        return self._finished

    def _status(self) -> Status:
        if self._failed:
            return "failed"
        return "completed" if self._completed() else "truncated"

    def fail(self, error: ErrorInfo, out: list[AnyEvent]) -> None:
        """The stream failed: nothing that follows can make it whole."""
        self._failed = True
        out.append(Failure(error))

    def malformed(self, frame: Frame, what: str, out: list[AnyEvent]) -> None:
        """A payload that cannot be read: a warning now, a failure if the stream never comes to its end."""
        self._unreadable = self._unreadable or f"a frame at byte {frame.offset} could not be read: {what}"
        out.append(Warning("payload-malformed", what, frame.offset))

    def _after_end(self, frame: Frame, out: list[AnyEvent]) -> None:
        if not self._warned_after_end:
            self._warned_after_end = True
            out.append(Warning("frame-after-end", "the stream goes on after its end marker", frame.offset))

    def _last_frame(self, frame: Frame, out: list[AnyEvent]) -> None:
        """A frame whose end never came: it counts if its data is whole."""
        if self._ended:
            self._after_end(frame, out)
        elif type(payload := read_json(frame.data)) is dict:
            out.append(Warning("last-frame-unterminated", "the last frame is whole but was not ended", frame.offset))
            self._payload(payload, frame, out)
        elif self.end_marker is not None and frame.data.strip() == self.end_marker:
            out.append(Warning("last-frame-unterminated", "the end marker is whole but was not ended", frame.offset))
            self._end_marker(frame, out)
        else:
            out.append(Warning("last-frame-cut", "the body ends within a frame", frame.offset))

    def _not_plain_json(self, frame: Frame, out: list[AnyEvent]) -> None:
        """A frame that the fast parser refuses: the end marker, a keep-alive, odd JSON, or none at all."""
        data = frame.data.strip()
        if frame.too_long:
            message = f"the frame at byte {frame.offset} is longer than a frame may be"
            self.fail(ErrorInfo("protocol", message, code="frame-too-long"), out)
        elif not data:
            return
        elif data == self.end_marker:
            self._end_marker(frame, out)
        elif type(payload := read_json(data)) is dict:
            if not is_utf8(data):
                out.append(Warning("frame-not-utf8", "bytes that are not UTF-8 are read as U+FFFD", frame.offset))
            self._payload(payload, frame, out)
        elif not self._text_frame(frame, out):
            shown = data[:_SHOWN].decode("utf-8", "replace")
            self._unreadable = self._unreadable or f"the frame at byte {frame.offset} is not JSON: {shown!r}"
            out.append(Warning("frame-not-json", f"the frame is not a JSON object: {shown!r}", frame.offset))


def read_json(data: bytes) -> Any:
    """The JSON value that `data` spells, read tolerantly (lone surrogates, NaN, bad UTF-8); None where it is none."""
    try:
        return _parse(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(data.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


def is_utf8(data: bytes) -> bool:
    """Whether `data` decodes."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def as_dict(value: Any) -> dict[str, Any]:
    """`value` where it is an object, else an empty one."""
    return value if type(value) is dict else {}


def as_list(value: Any) -> list[Any]:
    """`value` where it is an array, else an empty one."""
    return value if type(value) is list else []


def as_str(value: Any) -> str:
    """`value` where it is a string, else an empty one."""
    return value if type(value) is str else ""


def as_count(value: Any) -> int | None:
    """`value` where it is a count of something (a whole number from 0, below 2**63), else None; `9.0` is 9."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value < _COUNT_LIMIT else None


def compact_bytes(value: Any) -> bytes:
    """`value` as JSON without white space, in UTF-8; half a surrogate pair goes out as its escape."""
    try:
        return _to_json(value)
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError, RecursionError):
        return compact_json(value).encode("utf-8", "replace")


def compact_json(value: Any) -> str:
    """`value` as JSON without white space: how arguments that come as an object are kept; empty if nested too deep."""
    try:
        return _to_json(value).decode()
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError, RecursionError):
        pass
    try:  # lone surrogates, which only an escape can carry
        return json.dumps(value, separators=(",", ":"))
    except RecursionError:
        return ""
