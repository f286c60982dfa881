"""A worker's process: started apart from us, bounded in memory, time and talk, and ended with all that it started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from typing import TypeVar

from harness.systems.base import SystemBroken

KIT = Path(__file__).parent / "kit"
"""The folder that Python adapters find `harness_kit` in."""

SUPERVISOR = Path(__file__).with_name("supervisor.py")

PASSED_ON = (
    "PATH",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
)
"""All that a worker gets of the user's environment: no secrets, no settings of the libraries under test."""

READ_BYTES = 64 * 1024

BURIAL_S = 10.0
"""How long we wait for the pipes of a worker that was killed to close."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use. Times in seconds."""

    memory_bytes: int = 4 * 1024**3
    cpu_s: int = 3600
    """Processor time over its whole life."""
    bytes_per_case: int = 64 * 1024**2
    """What it may say of one case; a longer line is refused too."""
    stderr_bytes: int = 64 * 1024
    """How much of the end of its stderr is kept."""
    start_s: float = 180.0
    """How long it may take to describe itself: large libraries take a minute to import on a busy machine."""
    probe_s: float = 10.0
    """How long it may take to describe itself again, when we doubt that it is alive."""
    close_s: float = 2.0
    """How long it may take to leave after it was told to."""


@dataclass(frozen=True, slots=True)
class Command:
    """How a worker is started. `env` is added to the few variables that it gets; `cwd` None: its temporary HOME."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


def worker_environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a worker whose HOME is `home`."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    folders = {name: str(home / part) for name, part in _FOLDERS.items()}
    python = {"PYTHONPATH": str(KIT), "PYTHONUNBUFFERED": "1", "PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**passed_on, **folders, **python, "NO_PROXY": "*", "no_proxy": "*", **extra}


_FOLDERS = {
    "HOME": "",
    "TMPDIR": "tmp",
    "XDG_CACHE_HOME": ".cache",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
}


def make_home() -> Path:
    """A new temporary HOME, with the folders that programs expect in one."""
    home = Path(tempfile.mkdtemp(prefix="harness-home-"))
    for part in _FOLDERS.values():
        (home / part).mkdir(parents=True, exist_ok=True)
    return home


class WorkerProcess:
    """A running worker with its supervisor. Use `start`; then `kill` and `bury`, whatever happened."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        supervisor: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        limits: Limits,
    ) -> None:
        self._process = process
        self._from_supervisor, self._lifeline = supervisor
        self._limits = limits
        self._log: deque[bytes] = deque()
        self._log_bytes = 0
        self._stderr_task = asyncio.create_task(self._keep(_there(process.stderr)))
        self._stdout_task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[str] = asyncio.create_task(self._read_ending())

    @classmethod
    async def start(cls, command: Command, limits: Limits, home: Path | None = None) -> WorkerProcess:
        """Starts it. What cannot be executed shows in `ended`; raises SystemBroken where `cwd` is no folder.

        `home`: its temporary HOME, gone when it has ended; None: a new one.
        """
        if command.cwd is not None and not command.cwd.is_dir():
            raise SystemBroken(f"{command.name}: its folder {command.cwd} does not exist")
        home = home or make_home()
        ours, theirs = socket.socketpair()
        with theirs:
            settings = {"socket": theirs.fileno(), "home": str(home)}
            settings |= {"memory_bytes": limits.memory_bytes, "cpu_s": limits.cpu_s}
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(SUPERVISOR), json.dumps(settings), *command.argv),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=worker_environment(home, command.env),
                cwd=command.cwd or home,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        return cls(process, await asyncio.open_connection(sock=ours), limits)

    @property
    def stderr(self) -> str:
        """The end of what it wrote to stderr so far, and to stdout where that is a log too."""
        return b"".join(self._log).decode(errors="replace")

    def keep_stdout(self) -> None:
        """From now on its stdout is read as a log, like its stderr; `lines` must not be read then."""
        self._stdout_task = asyncio.create_task(self._keep(_there(self._process.stdout)))

    async def lines(self) -> AsyncIterator[bytes]:
        """The lines of its stdout, without line ends; a line that stdout's end cuts off is left out.

        Raises SystemBroken for a line that is longer than the limit.
        """
        stdout = _there(self._process.stdout)
        pending = bytearray()
        while data := await stdout.read(READ_BYTES):
            pending += data
            if b"\n" in data:
                *whole, rest = bytes(pending).split(b"\n")
                pending = bytearray(rest)
                for line in whole:
                    if line.strip():
                        yield line
            if len(pending) > self._limits.bytes_per_case:
                raise SystemBroken(f"its stdout has a line of more than {self._limits.bytes_per_case} bytes")

    async def send(self, line: bytes) -> None:
        """Writes to its stdin; a worker that is gone shows in `lines` and `ended`, not here."""
        stdin = _there(self._process.stdin)
        with contextlib.suppress(ConnectionError, RuntimeError):
            stdin.write(line)
            await stdin.drain()

    async def ended(self, within_s: float) -> str | None:
        """How the worker ended, in words; None if it has not within that time. Then its stderr is complete."""
        done, _ = await asyncio.wait({self._ending}, timeout=within_s)
        if not done:
            return None
        await asyncio.wait({self._stderr_task}, timeout=within_s)
        return self._ending.result()

    def hang_up(self) -> None:
        """Ends its stdin, which asks it to leave."""
        _there(self._process.stdin).close()

    def terminate(self) -> None:
        """Asks it, and those that it started in its process group, to leave (SIGTERM)."""
        with contextlib.suppress(ConnectionError, RuntimeError):
            self._lifeline.write(b"terminate\n")

    def kill(self) -> None:
        """Ends it and everything that it started, at once."""
        self._lifeline.close()

    async def bury(self) -> None:
        """Waits, once it was killed, until nothing of it is left. `lines` must not be read meanwhile."""
        with contextlib.suppress(TimeoutError):  # only where orphans cannot be adopted may one keep a pipe open
            await asyncio.wait_for(self._bury(), BURIAL_S)
        for task in filter(None, (self._stderr_task, self._stdout_task)):
            task.cancel()

    async def _bury(self) -> None:
        if self._stdout_task is not None:
            await self._stdout_task
        stdout = _there(self._process.stdout)
        while await stdout.read(READ_BYTES):  # what nobody reads would keep the pipe, and us, waiting
            pass
        await self._process.wait()
        await self._stderr_task
        await self._ending
        with contextlib.suppress(ConnectionError):
            await self._lifeline.wait_closed()

    async def _read_ending(self) -> str:
        try:
            *problems, how = (await self._from_supervisor.read()).decode(errors="replace").splitlines() or [""]
        except ConnectionError:
            return "its supervisor was lost"
        for problem in problems:
            return f"it could not be started: {problem.removeprefix('failed ')}"
        match how.split():
            case ["exit", status]:
                return f"it exited with status {status}"
            case ["signal", number]:
                return f"it was ended by {_signal_name(int(number))}"
            case _:
                return "it was stopped"

    async def _keep(self, stream: asyncio.StreamReader) -> None:
        while data := await stream.read(READ_BYTES):
            self._log.append(data)
            self._log_bytes += len(data)
            while self._log_bytes - len(self._log[0]) >= self._limits.stderr_bytes:
                self._log_bytes -= len(self._log.popleft())


def _signal_name(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


T = TypeVar("T")


def _there(stream: T | None) -> T:
    assert stream is not None  # all three are pipes
    return stream
