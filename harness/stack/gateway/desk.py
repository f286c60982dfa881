"""The front desk: every request gets an id, an answer in its dialect whatever goes wrong, and a line in the log."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from harness.dialects.base import Dialect
from harness.stack.clock import Clock
from harness.stack.gateway.intake import ClientLeft, dialect_of_path, headers_of, path_of
from harness.stack.gateway.outlet import Outlet
from harness.stack.gateway.refusal import Refusal, refuse, written

VISIT = "harness.visit"
"""Where a request's visit lies in its ASGI scope."""
REQUEST_ID = "x-request-id"

_PLAIN_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)
_ODD = re.compile(r"[^\x21-\x7e]+")
_SHOWN = 120  # characters of a path or of a model's name in the log
_logger = logging.getLogger("harness.gateway")


@dataclass(slots=True)
class Visit:
    """One request at the gateway. What is known of it at the end goes into the log."""

    id: str
    served: Dialect
    headers: Mapping[str, str]
    outlet: Outlet
    notes: dict[str, str] = field(default_factory=dict)


class Desk:
    """ASGI middleware around everything that the gateway serves."""

    def __init__(self, app: ASGIApp, clock: Clock, log: Callable[[str], None] | None) -> None:
        self._app, self._clock, self._log = app, clock, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock.now()
        headers = headers_of(scope)
        visit = Visit(_request_id(headers), dialect_of_path(path_of(scope), headers), headers, Outlet(send))
        scope[VISIT] = visit
        try:
            await self._served(scope, receive, send, visit)
        finally:
            if self._log is not None:
                self._log(_line(scope, visit, self._clock.now() - began))

    async def _served(self, scope: Scope, receive: Receive, send: Send, visit: Visit) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientLeft:
            visit.notes["outcome"] = "left"
        except Refusal as refusal:
            await _answer(visit, refusal)
        except Exception:  # whatever it is, it is ours: the client is told no more than that
            _logger.exception("request %s failed", visit.id)
            if visit.outlet.begun:
                raise
            await _answer(visit, refuse(500, "the gateway failed to answer this request"))


async def _answer(visit: Visit, refusal: Refusal) -> None:
    visit.notes.setdefault("outcome", refusal.error.kind)
    answer = written(visit.served, refusal, visit.id)
    await visit.outlet.whole(answer.status, {**answer.headers, REQUEST_ID: visit.id}, answer.body)


def _request_id(headers: Mapping[str, str]) -> str:
    """The id that the client gave, where it is harmless; else one of ours."""
    given = headers.get(REQUEST_ID, "")
    return given if _PLAIN_ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"


def _line(scope: Scope, visit: Visit, seconds: float) -> str:
    outlet, notes = visit.outlet, visit.notes
    said = " ".join(f"{name}={_plain(text)}" for name, text in notes.items())
    asked = f"{_plain(scope['method'])} {_plain(path_of(scope))}"
    return f"{asked} {outlet.status or '-'} {seconds:.3f}s {outlet.sent_bytes}B {said} id={visit.id}"


def _plain(text: str) -> str:
    """Text that a client chose, on one line of the log and not too long."""
    return _ODD.sub("?", text)[:_SHOWN] or "-"
