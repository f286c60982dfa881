"""Ollama: a stop reason at the end, and counts that only the last line has."""

from __future__ import annotations

from typing import Any

from harness.lint.checks.base import Silent

_COUNTS = ("prompt_eval_count", "eval_count", "total_duration")


class Checks(Silent):
    """See `Checks` in the package."""

    def frame(self, kind: str, payload: dict[str, Any]) -> None:
        early = [name for name in (*_COUNTS, "done_reason") if payload.get(name)]
        if kind == "chunk" and early:
            self.report("end-early", f"a line that is not done has {early[0]}")
