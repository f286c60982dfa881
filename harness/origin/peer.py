"""What the kernel knows of the other side of a connection."""

from __future__ import annotations

import socket
import struct
import sys

SIOCOUTQ = 0x5411
"""Linux: how many sent bytes the peer's kernel has not acknowledged (linux/sockios.h)."""


def unacknowledged(connection: socket.socket) -> int:
    """Sent bytes that the peer's kernel has not taken yet; 0 where the system cannot say."""
    if sys.platform != "linux":
        return 0
    from fcntl import ioctl  # it does not exist everywhere

    try:
        (count,) = struct.unpack("i", ioctl(connection.fileno(), SIOCOUTQ, b"\0" * 4))
    except OSError:
        return 0
    return int(count)
