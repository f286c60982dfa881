"""Interoperation with the real vcrpy and the real pytest-recording, over real sockets."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import vcr
import yaml

from harness.origin.case import CasePlan
from harness.origin.cassette import CassetteScript
from harness.origin.server import Origin
from harness.origin.transport import InProcessTransport
from harness.recording.cassette import load_cassette
from harness.wire.response import Chunk, WireResponse

CHAT = b'{"model":"m","messages":[{"role":"user","content":"H\xc3\xa9llo"}],"stream":true}'
NDJSON = (("content-type", "application/x-ndjson"), ("x-request-id", "r1"))
BUSY = WireResponse(429, (("content-type", "application/json"), ("retry-after", "1")), (Chunk(b'{"error":"busy"}'),))
ANSWER = WireResponse(200, NDJSON, tuple(Chunk(piece.encode()) for piece in ('{"done":fal', 'se}\n{"ö":"👋"}\n')))
PLAN = CasePlan("c", "ollama", (BUSY, ANSWER))
EXPECTED = [(429, b'{"error":"busy"}'), (200, '{"done":false}\n{"ö":"👋"}\n'.encode())]


async def ask_twice(client: Any, base_url: str) -> list[tuple[int, bytes]]:
    answers = [await client.post(f"{base_url}/api/chat", content=CHAT) for _ in range(2)]
    return [(answer.status_code, answer.content) for answer in answers]


async def play_back(path: Path) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]:
    """What a client gets from the cassette over a socket, and in process."""
    async with Origin() as origin, httpx.AsyncClient() as client:
        socket = await ask_twice(client, origin.mount("played", CassetteScript(load_cassette(path))))
    transport = InProcessTransport(CassetteScript(load_cassette(path)))
    async with httpx.AsyncClient(transport=transport) as client:
        return socket, await ask_twice(client, transport.base_url)


@pytest.mark.parametrize("connect", [httpx.AsyncClient, httpx2.AsyncClient], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("serializer", ["yaml", "json"])
def test_what_vcrpy_records_is_played_back(tmp_path: Path, connect: Callable[[], Any], serializer: str) -> None:
    path = tmp_path / f"recorded.{serializer}"

    async def main() -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]:
        async with Origin() as origin:
            base_url = origin.add(PLAN)
            with vcr.use_cassette(str(path), serializer=serializer, record_mode="all"):
                async with connect() as client:
                    assert await ask_twice(client, base_url) == EXPECTED
            assert len(origin.remove("c").attempts) == 2
        return await play_back(path)

    assert asyncio.run(main()) == (EXPECTED, EXPECTED)


def test_what_vcrpy_recorded_keeps_its_headers(tmp_path: Path) -> None:
    path = tmp_path / "recorded.yaml"

    async def main() -> None:
        async with Origin() as origin:
            base_url = origin.add(PLAN)
            with vcr.use_cassette(str(path)):
                async with httpx.AsyncClient() as client:
                    await client.post(f"{base_url}/api/chat", content=CHAT, headers={"authorization": "Bearer k"})

    asyncio.run(main())
    (exchange,) = load_cassette(path).exchanges
    assert exchange.request.body == CHAT
    assert ("authorization", "Bearer k") in exchange.request.headers
    assert exchange.response.header("retry-after") == "1"
    assert exchange.response.header("transfer-encoding") is None


def test_vcrpy_plays_a_cassette_that_has_our_key(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    interaction = {
        "request": {"method": "POST", "uri": "http://127.0.0.1:1/api/chat", "headers": {}, "body": CHAT.decode()},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["application/x-ndjson"]},
            "body": {"string": "onetwo"},
        },
        "x-harness": {"version": 1, "chunks": [[3, 10], [3, 20]], "ending": "no_last_chunk"},
    }
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [interaction]}))

    async def main() -> bytes:
        with vcr.use_cassette(str(path), record_mode="none"):
            async with httpx.AsyncClient() as client:
                return (await client.post("http://127.0.0.1:1/api/chat", content=CHAT)).content

    assert asyncio.run(main()) == b"onetwo"
    (exchange,) = load_cassette(path).exchanges
    assert [chunk.data for chunk in exchange.response.chunks] == [b"one", b"two"]


RECORDED_TEST = """
import os
import httpx
import pytest

@pytest.mark.vcr
def test_chat():
    with httpx.Client() as client:
        for _ in range(2):
            client.post(os.environ["BASE_URL"] + "/api/chat", content=os.environ["CHAT"].encode())
"""


def test_what_pytest_recording_writes_is_played_back(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(RECORDED_TEST)

    def record(base_url: str) -> None:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--record-mode=all", "test_it.py"]
        environment = {**os.environ, "BASE_URL": base_url, "CHAT": CHAT.decode(), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout

    async def main() -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]:
        async with Origin() as origin:
            await asyncio.to_thread(record, origin.add(PLAN))
        return await play_back(tmp_path / "cassettes" / "test_it" / "test_chat.yaml")

    assert asyncio.run(main()) == (EXPECTED, EXPECTED)
