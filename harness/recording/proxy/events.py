"""What the proxy tells while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from harness.wire.response import Ending


@dataclass(frozen=True, slots=True)
class Listening:
    """The proxy is up: `url` is the base URL for clients, and what comes there goes to `upstream`."""

    url: str
    upstream: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """An exchange was handed to the recorder, and kept. `status` is 0 where the upstream sent none."""

    method: str
    url: str
    status: int
    size: int
    """Bytes of the answer's body."""
    ending: Ending


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """An exchange was relayed, and is not in the recording."""

    method: str
    url: str
    problem: str


@dataclass(frozen=True, slots=True)
class NotRelayed:
    """A request was not relayed: the upstream cannot be reached (502), or it is none that a proxy relays."""

    status: int
    problem: str
    mend: str


@dataclass(frozen=True, slots=True)
class OddAnswer:
    """An answer was relayed as it came up to where it stops being HTTP; both connections were closed there."""

    method: str
    url: str
    problem: str


ProxyEvent: TypeAlias = Listening | Recorded | NotRecorded | NotRelayed | OddAnswer
