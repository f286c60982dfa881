"""What kind of error a vendor's status, code, type and words amount to, in one place for all dialects.

The order of the rules matters more than the rules: an exhausted quota first (waiting does not help), then rate limits
(a tokens-per-minute limit speaks of too many tokens, and is no overflow), then context overflow, then everything
else. The codes and words themselves are in `wordings`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.dialects import wordings
from harness.events import ErrorInfo, ErrorKind

_SEARCHED = 4000  # characters of a message; what identifies an error stands at its beginning

_RETRYABLE: frozenset[ErrorKind] = frozenset({"rate_limit", "overloaded", "server", "timeout", "connection"})
_NEVER_RETRIED = frozenset({400, 401, 402, 403, 404, 405, 413, 422, 451})
_STATUS_KINDS: Mapping[int, ErrorKind] = {
    401: "auth",
    402: "quota",
    403: "auth",
    404: "not_found",
    408: "timeout",
    409: "server",  # a lock that timed out
    429: "rate_limit",
    499: "connection",
    503: "overloaded",
    504: "timeout",
    524: "timeout",
    529: "overloaded",
}
_VAGUE: frozenset[ErrorKind] = frozenset({"server", "invalid_request"})
"""Kinds whose codes stand beside any status: the status or the words say more."""

_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_THOUSANDS = re.compile(r"(?<=\d)[,_](?=\d{3}(?!\d))")
_NOISE = re.compile(r"[\s`'\"\\]+")


def classify(
    status: int | None = None,
    code: str | int | None = None,
    type: str | None = None,
    message: str = "",
    retry_after_s: float | None = None,
) -> ErrorInfo:
    """The error that a vendor describes by any of: HTTP status, code, type, message.

    A numeric `code` counts as the status where there is none; `code` in the answer is the code, or else the type.
    `retry_after_s` is kept as it is given.
    """
    if status is None:
        status = _status_in(code)
    codes = [plain for word in (code, type) if (plain := _plain(word))]
    kind = _kind(status, codes, _normalised(message))
    return ErrorInfo(
        kind=kind,
        message=message,
        status=status,
        code=str(code) if code not in (None, "") else type or None,
        retryable=kind in _RETRYABLE and status not in _NEVER_RETRIED,
        retry_after_s=retry_after_s,
    )


def _kind(status: int | None, codes: list[str], words: str) -> ErrorKind:
    """The first rule that fits, in the order that the module's docstring gives."""
    kinds = [kind for code in codes if (kind := wordings.KIND_OF_CODE.get(code))]
    if "quota" in kinds or _is_quota(words):
        return "quota"
    if "rate_limit" in kinds or wordings.RATE_LIMIT.search(words):
        return "rate_limit"
    if "context_overflow" in kinds or wordings.OVERFLOW.search(words) or _names_overflow(words):
        return "context_overflow"
    if specific := next((kind for kind in kinds if kind not in _VAGUE), None):
        return specific
    by_status = _STATUS_KINDS.get(status) if status is not None else None
    by_words = next((kind for kind, pattern in wordings.OTHERS if pattern.search(words)), None)
    refused = "invalid_request" in kinds or (status is not None and 400 <= status < 500)
    if by_words == "content_filter":
        return by_words
    if by_words and by_status is None and not (refused and by_words in _RETRYABLE):
        return by_words
    return by_status or _by_hundred(status) or (kinds[0] if kinds else "unknown")


def _is_quota(words: str) -> bool:
    """Whether waiting a little cannot help."""
    if wordings.QUOTA.search(words):
        return True
    return bool(wordings.CURRENT_QUOTA.search(words)) and not wordings.COMES_BACK.search(words)


def _names_overflow(words: str) -> bool:
    """Whether the message holds an overflow code, as an error wrapped in another's message does."""
    squeezed = _PUNCTUATION.sub("", words)
    return any(code in squeezed for code in wordings.OVERFLOW_CODES)


def _by_hundred(status: int | None) -> ErrorKind | None:
    if status is None or status < 400:
        return None
    return "server" if status >= 500 else "invalid_request"


def _status_in(code: str | int | None) -> int | None:
    digits = str(code)
    return int(digits) if len(digits) == 3 and digits.isascii() and digits.isdigit() and digits[0] in "45" else None


def _plain(code: str | int | None) -> str:
    return _PUNCTUATION.sub("", str(code).lower()) if code is not None else ""


def _normalised(message: str) -> str:
    return _NOISE.sub(" ", _THOUSANDS.sub("", message[:_SEARCHED].lower()))
