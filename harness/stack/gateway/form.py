"""How a stream's frames are laid on the wire: as they are, or, for a Gemini client that did not ask for SSE, as the
elements of one JSON array."""

from __future__ import annotations

from collections.abc import Sequence


class Form:
    """Frames as they are."""

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type

    def frames(self, frames: Sequence[bytes]) -> bytes:
        """The bytes of these frames."""
        return b"".join(frames)

    def alive(self, sign: bytes) -> bytes:
        """The bytes of a sign of life."""
        return sign

    def close(self) -> bytes:
        """What ends the body, behind the last frame."""
        return b""


class ArrayForm(Form):
    """The payloads of SSE frames as the elements of a JSON array."""

    def __init__(self) -> None:
        super().__init__("application/json; charset=UTF-8")
        self._before = b"["

    def frames(self, frames: Sequence[bytes]) -> bytes:
        elements = [payload for frame in frames if (payload := _payload(frame))]
        return b"".join(self._element(payload) for payload in elements)

    def _element(self, payload: bytes) -> bytes:
        before, self._before = self._before, b",\r\n"
        return before + payload

    def alive(self, sign: bytes) -> bytes:
        """White space may stand between the elements, whatever the dialect's own sign is."""
        return b"\n"

    def close(self) -> bytes:
        return b"]" if self._before != b"[" else b"[]"


def _payload(frame: bytes) -> bytes:
    """The data of an SSE frame; empty for one that has none."""
    lines = (line.removeprefix(b"data:").strip() for line in frame.splitlines() if line.startswith(b"data:"))
    return b"\n".join(lines)
