"""OpenAI's responses: deltas add up to what `done` says, items keep their ids, and the end holds what was sent."""

from __future__ import annotations

from typing import Any

from harness.lint.checks.base import Silent, items, record, words
from harness.lint.tables import Report

_SUMS = {
    "response.output_text": ("text", "content_index"),
    "response.refusal": ("refusal", "content_index"),
    "response.reasoning_text": ("text", "content_index"),
    "response.reasoning_summary_text": ("text", "summary_index"),
    "response.function_call_arguments": ("arguments", ""),
    "response.custom_tool_call_input": ("input", ""),
    "response.mcp_call_arguments": ("arguments", ""),
}
_ENDS = ("response.completed", "response.incomplete", "response.failed")


class Checks(Silent):
    """See `Checks` in the package."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._sums: dict[tuple[Any, ...], list[str]] = {}
        self._ids: dict[Any, str] = {}  # of items, by their place in the output
        self._done = 0

    def frame(self, kind: str, payload: dict[str, Any]) -> None:
        stem, _, last = kind.rpartition(".")
        if kind in ("response.output_item.added", "response.output_item.done"):
            self._item(kind, payload)
        elif stem in _SUMS and last in ("delta", "done"):
            self._sum(stem, last, payload)
        elif kind in _ENDS:
            self._end(kind, record(payload.get("response")))
        if item_id := words(payload.get("item_id")):
            self._same_item(kind, payload.get("output_index"), item_id)

    def _item(self, kind: str, payload: dict[str, Any]) -> None:
        item_id = words(record(payload.get("item")).get("id"))
        self._same_item(kind, payload.get("output_index"), item_id)
        self._done += kind.endswith("done")

    def _same_item(self, kind: str, index: Any, item_id: str) -> None:
        if type(index) is int and item_id and self._ids.setdefault(index, item_id) != item_id:
            self.report("item-id-changed", f"{kind}: item {index} is {self._ids[index][:60]}, then {item_id[:60]}")

    def _sum(self, stem: str, last: str, payload: dict[str, Any]) -> None:
        name, place = _SUMS[stem]
        indexes = (payload.get("output_index"), payload.get(place) if place else 0)
        if not all(type(index) is int for index in indexes):
            return  # the fields say so
        key = (stem, *indexes)
        if last == "delta":
            self._sums.setdefault(key, []).append(words(payload.get("delta")))
            return
        summed, whole = "".join(self._sums.pop(key, [])), payload.get(name)
        if type(whole) is str and whole != summed:
            self.report(
                "done-differs", f"{stem}.done has {len(whole)} characters, and its deltas {len(summed)} or others"
            )

    def _end(self, kind: str, response: dict[str, Any]) -> None:
        status = kind.rpartition(".")[2]
        if words(response.get("status")) != status:
            self.report("status-differs", f"{kind} holds a response that is {str(response.get('status'))[:40]}")
        output = items(response.get("output"))
        if kind == "response.completed" and len(output) != self._done:
            self.report("output-differs", f"{kind} holds {len(output)} items, and {self._done} were done")
