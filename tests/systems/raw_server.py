"""A server of plain bytes: one answer for each connection, and then the connection is closed."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self


class RawServer:
    """Answers the n-th connection with the n-th answer (the last one from then on), and counts them."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # the listener was closed
                return
            with connection:
                _read_request(connection)
                answer = self._answers[min(self.requests, len(self._answers) - 1)]
                self.requests += 1
                connection.sendall(answer)


def _read_request(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].partition(b":")[2]) - len(body)
    while missing > 0:
        missing -= len(connection.recv(65536))


def stream(*frames: str | dict[str, Any], last_chunk: bool = True, content_type: str = "text/event-stream") -> bytes:
    """A 200 in chunked coding; a mapping is the payload of one SSE event, a string stands as it is."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    pieces = [frame if isinstance(frame, str) else _sse(frame) for frame in frames]
    chunks = [f"{len(piece.encode()):x}\r\n{piece}\r\n".encode() for piece in pieces if piece]
    return head + b"".join(chunks) + (b"0\r\n\r\n" if last_chunk else b"")


def _sse(payload: dict[str, Any]) -> str:
    event = f"event: {payload['type']}\n" if "type" in payload else ""
    return f"{event}data: {json.dumps(payload)}\n\n"


def error(status: int, body: dict[str, Any], headers: Sequence[str] = ()) -> bytes:
    """An HTTP error with a JSON body."""
    data = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Error", "content-type: application/json", f"content-length: {len(data)}", *headers]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + data
