"""What the dialects' `answer` files share: answers that are one JSON document instead of a stream.

A document is read by the decoder that reads the dialect's streams, and put together from the frames that its encoder
writes, so that a document and a stream of the same answer say the same and lose the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from harness.dialects.base import Answer, Encoder, Loss
from harness.dialects.decoding import FrameDecoder, as_dict, compact_json, read_json
from harness.events import (
    AnyEvent,
    End,
    ErrorInfo,
    Failure,
    Finish,
    Other,
    Reasoning,
    Refusal,
    Retry,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.transcript import merge_usage

_SHOWN = 200  # characters of a body that is no answer, in the message about it
_SAID = (Text, Reasoning, Refusal, ToolCall, Signature, Other, Finish, Failure)
_Words = Text | Reasoning | Refusal


def read_document(decoder: FrameDecoder, name: str, body: bytes, document: Any) -> list[AnyEvent]:
    """The events of a document, or of a list of them; `document` is what the body is as JSON. Never raises."""
    payloads = document if type(document) is list else [document]
    if payloads and all(type(payload) is dict for payload in payloads):
        events = decoder.document(payloads)
        if events[-1] != End("truncated") or any(isinstance(event, _SAID) for event in events):
            return events
    shown = body[:_SHOWN].decode("utf-8", "replace").strip()
    return [Failure(ErrorInfo("protocol", f"the body is no {name} answer; it begins with {shown!r}")), End("failed")]


def body_json(body: bytes) -> Any:
    """The JSON value of a body, with white space or a byte order mark before it; None where it is none."""
    return read_json(body.strip())


def written(encoder: Encoder, events: Sequence[AnyEvent], join: Callable[[Sequence[bytes]], Answer]) -> Answer:
    """The answer that joins the frames which the encoder makes of the events. Raises ValueError as `join` does."""
    frames = [frame for event in gathered(events) for frame in encoder.feed(event)] + encoder.close()
    answer = join(frames)
    return Answer(answer.body, once([*encoder.losses, *answer.losses]))


def frame_payloads(frames: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The JSON objects in frames. Raises ValueError at one that is an error."""
    for frame in frames:
        payload = _payload(frame[frame.find(b"{") :]) if b"{" in frame else None
        if type(payload) is dict:
            if error := payload.get("error"):
                raise ValueError(f"an answer that failed is no document: {as_dict(error).get('message') or error}")
            yield payload


def _payload(data: bytes) -> Any:
    """The JSON value of a frame, in which numbers keep their spelling: arguments must arrive as they were made."""
    if b"\\ud" in data or b"\\uD" in data:  # what may be half a pair cannot be written beside kept spellings
        return read_json(data)
    try:
        return json.loads(data, parse_float=lambda spelled: msgspec.Raw(spelled.encode()))
    except (ValueError, RecursionError):
        return None


def to_answer(document: dict[str, Any], losses: Iterable[Loss] = ()) -> Answer:
    """The document as an answer's body, with what it could not say."""
    return Answer(compact_json(document).encode("utf-8", "replace"), tuple(losses))


def once(losses: Sequence[Loss]) -> tuple[Loss, ...]:
    """The losses, each thing once, as it was first told."""
    first = {loss.what: loss for loss in reversed(losses)}
    return tuple(reversed(first.values()))


def gathered(events: Sequence[AnyEvent]) -> list[AnyEvent]:
    """The events of a whole answer, every thing once: the start, what each choice says in its order, usage, finishes.

    Deltas that follow each other are one, and a call is one event with its signature behind it. Raises ValueError for
    an answer that did not end well.
    """
    gathering = _Gathering()
    for event in events:
        gathering.take(event)
    return gathering.result()


class _Gathering:
    """The answer so far."""

    def __init__(self) -> None:
        self._start = Start()
        self._usage = Usage()
        self._finishes: dict[int, Finish] = {}
        self._said: list[_Run] = []
        self._last: dict[int, _Run] = {}  # of each choice
        self._calls: dict[tuple[int, int], _Run] = {}
        self._ended = False

    def take(self, event: AnyEvent) -> None:
        match event:
            case Text() | Reasoning() | Refusal():
                self._words(event)
            case ToolCall():
                self._call(event)
            case Signature() | Other():
                self._by_itself(event)
            case Start():
                self._start = Start(self._start.id or event.id, self._start.model or event.model)
            case Usage():
                self._usage = merge_usage(self._usage, event)
            case Finish():
                self._finishes.setdefault(event.choice, event)
            case Failure() | End(status="truncated" | "failed" | "cancelled"):
                raise ValueError("an answer that did not end well is no document")
            case End():
                self._ended = True
            case Warning() | Retry():
                pass

    def _words(self, event: _Words) -> None:
        last = self._last.get(event.choice)
        if last is not None and last.takes(event):
            last.pieces.append(event.text)
        elif event.text:
            self._last[event.choice] = run = _Run(event, [event.text])
            self._said.append(run)

    def _call(self, event: ToolCall) -> None:
        run = self._calls.get((event.choice, event.index))
        if run is None:
            run = self._calls[event.choice, event.index] = self._last[event.choice] = _Run(event, [])
            self._said.append(run)
        elif isinstance(run.event, ToolCall):
            known = run.event
            run.event = ToolCall(known.index, known.id or event.id, event.name or known.name, "", known.choice)
        run.pieces.append(event.arguments)

    def _by_itself(self, event: Signature | Other) -> None:
        choice, call = 0, None
        if isinstance(event, Signature):
            choice = event.choice
            call = None if event.tool_index is None else self._calls.get((choice, event.tool_index))
        if call is not None:
            call.signatures.append(event)
            return
        self._last[choice] = run = _Run(event, [])
        self._said.append(run)

    def result(self) -> list[AnyEvent]:
        if not self._ended:
            raise ValueError("an answer that never ended is no document")
        said = [event for run in self._said for event in run.events()]
        usage = [] if self._usage == Usage() else [self._usage]
        return [self._start, *said, *usage, *self._finishes.values()]


class _Run:
    """One thing that is said: words, or the arguments of a call, in their pieces; or what has none."""

    def __init__(self, event: AnyEvent, pieces: list[str]) -> None:
        self.event = event
        self.pieces = pieces
        self.signatures: list[AnyEvent] = []

    def takes(self, event: _Words) -> bool:
        """Whether those words go on with these."""
        known = self.event
        return type(known) is type(event) and getattr(known, "summary", None) == getattr(event, "summary", None)

    def events(self) -> list[AnyEvent]:
        match self.event:
            case Text() | Reasoning() | Refusal():
                return [msgspec.structs.replace(self.event, text="".join(self.pieces))]
            case ToolCall():
                whole = msgspec.structs.replace(self.event, arguments="".join(self.pieces))
                return [whole, *self.signatures]
        return [self.event]
