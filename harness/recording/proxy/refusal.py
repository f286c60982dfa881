"""What the proxy says in its own name: JSON that no vendor's error looks like, and a marked header."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

PROXY_HEADER = "x-harness-proxy"
"""Only the proxy's own answers have it; its value says in one word what they are about."""


class Refused(Exception):
    """A request is not relayed; the client is told why, and what to do about it."""

    def __init__(self, status: int, slug: str, problem: str, mend: str) -> None:
        super().__init__(f"{problem}; {mend}")
        self.status = status
        self.slug = slug
        self.problem = problem
        self.mend = mend

    def answer(self, *, with_body: bool = True) -> bytes:
        """The whole answer, after which the connection is closed."""
        said = {"slug": self.slug, "problem": self.problem, "mend": self.mend}
        body = msgspec.json.encode({"harness_proxy": said}) + b"\n"
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n{PROXY_HEADER}: {self.slug}\r\nconnection: close\r\n\r\n"
        )
        return head.encode("ascii") + (body if with_body else b"")
