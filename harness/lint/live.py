"""A live endpoint's stream through the linter: one plain request, its answer looked at as it comes."""

from __future__ import annotations

import httpx

from harness.dialects import dialect as dialect_record
from harness.lint.finding import Finding
from harness.lint.linter import Linter
from harness.request import Message, Request, TextPart

QUESTION = "Count from one to five, in words."
SILENCE_S = 60.0
"""How long a server may be silent before it is given up on."""
_SHOWN = 300  # characters of a refusal


class NoStream(Exception):
    """The endpoint gave no stream to lint; the message says what it did instead."""


def lint_url(dialect: str, base_url: str, model: str, key: str | None) -> tuple[int, list[Finding]]:
    """The size in bytes of the stream that the endpoint below `base_url` answers with, and what is wrong with it.

    Raises NoStream where none came to its end.
    """
    asked = Request(model=model, messages=[Message("user", [TextPart(QUESTION)])], stream=True)
    request = dialect_record(dialect).build_request(asked, key)
    url = base_url.rstrip("/") + request.path
    linter, size, found = Linter(dialect), 0, []
    try:
        with httpx.stream(
            request.method, url, headers=dict(request.headers), content=request.body, timeout=SILENCE_S
        ) as response:
            if response.status_code != 200:
                said = response.read()[:_SHOWN].decode("utf-8", "replace")
                raise NoStream(f"{url} answered with status {response.status_code}: {said}")
            for data in response.iter_bytes():
                size += len(data)
                found += linter.feed(data)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoStream(f"{url}: {type(error).__name__}: {error} (after {size} bytes)") from None
    return size, [*found, *linter.close()]
