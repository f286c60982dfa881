"""How patient the client is: one frozen value that says what is retried, how often, and how long is waited."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Final

RETRIED_STATUSES: Final = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
"""409 is a lock that timed out. Every other status of 400 and more is final."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Retries, backoff and time-outs. All times are in seconds. Raises ValueError for values that make no sense.

    The wait before the n-th repeat is `backoff_s * backoff_factor ** (n - 1)`, at most `backoff_cap_s`, and then
    stretched by a random share of itself between `jitter_low` and `jitter_high`.
    """

    max_retries: int = 3
    """Repeats of a request, overload answers not counted."""
    max_overloads: int = 3
    """Repeats in a row after an overload (529); any other answer resets the count."""
    max_requests: int | None = None
    """Requests in all, the first included, whatever they are repeated for. None: only the two limits above hold."""
    backoff_s: float = 1.0
    backoff_factor: float = 2.0
    backoff_cap_s: float = 30.0
    jitter_low: float = 0.0
    jitter_high: float = 0.25
    retry_after_limit_s: float = 120.0
    """A server that asks for a longer wait is not obeyed but given up on, at once and in words."""
    rate_limit_floor_s: float = 5.0
    """The least wait after a rate limit that names no time."""
    retried_statuses: frozenset[int] = RETRIED_STATUSES
    connect_s: float = 10.0
    first_byte_s: float = 600.0
    """For the status line, and again for the first byte of the body: some servers think before either."""
    idle_s: float = 300.0
    """Between two reads of the body. Every byte counts as life, comments and pings too."""
    after_end_s: float = 1.0
    """How long a body that has said that it is over may stay open."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and field.name not in ("jitter_low", "jitter_high") and not value >= 0:
                raise ValueError(f"{field.name} is {value!r}; it must not be negative")
        if not -1 <= self.jitter_low <= self.jitter_high:
            raise ValueError(f"jitter runs from jitter_low to jitter_high, not {self.jitter_low} to {self.jitter_high}")

    def limited(self, max_retries: int | None) -> Policy:
        """The same with at most so many repeats of any kind; None changes nothing."""
        if max_retries is None:
            return self
        overloads = min(self.max_overloads, max_retries)
        return replace(self, max_retries=max_retries, max_overloads=overloads, max_requests=max_retries + 1)

    def patient_for(self, timeout_s: float) -> Policy:
        """The same with one limit for every silence of the server."""
        return replace(self, connect_s=timeout_s, first_byte_s=timeout_s, idle_s=timeout_s)

    def backoff(self, repeats: int, luck: float = 0.0) -> float:
        """Seconds to wait after so many repeats; `luck` in [0, 1) draws the jitter."""
        grown = self.backoff_s * self.backoff_factor ** min(repeats, _MANY)
        share = self.jitter_low + (self.jitter_high - self.jitter_low) * luck
        return min(grown, self.backoff_cap_s) * (1 + share)

    @staticmethod
    def named(name: str) -> Policy:
        """The preset of that name (a key of PRESETS); raises ValueError."""
        if name not in PRESETS:
            raise ValueError(f"unknown policy {name!r}; the policies are {', '.join(PRESETS)}")
        return PRESETS[name]


_MANY = 64  # doublings after which every cap is long reached, and before a float overflows

_PLAIN = Policy(jitter_high=0.0, rate_limit_floor_s=0.0)

PRESETS: Final = MappingProxyType(
    {
        "default": Policy(),
        "none": Policy().limited(0),
        "navaia": replace(_PLAIN, max_retries=10, max_requests=11, backoff_s=0.5, backoff_cap_s=300.0),
        "axion": replace(_PLAIN, max_retries=3, max_requests=4),
        "autogpt": replace(_PLAIN, max_retries=3, max_requests=4),
        "gestura": Policy(max_retries=3, max_requests=4, jitter_low=-0.25, jitter_high=0.25),
    }
)
"""`navaia`: 0.5 s doubling, cap 5 min, 10 repeats; `axion` and `autogpt`: 1 s doubling, cap 30 s, 3 repeats;
`gestura`: the same with a jitter of a quarter either way, and 5 s at least after a rate limit that names no time."""
