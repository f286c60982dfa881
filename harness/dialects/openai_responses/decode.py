"""Decodes `openai-responses`: output items that are announced, grow by deltas and are done, and one final response.

Only `response.completed` and `response.incomplete` complete a stream. Everything else is read generously: events may
be missing (an item that was never announced, text that comes only when it is done), ids may change from event to event
while `output_index` stands, and places may be shared while ids stand. Whatever a later copy of the same words adds to
what was handed on counts once; where it contradicts it, what was handed on stands, with a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.dialects.decoding import FrameDecoder, as_dict, as_list, as_str, compact_json
from harness.dialects.openai_responses.errors import failure_of
from harness.dialects.openai_responses.items import (
    CHANNEL_FAMILIES,
    PART_CHANNELS,
    Channel,
    Item,
    Items,
    words,
)
from harness.dialects.openai_responses.numbers import Numbers
from harness.dialects.openai_responses.response import read_usage
from harness.events import (
    AnyEvent,
    Finish,
    FinishReason,
    Other,
    Reasoning,
    Refusal,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.wire.frame import FRAME_LIMIT, Frame
from harness.wire.sse import Framer

INCOMPLETE_REASONS: dict[str, FinishReason] = {
    "max_output_tokens": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}


class Decoder(FrameDecoder):
    """Bytes of an `openai-responses` stream to events."""

    end_marker = b"[DONE]"  # not this dialect's, but gateways append it

    def __init__(self) -> None:
        super().__init__(Framer())
        self._items = Items()
        self._started = False
        self._spoke: set[Channel] = set()
        # The part that the last delta belonged to, which most deltas share; no place: look for it anew.
        self._place: Any = None
        self._part: Any = None
        self._channel: Channel | None = None
        self._item: Item | None = None
        self._pieces: list[str] = []
        self._bounded_at = FRAME_LIMIT
        self._numbers = Numbers()

    def _payload(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        if frame.offset > self._bounded_at:
            self._bound(frame.offset, out)
        if (number := payload.get("sequence_number")) is not None:
            self._numbers.take(number, frame.offset, out)
        kind = payload.get("type")
        if type(kind) is not str:
            kind = frame.event or ""
        if delta_fields := _DELTAS.get(kind):
            self._delta(payload, delta_fields, frame, out)
        elif reader := _READERS.get(kind):
            reader(self, payload, frame, out)
        elif done_fields := _DONES.get(kind):
            self._done(payload, done_fields, frame, out)
        elif payload.get("object") == "response" and payload.get("status") in _OVER:  # in the place of a stream
            self._final({"response": payload}, frame, out)
        elif payload.get("error"):
            self._error(payload, frame, out)

    def _bound(self, offset: int, out: list[AnyEvent]) -> None:
        """Now and then, let go of what no frame can repeat, and of calls that wait for others."""
        self._bounded_at = offset + FRAME_LIMIT
        self._items.forget_beyond(FRAME_LIMIT)
        self._let_go(self._items.ready(every=True), out)
        self._place = None

    def _text_frame(self, frame: Frame, out: list[AnyEvent]) -> bool:
        event = frame.event  # a vendor's own event need not be JSON
        return event is not None and not (event in _DELTAS or event in _DONES or event in _READERS)

    def _end_marker(self, frame: Frame, out: list[AnyEvent]) -> None:
        out.append(Warning("done-marker-stray", "[DONE] is no part of this dialect", frame.offset))

    def _closing(self, out: list[AnyEvent]) -> None:
        self._let_go(self._items.ready(every=True), out)
        for item in self._items.all:
            self._release(item, out)

    def _delta(self, payload: dict[str, Any], fields: tuple[Channel, str], frame: Frame, out: list[AnyEvent]) -> None:
        delta = payload.get("delta")
        if type(delta) is not str:
            if delta:
                self.malformed(frame, "the delta is not a string", out)
            return
        if not delta:
            return
        channel, part_field = fields
        place, part = payload.get("output_index"), payload.get(part_field)
        if place is None or place != self._place or part != self._part or channel != self._channel:
            self._turn_to(payload, channel, part)
        self._pieces.append(delta)
        if channel == "text":
            if logprobs := payload.get("logprobs"):
                out.append(Other("logprobs", logprobs))
            out.append(Text(delta))
        elif self._item is not None:
            self._hand_on(self._item, channel, delta, out)

    def _turn_to(self, payload: dict[str, Any], channel: Channel, part: Any) -> None:
        """Make the part that an event speaks of the current one."""
        item = self._items.of_event(payload, CHANNEL_FAMILIES[channel])
        self._item, self._channel, self._part, self._place = item, channel, part, payload.get("output_index")
        self._pieces = item.pieces(channel, part if type(part) is int else 0)
        self._spoke.add(channel)

    def _hand_on(self, item: Item, channel: Channel, text: str, out: list[AnyEvent]) -> None:
        """Emit `text`, which is new; reasoning that comes in both channels is held back until one is done."""
        if channel == "text":
            out.append(Text(text))
        elif channel == "refusal":
            out.append(Refusal(text))
        elif channel == "arguments":
            self._say_of_call(item, ToolCall(item.call, arguments=text), out)
        else:
            item.thinks_in = item.thinks_in or channel
            if item.thinks_in == channel:
                out.append(Reasoning(text, summary=channel == "summary"))
            elif item.held is None:
                item.held = [text]
            else:
                item.held.append(text)

    def _release(self, item: Item, out: list[AnyEvent]) -> None:
        """Decide about reasoning that came in a second channel: it may be another text, or the same once more."""
        if item.held is None:
            return
        second: Channel = "reasoning" if item.thinks_in == "summary" else "summary"
        first_text, text = item.said(item.thinks_in or "summary"), "".join(item.held)
        item.held = None
        if first_text.startswith(text):
            out.append(Warning("reasoning-doubled", "the same reasoning comes as text and as summary"))
        else:
            if text.startswith(first_text):
                text = text[len(first_text) :]
            out.append(Reasoning(text, summary=second == "summary"))

    def _reconcile(
        self, item: Item, channel: Channel, whole: str, out: list[AnyEvent], part: int | None = None
    ) -> None:
        """Hand on what `whole` (of one part, or of the whole channel) holds beyond what was handed on already."""
        said = item.said(channel, part)
        if not whole or whole == said or item.forgotten:
            return
        if not whole.startswith(said):
            self._differs(item, channel, out)
            return
        missing = whole[len(said) :]
        self._spoke.add(channel)
        item.pieces(channel, item.last_part(channel) if part is None else part).append(missing)
        self._hand_on(item, channel, missing, out)

    def _differs(self, item: Item, channel: Channel, out: list[AnyEvent]) -> None:
        if not item.odd:
            item.odd = True
            out.append(Warning("snapshot-differs", f"the {channel} of an item that is done differs from its deltas"))

    def _done(
        self, payload: dict[str, Any], fields: tuple[Channel, str, str], frame: Frame, out: list[AnyEvent]
    ) -> None:
        channel, part_field, field = fields
        whole = payload.get(field)
        if type(whole) is not str:
            if not whole:
                return
            whole = compact_json(whole)
        self._place = None
        item = self._items.of_event(payload, CHANNEL_FAMILIES[channel])
        if channel == "arguments":
            self._identify(item, payload, out)
        part = payload.get(part_field)
        self._reconcile(item, channel, whole, out, part if type(part) is int else 0)

    def _part_done(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        part = as_dict(payload.get("part"))
        if found := PART_CHANNELS.get(as_str(part.get("type"))):
            channel, field = found
            index = "summary_index" if channel == "summary" else "content_index"
            self._done({**payload, field: part.get(field)}, (channel, index, field), frame, out)

    def _part_added(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        """Text that comes with the announcement counts only where nothing else brings it."""
        self._place = None
        part = as_dict(payload.get("part"))
        if found := PART_CHANNELS.get(as_str(part.get("type"))):
            channel, field = found
            if text := as_str(part.get(field)):
                item = self._items.of_event(payload, CHANNEL_FAMILIES[channel])
                item.seeds[channel] = item.seeds.get(channel, "") + text

    def _item_added(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        self._place = None
        data = payload.get("item")
        if type(data) is not dict:
            if data is not None:
                self.malformed(frame, "the announced item is not an object", out)
            return
        item = self._items.announced(data, payload.get("output_index"))
        self._identify(item, data, out)
        item.seeds.update(words(data))
        if self._items.waiting:
            self._let_go(self._items.ready(), out)

    def _item_done(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        self._place = None
        data = payload.get("item")
        if type(data) is not dict:
            self.malformed(frame, "the item that is done is not an object", out)
            return
        self._settle(self._items.done(data, payload.get("output_index")), data, out)
        if self._items.waiting:
            self._let_go(self._items.ready(), out)

    def _identify(self, item: Item, data: dict[str, Any], out: list[AnyEvent]) -> None:
        """Announce a call, or what has just become known of it."""
        if item.family != "call":
            return
        call_id = "" if item.call_id else as_str(data.get("call_id"))
        name = "" if item.name else as_str(data.get("name"))
        item.call_id = item.call_id or call_id
        item.name = item.name or name
        if call_id or name:
            self._say_of_call(item, ToolCall(item.call, call_id or None, name or None), out)

    def _say_of_call(self, item: Item, event: ToolCall, out: list[AnyEvent]) -> None:
        (out if item.waiting is None else item.waiting).append(event)

    def _let_go(self, items: list[Item], out: list[AnyEvent]) -> None:
        """Hand on the calls whose turn it is, as far as they came."""
        for item in items:
            out.extend(self._items.let_go(item))

    def _settle(self, item: Item, data: dict[str, Any], out: list[AnyEvent]) -> None:
        """Take in the whole of an item that is done."""
        self._identify(item, data, out)
        if item.family == "call" and item.id and not item.call_id:
            self._identify(item, {"call_id": item.id}, out)
        whole = words(data)
        for channel, text in item.seeds.items():
            if not item.said(channel):
                whole.setdefault(channel, text)
        for channel, text in whole.items():
            self._reconcile(item, channel, text, out)
        self._release(item, out)
        if item.family == "reasoning" and not item.signed and (data_back := as_str(data.get("encrypted_content"))):
            item.signed = True
            out.append(Signature(data_back, "encrypted", id=as_str(data.get("id")) or None))
        if item.family == "other" and not item.settled:
            out.append(Other(as_str(data.get("type")) or "item", data))
        if not item.annotated:
            self._annotations(item, data, out)
        item.settled = True

    def _annotations(self, item: Item, data: dict[str, Any], out: list[AnyEvent]) -> None:
        for part in as_list(data.get("content")):
            for annotation in as_list(as_dict(part).get("annotations")):
                item.annotated = True
                out.append(Other("annotation", annotation))

    def _annotation(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        self._items.of_event(payload, "message").annotated = True
        out.append(Other("annotation", payload.get("annotation")))

    def _created(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        if not self._started:
            self._start(as_dict(payload.get("response")), out)

    def _start(self, response: dict[str, Any], out: list[AnyEvent]) -> None:
        if not self._started:
            self._started = True
            out.append(Start(as_str(response.get("id")) or None, as_str(response.get("model")) or None))

    def _final(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        """`response.completed` or `response.incomplete`."""
        response = payload.get("response")
        if type(response) is not dict:
            if response is not None:
                self.malformed(frame, "the final event holds no response", out)
                return
            response = {}
        if response.get("status") == "failed":
            self._response_failed(payload, frame, out)
            return
        self._start(response, out)
        self._output(as_list(response.get("output")), out)
        self._usage(response.get("usage"), out)
        incomplete = response.get("status") == "incomplete" or "response.incomplete" in (
            payload.get("type"),
            frame.event,
        )
        out.append(self._incomplete(response) if incomplete else self._complete(response))
        self._finished = self._ended = True

    def _incomplete(self, response: dict[str, Any]) -> Finish:
        raw = as_str(as_dict(response.get("incomplete_details")).get("reason"))
        return Finish(INCOMPLETE_REASONS.get(raw, "other"), raw or "incomplete")

    def _complete(self, response: dict[str, Any]) -> Finish:
        raw = as_str(response.get("status")) or "completed"
        if self._items.call_count:
            return Finish("tool_calls", raw)
        return Finish("refusal" if "refusal" in self._spoke and "text" not in self._spoke else "stop", raw)

    def _output(self, output: list[Any], out: list[AnyEvent]) -> None:
        """The items of the final response: known ones add what is missing, others are new."""
        pairs = [(self._items.known(data), data) for data in output if type(data) is dict]
        taken = {id(item) for item, _ in pairs if item is not None}
        for item, data in pairs:
            item = item or self._items.renamed(data, taken) or self._items.new(data)
            taken.add(id(item))
            if item.waiting is not None:
                self._let_go([item], out)
            self._settle(self._items.learn(item, data), data, out)
        self._let_go(self._items.ready(every=True), out)
        for item in self._items.all:
            if not item.settled and item.family != "other":
                self._settle(item, {}, out)

    def _usage(self, usage: Any, out: list[AnyEvent]) -> None:
        counts = read_usage(as_dict(usage))
        if counts != Usage():
            out.append(counts)

    def _response_failed(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        response = as_dict(payload.get("response"))
        self._start(response, out)
        self._usage(response.get("usage"), out)
        self._error({"error": response.get("error") or payload.get("error")}, frame, out)
        self._ended = True

    def _error(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        if not self._failed:
            self.fail(failure_of(payload), out)


_OVER = ("completed", "incomplete", "failed")
_DELTAS: dict[str, tuple[Channel, str]] = {
    "response.output_text.delta": ("text", "content_index"),
    "response.refusal.delta": ("refusal", "content_index"),
    "response.reasoning_text.delta": ("reasoning", "content_index"),
    "response.reasoning_summary_text.delta": ("summary", "summary_index"),
    "response.function_call_arguments.delta": ("arguments", "content_index"),
    "response.custom_tool_call_input.delta": ("arguments", "content_index"),
}
_DONES: dict[str, tuple[Channel, str, str]] = {
    "response.output_text.done": ("text", "content_index", "text"),
    "response.refusal.done": ("refusal", "content_index", "refusal"),
    "response.reasoning_text.done": ("reasoning", "content_index", "text"),
    "response.reasoning_summary_text.done": ("summary", "summary_index", "text"),
    "response.function_call_arguments.done": ("arguments", "content_index", "arguments"),
    "response.custom_tool_call_input.done": ("arguments", "content_index", "input"),
}
_READERS: dict[str, Callable[[Decoder, dict[str, Any], Frame, list[AnyEvent]], None]] = {
    "response.created": Decoder._created,
    "response.queued": Decoder._created,
    "response.in_progress": Decoder._created,
    "response.output_item.added": Decoder._item_added,
    "response.output_item.done": Decoder._item_done,
    "response.content_part.added": Decoder._part_added,
    "response.content_part.done": Decoder._part_done,
    "response.reasoning_part.added": Decoder._part_added,
    "response.reasoning_part.done": Decoder._part_done,
    "response.reasoning_summary_part.added": Decoder._part_added,
    "response.reasoning_summary_part.done": Decoder._part_done,
    "response.output_text.annotation.added": Decoder._annotation,
    "response.completed": Decoder._final,
    "response.incomplete": Decoder._final,
    "response.failed": Decoder._response_failed,
    "error": Decoder._error,
}
