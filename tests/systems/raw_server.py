"""A server of plain bytes: one answer for each connection, and then the connection is closed."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from .proofs.situations import Answer

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for no time at all: the close is a reset."""

PATIENCE_S = 120.0
"""How long a client may leave us waiting; a thread of ours never outlives that."""


class RawServer:
    """Answers the n-th request with the n-th answer (the last one from then on), and counts them.

    Bytes alone stand for an answer after which the connection is closed.
    """

    def __init__(self, *answers: bytes | Answer, posts_only: bool = False) -> None:
        """`posts_only`: what only looks around (GET, HEAD) gets a 404 and is not counted."""
        self._answers = [answer if isinstance(answer, Answer) else Answer(answer) for answer in answers]
        self._posts_only = posts_only
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = 0

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def play(self, *answers: Answer) -> None:
        """From now on these are the answers, and the count begins anew."""
        with self._lock:
            self._answers = [*answers]
            self.requests = 0

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # the listener was closed
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE_S)
        with connection, self._kept(connection), contextlib.suppress(OSError):
            method = _read_request(connection)
            if not method:
                return
            if self._posts_only and method in (b"GET", b"HEAD"):
                connection.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                return
            with self._lock:
                answer = self._answers[min(self.requests, len(self._answers) - 1)]
                self.requests += 1
            connection.sendall(answer.data)
            if answer.then == "hold":
                _until_closed(connection)
            elif answer.then == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    @contextlib.contextmanager
    def _kept(self, connection: socket.socket) -> Any:
        with self._lock:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)


def _read_request(connection: socket.socket) -> bytes:
    """Reads one request to its end, and gives its method; nothing where the client went before."""
    received = b""
    while b"\r\n\r\n" not in received:
        data = connection.recv(65536)
        if not data:
            return b""
        received += data
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    if any(line.startswith(b"transfer-encoding:") for line in lines):
        while not body.endswith(b"0\r\n\r\n"):
            body += connection.recv(65536)
        return received.partition(b" ")[0]
    lengths = [line for line in lines if line.startswith(b"content-length:")]
    missing = int(lengths[0].partition(b":")[2]) - len(body) if lengths else 0
    while missing > 0:
        missing -= len(connection.recv(65536) or b"\0" * missing)
    return received.partition(b" ")[0]


def _until_closed(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def stream(*frames: str | dict[str, Any], last_chunk: bool = True, content_type: str = "text/event-stream") -> bytes:
    """A 200 in chunked coding; a mapping is the payload of one SSE event, a string stands as it is."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n"
    pieces = [frame if isinstance(frame, str) else _sse(frame) for frame in frames]
    chunks = [f"{len(piece.encode()):x}\r\n{piece}\r\n".encode() for piece in pieces if piece]
    return f"{head}connection: close\r\n\r\n".encode() + b"".join(chunks) + (b"0\r\n\r\n" if last_chunk else b"")


def _sse(payload: dict[str, Any]) -> str:
    event = f"event: {payload['type']}\n" if "type" in payload else ""
    return f"{event}data: {json.dumps(payload)}\n\n"


def error(status: int, body: dict[str, Any], headers: Sequence[str] = ()) -> bytes:
    """An HTTP error with a JSON body."""
    data = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Error", "content-type: application/json", f"content-length: {len(data)}", *headers]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + data
