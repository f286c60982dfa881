"""Named situations: what a server sends, as literal bytes, by name and dialect.

None of it comes from an encoder of ours. A situation has the same name in every dialect that has it.
"""

from __future__ import annotations

from . import anthropic_messages, any_dialect, gemini, ollama, openai_chat, openai_responses
from .wire import Answer, Situation

__all__ = ["SITUATIONS", "Answer", "Situation", "situation"]

SITUATIONS = {
    "openai-chat": openai_chat.SITUATIONS,
    "openai-responses": openai_responses.SITUATIONS,
    "anthropic-messages": anthropic_messages.SITUATIONS,
    "gemini": gemini.SITUATIONS,
    "ollama": ollama.SITUATIONS,
}


def situation(name: str, dialect: str) -> Situation:
    """The answers to successive connections; raises KeyError where there is no such situation in that dialect."""
    return {**any_dialect.SITUATIONS, **SITUATIONS[dialect]}[name]
