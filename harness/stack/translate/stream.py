"""Streams: canonical events of one dialect in, frames of another out, as they come."""

from __future__ import annotations

from binascii import crc32
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from harness.dialects.base import Dialect, Holding, Loss, Verbatim
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
from harness.stack.translate.calls import Calls, Piece
from harness.stack.translate.counts import Counts
from harness.stack.translate.manners import manners
from harness.transcript import merge_usage
from harness.wire import ndjson

CUT_OFF = ErrorInfo("connection", "the upstream's answer ended before it was finished", retryable=True)
"""What the reader of a translated stream is told where the original was cut off."""

UNREADABLE = ErrorInfo("protocol", "what may have been the arguments of a call could not be read")
"""What the reader of a translated stream is told in the place of a call that would look as if it had none."""

_UNREADABLE_RULES = ("frame-not-json", "payload-malformed", "last-frame-cut")
_SUMMARY = Loss("reasoning-summary", "that reasoning is a summary is not said")
_RESPELLED = Loss("arguments-respelled", "arguments go out as an object")
_AFTER_ERROR = Loss("after-error", "an error is the last that a stream says")
_ERROR = Loss("error-kind", "not all that is known of an error has a place in a stream")
_END_OF_FAILED = Loss("end-of-failed", "an answer that fails is told by its error alone")
_FINISH_MISSING = Loss("finish-missing", "an answer that ended well has a stop reason")
_ORDER = Loss("call-order", "a call goes out when it is whole")
_EMPTY = Loss("arguments-empty", "no arguments are an empty object")
_RESPONSE_ID = Loss("response-id", "an answer has no id")

_WORDS = (Text, Reasoning, Refusal)


class StreamWriter:
    """Events of `source` in, frames of `target` out. The End among the events ends the stream in the target's way.

    A completed answer gets the target's end markers. One that was cut off or failed gets the target's error frame and
    never an end marker; a cancelled one gets nothing more, save where the target has a word for it. What a frame says
    leaves as soon as the target can say it.

    `answer` has the id and the model that the answer gets where the source names none. `salt` makes the ids that are
    made for calls differ from those of other answers of the same talk; without it, the answer's own id does.
    """

    def __init__(self, source: Dialect, target: Dialect, *, answer: Start | None = None, salt: str = "") -> None:
        self._manners = manners(source, target)
        self._target = target
        self._encoder = target.encoder()
        if self._manners.same and isinstance(self._encoder, Verbatim):
            self._encoder.verbatim = True
        self._own_losses: list[Loss] = []
        self._calls = Calls(target, self._own_losses, salt)
        self._counts = Counts(source, target)
        self._usage = Usage()
        self._usage_waits = False  # for the stop reason: counted otherwise, what came early may have been too high
        self._answer = answer or Start()
        self._start: Start | None = answer  # waits for the first content
        self._half: Text | Reasoning | Refusal | None = None  # words that end within a character
        self._finishes: list[Finish] = []  # wait for the end
        self._finished = False
        self._waits = answer is not None  # something does, and goes out before any content
        self._may_hold = False  # the encoder may hold a call that has begun
        self._gathered = False  # the encoder may hold a call that is whole
        self._unreadable = False  # a frame of the source was
        self._failed = False
        self._over = False
        self._handlers = self._by_type()

    def _by_type(self) -> dict[type, Callable[[Any, list[bytes]], None]]:
        return {
            Text: self._content,
            Reasoning: self._reasoning,
            Refusal: self._content,
            Signature: self._signature,
            ToolCall: self._tool_call,
            Usage: self._count,
            Finish: self._finish,
            Start: self._begin,
            Failure: self._fail,
            Other: self._extra,
            Retry: self._retry,
            End: self._end,
            Warning: self._warned,
        }

    @property
    def losses(self) -> list[Loss]:
        """What the target could not say so far, each thing once."""
        return list({loss.what: loss for loss in (*self._own_losses, *self._encoder.losses)}.values())

    def feed(self, events: Iterable[AnyEvent]) -> list[bytes]:
        """The frames that these events give; each item is one whole frame."""
        out: list[bytes] = []
        for event in events:
            if type(event) is Text and not self._waits and not _ends_within(event.text):
                out += self._encoder.feed(event)
            elif handler := self._handlers.get(type(event)):
                handler(event, out)
        if self._gathered:
            self._gathered = False
            out += self._encoder.settle(doubtful=False)
        return self._unbroken(out)

    def settle(self) -> list[bytes]:
        """The frames of what is held only because more might follow; for a time in which the source is silent."""
        out: list[bytes] = []
        if self._waits:
            self._hand_on(self._calls.settle(), out)
        if not self._over:
            out += self._encoder.settle()
        return self._unbroken(out)

    def keep_alive(self) -> bytes:
        """Harmless bytes for a silent time, fit for any place between two frames; empty once the stream has ended."""
        if self._over:
            return b""
        if self._manners.lines and self._start is not None:  # the sign is a record, and names the model
            self._encoder.feed(self._start)
        return self._encoder.keep_alive()

    def _unbroken(self, frames: list[bytes]) -> list[bytes]:
        """The frames, of which no reader of lines makes more than there are."""
        return [ndjson.unbroken(line) for line in frames] if self._manners.lines else frames

    def _flush(self, out: list[bytes]) -> None:
        """What has waited goes before what comes now."""
        if self._start is not None:
            start, self._start = self._start, None
            out += self._encoder.feed(start)
        if self._half is not None:
            half, self._half = self._half, None
            out += self._encoder.feed(half)
        if self._calls.wait:
            self._hand_on(self._calls.release(), out)
        self._waits = False

    def _hand_on(self, pieces: list[Piece], out: list[bytes]) -> None:
        for piece in pieces:
            out += self._encoder.feed(piece)
        self._gathered = self._may_hold = self._manners.whole_calls

    def _content(self, event: AnyEvent, out: list[bytes]) -> None:
        if self._failed:
            self._lose(_AFTER_ERROR)
            return
        if self._gathered and isinstance(event, _WORDS):  # a call that is whole goes before words that follow it
            self._gathered = False
            out += self._encoder.settle(doubtful=False)
        if self._waits:
            event = self._completed(event)
            self._flush(out)
        if isinstance(event, _WORDS) and _ends_within(event.text):
            self._half, self._waits = event, True
        else:
            out += self._encoder.feed(event)
            if self._may_hold and isinstance(event, _WORDS):
                self._look_for_calls()

    def _look_for_calls(self) -> None:
        """Words have gone out; a call that is held comes behind them, though it began before."""
        holds = isinstance(self._encoder, Holding) and self._encoder.holding
        self._may_hold = self._waits = holds
        if holds:
            self._lose(_ORDER)

    def _completed(self, event: AnyEvent) -> AnyEvent:
        """Words with the half of a character that came before them."""
        half = self._half
        if half is None or type(event) is not type(half) or event.choice != half.choice:
            return event
        self._half = None
        return msgspec.structs.replace(event, text=half.text + event.text)

    def _reasoning(self, event: Reasoning, out: list[bytes]) -> None:
        if event.summary and not self._manners.summaries:
            self._lose(_SUMMARY)
        self._content(event, out)

    def _signature(self, event: Signature, out: list[bytes]) -> None:
        if event.tool_index is None or self._failed or not self._calls.wait:
            self._content(event, out)
        else:
            self._hand_on(self._calls.sign(event), out)

    def _tool_call(self, event: ToolCall, out: list[bytes]) -> None:
        if self._failed:
            self._lose(_AFTER_ERROR)
            return
        if self._start is not None or self._half is not None:
            self._flush(out)
        if event.choice and self._manners.single_choice:
            out += self._encoder.feed(event)  # which says that it is lost
            return
        if self._manners.respells:
            self._lose(_RESPELLED)
        self._hand_on(self._calls.take(event), out)
        self._waits = self._calls.wait or self._may_hold

    def _count(self, event: Usage, out: list[bytes]) -> None:
        if self._failed:
            self._lose(_AFTER_ERROR)
            return
        if self._counts.alike:
            out += self._encoder.feed(event)
            return
        self._usage = merge_usage(self._usage, event)
        self._usage_waits = True
        if self._finished:
            self._send_usage(out)

    def _send_usage(self, out: list[bytes]) -> None:
        self._finished = True
        if self._usage_waits:
            self._usage_waits = False
            out += self._encoder.feed(self._counts.converted(self._usage))

    def _finish(self, event: Finish, out: list[bytes]) -> None:
        if self._failed:
            self._lose(_AFTER_ERROR)
            return
        if event.raw and not self._manners.same:
            event = msgspec.structs.replace(event, raw=None)  # another vendor's word
        self._send_usage(out)
        doubtful = self._manners.needs_objects and self._calls.bare  # arguments may still come, or be asked for
        if self._manners.finish_last or doubtful:
            self._finishes.append(event)
        else:
            self._content(event, out)

    def _begin(self, event: Start, out: list[bytes]) -> None:
        """The start leaves at once if it is whole; else it waits for its other half, or for the first content."""
        known = self._start or self._answer
        start = Start(event.id or known.id, event.model or known.model)
        if start.id and not self._calls.salt:
            self._calls.salt = f"{crc32(start.id.encode('utf-8', 'replace')):08x}_"
        if event.id and not self._manners.has_response_id:
            self._lose(_RESPONSE_ID)
        self._answer = start
        if start.id and start.model:
            self._start = None
            out += self._encoder.feed(start)
        else:
            self._start = start
        self._waits = self._start is not None or self._half is not None or self._calls.wait or self._may_hold

    def _extra(self, event: Other, out: list[bytes]) -> None:
        if self._manners.shows_extras:
            self._content(event, out)
        else:
            self._lose(Loss("extras", event.kind))

    def _retry(self, event: Retry, out: list[bytes]) -> None:
        """Told to front ends; other dialects have no word for it."""
        out += self._encoder.feed(event)

    def _fail(self, event: Failure, out: list[bytes]) -> None:
        if self._failed or self._over:
            return
        self._flush(out)
        self._send_usage(out)
        if self._manners.ends_in_one:
            self._lose(_END_OF_FAILED)
        else:
            for finish in self._finishes:
                out += self._encoder.feed(finish)
        self._failed = True
        self._waits = True  # so that content is looked at
        frames = self._encoder.feed(event)
        if self._read_back(frames) != event.error:
            self._lose(_ERROR)
        out += frames

    def _read_back(self, frames: list[bytes]) -> ErrorInfo | None:
        """What the target's readers make of an error, which comes once in a stream at most."""
        decoder = self._target.decoder()
        events = [*decoder.feed(b"".join(frames)), *decoder.close()]
        return next((event.error for event in events if type(event) is Failure), None)

    def _warned(self, event: Warning, out: list[bytes]) -> None:
        self._unreadable = self._unreadable or event.rule in _UNREADABLE_RULES

    def _end(self, event: End, out: list[bytes]) -> None:
        if self._over:
            return
        lacking = self._unreadable and self._manners.needs_objects and self._calls.bare
        if event.status == "completed" and not self._failed and lacking:
            self._finishes.clear()
            self._fail(Failure(UNREADABLE), out)
        elif event.status == "completed" and not self._failed:
            self._flush(out)
            self._send_usage(out)
            if self._manners.needs_objects and self._calls.bare:
                self._lose(_EMPTY)
            if self._manners.finish_needed and not self._finishes:
                self._lose(_FINISH_MISSING)
                self._finishes.append(Finish("stop"))
            for finish in self._finishes:
                out += self._encoder.feed(finish)
            out += self._encoder.close()
        elif event.status == "cancelled":
            out += [] if self._manners.whole_calls else self._encoder.feed(event)  # most have no word for it
        else:
            self._fail(Failure(CUT_OFF), out)
        self._over = True
        self._gathered = False

    def _lose(self, loss: Loss) -> None:
        if all(known.what != loss.what for known in self._own_losses):
            self._own_losses.append(loss)


def _ends_within(text: str) -> bool:
    """Whether the last character is the first half of one, whose other half must be on its way."""
    return "\ud800" <= text[-1:] <= "\udbff"
