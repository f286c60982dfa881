from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.origin.peer import PeerQueues, unacknowledged

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


def test_of_a_peer_that_is_not_here_nothing_is_known() -> None:
    with queues() as asking:
        assert asking.unread(("127.0.0.1", 1), ("203.0.113.7", 2)) is None


def test_nothing_is_known_after_closing() -> None:
    with connected() as (ours, _):
        asking = PeerQueues()
        asking.close()
        asking.close()
        assert asking.unread(ours.getsockname(), ours.getpeername()) is None


def test_what_the_peers_kernel_has_not_taken_is_known() -> None:
    with connected() as (ours, peer):
        assert unacknowledged(ours) == 0
        ours.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                ours.send(bytes(65536))
        assert unacknowledged(ours) > 0
        assert peer.recv(1)


def test_of_a_closed_socket_nothing_is_unacknowledged() -> None:
    closed = socket.socket()
    closed.close()
    assert unacknowledged(closed) == 0
