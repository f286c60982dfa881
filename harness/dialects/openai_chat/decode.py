"""OpenAI chat completion streams, as OpenAI and some forty other vendors send them, decoded.

Tool-call fragments are told apart in `tool_slots`, the fields for reasoning in `reasoning`, stop reasons in `finish`,
errors in `errors`.
"""

from __future__ import annotations

from typing import Any

from harness.dialects.classify import classify
from harness.dialects.decoding import FrameDecoder, as_dict, as_list, as_str
from harness.dialects.openai_chat.errors import error_in_stream
from harness.dialects.openai_chat.finish import FAILURES, canonical_reason, raw_reason
from harness.dialects.openai_chat.reasoning import ReasoningReader
from harness.dialects.openai_chat.tool_slots import ToolSlots
from harness.dialects.openai_chat.usage import read_usage
from harness.events import AnyEvent, Finish, Other, Reasoning, Refusal, Signature, Start, Text, Usage, Warning
from harness.wire import sse
from harness.wire.frame import Frame

EVIDENCE_IN_DELTA = ("annotations", "audio", "images", "executed_tools")
EVIDENCE_IN_CHUNK = ("citations", "search_results")
_READ_TOGETHER = frozenset({"role", "content", "reasoning_content", "reasoning", "reasoning_details"})


class _Choice:
    """What is known of one choice."""

    __slots__ = ("finish", "flowing", "has_content", "index", "reasoning", "tools", "warned")

    def __init__(self, index: int) -> None:
        self.index = index
        self.finish = ""  # the first stop reason, as the wire has it
        self.has_content = False
        self.flowing = False  # between the first content and the stop reason
        self.warned = False  # of content after the stop reason
        self.reasoning = ReasoningReader(index)
        self.tools = ToolSlots(index)


class Decoder(FrameDecoder):
    """One chat completion stream. It is whole with `[DONE]`, and without it once every choice has its stop reason."""

    end_marker = b"[DONE]"

    def __init__(self) -> None:
        super().__init__(sse.Framer())
        self._choices: dict[int, _Choice] = {}
        self._id = ""
        self._model = ""
        self._named = False  # whether both are known
        self._last_usage: Usage | None = None
        self._last_evidence: dict[str, Any] = {}

    def _payload(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        get = payload.get
        if not self._named:
            self._start(as_str(get("id")), as_str(get("model")), out)
        choices = get("choices")
        if type(choices) is list:
            for position, choice in enumerate(choices):
                self._choice(choice, position, frame, out)
        elif choices:
            self.malformed(frame, "choices is not an array", out)
        if usage := get("usage"):
            self._usage(usage, frame, out)
        if "citations" in payload or "search_results" in payload:
            self._chunk_evidence(payload, out)
        if "error" in payload or "x_groq" in payload or not choices or frame.event is not None:
            self._sidelong(payload, frame, out)

    def _choice(self, choice: Any, position: int, frame: Frame, out: list[AnyEvent]) -> None:
        if type(choice) is not dict:
            self.malformed(frame, "a choice is not an object", out)
            return
        get = choice.get
        index = get("index")
        if type(index) is not int:
            index = position
        state = self._choices.get(index)
        if state is None:
            state = self._choices[index] = _Choice(index)
        delta = get("delta")
        if state.flowing and type(delta) is dict:
            self._delta(delta, state, frame, out)
        else:
            self._outside_flow(choice, delta, state, frame, out)
        if reason := get("finish_reason"):
            self._finish(raw_reason(reason), state, frame, out)
            if "error" in choice and (error := error_in_stream({"error": choice["error"]}, None)):
                self.fail(error, out)  # a router says so of one choice
        if "usage" in choice and (usage := choice["usage"]):
            self._usage(usage, frame, out)

    def _outside_flow(
        self, choice: dict[str, Any], delta: Any, state: _Choice, frame: Frame, out: list[AnyEvent]
    ) -> None:
        """A delta before the first content, after the stop reason, or that is none."""
        before = len(out)
        if not delta and not state.has_content:
            delta = _whole_delta(choice.get("message"))  # a whole completion in the place of a stream
        if type(delta) is dict:
            self._delta(delta, state, frame, out)
        elif delta:
            self.malformed(frame, "a delta is not an object", out)
        if len(out) > before:
            state.has_content = True
            state.flowing = not state.finish
            if state.finish and not state.warned:
                state.warned = True
                message = f"choice {state.index} goes on after its stop reason {state.finish!r}"
                out.append(Warning("content-after-finish", message, frame.offset))

    def _delta(self, delta: dict[str, Any], state: _Choice, frame: Frame, out: list[AnyEvent]) -> None:
        """Reasoning first, then text, then the rest in its own order: the order in which a model makes them."""
        get = delta.get
        content = get("content")
        if len(delta) == 1 and type(content) is str:  # what most deltas are
            if content:
                out.append(Text(content, state.index))
            return
        reasoning, details = get("reasoning_content") or get("reasoning"), get("reasoning_details")
        if details or (reasoning and type(reasoning) is not str):
            state.reasoning.take(reasoning, details, frame.offset, out)
        elif reasoning:
            out.append(Reasoning(reasoning, state.index))
        if type(content) is not str:
            self._content(content, state, frame, out)
        elif content:
            out.append(Text(content, state.index))
        for name, value in delta.items():
            said_twice = name == "function_call" and get("tool_calls")  # llama-cpp-python has each call in both forms
            if value and name not in _READ_TOGETHER and not said_twice:
                self._other_field(name, value, state, frame, out)

    def _other_field(self, name: str, value: Any, state: _Choice, frame: Frame, out: list[AnyEvent]) -> None:
        """A field of a delta that says something on its own; those that nobody knows are skipped."""
        match name, value:
            case "tool_calls", list():
                state.tools.take(value, frame.offset, out)
            case "function_call", dict():  # of old, when there was but one
                state.tools.take([{"index": name, "function": value}], frame.offset, out)
            case "refusal", str():
                out.append(Refusal(value, state.index))
            case "tool_calls" | "function_call" | "refusal", _:
                self.malformed(frame, f"{name} cannot be read", out)
            case _ if name in EVIDENCE_IN_DELTA:
                out.append(Other(name, value))

    def _content(self, content: Any, state: _Choice, frame: Frame, out: list[AnyEvent]) -> None:
        """Content that is no string: a list of parts (Mistral), or a number, which is read as text."""
        if content is None:
            return
        if type(content) is list:
            for part in content:
                self._part(part, state, frame, out)
        elif type(content) in (int, float):
            out.append(Warning("payload-malformed", "content is a number; it is read as text", frame.offset))
            out.append(Text(str(content), state.index))
        elif type(content) is dict:
            self._part(content, state, frame, out)
        else:
            self.malformed(frame, "content is neither text nor a list of parts", out)

    def _part(self, part: Any, state: _Choice, frame: Frame, out: list[AnyEvent]) -> None:
        match part:
            case "" | None:
                return
            case str(text) | {"type": "text" | "output_text", "text": str(text)}:
                if text:
                    out.append(Text(text, state.index))
            case {"type": "thinking" | "reasoning"}:
                self._thinking(part, state, out)
            case {"type": "refusal", "refusal": str(text)}:
                if text:
                    out.append(Refusal(text, state.index))
            case {"type": str(kind)} if kind != "text":
                out.append(Other(f"content_{kind}", part))
            case _:
                self.malformed(frame, "a content part cannot be read", out)

    def _thinking(self, part: dict[str, Any], state: _Choice, out: list[AnyEvent]) -> None:
        """Mistral's thinking part: text, or a list of text parts."""
        thinking = part.get("thinking") or part.get("text")
        pieces = [thinking] if type(thinking) is str else [as_str(as_dict(x).get("text")) for x in as_list(thinking)]
        if text := "".join(pieces):
            out.append(Reasoning(text, state.index))
        if signature := as_str(part.get("signature")):
            out.append(Signature(signature, choice=state.index))

    def _finish(self, raw: str, state: _Choice, frame: Frame, out: list[AnyEvent]) -> None:
        """The first stop reason stands, whatever is said later."""
        if not state.finish:
            state.finish = raw
            state.flowing = False
            state.tools.stop(out)
            out.append(Finish(canonical_reason(raw), raw, state.index))
        elif raw != state.finish:
            message = f"choice {state.index} finished with {state.finish!r}, then {raw!r}; the first stands"
            out.append(Warning("finish-changed", message, frame.offset))

    def _usage(self, usage: Any, frame: Frame, out: list[AnyEvent]) -> None:
        if type(usage) is not dict:
            out.append(Warning("payload-malformed", "usage is not an object", frame.offset))
            return
        counts = read_usage(usage)
        if counts not in (self._last_usage, Usage()):
            self._last_usage = counts
            out.append(counts)

    def _chunk_evidence(self, payload: dict[str, Any], out: list[AnyEvent]) -> None:
        """What one vendor repeats in every chunk: given when it changes."""
        for name in EVIDENCE_IN_CHUNK:
            if (value := payload.get(name)) and value != self._last_evidence.get(name):
                self._last_evidence[name] = value
                out.append(Other(name, value))

    def _start(self, id: str, model: str, out: list[AnyEvent]) -> None:
        """Give the id and the model once each is known: a first chunk may leave them blank."""
        if (id and not self._id) or (model and not self._model):
            self._id, self._model = self._id or id, self._model or model
            self._named = bool(self._id and self._model)
            out.append(Start(self._id or None, self._model or None))

    def _sidelong(self, payload: dict[str, Any], frame: Frame, out: list[AnyEvent]) -> None:
        if usage := as_dict(payload.get("x_groq")).get("usage"):
            self._usage(usage, frame, out)
        if error := error_in_stream(payload, frame.event):
            self.fail(error, out)

    def _text_frame(self, frame: Frame, out: list[AnyEvent]) -> bool:
        """An error in plain text: under that name, or by its own first word."""
        text = frame.data.decode("utf-8", "replace").strip()
        is_error = frame.event == "error" or text[:7].lower().lstrip("[").startswith("error")
        if is_error:
            self.fail(classify(message=text), out)
        return is_error

    def _completed(self) -> bool:
        return self._ended or (bool(self._choices) and (self._whole or not self._unfinished()))

    def _unfinished(self) -> list[int]:
        return [choice.index for choice in self._choices.values() if not choice.finish]

    def _closing(self, out: list[AnyEvent]) -> None:
        self._broke_off(out)
        if self._failed:
            return
        unfinished = self._unfinished()
        is_over = self._ended or (self._whole and bool(self._choices))
        if is_over and (unfinished or not self._choices):
            how = "ends with [DONE]" if self._ended else "is whole"
            message = f"the answer {how}, and its model never said why it stopped"
            out.append(Warning("finish-missing", message, self._size))
        elif not is_over and self._choices and not unfinished:
            out.append(Warning("sse-done-missing", "the stream ends without [DONE]", self._size))

    def _broke_off(self, out: list[AnyEvent]) -> None:
        """A stop reason that says that the answer broke off is a failure, where no error said more."""
        raw = next((choice.finish for choice in self._choices.values() if choice.finish in FAILURES), "")
        if raw and not self._failed:
            self.fail(classify(code=raw, type="server_error", message=f"the answer broke off: {raw}"), out)


def _whole_delta(message: Any) -> Any:
    """A completion's message as one delta: its calls have no index, and each is a call of its own."""
    calls = as_dict(message).get("tool_calls")
    if type(calls) is not list:
        return message
    placed = [{**call, "index": place} if type(call) is dict else call for place, call in enumerate(calls)]
    return {**message, "tool_calls": placed}
