"""What a user's test tells of what its own client gave: event by event, or in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from harness.events import AnyEvent, Finish, FinishReason, Reasoning, Refusal, Text, ToolCall, Usage, Warning


class Heard:
    """What the client's caller has got so far. Each call is one event, at the moment at which it is made."""

    def __init__(self, tell: Callable[[AnyEvent], None]) -> None:
        self._tell = tell

    def text(self, text: str | None, *, choice: int = 0) -> None:
        """A piece of the answer's text; nothing where there is none."""
        if text:
            self._tell(Text(text, choice))

    def reasoning(self, text: str | None) -> None:
        """A piece of the reasoning."""
        if text:
            self._tell(Reasoning(text))

    def refusal(self, text: str | None) -> None:
        """A piece of a refusal."""
        if text:
            self._tell(Refusal(text))

    def tool_call(self, index: int, id: str | None = None, name: str | None = None, arguments: str = "") -> None:
        """A piece of a tool call: those with the same index are one call, their arguments are joined."""
        self._tell(ToolCall(index, id, name, arguments))

    def usage(self, input_tokens: int | None = None, output_tokens: int | None = None, **others: int | None) -> None:
        """Token counts; others are `reasoning_tokens`, `cache_read_tokens` and `cache_write_tokens`."""
        self._tell(Usage(input_tokens, output_tokens, **others))

    def finish(self, reason: FinishReason | None) -> None:
        """The stop reason in canonical words (`stop`, `length`, `tool_calls`, …); nothing where there is none."""
        if reason:
            self._tell(Finish(reason))

    def warning(self, rule: str, message: str = "") -> None:
        """Something odd that the client reported, and that did not stop it."""
        self._tell(Warning(rule, message))

    def answer(
        self,
        *,
        text: str | None = None,
        reasoning: str | None = None,
        refusal: str | None = None,
        tool_calls: Iterable[Mapping[str, Any]] = (),
        finish: FinishReason | None = None,
        usage: Mapping[str, int | None] | None = None,
    ) -> None:
        """A whole answer at once. A call has `name` and `arguments` (the exact text), and `id` where there is one."""
        self.reasoning(reasoning)
        self.text(text)
        self.refusal(refusal)
        for index, call in enumerate(tool_calls):
            self.tool_call(index, call.get("id"), call.get("name"), str(call.get("arguments") or ""))
        if usage:
            self.usage(**usage)
        self.finish(finish)
