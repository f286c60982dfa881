"""A live endpoint's stream through the linter: one plain request, its answer looked at as it comes."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx

from harness.dialects import dialect as dialect_record
from harness.lint.linter import Linter
from harness.lint.streams import LintedStream
from harness.request import Message, Request, TextPart

QUESTION = "Count from one to five, in words."
SILENCE_S = 60.0
"""How long a server may be silent before it is given up on."""
_SHOWN = 300  # characters of a refusal


class NoStream(Exception):
    """The endpoint gave no stream to lint; the message says what it did instead."""


def lint_url(dialect: str, base_url: str, model: str, key: str | None) -> LintedStream:
    """The stream that the endpoint below `base_url` answers with, and what is wrong with it. Its file is its address.

    Raises NoStream where none came to its end.
    """
    asked = Request(model=model, messages=[Message("user", [TextPart(QUESTION)])], stream=True)
    request = dialect_record(dialect).build_request(asked, key)
    url = base_url.rstrip("/") + request.path
    linter, body, found = Linter(dialect), bytearray(), []
    try:
        with httpx.stream(
            request.method, url, headers=dict(request.headers), content=request.body, timeout=SILENCE_S
        ) as response:
            if response.status_code != 200:
                said = response.read()[:_SHOWN].decode("utf-8", "replace")
                raise NoStream(f"{url} answered with status {response.status_code}: {said}")
            headers = tuple(response.headers.items())
            for data in response.iter_bytes():
                body += data
                found += linter.feed(data)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoStream(f"{url}: {type(error).__name__}: {error} (after {len(body)} bytes)") from None
    place = urlsplit(url)
    return LintedStream(
        file=Path(place.netloc + place.path),
        number=0,
        dialect=dialect,
        provider=place.netloc,
        body=bytes(body),
        findings=(*found, *linter.close()),
        headers=headers,
    )
