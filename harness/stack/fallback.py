"""Where requests go: the primary target and those that stand in for it, and when the next one's turn comes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from harness.dialects import dialect as dialect_named
from harness.dialects.base import Dialect
from harness.events import ErrorInfo, ErrorKind

MISSING_KEY: Final = "missing-api-key"
"""The code of the error that says that a target is not configured."""

_SERVED_ELSEWHERE: Final[frozenset[ErrorKind]] = frozenset(
    {"rate_limit", "overloaded", "quota", "server", "timeout", "connection", "protocol", "unknown"}
)


@dataclass(frozen=True, slots=True)
class Target:
    """One provider: its dialect, the base URL (without version path), a key, and the model it is to use.

    `api_key` None looks into the environment, at `key_variable` or else at the dialect's own; an empty string sends no
    key. `model` None leaves the request's. Raises ValueError for an unknown dialect or a base URL that is none.
    """

    dialect: str | Dialect
    base_url: str
    api_key: str | None = None
    model: str | None = None
    key_variable: str | None = None

    def __post_init__(self) -> None:
        url = _url(self.base_url)
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError(f"base_url must begin with http:// or https:// and name a host, not {self.base_url!r}")
        _ = self.record

    @property
    def record(self) -> Dialect:
        """The dialect's record."""
        return dialect_named(self.dialect) if isinstance(self.dialect, str) else self.dialect

    @property
    def place(self) -> str:
        """The base URL as it may be shown: without user and password."""
        url = _url(self.base_url)
        return str(url.copy_with(userinfo=b"")) if url.userinfo else self.base_url

    def key(self, environment: Mapping[str, str] = os.environ) -> str | ErrorInfo:
        """The key to send (empty: none), or the error that names the variable in which it should be."""
        variable = self.key_variable or self.record.facts.get("key_variable")
        if self.api_key is not None or not variable:
            return self.api_key or ""
        key = environment.get(variable, "").strip()
        if key or self.record.facts.get("key_optional"):
            return key
        message = f"no API key for {self.place}: set {variable} or pass api_key"
        return ErrorInfo("auth", message, code=MISSING_KEY)


def _url(text: str) -> httpx.URL:
    try:
        return httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(f"base_url {text!r} is no URL: {error}") from None


def falls_back(error: ErrorInfo) -> bool:
    """Whether another target may take over once this one has given up with `error`.

    It may where the target is not configured, exhausted or unreadable. A request that one vendor refuses, a key that
    it rejects and an overflow are the caller's to mend: trying them elsewhere would hide them.
    """
    return error.code == MISSING_KEY or error.kind in _SERVED_ELSEWHERE
