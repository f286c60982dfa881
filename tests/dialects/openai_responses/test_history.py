"""Items that belong together: calls and outputs, reasoning and what it led to."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects.openai_responses.history import check_items

USER = {"role": "user", "content": "x"}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": []}


def call(name: str, kind: str = "function_call") -> dict[str, Any]:
    return {"type": kind, "call_id": name}


def output(name: str, kind: str = "function_call") -> dict[str, Any]:
    return {"type": f"{kind}_output", "call_id": name}


@pytest.mark.parametrize(
    ("items", "rules"),
    [
        ([USER, call("a"), output("a"), USER], []),
        ([USER, call("a"), call("b"), output("b"), output("a")], []),
        ([call("a", "custom_tool_call"), output("a", "custom_tool_call")], []),
        ([call("a")], ["tool-output-missing"]),
        ([output("a")], ["tool-output-orphan"]),
        ([call("a"), output("a", "custom_tool_call")], ["tool-output-missing", "tool-output-orphan"]),
        ([{"type": "item_reference", "id": "fc_1"}, output("a")], []),
        ([REASONING, call("a"), output("a")], []),
        ([REASONING, {"role": "assistant", "content": "x"}], []),
        ([REASONING, {**REASONING, "id": "rs_2"}, call("a"), output("a")], []),
        ([REASONING], ["reasoning-alone"]),
        ([REASONING, USER], ["reasoning-alone"]),
        ([call("a"), REASONING, output("a")], ["reasoning-alone"]),
        ([{"type": "reasoning", "summary": []}, USER], []),
    ],
)
def test_pairs(items: list[dict[str, Any]], rules: list[str]) -> None:
    assert [fault.rule for fault in check_items(items, knows_all=True)] == rules


def test_outputs_of_an_earlier_response_are_no_orphans() -> None:
    assert list(check_items([output("a")], knows_all=False)) == []
