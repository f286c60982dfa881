"""OpenAI's chat completions: what a choice says, from its first delta to its one stop reason, and its tool calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harness.lint.checks.base import Silent, is_object, items, record, words
from harness.lint.tables import Report

_REASONS = ("stop", "length", "tool_calls", "content_filter", "function_call")
_CONTENT = ("content", "refusal", "tool_calls", "function_call", "reasoning_content", "reasoning")


@dataclass
class _Call:
    id: str
    name: str
    arguments: list[str] = field(default_factory=list)


@dataclass
class _Choice:
    begun: bool = False
    finish: str = ""
    called: bool = False
    """Whether there is any call, countable or not."""
    calls: dict[int, _Call] = field(default_factory=dict)


class Checks(Silent):
    """See `Checks` in the package."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._choices: dict[int, _Choice] = {}
        self._failed = False
        self._usages = 0

    def frame(self, kind: str, payload: dict[str, Any]) -> None:
        self._failed = self._failed or kind == "error"
        for choice in map(record, items(payload.get("choices"))):
            index = choice.get("index")
            if type(index) is int:
                self._choice(index, choice)
        if kind == "usage":
            self._usages += 1
            if self._usages == 2:
                self.report("usage-twice", "a second chunk has usage and no choices")

    def done(self) -> None:
        for index, choice in self._choices.items():
            if not choice.finish and not self._failed:
                self.report("finish-missing", f"[DONE] comes, and choice {index} never had a finish_reason")

    def _choice(self, index: int, choice: dict[str, Any]) -> None:
        state = self._choices.setdefault(index, _Choice())
        delta = record(choice.get("delta"))
        if not state.begun and delta.get("role") != "assistant":
            self.report("role-missing", f"the first delta of choice {index} has no role")
        state.begun = True
        said = [name for name in _CONTENT if delta.get(name)]
        if state.finish and said:
            self.report("content-after-finish", f"choice {index} has {said[0]} after its finish_reason {state.finish}")
        for call in items(delta.get("tool_calls")):
            self._call(index, state, record(call))
        if reason := words(choice.get("finish_reason")):
            self._finish(index, state, reason)

    def _call(self, index: int, state: _Choice, call: dict[str, Any]) -> None:
        position, function = call.get("index"), record(call.get("function"))
        state.called = True
        if type(position) is not int or position < 0:
            return  # the fields say so
        calls = state.calls
        known = calls.get(position)
        if known is None:
            due = max(calls, default=-1) + 1
            if position != due:
                self.report("tool-index-gap", f"tool call {position} of choice {index} begins, and {due} is due")
            known = _Call(words(call.get("id")), words(function.get("name")))
            calls[position] = known
            if not (known.id and known.name):
                what = "id" if not known.id else "name"
                self.report("tool-call-incomplete", f"tool call {position} of choice {index} begins without its {what}")
        elif (other := words(call.get("id"))) and other != known.id:
            self.report("tool-call-changed", f"tool call {position} of choice {index} is {known.id}, then {other}")
        known.arguments.append(words(function.get("arguments")))

    def _finish(self, index: int, state: _Choice, reason: str) -> None:
        if state.finish:
            rule = "finish-twice" if reason == state.finish else "finish-changed"
            self.report(rule, f"choice {index} has the finish_reason {reason[:40]} after {state.finish[:40]}")
            return
        state.finish = reason
        if reason not in _REASONS:
            self.report("finish-unknown", f"{reason[:40]!r} is no finish_reason")
        if reason in ("tool_calls", "stop"):
            for position, call in state.calls.items():
                if not is_object("".join(call.arguments)):
                    message = f"the arguments of tool call {position} of choice {index} are no JSON object"
                    self.report("tool-arguments-broken", message)
        if reason == "tool_calls" and not state.called:
            self.report("finish-unfit", f"choice {index} has the finish_reason tool_calls and no tool calls")
