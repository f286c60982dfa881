"""Anthropic's messages: which deltas a block takes, whole inputs, and the reason why the model stopped."""

from __future__ import annotations

from typing import Any

from harness.lint.checks.base import Silent, is_object, record, words
from harness.lint.tables import Report

_DELTAS = {
    "text": ("text_delta", "citations_delta"),
    "thinking": ("thinking_delta", "signature_delta"),
    "redacted_thinking": (),
    "tool_use": ("input_json_delta",),
    "server_tool_use": ("input_json_delta",),
    "mcp_tool_use": ("input_json_delta",),
}
_FIELDS: dict[str, dict[str, type]] = {
    "text": {"text": str},
    "thinking": {"thinking": str},
    "redacted_thinking": {"data": str},
    "tool_use": {"id": str, "name": str, "input": dict},
    "server_tool_use": {"id": str, "name": str, "input": dict},
    "text_delta": {"text": str},
    "thinking_delta": {"thinking": str},
    "signature_delta": {"signature": str},
    "input_json_delta": {"partial_json": str},
}
"""What blocks and deltas of a type hold."""
_CUTS_INPUT = ("max_tokens", "model_context_window_exceeded", "refusal")


class Checks(Silent):
    """See `Checks` in the package."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._blocks: dict[Any, str] = {}  # open blocks: index to type
        self._inputs: dict[Any, list[str]] = {}
        self._broken: list[int] = []  # inputs that are no object
        self._reason = ""
        self._told = False  # whether any message_delta came

    def frame(self, kind: str, payload: dict[str, Any]) -> None:
        index = payload.get("index")
        if type(index) is not int:
            index = -1
        match kind:
            case "content_block_start":
                block = record(payload.get("content_block"))
                self._blocks[index] = words(block.get("type"))
                self._whole(block)
                self._inputs[index] = []
            case "content_block_delta":
                self._delta(index, record(payload.get("delta")))
            case "content_block_stop":
                text = "".join(self._inputs.pop(index, []))
                if text and not is_object(text):
                    self._broken.append(index)
                self._blocks.pop(index, None)
            case "message_delta":
                self._told = True
                self._stopped(words(record(payload.get("delta")).get("stop_reason")))
            case "message_stop":
                if self._told and not self._reason:
                    self.report("stop-reason-missing", "message_stop comes, and no message_delta had a stop_reason")

    def _delta(self, index: int, delta: dict[str, Any]) -> None:
        block, kind = self._blocks.get(index, ""), words(delta.get("type"))
        self._whole(delta)
        if block in _DELTAS and kind not in _DELTAS[block]:
            self.report("delta-kind", f"{kind or 'a delta without type'} is no delta of a {block} block")
        if kind == "input_json_delta" and index in self._inputs:
            self._inputs[index].append(words(delta.get("partial_json")))

    def _whole(self, holder: dict[str, Any]) -> None:
        kind = words(holder.get("type"))
        for name, wanted in _FIELDS.get(kind, {}).items():
            if type(holder.get(name)) is not wanted:
                self.report("block-fields", f"the {kind} has no {name} of its type")

    def _stopped(self, reason: str) -> None:
        if not reason:
            return
        if self._reason:
            self.report("stop-reason-twice", f"the stop reason {reason} comes after {self._reason}")
        self._reason = self._reason or reason
        if reason not in _CUTS_INPUT:
            for index in self._broken:
                self.report(
                    "tool-input-broken", f"the input of block {index} is no JSON object, and the model was done"
                )
        self._broken.clear()
