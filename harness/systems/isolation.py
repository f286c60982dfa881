"""Puts this process, and all that it starts from then on, where there is no network but loopback.

Linux only: a network namespace of its own, for root directly, for others inside a user namespace where the machine
allows that. It must happen before the process has threads, and after everything that needs the network.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1
INTERFACE_REQUEST = struct.Struct("16sH22x")
"""The kernel's `struct ifreq`, as far as flags need it: a name and 16 bits, padded to 40 bytes."""

THREADS_LEAVE_S = 1.0
"""How long threads that have ended may still be listed."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """Whether the process is cut off from every network but loopback; `why_not` says why it is not."""

    active: bool
    why_not: str = ""


def isolate() -> Isolation:
    """Cuts this process off. Where that cannot be done nothing has changed, and the result says why."""
    if sys.platform != "linux":
        return Isolation(False, f"network namespaces are Linux's; this is {sys.platform}")
    if _has_other_threads():
        return Isolation(False, "this process has threads already, which would stay outside")
    if why_not := _tried_in_a_child():  # half-way in, there would be no way back
        return Isolation(False, why_not)
    _enter()
    return Isolation(True)


def _has_other_threads() -> bool:
    """Whether this process has threads; one that was just joined may need a moment to leave the kernel's list."""
    until = time.monotonic() + THREADS_LEAVE_S
    while len(list(Path("/proc/self/task").iterdir())) > 1:
        if time.monotonic() > until:
            return True
        time.sleep(0.001)
    return False


def _tried_in_a_child() -> str:
    """What goes wrong when a child of ours enters a namespace; empty if nothing does."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _enter()
        except OSError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as answer:
        return answer.read().decode()


def _enter() -> None:
    user, group = os.getuid(), os.getgid()
    try:
        _unshare(CLONE_NEWNET)
    except OSError:
        _unshare(CLONE_NEWUSER | CLONE_NEWNET)
        _keep_identity(user, group)
    _bring_loopback_up()


def _unshare(flags: int) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        problem = os.strerror(ctypes.get_errno())
        raise OSError(ctypes.get_errno(), f"the system refuses a network namespace: {problem}")


def _keep_identity(user: int, group: int) -> None:
    """Files go on to belong to whom they did: the user namespace maps us to ourselves."""
    process = Path("/proc/self")
    (process / "setgroups").write_text("deny")
    (process / "uid_map").write_text(f"{user} {user} 1")
    (process / "gid_map").write_text(f"{group} {group} 1")


def _bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = fcntl.ioctl(control, SIOCGIFFLAGS, INTERFACE_REQUEST.pack(b"lo", 0))
        name, flags = INTERFACE_REQUEST.unpack(request)
        fcntl.ioctl(control, SIOCSIFFLAGS, INTERFACE_REQUEST.pack(name, flags | IFF_UP))
