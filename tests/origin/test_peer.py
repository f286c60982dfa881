from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from harness.catalogue.observation import Attempt
from harness.origin import connection
from harness.origin.peer import PeerQueues
from harness.origin.server import Origin
from harness.wire.response import Transfer

from .wire import Always, RawClient, response

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


@contextmanager
def connected(host: str = "127.0.0.1") -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end and the peer's end of a connection."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as listening,
        socket.create_connection(listening.getsockname()[:2]) as peer,
        listening.accept()[0] as ours,
    ):
        yield ours, peer


@contextmanager
def queues() -> Iterator[PeerQueues]:
    asking = PeerQueues()
    try:
        yield asking
    finally:
        asking.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_what_the_peer_has_still_to_read_is_known(host: str) -> None:
    with connected(host) as (ours, peer), queues() as asking:
        addresses = ours.getsockname()[:2], ours.getpeername()[:2]
        assert asking.unread(*addresses) == 0
        ours.sendall(b"12345")
        assert asking.unread(*addresses) == 5
        peer.recv(2)
        assert asking.unread(*addresses) == 3
        peer.recv(10)
        assert asking.unread(*addresses) == 0


def test_what_is_still_on_its_way_to_the_peer_is_not_read() -> None:
    with connected() as (ours, peer), queues() as asking:
        addresses = ours.getsockname()[:2], ours.getpeername()[:2]
        ours.sendall(b"12345")
        peer.recv(10)
        assert asking.unread(*addresses, 5) == 0
        assert asking.unread(*addresses, 9) == 4


def test_of_a_peer_that_is_not_here_nothing_is_known() -> None:
    with queues() as asking:
        assert asking.unread(("127.0.0.1", 1), ("203.0.113.7", 2)) is None


def test_nothing_is_known_after_closing() -> None:
    with connected() as (ours, _):
        asking = PeerQueues()
        asking.close()
        asking.close()
        assert asking.unread(ours.getsockname(), ours.getpeername()) is None


@pytest.mark.parametrize("transfer", ["chunked", "length", "close"])
def test_a_client_that_heeds_no_chunks_still_reads_them_one_by_one(transfer: Transfer) -> None:
    pieces = [b"<%d>" % number for number in range(60)]

    def talk(url: str) -> list[bytes]:
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as client:
            client.sendall(f"GET {parts.path}/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
            reads = [client.recv(65536)]
            while reads[-1]:
                reads.append(client.recv(65536))
        return reads

    async def main() -> list[bytes]:
        async with Origin() as origin:
            return await asyncio.to_thread(talk, origin.mount("c", Always(response(*pieces, transfer=transfer))))

    reads = asyncio.run(main())
    assert [read.count(b">") for read in reads if b">" in read] == [1] * 60


def test_a_client_that_does_not_read_is_sent_everything_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "READ_WAITS_S", (0.0,))

    async def main() -> Attempt:
        async with Origin() as origin, RawClient(origin.mount("c", Always(response(*[b"x"] * 50)))) as client:
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport has it
            await client.post()
            return await origin.log("c").wait_for_end(1)

    attempt = asyncio.run(main())
    assert (len(attempt.sent_s), attempt.client_left) == (50, False)
