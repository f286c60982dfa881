"""Errors as a gateway's client sees them: in the client's dialect, with a status, and without the gateway's inside.

What an upstream says of itself is handed on. What our own connections say of it, which may name hosts and libraries, is
said in words of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from harness.dialects.base import Dialect
from harness.dialects.decoding import read_json
from harness.events import ErrorInfo, ErrorKind
from harness.stack.fallback import MISSING_KEY, Target

UNKNOWN_RESPONSE = "previous_response_not_found"

_OURS: Mapping[ErrorKind, str] = {
    "connection": "the connection to the upstream was lost",
    "timeout": "the upstream did not answer in time",
    "protocol": "the upstream's answer could not be read",
}
_OWN_WORDS = re.compile(
    r"(?P<said>(?:connection lost|time-out|the request cannot be sent) ?[a-z ]*) \(\w+.*", re.DOTALL
)
"""How the client tells of a connection: what happened, and then the library's words in brackets."""
_SHOWS_BODY = re.compile(r"the (?:server redirects to|answer is no \S+ (?:stream|answer)|body cannot be decompressed)")
_CODES: Mapping[str, Mapping[int, str]] = {
    "openai": {404: "unknown_url", 405: "method_not_allowed", 413: "request_too_large"},
    "anthropic": {404: "not_found_error"},
}


@dataclass(eq=False, slots=True)  # not frozen: whoever raises it on sets its traceback
class Refusal(Exception):
    """An error that becomes the answer. `where` is the place at fault in the request."""

    error: ErrorInfo
    where: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """A whole HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def refuse(status: int, message: str, *, where: str = "", code: str | None = None, **headers: str) -> Refusal:
    """What is wrong with a request, as an error that no dialect has to be known for."""
    kind: ErrorKind = "auth" if status == 401 else "invalid_request"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refusal(ErrorInfo(kind, message, status=status, code=code), where, named)


def written(dialect: Dialect, refusal: Refusal, request_id: str) -> Written:
    """The refusal as an answer of that dialect."""
    error = refusal.error
    status = error.status or 0
    family = next((codes for name, codes in _CODES.items() if dialect.name.startswith(name)), {})
    if error.code is None and error.kind == "invalid_request" and status in family:
        error = msgspec.structs.replace(error, code=family[status])
    answer = dialect.write_error(error)
    headers = {**{name.lower(): value for name, value in answer.headers.items()}, **refusal.headers}
    if "request-id" in headers:
        headers["request-id"] = request_id
    return Written(answer.status, headers, _placed(answer.body, refusal.where, request_id))


def _placed(body: bytes, where: str, request_id: str) -> bytes:
    """The body with the place at fault and the request's id, where the dialect has fields for them."""
    document = read_json(body)
    if type(document) is not dict:
        return body
    changed: dict[str, Any] = dict(document)
    if "request_id" in document:
        changed["request_id"] = request_id
    error = document.get("error")
    if where and type(error) is dict and "param" in error:
        changed["error"] = {**error, "param": where}
    return body if changed == document else msgspec.json.encode(changed)


def told(error: ErrorInfo, targets: tuple[Target, ...]) -> ErrorInfo:
    """The error as a client may see it: without keys, hosts, or what a library of ours says."""
    if error.code == MISSING_KEY:
        return ErrorInfo("server", "the gateway has no key for its upstream", status=500)
    status = error.status if error.status is not None and 400 <= error.status <= 599 else None
    if error.kind == "auth" and status == 400:  # one vendor's own way; elsewhere 400 says that the request is wrong
        status = None
    message = error.message
    if _OWN_WORDS.fullmatch(message):
        if error.kind == "invalid_request":  # what cannot be sent is the gateway's own affair
            return ErrorInfo("server", "the request could not be sent to the upstream", status=500)
        message = _OURS.get(error.kind, _OURS["connection"])
    elif _SHOWS_BODY.match(message):
        message = _OURS["protocol"]
    return msgspec.structs.replace(error, message=_scrubbed(message, targets), status=status)


def _scrubbed(message: str, targets: tuple[Target, ...]) -> str:
    """The message without the upstreams' keys and addresses."""
    for target in targets:
        key = target.key()
        if isinstance(key, str) and len(key) >= 4:
            message = message.replace(key, "[key]")
        address = target.place.rstrip("/")
        message = message.replace(address, "[upstream]")
        host = address.partition("://")[2].partition("/")[0]
        message = re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", "[upstream]", message)
    return message
