"""What a system sends: its request for the plainest scenario, without what every HTTP client adds."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from harness.runner.results import AttemptRecord

SCENARIOS: Final = ("canary/plain-text", "canary/tool-call")
"""The scenarios whose requests are shown: the first words of a talk, and an answer that may call tools."""

NOISE: Final = frozenset({"host", "connection", "content-length", "transfer-encoding", "date", "traceparent"})
"""Headers that say nothing of the system: they are of HTTP, of the moment, or of the case."""

LONG_BODY = 6_000
"""Characters of a body that are shown."""

_SECRET = re.compile(r"^(bearer\s+|basic\s+)?.+$", re.IGNORECASE | re.DOTALL)
_KEYS = frozenset({"authorization", "x-api-key", "x-goog-api-key", "api-key", "proxy-authorization"})
_CASE = re.compile(r"^/c\d+(?=/)")
_KEY_IN_PATH = re.compile(r"(?<=[?&]key=)[^&]+")


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One request: a method, a path without the case's own prefix, headers without noise and keys, and the body.

    A body that is JSON is laid out over lines; `faults` are the vendor's rules that it breaks.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str
    faults: tuple[str, ...]


def sent_request(attempt: AttemptRecord) -> SentRequest:
    """What that request said."""
    headers = ((name.lower(), value) for name, value in attempt.request_headers)
    return SentRequest(
        attempt.method,
        _KEY_IN_PATH.sub("…", _CASE.sub("", attempt.path)),
        tuple((name, _without_key(name, value)) for name, value in headers if name not in NOISE),
        _laid_out(attempt.request_body),
        tuple(attempt.request_faults),
    )


def _without_key(name: str, value: str) -> str:
    return _SECRET.sub(lambda found: f"{found[1] or ''}…", value) if name in _KEYS else value


def _laid_out(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
