"""What the kernel knows of the other side of a connection: what its program has read.

Linux only; elsewhere nothing is known, and nobody waits. The questions are asked through the kernel's socket
diagnostics (sock_diag(7)), which tell of every socket of this machine, so also of a client's.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import TypeAlias

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
_ATTRIBUTES_AT = _NETLINK_HEADER.size + 72  # behind inet_diag_msg
_ATTRIBUTE = struct.Struct("=HH")  # length with this header, type
_INFO = 2  # INET_DIAG_INFO: a struct tcp_info
_RECEIVED_AT = 128  # tcpi_bytes_received in it
_RECEIVED = struct.Struct("=Q")

Address: TypeAlias = tuple[str, int]


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

    def unread(self, ours: Address, peers: Address, sent: int = 0) -> int | None:
        """How many of the `sent` bytes the peer's program has not read; None for a peer on another machine, and where
        nobody knows.

        On a busy machine, bytes are on their way into the peer's kernel for a while, where no queue shows them.
        """
        waiting, received = self._asked(ours, peers)
        if waiting == 0 and received is not None:
            if received < sent:
                return sent - received
            waiting, _ = self._asked(ours, peers)  # the first answer's two halves are of two moments
        return waiting

    def _asked(self, ours: Address, peers: Address) -> tuple[int | None, int | None]:
        """What lies in the peer's kernel unread, and what has come in there since the connection stands."""
        if self._netlink is None:
            return None, None
        try:
            self._netlink.send(_question(ours, peers))
            answer = self._netlink.recv(ANSWER_LIMIT)
        except OSError:
            return None, None
        _, kind, *_ = _NETLINK_HEADER.unpack_from(answer)
        if kind != SOCK_DIAG_BY_FAMILY:
            return None, None
        return _QUEUES.unpack_from(answer, _QUEUES_AT)[0], _received(answer)


def _received(answer: bytes) -> int | None:
    """The bytes that a socket has received, if the kernel tells."""
    at = _ATTRIBUTES_AT
    while at + _ATTRIBUTE.size <= len(answer):
        length, kind = _ATTRIBUTE.unpack_from(answer, at)
        if kind == _INFO and length >= _ATTRIBUTE.size + _RECEIVED_AT + _RECEIVED.size:
            return int(_RECEIVED.unpack_from(answer, at + _ATTRIBUTE.size + _RECEIVED_AT)[0])
        at += max(_ATTRIBUTE.size, length + 3 & ~3)
    return None


def _question(ours: Address, peers: Address) -> bytes:
    """The request for the peer's own socket: seen from there, its address comes first and ours second."""
    family = socket.AF_INET6 if ":" in peers[0] else socket.AF_INET
    ports = struct.pack("!HH", peers[1], ours[1])
    addresses = b"".join(socket.inet_pton(family, host).ljust(16, b"\0") for host, _ in (peers, ours))
    wanted = _REQUEST.pack(family, socket.IPPROTO_TCP, 1 << _INFO - 1, ALL_STATES) + ports + addresses
    wanted += struct.pack("=III", 0, NO_COOKIE, NO_COOKIE)
    return _NETLINK_HEADER.pack(_NETLINK_HEADER.size + len(wanted), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0) + wanted
