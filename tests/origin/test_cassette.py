from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest

from harness.origin.cassette import CassetteScript
from harness.origin.server import Origin
from harness.origin.transport import InProcessTransport
from harness.recording.cassette import Cassette, Exchange, RecordedRequest, load_cassette
from harness.wire.response import Chunk, WireResponse

from .wire import CHAT

URL = "http://127.0.0.1:11434/api/chat"
LINES = (Chunk(b'{"message":{"content":"Hel'), Chunk(b'lo"},"done":false}\n', 0.001))


def cassette(*responses: WireResponse) -> Cassette:
    request = RecordedRequest("POST", URL, (), CHAT)
    return Cassette(Path("some.yaml"), tuple(Exchange(request, response) for response in responses))


def test_a_recording_plays_over_a_socket_and_in_process_alike() -> None:
    recorded = cassette(WireResponse(429, (), (Chunk(b"slow down"),)), WireResponse(200, (), LINES, "no_last_chunk"))

    async def talk(client: httpx.AsyncClient, base_url: str) -> list[object]:
        first = await client.post(f"{base_url}/api/chat", content=CHAT)
        pieces: list[object] = [first.status_code, first.content]
        with pytest.raises(httpx.RemoteProtocolError):
            async with client.stream("POST", f"{base_url}/api/chat", content=CHAT) as answer:
                async for piece in answer.aiter_raw():
                    pieces.append(piece)
        return pieces

    async def main() -> tuple[list[object], list[object]]:
        transport = InProcessTransport(CassetteScript(recorded))
        async with httpx.AsyncClient(transport=transport) as client:
            process = await talk(client, transport.base_url)
        async with Origin() as origin, httpx.AsyncClient() as client:
            socket = await talk(client, origin.mount("cassette", CassetteScript(recorded)))
            assert [attempt.response for attempt in origin.remove("cassette").attempts] == [
                exchange.response for exchange in recorded.exchanges
            ]
        return socket, process

    socket, process = asyncio.run(main())
    assert socket == process == [429, b"slow down", *(chunk.data for chunk in LINES)]


def answer_to(body: bytes, recorded: Cassette, method: str = "POST") -> tuple[httpx.Response, InProcessTransport]:
    async def main() -> tuple[httpx.Response, InProcessTransport]:
        transport = InProcessTransport(CassetteScript(recorded))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.request(method, f"{transport.base_url}/api/chat", content=body), transport

    return asyncio.run(main())


def test_a_request_that_was_not_recorded_is_told_the_nearest_one() -> None:
    answer, transport = answer_to(b'{"prompt":"something else altogether"}', cassette(WireResponse(200, (), LINES)))
    assert answer.status_code == 404
    assert answer.headers["x-harness-origin"] == "not-recorded"
    told = answer.json()["harness_origin"]
    assert "some.yaml has no answer to this request" in told["problem"]
    assert told["nearest"] == f"POST {URL}"
    assert "prompt: recorded nothing, sent 'something else altogether'" in told["differences"]
    (attempt,) = transport.log.attempts
    assert attempt.response is None
    assert [fault.rule for fault in attempt.faults] == ["not-recorded"]


def test_a_look_around_that_was_not_recorded_is_no_attempt() -> None:
    answer, transport = answer_to(b"", cassette(WireResponse(200, (), LINES)), "GET")
    assert answer.status_code == 404
    assert (len(transport.log.attempts), len(transport.log.strays)) == (0, 1)


def test_what_the_vendor_would_refuse_is_logged_and_still_answered() -> None:
    body = b'{"messages":[{"role":"user","content":"Hello"}],"stream":true}'
    answer, transport = answer_to(body, cassette(WireResponse(200, (), LINES)))
    assert answer.status_code == 200
    assert [fault.where for fault in transport.log.attempts[0].faults] == ["model"]


def test_a_recording_that_cannot_be_played_is_refused() -> None:
    with pytest.raises(ValueError, match=r"some\.yaml: interactions\[0\]\.response cannot be played"):
        CassetteScript(cassette(WireResponse(200, (("a", "b\nc"),), ())))


def test_a_packed_recording_reaches_the_client_unpacked(tmp_path: Path) -> None:
    import base64

    packed = base64.b64encode(gzip.compress(b"hello")).decode()
    path = tmp_path / "packed.yaml"
    path.write_text(
        f"version: 1\ninteractions:\n- request: {{method: POST, uri: '{URL}', body: '{CHAT.decode()}'}}\n"
        "  response:\n    status: {code: 200}\n    headers: {content-encoding: [gzip]}\n"
        f"    body: {{string: !!binary {packed}}}\n"
    )
    answer, _ = answer_to(CHAT, load_cassette(path))
    assert (answer.content, "content-encoding" in answer.headers) == (b"hello", False)
