"""What is served where: the dialects' endpoints, the lists of models, and signs of health."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from harness.dialects import dialect
from harness.dialects.base import Dialect
from harness.dialects.decoding import as_str
from harness.dialects.reading import read_body as read_object
from harness.events import AnyEvent
from harness.request import Message
from harness.stack.gateway import models
from harness.stack.gateway.desk import REQUEST_ID, VISIT, Visit
from harness.stack.gateway.form import ArrayForm, Form
from harness.stack.gateway.gateway import Gateway
from harness.stack.gateway.intake import check_form, check_request, check_token, path_of, read_body, target_of
from harness.stack.gateway.refusal import UNKNOWN_RESPONSE, refuse
from harness.stack.gateway.relay import Asked
from harness.stack.turns import assistant_message
from harness.transcript import fold

ENDPOINTS: Final[Mapping[str, tuple[str, ...]]] = {
    "openai-chat": (
        "/v1/chat/completions",
        "/chat/completions",
        "/openai/v1/chat/completions",
        "/openai/deployments/{deployment}/chat/completions",
    ),
    "openai-responses": ("/v1/responses", "/responses", "/openai/v1/responses"),
    "anthropic-messages": ("/v1/messages", "/messages", "/anthropic/v1/messages"),
    "gemini": tuple(
        f"/{version}/models/{{model:path}}:{method}"
        for version in ("v1beta", "v1")
        for method in ("streamGenerateContent", "generateContent")
    ),
    "ollama": ("/api/chat", "/api/chat/"),
    "ai-sdk-ui": ("/v1/ui/chat",),
}
"""Where each dialect is served."""

_HANDLED: Final = frozenset({"unread-previous_response_id", "unread-store"})
"""What of a request the gateway itself takes care of."""

_Page: TypeAlias = Callable[[Gateway, Scope, Visit], Any]


def routes(gateway: Gateway) -> list[BaseRoute]:
    """Everything that the gateway serves; what is left is not found."""
    served = [Route(path, _Endpoint(gateway, dialect(name))) for name, paths in ENDPOINTS.items() for path in paths]
    pages = [Route(path, _Reading(gateway, page, guarded=guarded)) for path, page, guarded in _PAGES]
    return [*served, *pages, Route("/{path:path}", _Nowhere())]


class _Endpoint:
    """Where one dialect's requests are answered."""

    def __init__(self, gateway: Gateway, served: Dialect) -> None:
        self._gateway, self._served = gateway, served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit: Visit = scope[VISIT]
        visit.served = self._served
        _check_method(scope, "POST")
        settings = self._gateway.settings
        check_token(settings.token, visit.headers, scope.get("query_string", b""))
        check_form(visit.headers, any_type=self._served.name == "ollama")
        body = await read_body(receive, visit.headers, settings.max_request_bytes, self._gateway.clock)
        target = target_of(scope)
        check_request(self._served, target, visit.headers, body)
        await self._gateway.relay(visit, self._asked(visit, target, body), receive)

    def _asked(self, visit: Visit, target: str, body: bytes) -> Asked:
        settings = self._gateway.settings
        request = self._served.read_request(target, visit.headers, body)
        unread = self._served.unread(target, visit.headers, body)
        model = request.model or next(iter(models.model_names(settings)), "")  # chat front ends often name none
        request = msgspec.structs.replace(request, model=settings.models.get(model, model))
        asked = Asked(
            served=self._served,
            request=request,
            form=_form(self._served, target),
            headers={REQUEST_ID: visit.id},
            losses=[loss for loss in unread if loss.what not in _HANDLED],
        )
        if self._served.name == "openai-responses":
            self._continue(asked, read_object(body))
        return asked

    def _continue(self, asked: Asked, body: Mapping[str, Any]) -> None:
        """A conversation that the gateway knows, and what is to be known of it later. Raises Refusal."""
        earlier: Sequence[Message] = ()
        if before := as_str(body.get("previous_response_id")):
            found = self._gateway.conversations.get(before)
            if found is None:
                message = f"Previous response with id '{before[:80]}' not found."
                raise refuse(400, message, where="previous_response_id", code=UNKNOWN_RESPONSE)
            earlier = found
        said = [*earlier, *asked.request.messages]
        asked.request = msgspec.structs.replace(asked.request, messages=said)
        asked.answer_id = f"resp_{secrets.token_hex(24)}"
        if body.get("store") is not False and self._gateway.settings.stored_responses:
            asked.keep = lambda events: self._keep(asked, said, events)

    def _keep(self, asked: Asked, said: Sequence[Message], events: Sequence[AnyEvent]) -> None:
        answer = assistant_message(fold(self._served.name, events))
        if asked.answer_id is not None:
            self._gateway.conversations.put(asked.answer_id, [*said, answer])


def _form(served: Dialect, target: str) -> Form:
    is_array = served.name == "gemini" and "alt=sse" not in target.partition("?")[2].split("&")
    return ArrayForm() if is_array else Form(served.content_type)


class _Reading:
    """Where something is only looked at."""

    def __init__(self, gateway: Gateway, page: _Page, *, guarded: bool) -> None:
        self._gateway, self._page, self._guarded = gateway, page, guarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit: Visit = scope[VISIT]
        _check_method(scope, "GET", "HEAD")
        if self._guarded:
            check_token(self._gateway.settings.token, visit.headers, scope.get("query_string", b""))
        body = msgspec.json.encode(self._page(self._gateway, scope, visit))
        headers = {"content-type": "application/json", REQUEST_ID: visit.id}
        visit.notes["outcome"] = "read"
        await visit.outlet.whole(200, headers, body)


def _check_method(scope: Scope, *allowed: str) -> None:
    if scope["method"] not in allowed:
        said = f"{scope['method'][:20]} is not allowed here; {allowed[0]} is"
        raise refuse(405, said, allow=", ".join(allowed))


def _health(gateway: Gateway, scope: Scope, visit: Visit) -> dict[str, Any]:
    return {"status": "ok", "streams": gateway.streams}


def _greeting(gateway: Gateway, scope: Scope, visit: Visit) -> dict[str, Any]:
    return {"status": "ok", "serves": list(ENDPOINTS)}


def _list(gateway: Gateway, scope: Scope, visit: Visit) -> dict[str, Any]:
    return models.listed(path_of(scope), visit.headers, models.model_names(gateway.settings))


def _model(gateway: Gateway, scope: Scope, visit: Visit) -> dict[str, Any]:
    name = scope["path_params"]["name"]
    if name not in models.model_names(gateway.settings):
        raise refuse(404, f"the model {name[:80]!r} is not on the gateway's list", code="model_not_found")
    return models.described(path_of(scope), visit.headers, name)


def _version(gateway: Gateway, scope: Scope, visit: Visit) -> dict[str, Any]:
    return {"version": models.OLLAMA_VERSION}


_PAGES: Final[tuple[tuple[str, _Page, bool], ...]] = (
    ("/", _greeting, False),
    ("/health", _health, False),
    ("/v1/models", _list, True),
    ("/v1beta/models", _list, True),
    ("/api/tags", _list, True),
    ("/v1/models/{name:path}", _model, True),
    ("/v1beta/models/{name:path}", _model, True),
    ("/api/version", _version, False),
)


class _Nowhere:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise refuse(404, f"there is nothing at {scope['method'][:20]} {path_of(scope)[:200]}")
