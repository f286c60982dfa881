"""The gateway in front of chat front ends: what `useChat` posts goes to any upstream, and its answer comes back."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from harness.dialects import dialect, dialect_names
from harness.events import AnyEvent, ErrorInfo, Failure, Finish, Start, Text, ToolCall, Usage
from harness.request import to_dict
from harness.stack.fallback import Target
from harness.stack.gateway.app import create_app
from harness.stack.gateway.asgi_transport import AsgiTransport
from harness.stack.gateway.settings import GatewaySettings
from harness.stack.policy import Policy

from ...dialects.ai_sdk_ui.chunks import kinds, read
from ...dialects.ai_sdk_ui.front_end import PACKAGES, SCRIPT, asked
from ...dialects.decoded import encoded, transcript
from ...systems.third_party import command_for

SAID: list[AnyEvent] = [
    Start("r1", "m1"),
    Text("Let me add."),
    ToolCall(0, "c1", "add", '{"a": 1}'),
    Finish("tool_calls"),
    Usage(9, 4),
]
TALK: list[dict[str, Any]] = [
    {"id": "m1", "role": "user", "parts": [{"type": "text", "text": "1 + 1?"}]},
    {
        "id": "m2",
        "role": "assistant",
        "parts": [
            {"type": "step-start"},
            {"type": "tool-add", "toolCallId": "c1", "state": "output-available", "input": {"a": 1}, "output": "2"},
        ],
    },
]
every_upstream = pytest.mark.parametrize("upstream", dialect_names())


class Upstream:
    """Answers every request with one body, and keeps the last request."""

    def __init__(self, name: str, status: int = 200, body: bytes | None = None) -> None:
        self.record = dialect(name)
        self.status = status
        self.body = encoded(name, SAID) if body is None else body
        self.request: httpx.Request | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        return httpx.Response(self.status, headers={"content-type": self.record.content_type}, content=self.body)

    def app(self) -> Any:
        target = Target(self.record.name, "http://upstream.invalid", api_key="k", model="test-model")
        settings = GatewaySettings(upstreams=(target,), policy=Policy(max_retries=0))
        return create_app(settings, transport=httpx.MockTransport(self))

    def asked(self) -> dict[str, Any]:
        """What the upstream was asked, as a canonical request."""
        assert self.request is not None
        path = self.request.url.raw_path.decode()
        return to_dict(self.record.read_request(path, dict(self.request.headers), self.request.content))


def post(app: Any, body: Any) -> httpx.Response:
    async def answered() -> httpx.Response:
        async with httpx.AsyncClient(transport=AsgiTransport(app), base_url="http://gateway") as client:
            return await client.post("/v1/ui/chat", json=body)

    return asyncio.run(answered())


@every_upstream
def test_a_chat_is_answered_over_every_upstream(upstream: str) -> None:
    behind = Upstream(upstream)
    answer = post(behind.app(), {"id": "chat-1", "messages": TALK})
    assert (answer.status_code, answer.headers["x-vercel-ai-ui-message-stream"]) == (200, "v1")
    result = transcript("ai-sdk-ui", answer.content)
    assert (result.status, result.text, result.finish) == ("completed", "Let me add.", "tool_calls")
    assert [(call.name, call.input) for call in result.tool_calls] == [("add", {"a": 1})]
    assert result.usage.input_tokens == 9
    messages = behind.asked()["messages"]
    assert [(message["role"], message["content"][0]["type"]) for message in messages] == [
        ("user", "text"),
        ("assistant", "tool_call"),
        ("tool", "tool_result"),
    ]


@every_upstream
def test_an_answer_that_fails_after_its_beginning_ends_with_an_error(upstream: str) -> None:
    encoder = dialect(upstream).encoder()
    broke = Failure(ErrorInfo("overloaded", "overloaded", 529))
    said: list[AnyEvent] = [Start("r", "m"), Text("so f"), broke]
    body = b"".join(frame for event in said for frame in encoder.feed(event))
    answer = post(Upstream(upstream, body=body).app(), {"messages": TALK})
    chunks = kinds(read(dialect("ai-sdk-ui").split_frames(answer.content)))
    assert chunks[-3:] == ["finish-step", "data-error", "error"]


def test_a_failure_before_anything_is_an_error_of_http() -> None:
    refused = dialect("openai-chat").write_error(ErrorInfo("rate_limit", "too many requests", 429, retry_after_s=7.0))
    answer = post(Upstream("openai-chat", 429, refused.body).app(), {"messages": TALK})
    assert answer.status_code == 429
    assert json.loads(answer.content)["error"]["type"] == "rate_limit"


def test_what_is_no_chat_is_refused() -> None:
    behind = Upstream("openai-chat")
    answer = post(behind.app(), {"messages": [{"role": "user", "content": "Hi"}]})
    assert (answer.status_code, behind.request) == (400, None)
    assert "messages[0].parts" in json.loads(answer.content)["error"]["message"]


@contextmanager
def over_a_socket(app: Callable[..., Any]) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none", lifespan="on"))
    listening = server.config.bind_socket()
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_ai_package_talks_to_the_gateway_over_a_socket(package: str) -> None:
    command = command_for(SCRIPT)
    behind = Upstream("anthropic-messages")
    with over_a_socket(behind.app()) as url:
        (shown,) = asked(command, package, url, 1, json.dumps(TALK))
    assert shown["errors"] == []
    assert [part["type"] for part in shown["message"]["parts"]] == ["step-start", "text", "tool-add"]
    assert behind.asked()["messages"][2]["content"][0]["content"] == "2"
