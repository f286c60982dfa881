"""UI message streams: the input of a call is what its deltas spell, and what readers take for an attack is not sent."""

from __future__ import annotations

import json
from typing import Any

from harness.lint.checks.base import Silent, record, words
from harness.lint.tables import Report


class Checks(Silent):
    """See `Checks` in the package."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._inputs: dict[str, list[str]] = {}

    def frame(self, kind: str, payload: dict[str, Any]) -> None:
        call = words(payload.get("toolCallId"))
        match kind:
            case "tool-input-start":
                self._inputs[call] = []
            case "tool-input-delta" if call in self._inputs:
                self._inputs[call].append(words(payload.get("inputTextDelta")))
            case "tool-input-available":
                self._available(call, payload.get("input"))
        if _names_prototype(payload):
            self.report("prototype-named", f"{kind} holds a field that names an object's prototype")

    def _available(self, call: str, given: Any) -> None:
        text = "".join(self._inputs.pop(call, []))
        try:
            spelled = json.loads(text) if text else given
        except (ValueError, RecursionError):
            spelled = None
        if spelled != given:
            self.report("input-differs", f"the input of call {call[:40]!r} is not what its deltas spell")


def _names_prototype(value: Any) -> bool:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is dict:
            if "__proto__" in one or "prototype" in record(one.get("constructor")):
                return True
            waiting.extend(one.values())
        elif type(one) is list:
            waiting.extend(one)
    return False
