"""The parent of a worker: it ends the worker, and everything that the worker started, whatever happens.

Runs as a program of its own (standard library only) between the harness and the worker: `supervisor.py SETTINGS
COMMAND…`, with SETTINGS a JSON object (`socket`, `home`, `memory_bytes`, `cpu_s`). It stops everything when the worker
ends, and when the harness closes its side of the socket, which happens even if the harness is killed. Whatever the
harness writes there asks the worker's process group to leave by itself (SIGTERM). On Linux it
adopts what the worker's children leave behind, so that nothing escapes by starting a session of its own. How the worker
ended is told over the socket: `exit 3`, `signal 9`, or `failed` with the reason why it could not be started.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_CAPBSET_DROP = 24

WAYS_OUT = (21, 19, 12)
"""Linux's numbers of CAP_SYS_ADMIN, CAP_SYS_PTRACE and CAP_NET_ADMIN: with them, root could enter the network that the
run was cut off from."""


def main() -> None:
    """Starts the worker, waits for it or for the harness to go, and clears up."""
    settings, command = json.loads(sys.argv[1]), sys.argv[2:]
    harness = socket.socket(fileno=settings["socket"])
    harness.set_inheritable(False)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    # SIGTERM and SIGINT, for whomever they are meant, leave this process in place: its work comes after them.
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    worker = _start(command, settings, harness)
    for stream in (0, 1):  # only the worker holds these, so that the harness sees when it lets go of them
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    ending = _wait(worker, harness, woken)
    with contextlib.suppress(OSError):
        os.killpg(worker, signal.SIGKILL)
    _clear_up()
    shutil.rmtree(settings["home"], ignore_errors=True)
    with contextlib.suppress(OSError):
        harness.sendall(ending.encode())


def _start(command: list[str], settings: dict[str, Any], harness: socket.socket) -> int:
    worker = os.fork()
    if worker:
        with contextlib.suppress(OSError):  # the child does the same; whoever comes first
            os.setpgid(worker, worker)
        return worker
    try:
        os.setpgid(0, 0)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(name, signal.SIG_DFL)
        _limit(resource.RLIMIT_DATA, settings["memory_bytes"])
        _limit(resource.RLIMIT_CPU, settings["cpu_s"])
        _limit(resource.RLIMIT_CORE, 0)
        for capability in WAYS_OUT:
            _prctl(PR_CAPBSET_DROP, capability)
        os.execvp(command[0], command)
    except BaseException as error:
        harness.sendall(f"failed {command[0]}: {getattr(error, 'strerror', None) or error}\n".encode())
    finally:
        os._exit(127)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def _wait(worker: int, harness: socket.socket, woken: int) -> str:
    """Returns how the worker ended, or that it was stopped; reaps whatever else ends meanwhile."""
    while True:
        ready, _, _ = select.select([harness.fileno(), woken], [], [])
        if harness.fileno() in ready:
            if not _asked_to_leave(harness):
                return "stopped"
            with contextlib.suppress(OSError):
                os.killpg(worker, signal.SIGTERM)
            continue
        os.read(woken, 4096)
        for process, status in _reaped():
            if process == worker:
                code = os.waitstatus_to_exitcode(status)
                return f"signal {-code}" if code < 0 else f"exit {code}"


def _asked_to_leave(harness: socket.socket) -> bool:
    """Whether the harness said something; otherwise it has hung up."""
    try:
        return bool(harness.recv(64))
    except OSError:
        return False


def _reaped() -> list[tuple[int, int]]:
    ended = []
    with contextlib.suppress(ChildProcessError):
        while (entry := os.waitpid(-1, os.WNOHANG))[0]:
            ended.append(entry)
    return ended


def _clear_up() -> None:
    """Kills and reaps every descendant: each one that ends hands its own children to us, until none is left."""
    while True:
        for child in _children(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children(process: int) -> list[int]:
    """The children of a process; none where there is no /proc to tell."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _parent(entry) == process]


def _parent(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):  # it ended while we looked
        return None


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0)))


if __name__ == "__main__":
    main()
