"""Clients that assemble tool calls, text and usage wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec

from harness.events import AnyEvent, End, Failure, Finish, Text, ToolCall, Usage
from tests.mutants.machine import ByteFilter, EventFilter, Mutant, stops_after

EVERY_PAIR_OF_CALLS = (
    "tool-calls/two-calls-in-turn",
    "tool-calls/interleaved-arguments",
    "tool-calls/index-sparse",
    "tool-calls/several-whole-calls-in-one-delta",
    "tool-calls/ollama-calls-in-one-message",
    "tool-calls/ollama-calls-in-several-messages",
    "tool-calls/gemini-same-call-twice",
    "tool-calls/text-around-calls",
)


def _with(event: ToolCall, **changes: object) -> ToolCall:
    return msgspec.structs.replace(event, **changes)


def _new_call_without_id() -> EventFilter:
    number = -1

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        nonlocal number
        if not isinstance(event, ToolCall):
            return [event]
        number += 1
        return [_with(event, index=number)]

    return hand_on


def _index_counts_deltas() -> ByteFilter:
    number = 0

    def change(data: bytes) -> bytes:
        nonlocal number
        mark = b'"tool_calls":[{"index":0'
        if mark in data:
            data = data.replace(mark, b'"tool_calls":[{"index":%d' % number)
            number += 1
        return data

    return change


def _parses_fragments(event: AnyEvent) -> list[AnyEvent]:
    if isinstance(event, ToolCall) and event.arguments:
        try:
            json.loads(event.arguments)
        except ValueError:
            return [_with(event, arguments="")]
    return [event]


def _executes_what_it_has() -> EventFilter:
    began = False

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        nonlocal began
        if not isinstance(event, ToolCall):
            return [event]
        first, began = not began, True
        return [_with(event, arguments="{}" if first else "")]

    return hand_on


def _whole_calls(read: Callable[[ToolCall], list[ToolCall]]) -> Callable[[], EventFilter]:
    """Puts the fragments of each call together and hands on what `read` makes of the whole, once the answer ends."""

    def make() -> EventFilter:
        calls: dict[int, ToolCall] = {}

        def hand_on(event: AnyEvent) -> list[AnyEvent]:
            if isinstance(event, ToolCall):
                known = calls.get(event.index)
                calls[event.index] = _with(known, arguments=known.arguments + event.arguments) if known else event
                return []
            if not isinstance(event, Finish | Failure | End):
                return [event]
            whole = [made for call in calls.values() for made in read(call)]
            calls.clear()
            return [*whole, event]

        return hand_on

    return make


def _as_doubles(call: ToolCall) -> list[ToolCall]:
    try:
        return [_with(call, arguments=json.dumps(json.loads(call.arguments, parse_int=float)))]
    except ValueError:
        return [call]


def _done_first() -> EventFilter:
    """Drops calls that come right before the end of the answer."""
    held: list[AnyEvent] = []

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        if isinstance(event, ToolCall):
            held.append(event)
            return []
        out = [event] if isinstance(event, Finish | Usage | End) else [*held, event]
        held.clear()
        return out

    return hand_on


def _same_call_once() -> EventFilter:
    seen: set[tuple[str | None, str]] = set()

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        if not isinstance(event, ToolCall):
            return [event]
        key = (event.name, event.arguments)
        new = key not in seen
        seen.add(key)
        return [event] if new else []

    return hand_on


def _sums_usage() -> EventFilter:
    inputs = outputs = 0

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        nonlocal inputs, outputs
        if not isinstance(event, Usage):
            return [event]
        inputs, outputs = inputs + (event.input_tokens or 0), outputs + (event.output_tokens or 0)
        return [Usage(inputs, outputs)]

    return hand_on


def _guesses_cumulative() -> EventFilter:
    last = ""

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        nonlocal last
        if not isinstance(event, Text):
            return [event]
        again, last = event.text == last, event.text
        return [] if again else [event]

    return hand_on


def _skips_falsy(event: AnyEvent) -> list[AnyEvent]:
    match event:
        case Text(text=text) if not text.strip() or text == "0":
            return []
        case ToolCall(arguments=arguments) if arguments.strip() in ("", "0") and not event.name:
            return []
    return [event]


EMPTY_CALL = b'"tool_calls":[{"index":0,"id":"call_x","function":{"name":"none","arguments":""}}]'

CALLERS = (
    Mutant(
        "one-buffer-for-all-calls",
        "keeps one buffer for the arguments of whatever call",
        kills=EVERY_PAIR_OF_CALLS,
        events=lambda event: [_with(event, index=0)] if isinstance(event, ToolCall) else [event],
    ),
    Mutant(
        "first-call-only",
        "looks at the first call of an answer",
        kills=(*EVERY_PAIR_OF_CALLS, "tool-calls/interleaved-arguments"),
        events=lambda event: [] if isinstance(event, ToolCall) and event.index else [event],
    ),
    Mutant(
        "list-padded-to-index",
        "puts calls into a list at their index, and fills the gap before it",
        kills=("tool-calls/index-starts-at-one", "tool-calls/index-sparse"),
        events=lambda event: (
            [ToolCall(0, name=""), _with(event, index=event.index + 1)] if isinstance(event, ToolCall) else [event]
        ),
    ),
    Mutant(
        "fragment-without-id-is-a-call",
        "begins a call with every fragment",
        kills=("tool-calls/null-fields-in-continuation", "tool-calls/arguments-cut-inside-escape"),
        make_events=_new_call_without_id,
    ),
    Mutant(
        "index-counts-deltas",
        "takes each delta that has an id for a call of its own",
        kills=("tool-calls/id-repeated-in-every-fragment",),
        make_reads=_index_counts_deltas,
        dialects=("openai-chat",),
    ),
    Mutant(
        "empty-list-is-a-call",
        "takes an empty list of tool calls for a call",
        kills=("tool-calls/empty-lists-on-text-deltas",),
        reads=lambda data: data.replace(b'"tool_calls":[]', EMPTY_CALL),
        dialects=("openai-chat",),
    ),
    Mutant(
        "parses-each-fragment",
        "parses each fragment of the arguments, and drops those that do not parse",
        kills=(
            "tool-calls/arguments-cut-inside-escape",
            "tool-calls/interleaved-arguments",
            "framing/recorded-by-vcrpy",
        ),
        events=_parses_fragments,
    ),
    Mutant(
        "executes-with-nothing",
        "calls the tool with an empty object when the arguments do not parse",
        kills=(
            "disconnects/cut-in-tool-arguments-cleanly",
            "disconnects/cut-in-tool-arguments-by-reset",
            "tool-calls/output-limit-inside-arguments",
        ),
        make_events=_executes_what_it_has,
    ),
    Mutant(
        "drops-calls-without-arguments",
        "takes an empty object for no call",
        kills=("tool-calls/no-parameters", "tool-calls/anthropic-empty-input", "tool-calls/arguments-empty-string"),
        make_events=_whole_calls(lambda call: [call] if call.arguments not in ("", "{}") else []),
    ),
    Mutant(
        "numbers-are-doubles",
        "parses the arguments, and writes them again with every number a double",
        kills=("tool-calls/big-integers",),
        make_events=_whole_calls(_as_doubles),
    ),
    Mutant(
        "runs-the-servers-tools",
        "takes the server's own tools for calls that it has to make",
        kills=("tool-calls/anthropic-server-tool-beside-text",),
        reads=lambda data: data.replace(b"server_tool_use", b"tool_use"),
        dialects=("anthropic-messages",),
    ),
    Mutant(
        "reads-done-first",
        "stops at the line that says done, before it looks at the calls in it",
        kills=("tool-calls/ollama-call-in-the-done-line",),
        make_events=_done_first,
        dialects=("ollama",),
    ),
    Mutant(
        "same-call-once",
        "drops a call that equals an earlier one",
        kills=("tool-calls/gemini-same-call-twice",),
        make_events=_same_call_once,
        dialects=("gemini",),
    ),
    Mutant(
        "sums-usage",
        "adds running totals up",
        kills=(
            "framing/running-usage-on-every-chunk",
            "usage/anthropic-counts-are-running-totals",
            "usage/gemini-running-totals",
        ),
        make_events=_sums_usage,
        dialects=("openai-chat", "anthropic-messages", "gemini"),
    ),
    Mutant(
        "usage-is-the-end",
        "takes usage for the end of the answer",
        kills=("framing/usage-on-every-delta-is-no-end",),
        make_events=stops_after(Usage),
        dialects=("openai-chat",),
    ),
    Mutant(
        "guesses-cumulative-deltas",
        "drops a delta that equals the one before it",
        kills=("framing/repeated-words",),
        make_events=_guesses_cumulative,
    ),
    Mutant(
        "skips-falsy-deltas",
        'skips deltas that its language calls empty, "0" and blanks among them',
        kills=("framing/empty-deltas", "tool-calls/arguments-with-zero-fragment"),
        events=_skips_falsy,
    ),
    Mutant(
        "stops-at-the-stop-reason",
        "reads nothing after the stop reason",
        kills=("framing/usage-after-stop-reason", "usage/at-the-end", "tool-calls/call-after-stop-reason"),
        make_events=stops_after(Finish),
        dialects=("openai-chat",),
    ),
)
