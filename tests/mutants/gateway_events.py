"""What broken gateways make of the events of their upstreams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from harness.events import (
    AnyEvent,
    End,
    ErrorInfo,
    ErrorKind,
    Failure,
    Finish,
    FinishReason,
    Reasoning,
    Signature,
    Text,
    ToolCall,
    Usage,
)
from harness.stack.gate import CONTENT
from tests.mutants.machine import EventFilter

replaced = msgspec.structs.replace


def tells(kind: ErrorKind, status: int) -> Callable[[AnyEvent], list[AnyEvent]]:
    """Tells of every error that it is of one kind."""

    def keep(event: AnyEvent) -> list[AnyEvent]:
        if isinstance(event, Failure):
            return [Failure(ErrorInfo(kind, event.error.message, status=status, retryable=status >= 500))]
        return [event]

    return keep


def without(*kinds: type[AnyEvent]) -> Callable[[AnyEvent], list[AnyEvent]]:
    return lambda event: [] if isinstance(event, kinds) else [event]


def finishes(becomes: FinishReason, *reasons: FinishReason) -> Callable[[AnyEvent], list[AnyEvent]]:
    """Gives some stop reasons as another one."""

    def keep(event: AnyEvent) -> list[AnyEvent]:
        return [Finish(becomes)] if isinstance(event, Finish) and event.reason in reasons else [event]

    return keep


def text_alone(shared: list[Any]) -> EventFilter:
    def keep(event: AnyEvent) -> list[AnyEvent]:
        if isinstance(event, ToolCall):
            return []
        return [Finish("stop")] if isinstance(event, Finish) and event.reason == "tool_calls" else [event]

    return keep


def all_calls_are_one(shared: list[Any]) -> EventFilter:
    named = False

    def keep(event: AnyEvent) -> list[AnyEvent]:
        nonlocal named
        if not isinstance(event, ToolCall):
            return [event]
        first, named = not named, True
        return [replaced(event, index=0) if first else ToolCall(0, arguments=event.arguments)]

    return keep


def calls_come_last(shared: list[Any]) -> EventFilter:
    held: list[AnyEvent] = []

    def keep(event: AnyEvent) -> list[AnyEvent]:
        if isinstance(event, ToolCall):
            held.append(event)
            return []
        return [*held, event] if isinstance(event, Finish) else [event]

    return keep


def thinks_only_at_first(shared: list[Any]) -> EventFilter:
    over = False

    def keep(event: AnyEvent) -> list[AnyEvent]:
        nonlocal over
        over = over or isinstance(event, Text | ToolCall)
        return [] if over and isinstance(event, Reasoning) else [event]

    return keep


def one_open_part(shared: list[Any]) -> EventFilter:
    """What comes for a call after something else has begun is lost, since its part is closed."""
    current: int | None = None

    def keep(event: AnyEvent) -> list[AnyEvent]:
        nonlocal current
        if isinstance(event, ToolCall):
            opens = event.name is not None
            current = event.index if opens else current
            return [event] if opens or current == event.index else []
        if isinstance(event, CONTENT):
            current = None
        return [event]

    return keep


def opens_and_forgets(event: AnyEvent) -> list[AnyEvent]:
    return [replaced(event, arguments="")] if isinstance(event, ToolCall) and event.name else [event]


def calls_decide(shared: list[Any]) -> EventFilter:
    called = False

    def keep(event: AnyEvent) -> list[AnyEvent]:
        nonlocal called
        called = called or isinstance(event, ToolCall)
        return [Finish("tool_calls")] if called and isinstance(event, Finish) else [event]

    return keep


def knows_three_reasons(event: AnyEvent) -> list[AnyEvent]:
    known = ("end_turn", "max_tokens", "tool_use")
    return [] if isinstance(event, Finish) and event.raw not in known else [event]


def adds_counts_up(shared: list[Any]) -> EventFilter:
    total = Usage()

    def keep(event: AnyEvent) -> list[AnyEvent]:
        nonlocal total
        if not isinstance(event, Usage):
            return [event]
        counts = {
            name: (getattr(total, name) or 0) + count
            for name in Usage.__struct_fields__
            if (count := getattr(event, name)) is not None
        }
        total = replaced(total, **counts)
        return [total]

    return keep


def waits_for_counts(shared: list[Any]) -> EventFilter:
    counted = False
    held: list[AnyEvent] = []

    def keep(event: AnyEvent) -> list[AnyEvent]:
        nonlocal counted
        counted = counted or isinstance(event, Usage)
        if isinstance(event, End):
            return [*held, event] if counted else [End("truncated")]
        if isinstance(event, Finish):
            held.append(event)
            return []
        return [event]

    return keep


def makes_signatures_up(shared: list[Any]) -> EventFilter:
    thinking = False

    def keep(event: AnyEvent) -> list[AnyEvent]:
        nonlocal thinking
        was, thinking = thinking, isinstance(event, Reasoning)
        ended = was and isinstance(event, Text)
        return [Signature("c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="), event] if ended else [event]

    return keep


def escapes_once_more(event: AnyEvent) -> list[AnyEvent]:
    if isinstance(event, ToolCall):
        return [replaced(event, arguments=event.arguments.replace("\\", "\\\\"))]
    return [event]


def full_queue(shared: list[Any]) -> EventFilter:
    size = 0

    def keep(event: AnyEvent) -> list[AnyEvent]:
        nonlocal size
        size += len(event.text) if isinstance(event, Text) else 0
        return [] if isinstance(event, Text) and size > 40_000 else [event]

    return keep


def loses_one_in_a_hundred(shared: list[Any]) -> EventFilter:
    count = 0

    def keep(event: AnyEvent) -> list[AnyEvent]:
        nonlocal count
        count += isinstance(event, Text)
        return [] if isinstance(event, Text) and count % 100 == 0 else [event]

    return keep


def all_at_the_end(shared: list[Any]) -> EventFilter:
    held: list[AnyEvent] = []

    def keep(event: AnyEvent) -> list[AnyEvent]:
        held.append(event)
        return held if isinstance(event, End) else []

    return keep


def remembers_the_last_answer(shared: list[Any]) -> EventFilter:
    """What a broken answer left behind begins the next one."""
    left, shared[:] = list(shared), []

    def keep(event: AnyEvent) -> list[AnyEvent]:
        if isinstance(event, CONTENT):
            shared.append(event)
        if isinstance(event, End) and event.status == "completed":
            shared.clear()
        before, left[:] = list(left), []
        return [*before, event]

    return keep
