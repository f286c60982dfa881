"""Calls and results: each call answered once, in the turn right after it."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects.anthropic_messages.history import check_pairs


def use(name: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "tool_use", "id": name}]}


def result(*names: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": name} for name in names]}


TEXT = {"role": "user", "content": [{"type": "text", "text": "x"}]}
PLAIN = {"role": "user", "content": "x"}


@pytest.mark.parametrize(
    ("messages", "rules"),
    [
        ([PLAIN, use("a"), result("a")], []),
        ([PLAIN, use("a"), use("b"), result("a"), result("b")], []),
        ([PLAIN, use("a"), result("b", "a")], ["tool-result-orphan"]),
        ([PLAIN, use("a")], ["tool-result-missing"]),
        ([PLAIN, use("a"), TEXT], ["tool-result-missing"]),
        (
            [PLAIN, use("a"), TEXT, use("b"), result("a")],
            ["tool-result-missing", "tool-result-orphan", "tool-result-missing"],
        ),
        ([result("a")], ["tool-result-orphan"]),
        ([PLAIN, use("a"), result("a", "a")], ["tool-result-repeated"]),
        ([PLAIN, use("a"), TEXT, result("a")], ["tool-result-late"]),
        ([PLAIN, use("a"), result("a"), TEXT], []),
        ([PLAIN, use("a"), result("a"), use("a"), result("a")], ["tool-id-repeated"]),
        ([PLAIN, use("a"), {"role": "system", "content": "x"}, result("a")], []),
    ],
)
def test_pairs(messages: list[dict[str, Any]], rules: list[str]) -> None:
    assert [fault.rule for fault in check_pairs(messages)] == rules


def test_the_place_is_that_of_the_block() -> None:
    (fault,) = check_pairs([PLAIN, use("a")])
    assert fault.where == "messages.1.content.0"
