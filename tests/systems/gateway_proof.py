"""Shows what a gateway of others really does: literal bytes behind it, a literal request before it, raw bytes back.

No client, no origin and no decoder of ours takes part; only the machinery that starts and stops the process, in the
environment that was built before. What it tries to reach beyond this machine is refused at once.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
import yaml

from harness.systems import gateway_install
from harness.systems.gateway_manifest import GatewayManifest, SlotPlace
from harness.systems.gateway_process import GatewayProcess, Launch
from harness.systems.manifest import load_manifest
from harness.systems.registry import BUNDLED

from .proofs.situations import Answer, situation
from .raw_server import RawServer
from .third_party import NOWHERE

ROWS = Path(__file__).parent / "gateway_proofs"

HELLO = [{"role": "user", "content": "Hello"}]
ASKS = [{"role": "user", "content": "What is the weather in Oslo?"}]
SAYS_HELLO = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

REQUESTS: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "openai-chat": {
        "text": ("/v1/chat/completions", {"messages": HELLO, "stream": True}),
        "tool": (
            "/v1/chat/completions",
            {
                "messages": ASKS,
                "stream": True,
                "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": CITY}}],
            },
        ),
        "whole": ("/v1/chat/completions", {"messages": HELLO}),
    },
    "openai-responses": {
        "text": ("/v1/responses", {"input": SAYS_HELLO, "stream": True}),
        "tool": (
            "/v1/responses",
            {
                "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Weather?"}]}],
                "stream": True,
                "tools": [{"type": "function", "name": "get_weather", "parameters": CITY}],
            },
        ),
        "whole": ("/v1/responses", {"input": SAYS_HELLO}),
    },
    "anthropic-messages": {
        "text": ("/v1/messages", {"messages": HELLO, "max_tokens": 64, "stream": True}),
        "tool": (
            "/v1/messages",
            {
                "messages": ASKS,
                "max_tokens": 64,
                "stream": True,
                "tools": [{"name": "get_weather", "input_schema": CITY}],
            },
        ),
        "whole": ("/v1/messages", {"messages": HELLO, "max_tokens": 64}),
    },
    "ollama": {
        "text": ("/api/chat", {"messages": HELLO}),
        "tool": (
            "/api/chat",
            {
                "messages": ASKS,
                "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": CITY}}],
            },
        ),
        "whole": ("/api/chat", {"messages": HELLO, "stream": False}),
    },
    "gemini": {
        "text": (
            "/v1beta/models/{model}:streamGenerateContent?alt=sse",
            {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]},
        ),
    },
}
"""What a client says, by dialect and name: a path, and a body that gets its model besides."""


@dataclass(frozen=True)
class GatewayRow:
    """One proof: a situation of its upstream, a request, and what the client's bytes show. Paths and names are literal.

    `shows` must all stand in the answer's body, in this order; `lacks` must not. `ends`: whether the body came whole.
    """

    system: str
    name: str
    dialect: str
    situation: str
    request: str = "text"
    status: int = 200
    shows: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)
    ends: str = "whole"
    headers: dict[str, str | None] = field(default_factory=dict)
    requests: int | None = None
    """How many requests its upstream got; None: it is not what the row is about."""

    @property
    def id(self) -> str:
        """As in the id of the test: `<system>/<name>`."""
        return f"{self.system}/{self.name}"


def all_rows() -> list[GatewayRow]:
    """The rows of every gateway, those of one after those of another; a wrong key raises TypeError."""
    return [
        GatewayRow(system=path.stem.replace("_", "-"), name=name, **row)
        for path in sorted(ROWS.glob("*.yaml"))
        for name, row in yaml.safe_load(path.read_text(encoding="utf-8")).items()
    ]


@dataclass(frozen=True)
class Shown:
    """What the client of the gateway got, and how many requests the upstream did."""

    status: int
    headers: dict[str, str]
    body: str
    ends: str
    requests: int


class Stage:
    """One gateway at a time, started for its first row and stopped before the next one's."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._running: _Running | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()
        self._runner.close()

    def show(self, row: GatewayRow) -> Shown:
        """Plays the row. Skips the test where the gateway is not installed."""
        if self._running is None or self._running.system != row.system:
            self._leave()
            self._running = self._start(row.system)
        return self._running.show(row)

    def _start(self, system: str) -> _Running:
        path = manifest_of(system)
        manifest = load_manifest(path)
        assert isinstance(manifest, GatewayManifest)
        installed = gateway_install.installation(manifest, path)
        if installed is None:
            pytest.skip(f"{system} is not installed")
        nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE)
        direct = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1")
        cut_off = manifest.model_copy(update={"env": {**manifest.env, **nowhere, **direct}})
        upstream = RawServer(Answer(b""), posts_only=True)
        upstream.__enter__()
        places = (SlotPlace(1, manifest.model_of(1), upstream.url),)
        launch = Launch(system, cut_off, path.parent, installed)
        try:
            process = self._runner.run(GatewayProcess.start(launch, places))
        except BaseException:
            upstream.__exit__(None, None, None)
            raise
        return _Running(system, manifest, upstream, process)

    def _leave(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            self._runner.run(running.process.kill())
            running.upstream.__exit__(None, None, None)


@dataclass
class _Running:
    system: str
    manifest: GatewayManifest
    upstream: RawServer
    process: GatewayProcess

    def show(self, row: GatewayRow) -> Shown:
        self.upstream.play(*situation(row.situation, self.manifest.upstream))
        path, body = REQUESTS[row.dialect][row.request]
        model = self.manifest.model_of(1, row.dialect) or "test-model"
        key = self.manifest.api_key or "sk-test"
        headers = {"content-type": "application/json", "authorization": f"Bearer {key}", "x-api-key": key}
        headers |= {"anthropic-version": "2023-06-01", "x-goog-api-key": key}
        address = urlsplit(self.process.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        try:
            place = self.manifest.serves[row.dialect].path + path.replace("{model}", model)
            connection.request("POST", place, json.dumps({"model": model, **body}), headers)
            answer = connection.getresponse()
            data, ends = _read(answer)
            return Shown(answer.status, dict(answer.getheaders()), data, ends, self.upstream.requests)
        finally:
            connection.close()


def _read(answer: http.client.HTTPResponse) -> tuple[str, str]:
    """The body as text, and whether it came whole or broke off."""
    pieces = []
    try:
        while piece := answer.read1(65536):
            pieces.append(piece)
    except (http.client.HTTPException, OSError):
        return b"".join(pieces).decode(errors="replace"), "broken"
    return b"".join(pieces).decode(errors="replace"), "whole"


def manifest_of(system: str) -> Path:
    """The bundled manifest of that name."""
    return BUNDLED / f"{system.replace('-', '_')}.yaml"
