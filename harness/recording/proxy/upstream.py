"""The server behind the proxy: where it is, and how what a client asks for is called there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Upstream:
    """One HTTP server, with the path below which it is asked."""

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def of(cls, url: str) -> Self:
        """The server that a base URL names, as `https://api.openai.com` does; raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError(f"upstream {url!r} is no base URL; give one like https://api.openai.com")
        if "@" in parts.netloc:
            raise ValueError("the upstream's URL holds credentials; leave them out, clients send their own")
        if parts.query or parts.fragment:
            raise ValueError(f"upstream {url!r} has a query or a fragment; give a base URL without")
        try:
            host = parts.hostname.encode("ascii" if ":" in parts.hostname else "idna").decode()
            port = PORTS[parts.scheme] if parts.port is None else parts.port
        except ValueError as error:
            raise ValueError(f"upstream {url!r} names no server: {error}") from None
        if not parts.path.isascii() or any(character <= " " for character in parts.path):
            raise ValueError(f"upstream {url!r} has a path with characters that must be percent-encoded")
        return cls(parts.scheme, host, port, parts.path.rstrip("/"))

    @property
    def authority(self) -> str:
        """What the Host header says: the host, with the port unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The base URL."""
        return f"{self.scheme}://{self.authority}{self.prefix}"

    def target(self, asked: str) -> str:
        """A path (with its query) that a client asked for, as this server knows it."""
        return f"{self.prefix}{asked}" if asked.startswith("/") else asked

    def url_of(self, target: str) -> str:
        """The whole URL of a target of this server."""
        return f"{self.scheme}://{self.authority}{target if target.startswith('/') else '/' + target}"

    def names(self, absolute: SplitResult) -> bool:
        """Whether an absolute URL is one of this server."""
        try:
            port = absolute.port or PORTS.get(absolute.scheme)
        except ValueError:
            return False
        return (absolute.hostname, port) == (self.host, self.port)
