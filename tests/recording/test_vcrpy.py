"""Interoperation with the real vcrpy and the real pytest-recording, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import vcr
import yaml
from vcr.serialize import deserialize, serialize
from vcr.serializers import yamlserializer

from harness.origin.case import CasePlan
from harness.origin.cassette import CassetteScript
from harness.origin.server import Origin
from harness.origin.transport import InProcessTransport
from harness.recording.cassette import Exchange, RecordedRequest, load_cassette
from harness.recording.received import parted
from harness.recording.writer import save_cassette
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


def recorded(path: str, response: WireResponse, came: list[tuple[str, str]], body: bytes = b"{}") -> Exchange:
    headers, form = parted(came)
    request = RecordedRequest("POST", f"http://127.0.0.1:1{path}", (("accept", "*/*"),), body)
    return Exchange(request, replace(response, headers=headers), reason="Reason", header_form=form, provider="x")


SSE = [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")]
STREAM = WireResponse(200, (), (Chunk("data: 👋 \r\n".encode(), 0.5), Chunk(b"\r\ndata: [DONE]\n\n", 1.0)))
PACKED = gzip.compress(b'{"packed": true}', mtime=0)
WRITTEN = [
    recorded("/stream", STREAM, SSE),
    recorded("/cut", replace(STREAM, ending="reset"), SSE),
    recorded(
        "/packed",
        WireResponse(200, (), (Chunk(PACKED[:9]), Chunk(PACKED[9:])), transfer="length"),
        [("Content-Encoding", "gzip"), ("Content-Length", str(len(PACKED)))],
    ),
    recorded("/busy", WireResponse(429, (), (Chunk(b'{"error": "busy"}'),)), [("Retry-After", "1")]),
    recorded("/moved", WireResponse(307, (), ()), [("Location", "http://127.0.0.1:1/bytes"), ("Content-Length", "0")]),
    recorded("/bytes", WireResponse(200, (), (Chunk(b"\xff\x00\xfe"),)), [("X-Latin", "\xe9")], b"\xff\xfe"),
    recorded("/many", WireResponse(200, (), (Chunk(b"ok"),)), [("X-Many", "one"), ("X", "1"), ("X-Many", "two")]),
    recorded("/nothing", WireResponse(0, (), (), ending="reset", head=False), []),
]
"""What is awkward to write, and to play."""
PLAYED = {
    "/stream": (200, "data: 👋 \r\n\r\ndata: [DONE]\n\n".encode()),
    "/cut": (200, "data: 👋 \r\n\r\ndata: [DONE]\n\n".encode()),
    "/packed": (200, b'{"packed": true}'),
    "/busy": (429, b'{"error": "busy"}'),
    "/moved": (200, b"\xff\x00\xfe"),
    "/bytes": (200, b"\xff\x00\xfe"),
    "/many": (200, b"ok"),
    "/nothing": (502, b""),
}


@pytest.mark.parametrize("connect", [httpx.Client, httpx2.Client], ids=["httpx", "httpx2"])
def test_vcrpy_plays_what_we_write(tmp_path: Path, connect: Callable[..., Any]) -> None:
    path = tmp_path / "ours.yaml"
    save_cassette(path, WRITTEN)
    before = path.read_bytes()
    with (
        vcr.use_cassette(str(path), record_mode="none", allow_playback_repeats=True) as played,
        connect(base_url="http://127.0.0.1:1", follow_redirects=True) as client,
    ):
        answers = {name: client.post(name, content=b"{}") for name in PLAYED}
    assert {name: (answer.status_code, answer.content) for name, answer in answers.items()} == PLAYED
    assert answers["/many"].headers.get_list("x-many") == ["one", "two"]
    assert answers["/packed"].headers["content-encoding"] == "gzip"
    assert answers["/busy"].reason_phrase == "Reason"
    assert answers["/busy"].headers["retry-after"] == "1"
    assert [history.status_code for history in answers["/moved"].history] == [307]
    assert [request.body for request in played.requests][5] == b"\xff\xfe"
    assert path.read_bytes() == before


def test_what_vcrpy_writes_of_our_cassette_is_read(tmp_path: Path) -> None:
    """It keeps what it knows of: all but our key."""
    path, again = tmp_path / "ours.yaml", tmp_path / "theirs.yaml"
    save_cassette(path, WRITTEN)
    requests, responses = deserialize(path.read_text(), yamlserializer)
    again.write_text(serialize({"requests": requests, "responses": responses}, yamlserializer))
    ours, theirs = load_cassette(path).exchanges, load_cassette(again).exchanges
    assert [one.request for one in theirs] == [one.request for one in ours]
    assert [one.response.body for one in theirs] == [
        *(one.response.body for one in ours[:2]),
        b'{"packed": true}',
        *(one.response.body for one in ours[3:]),
    ]
    assert [one.response.status for one in theirs] == [200, 200, 200, 429, 307, 200, 200, 502]


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


REPLAYED_TEST = """
import httpx
import httpx2
import pytest

@pytest.mark.vcr
@pytest.mark.parametrize("client", [httpx, httpx2])
def test_written(client):
    answer = client.post("http://127.0.0.1:1/stream", content=b"{}")
    assert answer.content == "data: 👋 \\r\\n\\r\\ndata: [DONE]\\n\\n".encode()
    assert client.post("http://127.0.0.1:1/busy", content=b"{}").status_code == 429
"""


def test_pytest_recording_plays_what_we_write(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(REPLAYED_TEST)
    for client in ("httpx", "httpx2"):
        save_cassette(tmp_path / "cassettes" / "test_it" / f"test_written[{client}].yaml", WRITTEN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--block-network", "test_it.py"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1][:8]) == (0, "2 passed"), done.stdout
