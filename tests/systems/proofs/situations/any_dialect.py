"""What is the same in every dialect: the connection, and pages that no API wrote."""

from __future__ import annotations

from .wire import Answer, Situation, refused, stream, unended

SITUATIONS: dict[str, Situation] = {
    "empty-body": (Answer(stream()),),
    "reset-before-status-line": (Answer(b"", "reset"),),
    "closed-before-status-line": (Answer(b""),),
    "silence-before-status-line": (Answer(b"", "hold"),),
    "silence-after-headers": (Answer(unended(), "hold"),),
    "cut-after-headers": (Answer(unended()),),
    "html-502": (Answer(refused("502 Bad Gateway", "<html>Bad gateway</html>", content_type="text/html")),),
}
