"""What a gateway is told when it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.dialects import dialect_names, stream_names
from harness.stack.client import ThinkTagMode
from harness.stack.fallback import Target
from harness.stack.policy import Policy

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Raises ValueError for values that make no sense. Sizes are in bytes, times in seconds."""

    upstreams: tuple[Target, ...]
    """Where requests go: the first one, and those that stand in for it, in turn."""
    token: str | None = None
    """What a client has to show; None lets everybody in."""
    policy: Policy = field(default_factory=Policy)
    """How patient the gateway is with its upstreams until the first content."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Names that clients may use, and what the upstream calls them. Other names are handed on as they are."""
    think_tags: ThinkTagMode = False
    """Whether inline think blocks of the upstream become reasoning."""
    compaction: bool = False
    """Whether a request that is too long is tried once more without the older half of its history."""
    heartbeat_s: float = 15.0
    """A stream that was silent for so long gets a sign of life; 0 sends none."""
    max_request_bytes: int = 32 * MEBIBYTE
    stored_responses: int = 1000
    """How many answers are kept for `previous_response_id`; 0 keeps none."""
    stored_bytes: int = 64 * MEBIBYTE
    """What they may take together, roughly."""
    log: Callable[[str], None] | None = None
    """Gets a line for every request. It never holds a key, a token or anything that was said."""

    def __post_init__(self) -> None:
        if not self.upstreams:
            raise ValueError("a gateway needs an upstream")
        for target in self.upstreams:
            if target.record.name in set(stream_names()) - set(dialect_names()):
                raise ValueError(f"no model is asked in {target.record.name}; upstreams speak {_listed()}")
        if self.token == "":
            raise ValueError("an empty token would let everybody in; use None for that")
        for name in ("heartbeat_s", "max_request_bytes", "stored_responses", "stored_bytes"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must not be negative")


def _listed() -> str:
    return ", ".join(dialect_names())
