"""What a stream does, by name: the traits in which streams of one dialect differ, well-formed or not.

A trait says nothing of right or wrong; where a stream breaks a rule of lint, that is a trait as well. The same detector
reads the streams of the catalogue's scenarios and those of real servers, so that what a client was shown to read can
be held against what a server was seen to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from harness.dialects import dialect as dialect_record
from harness.lint.finding import Finding
from harness.lint.spec import spec
from harness.lint.streams import OF_FRAMING
from harness.lint.traits import anthropic_messages, gemini, ollama, openai_chat, openai_responses, wire
from harness.lint.traits.noted import Note, Noted, Seen
from harness.wire import json_array, ndjson, sse
from harness.wire.frame import Framer

Detector: TypeAlias = Callable[[Iterable[Seen], int, Note], None]

DETECTORS: Mapping[str, Detector] = {
    "anthropic-messages": anthropic_messages.traits,
    "gemini": gemini.traits,
    "ollama": ollama.traits,
    "openai-chat": openai_chat.traits,
    "openai-responses": openai_responses.traits,
}
"""By dialect: what finds the traits of its payloads."""
DIALECT_WORDS: Mapping[str, Mapping[str, str]] = {
    "anthropic-messages": anthropic_messages.WORDS,
    "gemini": gemini.WORDS,
    "ollama": ollama.WORDS,
    "openai-chat": openai_chat.WORDS,
    "openai-responses": openai_responses.WORDS,
}
RULE = "rule:"
"""How the trait of a broken rule begins: `rule:done-missing`, `rule:field-missing choices[].index`."""
COUNTING = ("usage-",)
"""How traits begin that are about token counts."""

ASKED_FOR = frozenset(
    {"annotations", "choices-several", "candidates-several", "citations", "code-parts", "custom-tool", "finish-number"}
    | {"grounding", "inline-data", "json-array", "logprobs", "stop-sequence", "tool-calls", "tool-calls-parallel"}
    | {"tool-of-server", "thinking-block", "thinking-signature", "thinking-redacted", "usage-cache"}
)
"""Traits that streams have only where the request asks for them, so that how many have one says little of a server."""
BROKEN = frozenset(
    {"error-beside-choices", "error-in-choice", "error-in-stream", "error-named", "error-nested", "failed"}
    | {"finish-never", "nothing-said", "stop-never"}
)
"""Traits of streams that went wrong, beside those of broken rules."""

OF_THE_END = frozenset(
    {"finish-never", "nothing-said", "one-event", "one-line", "stop-never", "think-never-closed", "usage-missing"}
)
"""Traits of which nothing is known before a stream has come to its end."""

_MATTERS: Mapping[str, tuple[str, ...]] = {
    "tools": ("tool", "arguments", "functionCall", "call"),
    "reasoning": ("reasoning", "think", "thought", "summary", "signature"),
    "counts": ("usage", "_eval_count", "_tokens"),
    "end": ("finish", "stop", "incomplete", "done", "failed", "error", "end-missing"),
}

_OF_FIELDS = ("field-missing", "field-type", "field-usual")
_PLACE = re.compile(r"(?:^|: )([\w.\[\]]+) is (missing|.*)$", re.DOTALL)
_NUMBER = re.compile(r"\[\d+\]")


def stream_traits(
    dialect: str,
    body: bytes,
    findings: Iterable[Finding],
    *,
    headers: Iterable[tuple[str, str]] | None = None,
    reads: Sequence[int] = (),
    framed: bool = True,
    whole: bool = True,
) -> dict[str, int]:
    """The traits of a stream by name, each with the byte of the body at which it was first seen.

    `body` is without content coding, `findings` are what lint says of it. `headers` None: they were not kept. `reads`
    are the sizes in bytes in which the body came, where they are known. `framed` False: its recorder kept payloads
    alone, and how frames were written is not known; `whole` False: its recorder left before its end. Never raises for
    what the bytes say.
    """
    noted = Noted()
    framing = spec(dialect).framing
    is_array = framing == "sse-or-array" and body[:1] == b"["
    if framed and is_array:
        noted.note("json-array", 0)
    elif framed:
        (wire.line_traits if framing == "ndjson" else wire.event_traits)(body, noted.note)
    wire.text_traits(body, noted.note)
    if headers is not None:
        wire.header_traits(headers, dialect_record(dialect).content_type, noted.note)
    if reads:
        wire.read_traits(body, reads, noted.note)
    for finding in findings:
        if framed or finding.rule not in OF_FRAMING:
            noted.note(rule_trait(finding), finding.offset)
    framer: Framer = json_array.Framer() if is_array else ndjson.Framer() if framing == "ndjson" else sse.Framer()
    frames = list(_frames(framer, body))
    if not frames:
        noted.note("nothing-said", 0)
    if detect := DETECTORS.get(dialect):
        detect(frames, len(body), noted.note)
    return {trait: at for trait, at in noted.items() if whole or trait not in OF_THE_END}


def _frames(framer: Framer, body: bytes) -> Iterator[Seen]:
    for frame in [*framer.feed(body), *framer.close()]:
        try:
            payload = msgspec.json.decode(frame.data)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            continue
        if type(payload) is dict:
            yield Seen(frame.offset, frame.event, payload)


def rule_trait(finding: Finding) -> str:
    """The trait that a broken rule is; of rules about fields, the field's path belongs to its name."""
    if finding.rule in _OF_FIELDS and (found := _PLACE.search(finding.message)):
        return f"{RULE}{finding.rule} {_NUMBER.sub('[]', found[1])}"
    return f"{RULE}{finding.rule}"


def is_broken(trait: str) -> bool:
    """Whether a stream with this trait breaks a rule that readers rely on, or went wrong."""
    return trait in BROKEN or (trait.startswith(RULE) and not trait.startswith(f"{RULE}field-usual"))


def matter(trait: str) -> str:
    """What a trait is about: tools, reasoning, counts, how it ends, or how it is written; else the trait itself."""
    for number, table in enumerate((wire.FRAMING, wire.TEXT, wire.TRANSPORT)):
        if trait in table:
            return f"wire {number}"
    said = trait.removeprefix(RULE)
    return next((name for name, words in _MATTERS.items() if any(word in said for word in words)), trait)


def trait_words(dialect: str, trait: str) -> str:
    """A trait in words, without a full stop; a broken rule in its own words, as the trait that it is broken."""
    if not trait.startswith(RULE):
        return wire.WORDS.get(trait) or DIALECT_WORDS.get(dialect, {}).get(trait, trait)
    rule, _, path = trait.removeprefix(RULE).partition(" ")
    if path:
        wrong = {"field-missing": "is missing", "field-type": "has another type", "field-usual": "is missing or odd"}
        return f"{path} {wrong.get(rule, 'is odd')}"
    known = spec(dialect).rules.get(rule)
    return f"a rule is broken: “{known.says.rstrip('.')}”" if known else rule
