"""What an exception of a client says to its user: the kind of error, its status, and whose fault it looks to be."""

from __future__ import annotations

import re
import sys
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Failed(Exception):
    """The client told its user of an error in another way than by raising. `kind`: rate_limit, overloaded, quota, auth,
    context_overflow, not_found, invalid_request, content_filter, server, timeout, connection, protocol or unknown."""

    __module__ = "harness_kit"  # how adapters know it, and how reports name it

    def __init__(self, kind: str, message: str, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.code = code


_STATUSES = {401: "auth", 403: "auth", 404: "not_found", 408: "timeout", 429: "rate_limit", 504: "timeout"}
_STATUSES[529] = "overloaded"

_CLASS_NAMES = {
    "timeout": "Timeout",
    "rate_limit": "RateLimit",
    "overloaded": "Overloaded",
    "auth": "Authentication|Permission",
    "not_found": "NotFound",
    "content_filter": "ContentFilter",
    "invalid_request": "BadRequest",
    "server": "InternalServer",
    "connection": "Connect|NetworkError|ReadError|RemoteProtocol|IncompleteRead",
    "protocol": "JSONDecode|UnicodeDecode|Validation",
}
"""What the names of exception classes say of a kind; looked for in the class and then in its bases."""


def error_of(error: BaseException, classify: Callable[[BaseException], str | None] | None = None) -> dict[str, Any]:
    """What an exception says; its kind comes from `classify`, else the status, else the names of its classes."""
    status = _status(error)
    code = getattr(error, "code", None)
    return {
        "kind": _kind(error, status, classify),
        "message": str(error) or type(error).__name__,
        "status": status,
        "code": code if isinstance(code, str) else None,
    }


def _kind(error: BaseException, status: int | None, classify: Callable[[BaseException], str | None] | None) -> str:
    if isinstance(error, Failed):
        return error.kind
    if classify is not None and (kind := classify(error)):
        return kind
    if status is not None:
        return _STATUSES.get(status, "server" if status >= 500 else "invalid_request")
    for base in type(error).__mro__:
        for kind, names in _CLASS_NAMES.items():
            if re.search(names, base.__name__):
                return kind
    return "unknown"


def _status(error: BaseException) -> int | None:
    candidates = (error, getattr(error, "response", None))
    values = [getattr(item, name, None) for item in candidates for name in ("status_code", "status")]
    return next((value for value in values if isinstance(value, int) and value >= 400), None)


def raised_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def blamed_on_adapter(error: BaseException) -> str | None:
    """The place in the adapter's own folder, or in this kit, that raised; None where the client's code was at work.

    What the standard library raises counts for whoever called it.
    """
    if isinstance(error, Failed):
        return None
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_ours(frame.filename):
            return f"{Path(frame.filename).name}:{frame.lineno}"
        if not _is_standard(frame.filename):
            return None
    return None


def _is_ours(file: str) -> bool:
    adapter = getattr(sys.modules.get("__main__"), "__file__", None)
    folders = [Path(__file__).parent, *([Path(adapter).parent] if adapter else [])]
    return Path(file).parent in folders


def _is_standard(file: str) -> bool:
    return file.startswith("<") or (file.startswith(sysconfig.get_path("stdlib")) and "site-packages" not in file)
