"""The gate: shut until the first content."""

from __future__ import annotations

import pytest

from harness.events import (
    AnyEvent,
    End,
    ErrorInfo,
    Failure,
    Finish,
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
from harness.stack.gate import HELD_LIMIT, Gate

ERROR = ErrorInfo("overloaded", "full")
PRELUDE: list[AnyEvent] = [Start("id", "m"), Usage(input_tokens=3), Warning("odd", "…"), Other("ping")]


@pytest.mark.parametrize(
    "content", [Text("x"), Reasoning("x"), Signature("x"), Refusal("x"), ToolCall(0), Finish("stop")], ids=str
)
def test_content_opens_it(content: AnyEvent) -> None:
    gate = Gate()
    assert gate.feed(PRELUDE) == []
    assert gate.feed([content]) == [*PRELUDE, content]
    assert gate.feed([Failure(ERROR)]) == [Failure(ERROR)]
    assert gate.error is None


def test_a_failure_first_keeps_it_shut() -> None:
    gate = Gate()
    assert gate.feed([*PRELUDE, Failure(ERROR), Text("more"), End("failed")]) == []
    assert gate.error == ERROR
    assert gate.warnings == [Warning("odd", "…")]


def test_the_failure_that_stands_may_say_more() -> None:
    gate = Gate()
    gate.feed([Start(), Failure(ERROR)])
    told = ErrorInfo("overloaded", "full, and no wonder")
    assert gate.open(told) == [Start(), Failure(told)]
    assert gate.feed([End("failed")]) == [End("failed")]


def test_an_end_without_content_opens_it() -> None:
    assert Gate().feed([Start(), End("completed")]) == [Start(), End("completed")]


def test_what_is_held_back_is_bounded() -> None:
    gate = Gate()
    assert sum(len(gate.feed([Other("ping")])) for _ in range(HELD_LIMIT + 5)) == HELD_LIMIT + 5
