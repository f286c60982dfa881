"""What streams of OpenAI's chat completions differ in: counts, reasoning, tool calls, stop reasons, errors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.lint.traits.noted import Note, Seen, record, records, words

WORDS: Mapping[str, str] = {
    "usage-own-chunk": "the counts come in a chunk of their own, without choices",
    "usage-with-finish": "the counts ride on the chunk with the stop reason",
    "usage-running": "counts stand on chunks before the stop reason",
    "usage-after-finish": "the counts come behind the stop reason, on a chunk with a choice",
    "usage-null": "usage is null on chunks that do not count",
    "usage-null-after-counts": "usage is null on a chunk behind the counts",
    "usage-missing": "there are no counts",
    "usage-details-null": "the details of the counts are null",
    "usage-other-fields": "the counts have fields that OpenAI's have not",
    "choices-empty": "a chunk without choices says something else than counts",
    "choices-several": "there are several choices",
    "content-null": "content is null on a chunk that says something else",
    "content-list-thinking": "content is a list with a part of thinking",
    "content-list-text": "content is a list with a part of text",
    "content-empty": "content is empty on chunks behind the first",
    "reasoning-content": "reasoning comes as reasoning_content",
    "reasoning-field": "reasoning comes as reasoning",
    "reasoning-details": "reasoning comes as reasoning_details",
    "reasoning-mirrored": "the same reasoning stands as reasoning and as reasoning_content in one delta",
    "reasoning-beside-details": "reasoning stands in a field of its own beside reasoning_details",
    "think-tags": "reasoning stands in the text, between think tags",
    "think-tag-cut": "a think tag is cut by the end of a delta",
    "think-tag-beside-text": "a think tag stands beside other text in one delta",
    "think-never-closed": "a think block is never closed",
    "think-several": "there are several think blocks",
    "tool-calls": "there are tool calls",
    "tool-calls-parallel": "there are several tool calls in one answer",
    "tool-call-whole": "a tool call comes whole, in one delta",
    "tool-calls-in-one-delta": "several tool calls stand in one delta",
    "tool-calls-interleaved": "fragments of several tool calls interleave",
    "tool-id-repeated": "later fragments repeat the id of their call",
    "tool-name-repeated": "later fragments repeat the name of their call",
    "tool-type-missing": "tool calls have no type",
    "tool-nulls": "later fragments of a call have null for its id or name",
    "tool-arguments-empty": "the arguments of a call are the empty string",
    "tool-calls-empty-list": "tool_calls is an empty list on other deltas",
    "tool-calls-null": "tool_calls is null on other deltas",
    "text-and-tool-calls": "there is text beside tool calls",
    "finish-length": "the answer ends at its limit",
    "finish-content-filter": "the answer ends in a content filter",
    "finish-never": "there is no stop reason, and no error",
    "finish-changes": "a second stop reason is another one",
    "finish-empty": "finish_reason is an empty string before the end",
    "finish-alone-missing": "the stop reason stands on a chunk that still says something",
    "refusal": "a refusal comes in its own field",
    "logprobs": "there are log probabilities",
    "annotations": "there are annotations",
    "role-repeated": "deltas behind the first repeat the role",
    "error-in-stream": "an error comes inside the stream",
    "error-named": "an error comes as an event with the name error",
    "error-beside-choices": "an error stands beside choices",
    "error-in-choice": "an error stands inside a choice",
    "unknown-fields": "there are fields that OpenAI's types do not list",
}

_CHUNK = frozenset({"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"})
_CHOICE = frozenset({"index", "delta", "finish_reason", "logprobs"})
_DELTA = frozenset({"role", "content", "refusal", "tool_calls", "function_call", "annotations", "audio"})
_REASONING = frozenset({"reasoning", "reasoning_content", "reasoning_details"})
_USAGE = frozenset(
    {"prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details"}
)
_DETAILS = ("prompt_tokens_details", "completion_tokens_details")


@dataclass
class _Call:
    id: str
    pieces: list[str] = field(default_factory=list)


@dataclass
class _Choice:
    deltas: int = 0
    finish: str = ""
    texts: list[tuple[int, str]] = field(default_factory=list)
    calls: dict[tuple[int, int], _Call] = field(default_factory=dict)
    """By index, and the number of the call under it: another id under one index is another call."""
    last_call: tuple[int, int] | None = None


class _Stream:
    def __init__(self, note: Note) -> None:
        self.note = note
        self.choices: dict[int, _Choice] = {}
        self.counted = False
        self.failed = False

    def frame(self, seen: Seen) -> None:
        payload, at = seen.payload, seen.offset
        choices = records(payload.get("choices"))
        if payload.get("error") is not None:
            self.failed = True
            self.note("error-in-stream", at)
            if choices:
                self.note("error-beside-choices", at)
            if seen.event == "error":
                self.note("error-named", at)
        elif payload.keys() - _CHUNK:
            self.note("unknown-fields", at)
        self._usage(payload, choices, at)
        for choice in choices:
            index = choice.get("index")
            self._choice(self.choices.setdefault(index if type(index) is int else 0, _Choice()), choice, at)

    def _usage(self, payload: dict[str, Any], choices: list[dict[str, Any]], at: int) -> None:
        usage = payload.get("usage")
        if type(usage) is dict:
            self._counts(usage, choices, at)
        elif usage is None and "usage" in payload:
            self.note("usage-null-after-counts" if self.counted else "usage-null", at)
        if not choices and type(usage) is not dict and payload.get("error") is None:
            self.note("choices-empty", at)

    def _counts(self, usage: dict[str, Any], choices: list[dict[str, Any]], at: int) -> None:
        finished = any(choice.finish for choice in self.choices.values())
        if not choices:
            self.note("usage-own-chunk", at)
        elif any(words(choice.get("finish_reason")) for choice in choices) and not finished:
            self.note("usage-with-finish", at)
        else:
            self.note("usage-after-finish" if finished else "usage-running", at)
        if usage.keys() - _USAGE:
            self.note("usage-other-fields", at)
        if any(name in usage and usage[name] is None for name in _DETAILS):
            self.note("usage-details-null", at)
        self.counted = True

    def _choice(self, state: _Choice, choice: dict[str, Any], at: int) -> None:
        delta = record(choice.get("delta"))
        self._odd_fields(state, choice, delta, at)
        if choice.get("error") is not None:
            self.failed = True
            self.note("error-in-choice", at)
        if choice.get("logprobs"):
            self.note("logprobs", at)
        self._text(state, delta, at)
        self._reasoning(delta, at)
        calls = delta.get("tool_calls")
        for position, call in enumerate(records(calls)):
            self._call(state, call, position, at)
        if len(records(calls)) > 1:
            self.note("tool-calls-in-one-delta", at)
        if "tool_calls" in delta and not calls:
            self.note("tool-calls-null" if calls is None else "tool-calls-empty-list", at)
        self._finish(state, choice, bool(delta.get("content") or calls), at)
        state.deltas += 1

    def _odd_fields(self, state: _Choice, choice: dict[str, Any], delta: dict[str, Any], at: int) -> None:
        if choice.keys() - _CHOICE or delta.keys() - _DELTA - _REASONING:
            self.note("unknown-fields", at)
        if state.deltas and delta.get("role"):
            self.note("role-repeated", at)
        if delta.get("annotations"):
            self.note("annotations", at)
        if delta.get("refusal"):
            self.note("refusal", at)

    def _text(self, state: _Choice, delta: dict[str, Any], at: int) -> None:
        content = delta.get("content")
        if content is None and "content" in delta and len(delta) > 1:
            self.note("content-null", at)
        elif content == "" and state.deltas:
            self.note("content-empty", at)
        for part in records(content):
            self.note("content-list-thinking" if part.get("type") == "thinking" else "content-list-text", at)
        if words(content):
            state.texts.append((at, words(content)))

    def _reasoning(self, delta: dict[str, Any], at: int) -> None:
        named = (
            ("reasoning-content", delta.get("reasoning_content")),
            ("reasoning-field", delta.get("reasoning")),
            ("reasoning-details", delta.get("reasoning_details")),
        )
        said = [trait for trait, value in named if value]
        for trait in said:
            self.note(trait, at)
        if {"reasoning-content", "reasoning-field"} <= set(said):
            self.note("reasoning-mirrored", at)
        if "reasoning-details" in said and len(said) > 1:
            self.note("reasoning-beside-details", at)

    def _call(self, state: _Choice, call: dict[str, Any], position: int, at: int) -> None:
        function, key = record(call.get("function")), _key(state, call, position)
        known = state.calls.get(key)
        self.note("tool-calls", at)
        if known is None:
            known = state.calls[key] = _Call(words(call.get("id")))
            if not call.get("type"):
                self.note("tool-type-missing", at)
            if len(state.calls) > 1:
                self.note("tool-calls-parallel", at)
        else:
            self._later(call, function, at)
            if state.last_call != key:
                self.note("tool-calls-interleaved", at)
        state.last_call = key
        known.pieces.append(words(function.get("arguments")))
        if len(known.pieces) == 1 and _is_object(known.pieces[0]):
            self.note("tool-call-whole", at)

    def _later(self, call: dict[str, Any], function: dict[str, Any], at: int) -> None:
        if call.get("id"):
            self.note("tool-id-repeated", at)
        if function.get("name"):
            self.note("tool-name-repeated", at)
        if ("id" in call and call["id"] is None) or ("name" in function and function["name"] is None):
            self.note("tool-nulls", at)

    def _finish(self, state: _Choice, choice: dict[str, Any], speaks: bool, at: int) -> None:
        reason = choice.get("finish_reason")
        if reason == "" and not state.finish:
            self.note("finish-empty", at)
        if not words(reason):
            return
        if speaks:
            self.note("finish-alone-missing", at)
        if state.finish and reason != state.finish:
            self.note("finish-changes", at)
        state.finish = state.finish or words(reason)
        if reason in ("length", "content_filter"):
            self.note(f"finish-{reason.replace('_', '-')}", at)

    def end(self, size: int) -> None:
        if not self.counted and not self.failed:
            self.note("usage-missing", size)
        if len(self.choices) > 1:
            self.note("choices-several", size)
        if not self.failed and not (self.choices and all(choice.finish for choice in self.choices.values())):
            self.note("finish-never", size)
        for choice in self.choices.values():
            think_traits(choice.texts, self.note)
            if choice.calls and choice.texts:
                self.note("text-and-tool-calls", choice.texts[0][0])
            if any(not "".join(call.pieces) for call in choice.calls.values()):
                self.note("tool-arguments-empty", size)


def _key(state: _Choice, call: dict[str, Any], position: int) -> tuple[int, int]:
    """Under which key the fragment's call is kept."""
    given, called = call.get("index"), words(call.get("id"))
    if type(given) is not int and not called and state.last_call is not None:
        return state.last_call
    index = given if type(given) is int else position
    under = [key for key in state.calls if key[0] == index]
    same = [key for key in under if called in ("", state.calls[key].id) or not state.calls[key].id]
    return same[-1] if same else (index, len(under))


def think_traits(texts: Iterable[tuple[int, str]], note: Note) -> None:
    """Think tags in the text of an answer, which comes in pieces, each with its place."""
    pieces = list(texts)
    whole = "".join(piece for _, piece in pieces)
    if "<think>" not in whole:
        return
    at = pieces[0][0]
    note("think-tags", at)
    if whole.count("<think>") > 1:
        note("think-several", at)
    if "</think>" not in whole:
        note("think-never-closed", at)
    for tag in ("<think>", "</think>"):
        if sum(piece.count(tag) for _, piece in pieces) < whole.count(tag):
            note("think-tag-cut", at)
        if any(tag in piece and piece.strip() != tag for _, piece in pieces):
            note("think-tag-beside-text", at)


def _is_object(text: str) -> bool:
    try:
        return type(json.loads(text)) is dict
    except ValueError:
        return False


def traits(frames: Iterable[Seen], size: int, note: Note) -> None:
    """Notes the traits of a stream of these frames, whose body has so many bytes."""
    stream = _Stream(note)
    for seen in frames:
        stream.frame(seen)
    stream.end(size)
