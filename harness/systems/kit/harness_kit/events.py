"""What an adapter is given, and the events that it yields."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Case:
    """One case: where to send which request. `request` is the canonical request, as JSON values."""

    id: str
    dialect: str
    base_url: str
    api_key: str
    request: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)
    fallback_base_url: str | None = None


@dataclass(frozen=True)
class Event:
    """The base of all events; its JSON form leaves out what has the default value."""

    def to_json(self) -> dict[str, Any]:
        """The canonical JSON form: `type` is the class's name in snake case."""
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        defaults = {item.name: item.default for item in fields(self)}
        name = re.sub("(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()
        return {"type": name, **{key: value for key, value in given.items() if value != defaults[key]}}


@dataclass(frozen=True)
class Start(Event):
    """The response began: its id, and the model that answers."""

    id: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class Text(Event):
    """Visible answer text, as a delta."""

    text: str
    choice: int = 0


@dataclass(frozen=True)
class Reasoning(Event):
    """Reasoning text, as a delta."""

    text: str
    choice: int = 0
    summary: bool = False


@dataclass(frozen=True)
class Signature(Event):
    """What must be sent back with reasoning; `form` is `signature`, `redacted` or `encrypted`."""

    data: str
    form: str = "signature"
    choice: int = 0
    tool_index: int | None = None
    id: str | None = None


@dataclass(frozen=True)
class Refusal(Event):
    """The model's refusal in words, where the client keeps it apart from the text; as a delta."""

    text: str
    choice: int = 0


@dataclass(frozen=True)
class ToolCall(Event):
    """A fragment of a tool call: the same `index` each time, `id` and `name` once known, `arguments` appended."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    choice: int = 0


@dataclass(frozen=True)
class Usage(Event):
    """Token counts, as far as the client tells them."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None


@dataclass(frozen=True)
class Finish(Event):
    """Why it stopped: stop, length, tool_calls, content_filter, refusal, pause, context_overflow or other."""

    reason: str
    raw: str | None = None
    choice: int = 0


@dataclass(frozen=True)
class Retry(Event):
    """The client says that attempt `attempt` (2 for the first repeat) follows after `delay_s` seconds."""

    attempt: int
    delay_s: float
    reason: str = ""
    max_attempts: int | None = None


@dataclass(frozen=True)
class Other(Event):
    """Anything else worth keeping as evidence."""

    kind: str
    data: Any = None


@dataclass(frozen=True)
class End(Event):
    """Yielded last by a client that returns and says how it ended: `completed`, `truncated` or `cancelled`."""

    status: str


CONTENT = (Text, Reasoning, ToolCall)
"""The events that `cancel_after_events` counts."""
