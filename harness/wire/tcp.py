"""What a server needs from TCP beyond sending bytes: to know what the peer's kernel has, and to reset."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

SIOCOUTQ = 0x5411
"""How many sent bytes the peer's kernel has not acknowledged (linux/sockios.h)."""

_LINGER_NOT = struct.pack("ii", 1, 0)


def unacknowledged(connection: socket.socket) -> int:
    """Sent bytes that the peer's kernel has not taken yet; 0 where the system cannot say."""
    if sys.platform != "linux":
        return 0
    from fcntl import ioctl  # it does not exist everywhere

    try:
        (count,) = struct.unpack("i", ioctl(connection.fileno(), SIOCOUTQ, b"\0" * 4))
    except (OSError, ValueError):  # the second of a socket that is closed
        return 0
    return int(count)


def reset(transport: asyncio.Transport) -> None:
    """Ends a connection with RST, at once. It destroys what the peer's kernel has not taken: see `unacknowledged`."""
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()
