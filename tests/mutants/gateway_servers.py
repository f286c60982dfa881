"""ASGI applications around a gateway that serve it wrongly."""

from __future__ import annotations

import asyncio
import re
from collections.abc import MutableMapping
from typing import Any

from harness.dialects import dialect
from harness.events import End, Failure
from harness.stack.translate.stream import StreamWriter
from tests.mutants.gateway_machine import App, Receive, Scope, Send

TRACEBACK = b'Traceback (most recent call last):\n  File "gateway.py", line 1, in serve\nJSONDecodeError\n'


def forgets_who_left(app: App) -> App:
    """The application never hears that its client is gone."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def deaf() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "http.disconnect":
                await asyncio.Event().wait()
            return message

        await app(scope, deaf, send)

    return serve


def one_mistake_and_out(app: App) -> App:
    """Once it has answered with an error, it breaks every connection."""
    broken = False

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def watching(message: MutableMapping[str, Any]) -> None:
            nonlocal broken
            broken = broken or message.get("status", 200) >= 400
            await send(message)

        if broken:
            raise RuntimeError("the process is gone")
        await app(scope, receive, watching)

    return serve


def begins_before_it_asks(app: App) -> App:
    """Every error comes within a stream under status 200, in the client's own dialect."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        spoken = dialect("anthropic-messages" if scope["path"].endswith("/messages") else "openai-chat")
        status, told = 200, b""

        async def beginning(message: MutableMapping[str, Any]) -> None:
            nonlocal status, told
            if message["type"] == "http.response.start":
                status = message["status"]
                streamed = [(b"content-type", b"text/event-stream")]
                message = {**message, "status": 200, "headers": streamed} if status >= 400 else message
            elif status >= 400:
                told += message.get("body", b"")
                failure = Failure(spoken.read_error(status, {}, told))
                frames = [] if message.get("more_body") else StreamWriter(spoken, spoken).feed([failure, End("failed")])
                message = {**message, "body": b"".join(frames)}
            await send(message)

        await app(scope, receive, beginning)

    return serve


def shows_its_inside(app: App) -> App:
    """Every error is its traceback."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        failed = False

        async def showing(message: MutableMapping[str, Any]) -> None:
            nonlocal failed
            if message["type"] == "http.response.start":
                failed = message["status"] >= 400
                plain = [(b"content-type", b"text/plain")]
                message = {**message, "headers": plain} if failed else message
            elif failed:
                message = {**message, "body": TRACEBACK}
            await send(message)

        await app(scope, receive, showing)

    return serve


def ignores_what_was_said(app: App) -> App:
    """It takes a request that goes on from an earlier answer, and forgets the answer."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def forgetting() -> MutableMapping[str, Any]:
            message = await receive()
            if message.get("body"):
                message = {**message, "body": re.sub(rb',"previous_response_id":"[^"]*"', b"", message["body"])}
            return message

        headers = [each for each in scope["headers"] if each[0] != b"content-length"]
        await app({**scope, "headers": headers}, forgetting, send)

    return serve
