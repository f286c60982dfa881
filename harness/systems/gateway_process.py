"""One process of a gateway: its files are written, it is started apart from us, waited for, and ended for good."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import socket
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from harness.systems.base import SystemBroken
from harness.systems.gateway_install import Installation
from harness.systems.gateway_manifest import GatewayManifest, Places, Ready, SlotPlace, rendered
from harness.systems.process import Command, Limits, WorkerProcess, make_home

HOST = "127.0.0.1"

PORTS = range(18_000, 32_000)
"""Below those that kernels give to outgoing connections, so that none of these takes a port before its server does."""

LOOK_S = 0.1
"""How often we look whether a server is up."""

ANSWER_S = 5.0
"""How long a server may take to answer when it is asked whether it is up."""

API_KEY = "sk-harness-0123456789"
"""What templates may use as the gateway's own key where the manifest names none."""


@dataclass(frozen=True, slots=True)
class Launch:
    """All that it takes to start a gateway."""

    name: str
    manifest: GatewayManifest
    folder: Path
    """Of the manifest."""
    installed: Installation
    limits: Limits = field(default_factory=Limits)

    @property
    def api_key(self) -> str:
        """What a client of the gateway shows it, unless the manifest leaves that to the case."""
        return self.manifest.api_key or API_KEY


class GatewayProcess:
    """A gateway that is up. Use `start`; `stop` it whatever happened."""

    def __init__(self, launch: Launch, port: int, process: WorkerProcess) -> None:
        self.port = port
        self._launch = launch
        self._process = process

    @classmethod
    async def start(cls, launch: Launch, slots: tuple[SlotPlace, ...]) -> GatewayProcess:
        """Starts it with these slots, and returns once it is up. Raises SystemBroken, and leaves nothing behind."""
        port, home = free_port(), make_home()
        try:
            command = _prepared(launch, slots, port, home)
            limits = replace(launch.limits, cpu_s=max(launch.limits.cpu_s, 4 * 3600))
            process = await WorkerProcess.start(command, limits, home)
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise
        process.keep_stdout()
        gateway = cls(launch, port, process)
        try:
            await gateway._up()
        except BaseException:
            await gateway.kill()
            raise
        return gateway

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> str:
        """The end of what it wrote to stdout and stderr."""
        return self._process.stderr

    async def ended(self, within_s: float) -> str | None:
        """How it ended, in words; None if it has not within that time."""
        return await self._process.ended(within_s)

    async def answers(self, within_s: float) -> bool:
        """Whether it still says that it is up."""
        try:
            async with asyncio.timeout(within_s):
                return await _is_up(self.port, self._launch.manifest.ready) is None
        except TimeoutError:
            return False

    async def stop(self) -> None:
        """Asks it to leave, and ends it and everything that it started if it does not."""
        self._process.terminate()
        await self._process.ended(self._launch.manifest.stop_s)
        await self.kill()

    async def kill(self) -> None:
        """Ends it and everything that it started, at once."""
        self._process.kill()
        await self._process.bury()

    async def _up(self) -> None:
        manifest = self._launch.manifest
        seen = "nothing was tried"
        try:
            async with asyncio.timeout(manifest.start_s):
                while True:
                    if how := await self._process.ended(0):
                        raise self._broken(f"{how} before it was ready")
                    problem = await _is_up(self.port, manifest.ready)
                    if problem is None:
                        return
                    seen = problem
                    await self._process.ended(LOOK_S)
        except TimeoutError:
            raise self._broken(f"it was not ready within {manifest.start_s:g} s: {seen}") from None

    def _broken(self, why: str) -> SystemBroken:
        last = [line.strip() for line in self.log.splitlines() if line.strip()][-3:]
        said = f"; its log ends with: {' | '.join(last)[-400:]}" if last else ""
        return SystemBroken(f"{self._launch.name}: {why}{said}", stderr=self.log)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise SystemBroken("no free port was found for a gateway")


def _prepared(launch: Launch, slots: tuple[SlotPlace, ...], port: int, home: Path) -> Command:
    """The command, once the files that it needs lie in `home`."""
    manifest = launch.manifest
    values = Places(port, str(home), slots, launch.api_key, **launch.installed.places()).values()
    for name, template in manifest.config.items():
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(rendered(template, values), encoding="utf-8")
    env = {"PYTHONPATH": ""} | {name: rendered(template, values) for name, template in manifest.env.items()}
    argv = tuple(rendered(word, values) for word in manifest.command)
    cwd = (launch.folder / manifest.cwd).resolve() if manifest.cwd is not None else None
    return Command(launch.name, _found(argv, launch.folder), env, cwd)


def _found(argv: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """A program that is named by a relative path lies beside the manifest."""
    program = folder / argv[0]  # never resolved: the interpreter of an environment is a link to the one it is made of
    return (str(program), *argv[1:]) if "/" in argv[0] and program.is_file() else argv


async def _is_up(port: int, ready: Ready) -> str | None:
    """None if it is; else what was seen instead."""
    if ready.path is None:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError as error:
            return f"port {port}: {error.strerror or error}"
        writer.close()
        return None
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_S) as client:
        try:
            answer = await client.get(f"http://{HOST}:{port}{ready.path}")
        except httpx.HTTPError as error:
            return f"GET {ready.path}: {error or type(error).__name__}"
    return None if answer.status_code == ready.status else f"GET {ready.path} was answered {answer.status_code}"
