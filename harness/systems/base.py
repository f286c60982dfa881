"""What every system is, whether it runs in this process or in a worker of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import httpx

from harness.catalogue.observation import CallerEnd, FrontLog
from harness.events import AnyEvent

PROTOCOL = 1
"""The version of the adapter protocol."""


SystemKind: TypeAlias = Literal["client", "gateway", "parser"]
"""A parser reads frames and knows nothing of answers: only some families say anything about it."""

FRONT_FEATURES = frozenset({"think_tags", "cancel", "tool_loop", "history", "images", "settings"})
"""What our client in front of a gateway does, whatever the gateway is: asking, and leaving off."""
OVERFLOW_FEATURES = frozenset({"compaction"})
"""What it does besides, where the gateway lets it know a context overflow for one."""

PARSER_FAMILIES = ("canary", "framing", "encoding", "progressive")


@dataclass(frozen=True, slots=True)
class Description:
    """Who a system is and what it claims to do. Features are keys of `harness.catalogue.models.FEATURES`."""

    name: str
    version: str
    language: str
    dialects: tuple[str, ...]
    features: frozenset[str] = frozenset()
    """What it claims in every dialect."""
    kind: SystemKind = "client"
    protocol: int = PROTOCOL
    features_in: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What it claims besides in one dialect."""
    default_retries: Mapping[str, int | None] = field(default_factory=dict)
    """By dialect: how often it repeats a failed request unless told otherwise, as its documentation has it."""
    upstream: str | None = None
    """Only of a gateway: the dialect that it reads. `dialects` are then those that it serves."""
    at_once: int | None = None
    """How many cases it can take side by side; None: as many as are wanted."""

    def claims(self, dialect: str) -> frozenset[str]:
        """Everything that it claims to do in that dialect; of a gateway, together with our client in front of it."""
        own = self.features | self.features_in.get(dialect, frozenset())
        if self.kind != "gateway":
            return own
        return own | FRONT_FEATURES | (OVERFLOW_FEATURES if "overflow" in own else frozenset())

    def retries_by_default(self, dialect: str) -> int | None:
        """How often it repeats a failed request unless told otherwise; None where its documentation does not say."""
        return self.default_retries.get(dialect)


class Clock(Protocol):
    """Time as a system under test may use it: seconds since the case began, and a sleep."""

    def now(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Returns when `seconds` have passed on this clock."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case as a system gets it. `request` and `options` are plain JSON values (DESIGN 4.3, 4.6)."""

    id: str
    dialect: str
    base_url: str
    api_key: str
    request: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)
    fallback_base_url: str | None = None
    transport: httpx.AsyncBaseTransport | None = None
    """Only in process: what answers instead of a socket. A system that says `http = "httpx2"` gets one of httpx2."""
    clock: Clock | None = None
    """Only in process: the clock to wait on."""
    front: FrontLog | None = None
    """Only for a gateway: where what passes between it and our client in front of it is written down."""
    front_request: dict[str, Any] | None = None
    """Only for a gateway: the literal request that comes before the canonical one (`front` of a scenario), as JSON."""


class System(Protocol):
    """A system that runs in this process. Raising is the honest way to fail."""

    description: Description

    def run(self, case: Case) -> AsyncIterator[AnyEvent]:
        """The events as the system's own user would see them, as they come."""


class SystemBroken(Exception):
    """The worker crashed, hung or printed garbage: the case's verdict is `error`, and the run goes on.

    `in_flight` names the cases that the worker had under way then (any of them may be the culprit), `stderr` is the end
    of what it had to say.
    """

    def __init__(self, message: str, *, in_flight: tuple[str, ...] = (), stderr: str = "") -> None:
        super().__init__(message)
        self.in_flight = in_flight
        self.stderr = stderr


class Driver(Protocol):
    """A started system, ready for many cases at once."""

    description: Description

    async def ready(self) -> None:
        """Returns once the system can take a case; starts it anew where it broke down. Raises SystemBroken.

        A case's own deadline begins only then: how long a library takes to import is no property of a stream.
        """

    async def run(self, case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
        """Runs one case to its end; calls `emit` for every event as it comes. Raises SystemBroken."""

    async def cancel(self, case_id: str) -> bool:
        """Gives up on a case; True when the system was still alive (it hung), False when the worker is dead."""

    async def close(self) -> None:
        """Stops the system, whatever state it is in."""
