"""The `ai` package of npm as a reader: what it makes of bodies that a server of ours gives it, over a real socket."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from harness.dialects import dialect

from ...systems.third_party import command_for

SCRIPT = Path(__file__).with_name("ai_sdk.mjs")
SERVER = SCRIPT.with_name("ai_sdk_server.mjs")
PACKAGES = ("ai", "ai-7")
LIMIT_S = 120


class _Handler(BaseHTTPRequestHandler):
    """Answers the n-th path with the n-th body, in as many writes as it has pieces."""

    protocol_version = "HTTP/1.1"
    bodies: Sequence[Sequence[bytes]] = ()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        for name, value in dialect("ai-sdk-ui").facts["response_headers"].items():
            self.send_header(name, value)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in self.bodies[int(self.path.rpartition("/")[2])]:
            if piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def _served(bodies: Sequence[Sequence[bytes]]) -> Iterator[str]:
    handler = type("Handler", (_Handler,), {"bodies": bodies})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def shown(package: str, bodies: Sequence[bytes | Sequence[bytes]]) -> list[dict[str, Any]]:
    """What the package's reader makes of each body: its message, errors, whether it was aborted, and passing data.

    Skips the test where the package's environment is not built.
    """
    pieces = [[body] if isinstance(body, bytes) else body for body in bodies]
    command = command_for(SCRIPT)
    with _served(pieces) as url:
        return asked(command, package, url, len(bodies))


def asked(command: Sequence[str], package: str, url: str, count: int, *more: str) -> list[dict[str, Any]]:
    """What the package's reader makes of the answers of a server."""
    run = subprocess.run(
        [*command, package, url, str(count), *more], capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    return [json.loads(line) for line in run.stdout.split("\n") if line]


def without_states(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts of a message without the state of their text, which is `done` for all that were closed."""
    return [{name: value for name, value in part.items() if name != "id"} for part in parts]


def served(package: str, situation: str) -> bytes:
    """The body that the package's own server sends in a situation of `ai_sdk_server.mjs`."""
    command = [*command_for(SCRIPT)[:-1], str(SERVER)]
    return subprocess.run([*command, package, situation], capture_output=True, timeout=LIMIT_S, check=True).stdout
