"""Gemini's stream, decoded: frames of GenerateContentResponse to canonical events.

There is no end marker, and the vendor may give a finish reason more than once (with code execution it closes a round,
older models write it on every chunk). So the end of the body ends the turn, and `close()` gives the Finish. The first
reason stands, unless content follows it and then another reason. `STOP` of a candidate that made calls is
`tool_calls`; no other reason is overridden. What the vendor's own tools did (code execution, search) and pictures are
Other events whose kind is the part's key and whose data is the whole part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.dialects.decoding import FrameDecoder, as_count, as_dict, as_list, as_str, compact_json, read_json
from harness.dialects.gemini.errors import error_in_stream
from harness.dialects.gemini.framing import Framer, elements
from harness.dialects.gemini.partial_args import PartialArgs
from harness.events import (
    AnyEvent,
    Finish,
    FinishReason,
    Other,
    Reasoning,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.transcript import MADE_ID_PREFIX
from harness.wire.frame import Frame

_UNSPECIFIED = ("FINISH_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED")
_NAMES_OF_NUMBERS: Mapping[int, str] = {
    # google.ai.generativelanguage.v1beta; a client may ask for enums as numbers. Vertex numbers 6 and up otherwise.
    1: "STOP",
    2: "MAX_TOKENS",
    3: "SAFETY",
    4: "RECITATION",
    5: "OTHER",
    6: "LANGUAGE",
    7: "BLOCKLIST",
    8: "PROHIBITED_CONTENT",
    9: "SPII",
    10: "MALFORMED_FUNCTION_CALL",
    11: "IMAGE_SAFETY",
    12: "UNEXPECTED_TOOL_CALL",
    13: "TOO_MANY_TOOL_CALLS",
    14: "IMAGE_PROHIBITED_CONTENT",
    15: "IMAGE_OTHER",
    16: "NO_IMAGE",
    17: "IMAGE_RECITATION",
}
_REASONS: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "CONTINUATION": "pause",
}
_HOSTED_PARTS = ("executableCode", "codeExecutionResult", "toolCall", "toolResponse")
_NOTHING: tuple[Any, ...] = (None, "", [])
_PLAIN_PARTS = frozenset({"text", "thought", "thoughtSignature", "functionCall"})
_EXTRAS = ("groundingMetadata", "citationMetadata", "urlContextMetadata", "logprobsResult", "finishMessage")


class _Candidate:
    """What must be remembered of one candidate."""

    __slots__ = ("calls", "continued", "hosted", "open_args", "raw")

    def __init__(self) -> None:
        self.raw: str | int | None = None  # the finish reason that stands
        self.continued = False  # content came after it
        self.hosted = False  # the vendor's own tools take part, whose rounds have reasons of their own
        self.calls = 0
        self.open_args: PartialArgs | None = None  # of the last call, while its arguments are streamed

    def is_finished(self) -> bool:
        """Whether the reason that stands closes the whole turn."""
        return self.raw is not None and not (self.hosted and self.continued)

    def finish(self, choice: int) -> Finish:
        """The reason that stands, as an event."""
        name = _NAMES_OF_NUMBERS.get(self.raw, "") if isinstance(self.raw, int) else self.raw or ""
        reason = _REASONS.get(name.upper(), "other")
        return Finish("tool_calls" if reason == "stop" and self.calls else reason, str(self.raw), choice)


class Decoder(FrameDecoder):
    """Bytes of a streamGenerateContent response (SSE or JSON array) to events."""

    def __init__(self) -> None:
        super().__init__(Framer())
        self._candidates: dict[int, _Candidate] = {}
        self._start = Start()
        self._started = False  # the id and the model are known
        self._usage = Usage()  # as last given
        self._blocked: str | int | None = None
        self._made_ids = 0
        self._warned_continued = False

    def _payload(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        if not self._started:
            self._take_start(payload, out)
        if candidates := payload.get("candidates"):
            if type(candidates) is list:
                for candidate in candidates:
                    self._take_candidate(candidate, frame, out)
            else:
                self.malformed(frame, "candidates is not an array", out)
        if usage := payload.get("usageMetadata"):
            self._take_usage(usage, out)
        if feedback := payload.get("promptFeedback"):
            self._take_feedback(as_dict(feedback), out)
        if error := payload.get("error"):
            self.fail(error_in_stream(error), out)

    def _text_frame(self, frame: Frame, out: list[AnyEvent]) -> bool:
        """Several objects glued together in one payload, as some gateways send them."""
        payloads = [read_json(element.data) for element in elements(frame)]
        if len(payloads) < 2 or not all(type(payload) is dict for payload in payloads):
            return False
        out.append(Warning("frame-holds-several", "one payload holds several objects", frame.offset))
        for payload in payloads:
            self._payload(payload, frame, out)
        return True

    def _take_start(self, payload: dict[str, Any], out: list[AnyEvent]) -> None:
        known = self._start
        start = Start(
            known.id or as_str(payload.get("responseId")) or None,
            known.model or as_str(payload.get("modelVersion")) or None,
        )
        if start != known:
            self._start = start
            self._started = start.id is not None and start.model is not None
            out.append(start)

    def _take_candidate(self, candidate: Any, frame: Frame, out: list[AnyEvent]) -> None:
        if type(candidate) is not dict:
            return self.malformed(frame, "a candidate is not an object", out)
        index = candidate.get("index")
        choice = (as_count(index) or 0) if index else 0
        state = self._candidates.get(choice)
        if state is None:
            state = self._candidates[choice] = _Candidate()
        if content := candidate.get("content"):
            self._take_content(content, choice, state, frame, out)
        if reason := candidate.get("finishReason"):
            self._take_reason(reason, state, frame, out)
        if len(candidate) > (index is not None) + bool(content) + bool(reason):
            out += [Other(key, candidate[key]) for key in _EXTRAS if candidate.get(key) not in _NOTHING]
        return None

    def _take_content(self, content: Any, choice: int, state: _Candidate, frame: Frame, out: list[AnyEvent]) -> None:
        parts = content.get("parts") if type(content) is dict else content
        if not parts:
            return
        if type(parts) is not list:
            self.malformed(frame, "the parts of a content are not an array", out)
            return
        before = len(out)
        for part in parts:
            if type(part) is not dict:
                self.malformed(frame, "a part is not an object", out)
            elif len(part) == 1 and type(text := part.get("text")) is str:  # nearly every part is this
                if text:
                    out.append(Text(text, choice))
            else:
                self._take_part(part, choice, state, frame, out)
        if state.raw is None or len(out) == before:
            return
        state.continued = True
        if not self._warned_continued:
            self._warned_continued = True
            out.append(Warning("content-after-finish", "content follows the finish reason", frame.offset))

    def _take_part(
        self, part: dict[str, Any], choice: int, state: _Candidate, frame: Frame, out: list[AnyEvent]
    ) -> None:
        if text := part.get("text"):
            if type(text) is not str:
                self.malformed(frame, "the text of a part is not a string", out)
            elif part.get("thought") is True:
                out.append(Reasoning(text, choice))
            else:
                out.append(Text(text, choice))
        tool_index = None
        if (call := part.get("functionCall")) is not None:
            self._take_call(call, choice, state, frame, out)
            tool_index = max(state.calls - 1, 0)
        elif kind := next((key for key in part if key not in _PLAIN_PARTS and part[key] not in _NOTHING), None):
            state.hosted = state.hosted or kind in _HOSTED_PARTS
            if type(text) is not str:
                out.append(Other(kind, part))
                return
            # What else a part of text holds: its words and its signature would be told a second time.
            out.append(Other(kind, {key: part[key] for key in part if key not in _PLAIN_PARTS}))
        if signature := as_str(part.get("thoughtSignature")):
            out.append(Signature(signature, choice=choice, tool_index=tool_index))

    def _take_call(self, call: Any, choice: int, state: _Candidate, frame: Frame, out: list[AnyEvent]) -> None:
        if type(call) is not dict:
            return self.malformed(frame, "a functionCall is not an object", out)
        name = as_str(call.get("name"))
        streamed = state.open_args
        if name or not streamed:
            if not call:
                return None  # the end of a streamed call that was never begun
            if streamed:
                self._leave_open(state, choice, frame.offset, out)
            self._begin_call(call, name, choice, state, frame, out)
            return None
        for piece in as_list(call.get("partialArgs")):
            if not streamed.put(piece):
                self.malformed(frame, "a piece of streamed arguments cannot be placed", out)
        if call.get("willContinue"):
            return None
        if self._unreadable:  # a piece may be lost
            self._leave_open(state, choice, frame.offset, out)
        else:
            state.open_args = None
            out.append(ToolCall(state.calls - 1, arguments=compact_json(streamed.value), choice=choice))
        return None

    def _begin_call(
        self, call: dict[str, Any], name: str, choice: int, state: _Candidate, frame: Frame, out: list[AnyEvent]
    ) -> None:
        if not name:
            self.malformed(frame, "a functionCall has no name", out)
        args = call.get("args")
        index, state.calls = state.calls, state.calls + 1
        head = ToolCall(index, as_str(call.get("id")) or self._made_id(), name or None, choice=choice)
        if call.get("willContinue") or call.get("partialArgs"):
            out.append(head)
            state.open_args = PartialArgs(dict(as_dict(args)))
            self._take_call({**call, "name": ""}, choice, state, frame, out)
            return
        # Some gateways send the arguments as a string; no arguments at all is how the vendor says {}.
        arguments = args if type(args) is str and args else compact_json(args or {})
        out.append(ToolCall(index, head.id, head.name, arguments, choice))

    def _leave_open(self, state: _Candidate, choice: int, offset: int, out: list[AnyEvent]) -> None:
        """Give what has come of a streamed call that was never closed, without the brace that would make it whole."""
        if state.open_args is None:
            return
        if arguments := state.open_args.value:
            out.append(ToolCall(state.calls - 1, arguments=compact_json(arguments)[:-1], choice=choice))
        state.open_args = None
        out.append(Warning("tool-call-unfinished", "the arguments of a streamed call never came to their end", offset))

    def _made_id(self) -> str:
        made = f"{MADE_ID_PREFIX}{self._made_ids}"
        self._made_ids += 1
        return made

    def _take_reason(self, reason: Any, state: _Candidate, frame: Frame, out: list[AnyEvent]) -> None:
        if type(reason) not in (str, int):
            self.malformed(frame, "finishReason is neither a name nor a number", out)
        elif reason not in _UNSPECIFIED:
            if state.raw is None or state.continued:
                state.raw = reason
            elif reason != state.raw:
                message = f"the finish reason was {state.raw!r}, and is {reason!r} later"
                out.append(Warning("finish-reason-changed", message, frame.offset))
            state.continued = False

    def _take_usage(self, usage: Any, out: list[AnyEvent]) -> None:
        get = as_dict(usage).get
        thoughts, cached = get("thoughtsTokenCount"), get("cachedContentTokenCount")
        count = Usage(
            as_count(get("promptTokenCount")),
            as_count(get("candidatesTokenCount")),
            None if thoughts is None else as_count(thoughts),
            None if cached is None else as_count(cached),
        )
        if count != self._usage:  # most chunks repeat it
            self._usage = count
            out.append(count)

    def _take_feedback(self, feedback: dict[str, Any], out: list[AnyEvent]) -> None:
        reason = feedback.get("blockReason")
        if reason and type(reason) in (str, int) and reason not in _UNSPECIFIED:
            self._blocked = reason
            out.append(Other("promptFeedback", feedback))

    def _closing(self, out: list[AnyEvent]) -> None:
        for choice, state in sorted(self._candidates.items()):
            self._leave_open(state, choice, self._size, out)
            if state.is_finished():
                out.append(state.finish(choice))
        if self._was_blocked():
            out.append(Finish("content_filter", str(self._blocked)))

    def _was_blocked(self) -> bool:
        """Whether the prompt was refused, which is a whole answer without a finish reason."""
        return self._blocked is not None and all(state.raw is None for state in self._candidates.values())

    def _completed(self) -> bool:
        """Whether every candidate has said why it stopped."""
        states = self._candidates.values()
        return self._was_blocked() or (bool(states) and all(state.is_finished() for state in states))
