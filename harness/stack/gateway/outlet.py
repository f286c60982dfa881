"""The way back to the client: a head that waits until it is needed, bytes, and a sign of life in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.types import Send


class Outlet:
    """One answer being sent. The first call of `head` or `whole` decides the status."""

    def __init__(self, send: Send) -> None:
        self.status = 0
        self.sent_bytes = 0
        self.busy = False
        """Whether somebody waits for the client to take what was sent."""
        self._send = send

    @property
    def begun(self) -> bool:
        """Whether the head is out."""
        return bool(self.status)

    async def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head, unless it is out already."""
        if not self.status:
            self.status = status
            await self._send({"type": "http.response.start", "status": status, "headers": _raw(headers.items())})

    async def data(self, data: bytes) -> None:
        """Send bytes of the body; returns when there is room for more."""
        if data:
            self.sent_bytes += len(data)
            self.busy = True
            try:
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
            finally:
                self.busy = False

    async def end(self) -> None:
        """The body is whole."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def whole(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole answer."""
        await self.head(status, {**headers, "content-length": str(len(body))})
        self.sent_bytes += len(body)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def _raw(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers]
