"""Clients that mishandle reasoning and think tags."""

from __future__ import annotations

import re

from harness.events import AnyEvent, End, Finish, Reasoning, Signature, Text, ToolCall
from tests.mutants.machine import EventFilter, Mutant


def _tags_within_a_delta() -> EventFilter:
    thinking = False

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        nonlocal thinking
        if not isinstance(event, Text):
            return [event]
        out: list[AnyEvent] = []
        for piece in re.split("(</?think>)", event.text):
            if piece in ("<think>", "</think>"):
                thinking = piece == "<think>"
            elif piece:
                out.append(Reasoning(piece) if thinking else Text(piece))
        return out

    return hand_on


def _forgets_held_prefix() -> EventFilter:
    split = _tags_within_a_delta()

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        return list(split(Text(event.text.rstrip("<")) if isinstance(event, Text) else event))

    return hand_on


def _drops_reasoning_before_the_end() -> EventFilter:
    held: list[AnyEvent] = []

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        if isinstance(event, Reasoning):
            held.append(event)
            return []
        out = [*held, event] if isinstance(event, Text | ToolCall) else [event]
        if isinstance(event, Text | ToolCall | End):
            held.clear()
        return out

    return hand_on


def _one_block_only() -> EventFilter:
    texts = 0

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        nonlocal texts
        texts += isinstance(event, Text)
        return [Text(f"<think>{event.text}</think>")] if isinstance(event, Reasoning) and texts else [event]

    return hand_on


def _first_two_deltas() -> EventFilter:
    left = 2

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        nonlocal left
        left -= isinstance(event, Reasoning)
        return [] if isinstance(event, Reasoning) and left < 0 else [event]

    return hand_on


def _no_calls_without_text() -> EventFilter:
    texts = 0

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        nonlocal texts
        texts += isinstance(event, Text)
        return [] if isinstance(event, ToolCall) and not texts else [event]

    return hand_on


def _length_is_stop(event: AnyEvent) -> list[AnyEvent]:
    return [Finish("stop", "stop")] if isinstance(event, Finish) and event.reason == "length" else [event]


THINKERS = (
    Mutant(
        "tags-within-a-delta",
        "looks for whole think tags in each delta alone",
        kills=("thinking/tag-split-across-deltas", "thinking/tag-one-character-per-delta"),
        options={"think_tags": False},
        make_events=_tags_within_a_delta,
    ),
    Mutant(
        "forgets-held-prefix",
        "holds back what may become a tag, and forgets it when it does not",
        kills=("thinking/false-prefix-released", "thinking/prefix-held-at-end"),
        options={"think_tags": False},
        make_events=_forgets_held_prefix,
    ),
    Mutant(
        "drops-unclosed-block",
        "hands reasoning on when its block closes, and drops a block that never does",
        kills=("thinking/block-never-closed", "thinking/only-reasoning-then-length"),
        make_events=_drops_reasoning_before_the_end,
    ),
    Mutant(
        "one-block-only",
        "takes the first think block out and leaves the others in the text",
        kills=("thinking/several-blocks", "thinking/tag-beside-text-in-one-delta"),
        make_events=_one_block_only,
    ),
    Mutant(
        "always-splits-tags",
        "splits think tags whether asked to or not",
        kills=("thinking/tags-are-text-unless-asked",),
        options={"think_tags": True},
    ),
    Mutant(
        "reasoning-is-text",
        "hands reasoning on as answer text",
        kills=(
            "thinking/reasoning-field",
            "thinking/reasoning-content-field",
            "thinking/gemini-thought-part-is-no-text",
            "thinking/responses-summary-done-repeats",
            "thinking/anthropic-signature-kept",
            "disconnects/cut-while-thinking",
        ),
        events=lambda event: [Text(event.text)] if isinstance(event, Reasoning) else [event],
    ),
    Mutant(
        "two-reasoning-deltas",
        "keeps the first two deltas of the reasoning",
        kills=("thinking/reasoning-field",),
        make_events=_first_two_deltas,
    ),
    Mutant(
        "drops-signatures",
        "keeps the words of the reasoning and not what the next turn must give back",
        kills=(
            "thinking/anthropic-signature-kept",
            "thinking/anthropic-redacted-block",
            "thinking/reasoning-details-fragments",
            "thinking/gemini-signature-on-empty-part",
            "thinking/responses-encrypted-reasoning",
        ),
        events=lambda event: [] if isinstance(event, Signature) else [event],
    ),
    Mutant(
        "adds-aliases-up",
        "reads the two names of the reasoning field one after the other",
        kills=("thinking/reasoning-mirrored-in-two-fields",),
        events=lambda event: [event, event] if isinstance(event, Reasoning) else [event],
    ),
    Mutant(
        "no-calls-without-text",
        "takes an answer without text for an empty one, tool calls or not",
        kills=("thinking/reasoning-then-tool-call", "thinking/block-before-tool-call"),
        make_events=_no_calls_without_text,
    ),
    Mutant(
        "length-is-stop",
        "reports an answer that reached its limit as one that was done",
        kills=(
            "thinking/only-reasoning-then-length",
            "disconnects/output-limit-reached",
            "tool-calls/output-limit-inside-arguments",
            "tool-calls/gemini-limit-after-call",
        ),
        events=_length_is_stop,
    ),
)
