"""What the kernel knows of the other side of a connection: what it has taken, and what its program has read.

Linux only; elsewhere nothing is known, and nobody waits. The questions are asked through the kernel's socket
diagnostics (sock_diag(7)), which tell of every socket of this machine, so also of a client's.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import TypeAlias

SIOCOUTQ = 0x5411
"""How many sent bytes the peer's kernel has not acknowledged (linux/sockios.h)."""
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST = 1
NO_COOKIE = 0xFFFFFFFF
ALL_STATES = 0xFFFFFFFF
ANSWER_LIMIT = 4096

_NETLINK_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_REQUEST = struct.Struct("=BBBxI")  # family, protocol, extensions, states
_QUEUES_AT = _NETLINK_HEADER.size + 4 + 48 + 4  # behind inet_diag_msg's states, socket id and expiry
_QUEUES = struct.Struct("=II")  # bytes to be read, bytes to be acknowledged

Address: TypeAlias = tuple[str, int]


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


class PeerQueues:
    """Tells how much the program at the other end of a local connection has still to read. Close it when done."""

    def __init__(self) -> None:
        self._netlink: socket.socket | None = None
        if sys.platform == "linux":
            try:
                self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG)
                self._netlink.setblocking(False)
            except OSError:  # a kernel without it, or a sandbox that forbids it
                self.close()

    def close(self) -> None:
        """Asks no more; every answer is None from now on."""
        if self._netlink is not None:
            self._netlink.close()
            self._netlink = None

    def unread(self, ours: Address, peers: Address) -> int | None:
        """Bytes that lie in the peer's kernel unread; None for a peer on another machine, and where nobody knows."""
        if self._netlink is None:
            return None
        try:
            self._netlink.send(_question(ours, peers))
            answer = self._netlink.recv(ANSWER_LIMIT)
        except OSError:
            return None
        _, kind, *_ = _NETLINK_HEADER.unpack_from(answer)
        return _QUEUES.unpack_from(answer, _QUEUES_AT)[0] if kind == SOCK_DIAG_BY_FAMILY else None


def _question(ours: Address, peers: Address) -> bytes:
    """The request for the peer's own socket: seen from there, its address comes first and ours second."""
    family = socket.AF_INET6 if ":" in peers[0] else socket.AF_INET
    ports = struct.pack("!HH", peers[1], ours[1])
    addresses = b"".join(socket.inet_pton(family, host).ljust(16, b"\0") for host, _ in (peers, ours))
    wanted = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, ALL_STATES) + ports + addresses
    wanted += struct.pack("=III", 0, NO_COOKIE, NO_COOKIE)
    return _NETLINK_HEADER.pack(_NETLINK_HEADER.size + len(wanted), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0) + wanted
