"""Reasoning in chat deltas, which has no field of its own in OpenAI's dialect and three among those who speak it.

`reasoning_content`, `reasoning` and the texts of `reasoning_details` are names for the same text: the first that a
delta has is read. Signatures and encrypted reasoning are in `reasoning_details` alone.
"""

from __future__ import annotations

from typing import Any

from harness.dialects.decoding import as_str
from harness.events import AnyEvent, Reasoning, Signature, Warning


class ReasoningReader:
    """The reasoning of one choice."""

    def __init__(self, choice: int) -> None:
        self._choice = choice
        self._last: Signature | None = None

    def take(self, text: Any, details: Any, offset: int, out: list[AnyEvent]) -> None:
        """Append the events of one delta's reasoning text and its `reasoning_details`."""
        if text and type(text) is not str:  # an object or a list in the place of the text is read as details
            details = details or (text if type(text) is list else [text])
            text = ""
        if details and type(details) is not list:
            details = [details]
        records: list[Any] = details or []
        if text:
            summary = bool(records) and type(records[0]) is dict and records[0].get("type") == "reasoning.summary"
            out.append(Reasoning(text, self._choice, summary))
        for record in records:
            if type(record) is dict:
                self._record(record, bool(text), out)
            else:
                out.append(Warning("payload-malformed", "a reasoning detail is not an object", offset))

    def _record(self, record: dict[str, Any], text_is_known: bool, out: list[AnyEvent]) -> None:
        get = record.get
        if not text_is_known:
            summary = as_str(get("summary"))
            if text := summary or as_str(get("text")) or as_str(get("content")):
                out.append(Reasoning(text, self._choice, bool(summary)))
        if data := as_str(get("signature")):
            self._sign(Signature(data, "signature", self._choice, id=as_str(get("id")) or None), out)
        if data := as_str(get("data")):
            self._sign(Signature(data, "encrypted", self._choice, id=as_str(get("id")) or None), out)

    def _sign(self, signature: Signature, out: list[AnyEvent]) -> None:
        """Give a signature once, though it may be repeated in the next chunk."""
        if signature != self._last:
            self._last = signature
            out.append(signature)
