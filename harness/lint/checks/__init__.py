"""What no table can say of a dialect: sums of deltas, choices within a frame, what one frame says of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from harness.lint.checks import ai_sdk_ui, anthropic_messages, gemini, ollama, openai_chat, openai_responses
from harness.lint.tables import Report


class Checks(Protocol):
    """The checks of one dialect, at work on one stream."""

    def __init__(self, report: Report) -> None: ...

    def frame(self, kind: str, payload: dict[str, Any]) -> None:
        """Look at the next frame; its fields may be of any type."""

    def done(self) -> None:
        """The end marker comes."""

    def end(self) -> None:
        """The body ends."""


CHECKS: Mapping[str, type[Checks]] = {
    "ai-sdk-ui": ai_sdk_ui.Checks,
    "anthropic-messages": anthropic_messages.Checks,
    "gemini": gemini.Checks,
    "ollama": ollama.Checks,
    "openai-chat": openai_chat.Checks,
    "openai-responses": openai_responses.Checks,
}
