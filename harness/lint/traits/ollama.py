"""What streams of Ollama's chat differ in: thinking, calls, counts, the last line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.lint.traits.noted import Note, Seen, record, records, words
from harness.lint.traits.openai_chat import think_traits

WORDS: Mapping[str, str] = {
    "thinking-field": "reasoning comes as thinking",
    "think-tags": "reasoning stands in the text, between think tags",
    "think-tag-cut": "a think tag is cut by the end of a line",
    "think-tag-beside-text": "a think tag stands beside other text in one line",
    "think-never-closed": "a think block is never closed",
    "think-several": "there are several think blocks",
    "tool-calls": "there are tool calls",
    "tool-calls-parallel": "there are several tool calls in one answer",
    "tool-calls-in-one-line": "several tool calls stand in one line",
    "tool-call-in-last-line": "a tool call stands in the last line, beside done",
    "tool-call-id": "calls have ids",
    "tool-call-index": "calls have an index",
    "text-and-tool-calls": "there is text beside tool calls",
    "text-in-last-line": "text stands in the last line, beside done",
    "content-empty": "content is empty on lines before the last",
    "one-line": "the whole answer is one line",
    "usage-prompt-missing": "the count of the prompt is left out",
    "usage-missing": "there are no counts",
    "done-reason-missing": "the last line has no reason",
    "done-length": "the answer ends at its limit",
    "done-unusual": "the answer ends for a reason that is not among the usual ones",
    "logprobs": "there are log probabilities",
    "error-in-stream": "an error comes inside the stream",
    "unknown-fields": "there are fields that the vendor's types do not list",
}

_LINE = frozenset(
    {"model", "created_at", "message", "done", "done_reason", "total_duration", "load_duration", "error"}
    | {"prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration", "logprobs"}
    | {"remote_model", "remote_host"}
)
_MESSAGE = frozenset({"role", "content", "thinking", "tool_calls", "images", "tool_name"})


class _Stream:
    def __init__(self, note: Note) -> None:
        self.note = note
        self.lines = 0
        self.calls = 0
        self.texts: list[tuple[int, str]] = []

    def frame(self, seen: Seen) -> None:
        payload, at = seen.payload, seen.offset
        self.lines += 1
        if "error" in payload:
            self.note("error-in-stream", at)
            return
        message, done = record(payload.get("message")), payload.get("done") is True
        if payload.keys() - _LINE or message.keys() - _MESSAGE:
            self.note("unknown-fields", at)
        if payload.get("logprobs"):
            self.note("logprobs", at)
        self._message(message, done, at)
        if done:
            self._done(payload, at)

    def _message(self, message: dict[str, Any], done: bool, at: int) -> None:
        content, calls = message.get("content"), records(message.get("tool_calls"))
        if message.get("thinking"):
            self.note("thinking-field", at)
        if words(content):
            self.texts.append((at, words(content)))
            if done:
                self.note("text-in-last-line", at)
        elif content == "" and not done and not calls and not message.get("thinking"):
            self.note("content-empty", at)
        if len(calls) > 1:
            self.note("tool-calls-in-one-line", at)
        if calls and done:
            self.note("tool-call-in-last-line", at)
        for call in calls:
            self._call(call, at)

    def _call(self, call: dict[str, Any], at: int) -> None:
        self.calls += 1
        self.note("tool-calls", at)
        if self.calls > 1:
            self.note("tool-calls-parallel", at)
        if call.get("id"):
            self.note("tool-call-id", at)
        if "index" in record(call.get("function")):
            self.note("tool-call-index", at)

    def _done(self, payload: dict[str, Any], at: int) -> None:
        reason = payload.get("done_reason")
        if not reason:
            self.note("done-reason-missing", at)
        elif reason == "length":
            self.note("done-length", at)
        elif reason != "stop":
            self.note("done-unusual", at)
        if "eval_count" not in payload:
            self.note("usage-missing", at)
        elif "prompt_eval_count" not in payload:
            self.note("usage-prompt-missing", at)

    def end(self) -> None:
        if self.lines == 1:
            self.note("one-line", 0)
        if self.calls and self.texts:
            self.note("text-and-tool-calls", self.texts[0][0])
        think_traits(self.texts, self.note)


def traits(frames: Iterable[Seen], size: int, note: Note) -> None:
    """Notes the traits of a stream of these frames, whose body has so many bytes."""
    stream = _Stream(note)
    for seen in frames:
        stream.frame(seen)
    stream.end()
