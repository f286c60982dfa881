"""Gemini: each candidate's one finish reason, nothing after it, and calls that can be called."""

from __future__ import annotations

from typing import Any

from harness.lint.checks.base import Silent, items, record, words
from harness.lint.tables import Report


class Checks(Silent):
    """See `Checks` in the package."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._finished: dict[int, Any] = {}
        self._begun: set[int] = set()
        self._blocked = False
        self._failed = False
        self._frames = 0
        self._counted = False
        self._continued: set[int] = set()  # candidates whose call goes on in the next part

    def frame(self, kind: str, payload: dict[str, Any]) -> None:
        self._frames += 1
        self._failed = self._failed or kind == "error"
        self._blocked = self._blocked or bool(words(record(payload.get("promptFeedback")).get("blockReason")))
        self._counted = self._counted or type(payload.get("usageMetadata")) is dict
        for position, candidate in enumerate(map(record, items(payload.get("candidates")))):
            given = candidate.get("index", 0)  # a zero is left out
            self._candidate(given if type(given) is int else position, candidate)

    def end(self) -> None:
        if self._failed or not self._frames:
            return
        missing = sorted(self._begun - set(self._finished))
        if missing or not (self._begun or self._blocked):
            who = f"candidate {missing[0]}" if missing else "no candidate"
            self.report("finish-missing", f"the stream ends, and {who} never had a finishReason" if missing else
                        "the stream ends without a candidate, and the prompt was not blocked")  # fmt: skip
        if not (self._counted or self._blocked):
            self.report("usage-missing", "no chunk has usageMetadata")

    def _candidate(self, index: int, candidate: dict[str, Any]) -> None:
        self._begun.add(index)
        parts = items(record(candidate.get("content")).get("parts"))
        if index in self._finished and any(
            record(part).get("text") or "functionCall" in record(part) for part in parts
        ):
            self.report("content-after-finish", f"candidate {index} goes on after its finishReason")
        for part in map(record, parts):
            self._part(index, part)
        if reason := candidate.get("finishReason"):
            if index in self._finished:
                self.report("finish-twice", f"candidate {index} has a second finishReason, {str(reason)[:40]}")
            self._finished[index] = reason

    def _part(self, index: int, part: dict[str, Any]) -> None:
        if "functionCall" in part:
            self._call(index, record(part["functionCall"]))
        if not set(part) - {"thought", "thoughtSignature"} and "thoughtSignature" not in part:
            self.report("part-empty", "a part holds nothing")

    def _call(self, index: int, call: dict[str, Any]) -> None:
        """A call that comes whole, or a piece of one whose arguments are streamed: only its first has the name."""
        if "name" not in call and index not in self._continued:
            self.report("field-missing", f"a functionCall of candidate {index} has no name, and continues none")
        if call.get("willContinue") is True:
            self._continued.add(index)
        else:
            self._continued.discard(index)
