"""What streams of Gemini differ in: parts, thoughts, calls, counts, stop reasons, blocked prompts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.lint.traits.noted import Note, Seen, record, records, words

WORDS: Mapping[str, str] = {
    "one-event": "the whole answer is one event",
    "thought-part": "there are thought parts",
    "signature-on-call": "a call is signed",
    "signature-on-text": "a part with text is signed",
    "signature-on-empty-part": "a signature comes on an empty part",
    "tool-calls": "there are tool calls",
    "tool-calls-parallel": "there are several tool calls in one answer",
    "tool-calls-in-one-event": "several tool calls stand in one event",
    "tool-call-id": "calls have ids",
    "tool-call-without-args": "a call has no args",
    "text-and-tool-calls": "there is text beside tool calls",
    "text-empty": "there are parts with an empty text",
    "content-missing": "a candidate has no content",
    "parts-missing": "a candidate's content has no parts",
    "candidates-missing": "there are events without candidates",
    "candidates-several": "there are several candidates",
    "prompt-blocked": "the prompt was blocked",
    "usage-running": "counts stand on events before the stop reason",
    "usage-missing": "there are no counts",
    "usage-thoughts": "the thoughts are counted apart",
    "usage-cache": "part of the input came from a cache",
    "finish-max-tokens": "the answer ends at its limit",
    "finish-safety": "the answer ends in a safety filter",
    "finish-unusual": "the answer ends for a reason that is not among the usual ones",
    "finish-number": "the stop reason is a number",
    "role-missing": "a candidate's content has no role",
    "grounding": "there is grounding metadata",
    "citations": "there are citations",
    "code-parts": "there are parts with code that ran, or with its result",
    "inline-data": "there are parts with data of their own",
    "logprobs": "there are log probabilities",
    "error-in-stream": "an error comes inside the stream",
    "unknown-fields": "there are fields that the vendor's types do not list",
}

_EVENT = frozenset(
    {"candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId", "createTime", "error"}
    | {"automaticFunctionCallingHistory", "modelStatus"}
)
_CANDIDATE = frozenset(
    {"content", "finishReason", "finishMessage", "index", "safetyRatings", "citationMetadata", "groundingMetadata"}
    | {"tokenCount", "avgLogprobs", "logprobsResult", "urlContextMetadata", "groundingAttributions"}
)
_REASONS = {"STOP": "", "MAX_TOKENS": "finish-max-tokens", "SAFETY": "finish-safety"}


class _Stream:
    def __init__(self, note: Note) -> None:
        self.note = note
        self.frames = 0
        self.calls = 0
        self.spoke = False
        self.counted = False
        self.failed = False

    def frame(self, seen: Seen) -> None:
        payload, at = seen.payload, seen.offset
        self.frames += 1
        if "error" in payload:
            self.failed = True
            self.note("error-in-stream", at)
            return
        if payload.keys() - _EVENT:
            self.note("unknown-fields", at)
        candidates = records(payload.get("candidates"))
        if record(payload.get("promptFeedback")).get("blockReason"):
            self.note("prompt-blocked", at)
        elif not candidates:
            self.note("candidates-missing", at)
        if len(candidates) > 1 or any(candidate.get("index") for candidate in candidates):
            self.note("candidates-several", at)
        self._usage(record(payload.get("usageMetadata")), candidates, at)
        for candidate in candidates:
            self._candidate(candidate, at)

    def _usage(self, usage: dict[str, Any], candidates: list[dict[str, Any]], at: int) -> None:
        if not usage:
            return
        self.counted = True
        if not any(candidate.get("finishReason") for candidate in candidates):
            self.note("usage-running", at)
        if usage.get("thoughtsTokenCount"):
            self.note("usage-thoughts", at)
        if usage.get("cachedContentTokenCount"):
            self.note("usage-cache", at)

    def _candidate(self, candidate: dict[str, Any], at: int) -> None:
        if candidate.keys() - _CANDIDATE:
            self.note("unknown-fields", at)
        for name, trait in (
            ("groundingMetadata", "grounding"),
            ("citationMetadata", "citations"),
            ("logprobsResult", "logprobs"),
        ):
            if candidate.get(name):
                self.note(trait, at)
        self._finish(candidate.get("finishReason"), at)
        content = candidate.get("content")
        if type(content) is not dict:
            self.note("content-missing", at)
            return
        if not content.get("role"):
            self.note("role-missing", at)
        parts = records(content.get("parts"))
        if not parts:
            self.note("parts-missing", at)
        self._parts(parts, at)

    def _finish(self, reason: Any, at: int) -> None:
        if type(reason) is int:
            self.note("finish-number", at)
        elif words(reason) and (trait := _REASONS.get(words(reason), "finish-unusual")):
            self.note(trait, at)

    def _parts(self, parts: list[dict[str, Any]], at: int) -> None:
        calls = [record(part["functionCall"]) for part in parts if "functionCall" in part]
        if len(calls) > 1:
            self.note("tool-calls-in-one-event", at)
        for call in calls:
            self._call(call, at)
        for part in parts:
            self._part(part, at)

    def _call(self, call: dict[str, Any], at: int) -> None:
        self.calls += 1
        self.note("tool-calls", at)
        if self.calls > 1:
            self.note("tool-calls-parallel", at)
        if call.get("id"):
            self.note("tool-call-id", at)
        if "args" not in call:
            self.note("tool-call-without-args", at)
        if self.spoke:
            self.note("text-and-tool-calls", at)

    def _part(self, part: dict[str, Any], at: int) -> None:
        text, is_thought = part.get("text"), part.get("thought") is True
        if is_thought:
            self.note("thought-part", at)
        elif text:
            self.spoke = True
            if self.calls:
                self.note("text-and-tool-calls", at)
        if text == "" and not part.get("thoughtSignature"):
            self.note("text-empty", at)
        if part.get("thoughtSignature"):
            self.note(_signed(part), at)
        if "executableCode" in part or "codeExecutionResult" in part:
            self.note("code-parts", at)
        if "inlineData" in part:
            self.note("inline-data", at)

    def end(self, size: int) -> None:
        if self.frames == 1:
            self.note("one-event", 0)
        if not self.counted and not self.failed:
            self.note("usage-missing", size)


def _signed(part: dict[str, Any]) -> str:
    if "functionCall" in part:
        return "signature-on-call"
    return "signature-on-text" if part.get("text") else "signature-on-empty-part"


def traits(frames: Iterable[Seen], size: int, note: Note) -> None:
    """Notes the traits of a stream of these frames, whose body has so many bytes."""
    stream = _Stream(note)
    for seen in frames:
        stream.frame(seen)
    stream.end(size)
