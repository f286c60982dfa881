from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import h11
import httpx
import pytest

from harness.catalogue.observation import Attempt
from harness.events import Text
from harness.origin import connection
from harness.origin.server import Origin
from harness.wire.response import Chunk, Gate, WireResponse

from .wire import PLAIN, Always, RawClient, Seen, response


def played(planned: WireResponse, talk: Callable[[RawClient], Awaitable[Seen]]) -> Seen:
    """What a raw client sees of one response."""

    async def main() -> Seen:
        async with Origin() as origin, RawClient(origin.mount("c", Always(planned))) as client:
            return await talk(client)

    return asyncio.run(main())


async def ask_and_read(client: RawClient) -> Seen:
    await client.post()
    return await client.read_to_end()


async def ask_for_the_last_time(client: RawClient) -> Seen:
    await client.post("/x", b"", b"connection: close")
    return await client.read_to_end()


def test_each_chunk_is_one_http_chunk() -> None:
    seen = played(response(b"one", b"two\n\n", b"\xf0\x9f"), ask_for_the_last_time)
    assert seen == Seen(seen.data, "FIN")
    assert seen.body == b"3\r\none\r\n5\r\ntwo\n\n\r\n2\r\n\xf0\x9f\r\n0\r\n\r\n"


def test_a_chunk_may_have_an_extension() -> None:
    planned = response(b"one", b"two", chunk_extension='seq=7;sig="a"')
    body = b'3;seq=7;sig="a"\r\none\r\n3;seq=7;sig="a"\r\ntwo\r\n0\r\n\r\n'
    assert played(planned, ask_for_the_last_time).body == body


def test_an_empty_chunk_does_not_end_the_body() -> None:
    assert played(response(b"one", b"", b"two"), ask_for_the_last_time).body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


def test_a_body_of_known_length_says_its_length() -> None:
    seen = played(response(b"one", b"two", transfer="length"), ask_for_the_last_time)
    assert b"\r\ncontent-length: 6\r\n" in seen.data
    assert seen.body == b"onetwo"


def test_a_body_can_be_ended_by_closing_alone() -> None:
    seen = played(response(b"one", b"two", transfer="close"), ask_and_read)
    assert (seen.body, seen.ended) == (b"onetwo", "FIN")
    assert b"content-length" not in seen.data
    assert b"transfer-encoding" not in seen.data


def test_the_head_has_date_and_server_and_leaves_out_planned_transfer_headers() -> None:
    headers = (*PLAIN, ("transfer-encoding", "gzip"), ("content-length", "999"), ("x-request-id", "r1"))
    seen = played(WireResponse(529, headers, (Chunk(b"no"),), transfer="length"), ask_for_the_last_time)
    head = seen.data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[0] == b"HTTP/1.1 529 Overloaded"
    assert b"x-request-id: r1" in head
    assert b"content-length: 2" in head
    assert [line for line in head if line.startswith((b"transfer-encoding", b"content-length: 999"))] == []
    assert {line.split(b":")[0] for line in head} >= {b"date", b"server"}


@pytest.mark.parametrize(
    ("planned", "body", "ended"),
    [
        (response(b"one", b"two", ending="no_last_chunk"), b"3\r\none\r\n3\r\ntwo\r\n", "FIN"),
        (response(b"one", b"two", ending="short_length", missing_bytes=7), b"onetwo", "FIN"),
        (response(b"one", b"two", ending="reset"), b"3\r\none\r\n3\r\ntwo\r\n", "RST"),
        (response(b"one", ending="reset", transfer="length"), b"one", "RST"),
        (response(b"one", ending="reset", transfer="close"), b"one", "RST"),
        (response(ending="clean", head=False), b"", "FIN"),
        (response(ending="no_last_chunk", head=False), b"", "FIN"),
        (response(ending="reset", head=False), b"", "RST"),
    ],
)
def test_endings_are_told_apart_on_the_wire(planned: WireResponse, body: bytes, ended: str) -> None:
    seen = played(planned, ask_and_read)
    assert (seen.body, seen.ended) == (body, ended)
    assert (b"HTTP/1.1 200 OK" in seen.data) == planned.head


def test_a_reset_comes_after_everything_that_was_sent_however_slowly_it_is_read() -> None:
    body = bytes(range(256)) * 16384  # 4 MiB: more than the buffers of a socket hold

    async def read_slowly(client: RawClient) -> Seen:
        await client.post()
        await client.read_until(b"\r\n\r\n")
        return await client.read_to_end()

    seen = played(response(body, ending="reset"), read_slowly)
    assert (len(seen.data), seen.ended) == (len(b"400000\r\n") + len(body) + len(b"\r\n"), "RST")


def test_a_blocking_client_sees_a_reset_as_one() -> None:
    def talk(url: str) -> bytes:
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as client:
            client.sendall(f"GET {parts.path}/x HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            data = b""
            with pytest.raises(ConnectionResetError):
                while piece := client.recv(65536):
                    data += piece
            return data

    async def main() -> bytes:
        async with Origin() as origin:
            return await asyncio.to_thread(talk, origin.mount("c", Always(response(b"one", ending="reset"))))

    assert asyncio.run(main()).endswith(b"3\r\none\r\n")


def test_h11_gets_every_boundary_although_nobody_waits_between_them() -> None:
    pieces = [bytes([65 + number % 26]) * (1 + number % 7) for number in range(300)]

    async def read_with_h11(client: RawClient) -> Seen:
        parser = h11.Connection(h11.CLIENT)
        await client.send(parser.send(h11.Request(method="GET", target=client.path, headers=[("host", "x")])) or b"")
        parser.send(h11.EndOfMessage())
        read: list[bytes] = []
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                parser.receive_data(await client.reader.read(65536))
            elif isinstance(event, h11.Data):
                assert event.chunk_start
                assert event.chunk_end
                read.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                assert read == pieces
                return Seen(b"".join(read), "FIN")

    assert played(response(*pieces), read_with_h11).data == b"".join(pieces)


def leaving(planned: WireResponse, leave: Callable[[RawClient], None]) -> Attempt:
    """The attempt of a client that leaves once the first chunk has come."""

    async def main() -> Attempt:
        async with Origin() as origin, RawClient(origin.mount("c", Always(planned))) as client:
            await client.post()
            await client.read_until(b"one\r\n")
            leave(client)
            return await origin.log("c").wait_for_end(1)

    return asyncio.run(main())


def close(client: RawClient) -> None:
    client.writer.close()


def reset(client: RawClient) -> None:
    taken = client.writer.get_extra_info("socket")
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.writer.transport.abort()


@pytest.mark.parametrize("leave", [close, reset])
@pytest.mark.parametrize(
    "planned",
    [
        WireResponse(200, PLAIN, (Chunk(b"one"), Chunk(b"two", pause_s=60))),
        response(b"one", ending="stall"),
        response(b"one", bytes(8 * 1024 * 1024)),
    ],
    ids=["while pausing", "while stalling", "while sending"],
)
def test_a_client_that_leaves_is_noticed_at_once(planned: WireResponse, leave: Callable[[RawClient], None]) -> None:
    attempt = leaving(planned, leave)
    assert attempt.client_left
    assert len(attempt.sent_s) == 1
    assert attempt.ended_s is not None
    assert attempt.ended_s < 30


@pytest.mark.parametrize(
    ("gate", "given_up"), [(Gate(1), ()), (Gate(until_text="t"), ()), (Gate(2, at_most_s=0.02), (1,))], ids=repr
)
def test_a_gate_opens_for_what_the_caller_has_or_gives_up(gate: Gate, given_up: tuple[int, ...]) -> None:
    async def main() -> tuple[bytes, Attempt]:
        planned = WireResponse(200, PLAIN, (Chunk(b"one"), Chunk(b"two", gate=gate), Chunk(b"three", gate=gate)))
        async with Origin() as origin, RawClient(origin.mount("c", Always(planned))) as client:
            caller = origin.log("c").listen()
            await client.post("/x", b"", b"connection: close")
            await origin.log("c").wait_until(lambda log: any(each.sent_s for each in log.attempts))
            caller.heard(Text("t"))
            seen = await client.read_to_end()
            return seen.body, await origin.log("c").wait_for_end(1)

    body, attempt = asyncio.run(main())
    assert body == b"3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n"
    assert attempt.given_up == given_up


def test_a_client_that_leaves_at_a_gate_is_noticed() -> None:
    async def main() -> Attempt:
        planned = WireResponse(200, PLAIN, (Chunk(b"one"), Chunk(b"two", gate=Gate(1, at_most_s=600))))
        async with Origin() as origin, RawClient(origin.mount("c", Always(planned))) as client:
            origin.log("c").listen()
            await client.post()
            await origin.log("c").wait_until(lambda log: any(each.sent_s for each in log.attempts))
            client.writer.close()
            return await origin.log("c").wait_for_end(1)

    attempt = asyncio.run(main())
    assert (attempt.client_left, attempt.given_up) == (True, ())


def test_a_client_that_leaves_before_the_head_is_noticed() -> None:
    async def main() -> Attempt:
        async with Origin() as origin, RawClient(origin.mount("c", Always(response(before_head_s=60)))) as client:
            await client.post()
            await origin.log("c").wait_for_attempt(1)
            client.writer.close()
            return await origin.log("c").wait_for_end(1)

    assert asyncio.run(main()).client_left


def test_a_client_that_leaves_after_the_end_did_not_leave_early() -> None:
    async def main() -> Attempt:
        async with Origin() as origin:
            async with RawClient(origin.mount("c", Always(response(b"one")))) as client:
                await client.post()
                await client.read_until(b"0\r\n\r\n")
            return origin.remove("c").attempts[0]

    attempt = asyncio.run(main())
    assert not attempt.client_left
    assert attempt.ended_s is not None


def test_a_connection_takes_request_after_request() -> None:
    async def twice(client: RawClient) -> Seen:
        first = b""
        for _ in range(2):
            await client.post("/x", b"body")
            first += await client.read_until(b"0\r\n\r\n")
        await client.send(b"GET " + client.path.encode() + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        return Seen(first + (await client.read_to_end()).data, "FIN")

    seen = played(response(b"one"), twice)
    assert seen.data.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert seen.data.count(b"connection: close\r\n") == 1


def test_requests_sent_ahead_are_answered_in_turn() -> None:
    async def ahead(client: RawClient) -> Seen:
        request = f"POST {client.path}/x HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\na".encode()
        await client.send(request * 3)
        return Seen(b"".join([await client.read_until(b"0\r\n\r\n") for _ in range(3)]), "FIN")

    assert played(response(b"one"), ahead).data.count(b"3\r\none\r\n") == 3


def received(*sent: bytes) -> tuple[Attempt, ...]:
    """The attempts of a client that sends these bytes; `{path}` stands for the case's."""

    async def main() -> tuple[Attempt, ...]:
        async with Origin() as origin:
            async with RawClient(origin.mount("c", Always(response(b"one")))) as client:
                for data in sent:
                    await client.send(data.replace(b"{path}", client.path.encode()))
                    await asyncio.sleep(0)
                await client.read_until(b"0\r\n\r\n")
            return origin.remove("c").attempts

    return asyncio.run(main())


def test_a_chunked_request_body_is_put_together() -> None:
    head = b"POST {path}/v1?a=b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    (attempt,) = received(head, b'4\r\n{"a"', b"\r\n", b"3\r\n:1}\r\n0\r\n\r\n")
    assert attempt.body == b'{"a":1}'
    assert attempt.path == "/v1?a=b"
    assert attempt.headers == (("host", "x"), ("transfer-encoding", "chunked"))


def test_a_request_may_come_byte_by_byte() -> None:
    request = b"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi".replace(b"{path}", b"/c/v1")
    (attempt,) = received(*(request[at : at + 1] for at in range(len(request))))
    assert (attempt.path, attempt.body) == ("/v1", b"hi")


def test_a_target_in_absolute_form_is_understood() -> None:
    (attempt,) = received(b"GET http://elsewhere.test{path}/v1?q HTTP/1.1\r\nhost: x\r\n\r\n")
    assert attempt.path == "/v1?q"


def test_a_client_that_expects_a_continue_gets_it_before_the_answer() -> None:
    async def expect(client: RawClient) -> Seen:
        await client.send(
            f"POST {client.path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n".encode()
        )
        first = await client.read_until(b"\r\n\r\n")
        assert first.startswith(b"HTTP/1.1 100 ")
        await client.send(b"body")
        return Seen(await client.read_until(b"0\r\n\r\n"), "FIN")

    assert played(response(b"one"), expect).data.startswith(b"HTTP/1.1 200 OK\r\n")


def test_an_old_client_is_not_sent_chunked_coding() -> None:
    async def old(client: RawClient) -> Seen:
        await client.send(f"GET {client.path} HTTP/1.0\r\n\r\n".encode())
        return await client.read_to_end()

    seen = played(response(b"one", b"two"), old)
    assert (seen.body, seen.ended) == (b"onetwo", "FIN")


def test_what_is_no_http_is_refused_in_our_own_name() -> None:
    async def garbage(client: RawClient) -> Seen:
        await client.send(b"\x16\x03\x01 no http\r\n\r\n")
        return await client.read_to_end()

    seen = played(response(b"one"), garbage)
    assert seen.data.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"x-harness-origin: not-http\r\n" in seen.data
    assert seen.ended == "FIN"


def test_a_body_beyond_the_limit_is_refused_and_the_refusal_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_LIMIT", 1000)

    def send_all_and_then_read(url: str) -> bytes:
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as client:
            client.sendall(f"POST {parts.path}/x HTTP/1.1\r\nhost: x\r\ncontent-length: 20000000\r\n\r\n".encode())
            client.sendall(bytes(20_000_000))
            data = b""
            while piece := client.recv(65536):
                data += piece
            return data

    async def main() -> bytes:
        async with Origin() as origin:
            return await asyncio.to_thread(send_all_and_then_read, origin.mount("c", Always(response(b"one"))))

    seen = asyncio.run(main())
    assert seen.startswith(b"HTTP/1.1 413 ")
    assert b"the body is larger than 1000 bytes" in seen


def test_a_request_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_TIMEOUT_S", 0.0)

    async def half(client: RawClient) -> Seen:
        await client.send(b"POST /c HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab")
        return await client.read_to_end()

    assert b"x-harness-origin: request-timeout\r\n" in played(response(b"one"), half).data


def test_a_client_that_floods_while_it_is_answered_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "AHEAD_LIMIT", 1000)

    async def flood(client: RawClient) -> Seen:
        await client.post()
        await client.read_until(b"one\r\n")
        with pytest.raises(ConnectionError):
            while True:
                await client.send(bytes(65536))
        return Seen(b"", "RST")

    assert played(response(b"one", ending="stall"), flood).ended == "RST"


def test_a_head_request_gets_no_body() -> None:
    async def head(client: RawClient) -> Seen:
        await client.send(f"HEAD {client.path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        return await client.read_to_end()

    assert played(response(b"one", transfer="length"), head).body == b""


def test_each_chunk_is_logged_when_it_was_sent() -> None:
    async def main() -> Attempt:
        chunks = (Chunk(b"one"), Chunk(b"two", pause_s=0.02), Chunk(b"three"))
        async with Origin() as origin, httpx.AsyncClient() as client:
            await client.post(origin.mount("c", Always(WireResponse(200, PLAIN, chunks, before_head_s=0.01))))
            return origin.remove("c").attempts[0]

    attempt = asyncio.run(main())
    one, two, three = attempt.sent_s
    assert one - attempt.at_s >= 0.01
    assert two - one >= 0.02
    assert attempt.ended_s is not None
    assert two <= three <= attempt.ended_s
