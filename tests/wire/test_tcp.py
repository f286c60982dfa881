from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from harness.wire.tcp import reset, unacknowledged


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_the_peers_kernel_has_not_taken_is_known() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as peer,
        listening.accept()[0] as ours,
    ):
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


def test_a_reset_is_one_to_the_peer() -> None:
    async def main() -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            transport = writer.transport
            assert isinstance(transport, asyncio.Transport)
            reset(transport)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            try:
                ended = "FIN" if not await reader.read() else "bytes"
            except ConnectionResetError:
                ended = "RST"
            writer.close()
            return ended

    assert asyncio.run(main()) == "RST"
