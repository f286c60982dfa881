"""What comes in: who asks, in which dialect, and the request's body, read no further than it may go."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.types import Receive, Scope

from harness.dialects import dialect
from harness.dialects.base import Dialect, RequestFault
from harness.dialects.decoding import read_json
from harness.stack.clock import Clock
from harness.stack.gateway.refusal import Refusal, refuse

DISCARDED_BYTES = 128 * 1024 * 1024
"""How much of a body that is too large is read, and forgotten at once, so that its sender gets to read why."""
DISCARDING_S = 10.0

_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json")
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_ASCII_CHARSETS = ("utf-8", "utf8", "us-ascii", "")

_UNUSABLE = frozenset(
    {
        "body-not-json",
        "body-not-object",
        "body-too-deep",
        "model-missing",
        "messages-missing",
        "messages-type",
        "messages-invalid",
        "messages-empty",
        "message-type",
        "message-invalid",
        "contents-missing",
        "contents-type",
        "input-missing",
        "input-invalid",
        "item-invalid",
        "item-field",
        "role-unknown",
        "content-type",
        "content-invalid",
        "block-invalid",
        "block-unknown",
        "block-field",
        "part-type",
        "part-invalid",
        "part-field",
        "part-unknown",
        "part-empty",
        "parts-type",
        "text-type",
        "system-type",
        "system-invalid",
        "tools-type",
        "tools-invalid",
        "tool-type",
        "tool-type-missing",
        "tool-call-type",
        "tool-choice-invalid",
        "mode-unknown",
        "setting-invalid",
        "sampling-invalid",
        "stream-invalid",
        "stop-type",
        "stop-invalid",
        "number-type",
        "number-range",
        "max-tokens-invalid",
        "options-type",
        "generation-config-type",
        "image-type",
        "image-not-base64",
        "data-not-base64",
        "data-missing",
        "mime-type-missing",
    }
)
"""Faults of a request that nobody can make sense of. What is merely against a vendor's rules (ids, an empty text, a
result without its call) is mended or handed on: another upstream may know better."""


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers, with lower-case names."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def target_of(scope: Scope) -> str:
    """The path below the gateway's root, with its query."""
    query = scope.get("query_string", b"").decode("latin-1")
    path = path_of(scope)
    return f"{path}?{query}" if query else path


def path_of(scope: Scope) -> str:
    """The path below the gateway's root."""
    path: str = scope["path"]
    root = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root + "/") else path


def dialect_of_path(path: str, headers: Mapping[str, str]) -> Dialect:
    """The dialect in which somebody is told that there is nothing at `path`, or that they may not come in."""
    if path.startswith("/v1beta/") or "enerateContent" in path:
        return dialect("gemini")
    if path.startswith("/v1/ui/"):
        return dialect("ai-sdk-ui")
    if path.startswith("/api/"):
        return dialect("ollama")
    if path.startswith(("/v1/messages", "/messages")) or "anthropic-version" in headers:
        return dialect("anthropic-messages")
    if path.startswith(("/v1/responses", "/responses", "/openai/v1/responses")):
        return dialect("openai-responses")
    return dialect("openai-chat")


def check_token(token: str | None, headers: Mapping[str, str], query: bytes) -> None:
    """Raises Refusal for a client that does not show the token, in whichever way its dialect shows one."""
    if token is None:
        return
    shown = [headers.get("x-api-key"), headers.get("x-goog-api-key"), headers.get("api-key")]
    if found := _BEARER.fullmatch(headers.get("authorization", "")):
        shown.append(found[1])
    shown += parse_qs(query.decode("latin-1")).get("key", [])
    wanted = token.encode()
    matches = [hmac.compare_digest(each.encode(), wanted) for each in shown if each]  # all are looked at
    if not any(matches):
        said = "the API key is not valid" if any(shown) else "an API key is required"
        raise refuse(401, said, www_authenticate="Bearer")


def check_form(headers: Mapping[str, str], *, any_type: bool = False) -> None:
    """Raises Refusal for a body that is not JSON in UTF-8 by its own account."""
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise refuse(415, f"a request body with the content coding {coding[:40]!r} is not read; send it plain")
    kind, _, parameters = headers.get("content-type", "").lower().partition(";")
    if kind.strip() and not any_type and not _JSON.fullmatch(kind.strip()):
        raise refuse(415, f"the content type must be application/json, not {kind.strip()[:80]!r}")
    charset = re.search(r"charset=\"?([^\";\s]*)", parameters)
    if charset and charset[1] not in _ASCII_CHARSETS:
        raise refuse(415, f"the charset must be UTF-8, not {charset[1][:40]!r}")


async def read_body(receive: Receive, headers: Mapping[str, str], limit: int, clock: Clock) -> bytes:
    """The whole body. Raises Refusal once it is known to be too large, and ClientLeft."""
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        await _let_finish(receive, clock)
        raise _too_large(limit)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        body += message.get("body", b"")
        if len(body) > limit:
            await _let_finish(receive, clock)
            raise _too_large(limit)
        if not message.get("more_body", False):
            return bytes(body)


async def _let_finish(receive: Receive, clock: Clock) -> None:
    """Throws away what the client still sends, for a while: one that is cut off while it sends reads no answer."""

    async def discard() -> None:
        more, left = True, DISCARDED_BYTES
        while more and left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
            more = message.get("more_body", False)

    discarding = asyncio.ensure_future(discard())
    waiting = asyncio.ensure_future(clock.sleep(DISCARDING_S))
    try:
        await asyncio.wait((discarding, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        discarding.cancel()
        waiting.cancel()


class ClientLeft(Exception):
    """The client hung up before it had asked for anything."""


def _too_large(limit: int) -> Refusal:
    return refuse(413, f"the request body is larger than {limit} bytes", connection="close")


def check_request(served: Dialect, target: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raises Refusal for a body of which no request can be made; it names the place at fault."""
    if not _is_utf8(body) or type(read_json(body)) is not dict:
        raise refuse(400, "the request body is not a JSON object in UTF-8", where="body")
    fault = next((fault for fault in served.validate(target, headers, body) if fault.rule in _UNUSABLE), None)
    if fault is not None:
        raise refuse(400, _in_words(fault), where=fault.where)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _in_words(fault: RequestFault) -> str:
    return fault.message if not fault.where or fault.where in fault.message else f"{fault.where}: {fault.message}"
