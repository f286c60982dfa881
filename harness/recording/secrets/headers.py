"""Secrets in headers and in URLs, where the place says what is a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from harness.recording.secrets.fields import COOKIE, HEADER, PARAMETER, USERINFO
from harness.recording.secrets.names import is_secret_header, is_secret_parameter, may_be_secret_header
from harness.recording.secrets.randomness import is_random, is_stand_in
from harness.recording.secrets.search import Hit

_SCHEME = re.compile(
    rb"\s*(?:Bearer|Basic|Digest|Token|ApiKey|Api-Key|Key|Negotiate|NTLM|Hawk|GoogleLogin|SharedKey|AWS4-HMAC-SHA256)\s+",
    re.IGNORECASE,
)
_COOKIE = re.compile(rb"(?:^|;)\s*[^=;]*=([^;]*)")
_USERINFO = re.compile(rb"^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)@")
_PARAMETER = re.compile(rb"[?&;#]([^=&;#]+)=([^&;#]*)")


def header_hits(name: str, value: bytes) -> Iterator[Hit]:
    """The secrets that a header holds because of its name."""
    known = name.lower()
    if known in ("cookie", "set-cookie", "set-cookie2"):
        for cookie in _COOKIE.finditer(value):
            if not is_stand_in(cookie[1].strip(b'"')):
                yield Hit(COOKIE, (cookie.span(1),))
            if known != "cookie":
                return  # attributes of the one cookie follow
    elif is_secret_header(known):
        scheme = _SCHEME.match(value)
        start = scheme.end() if scheme else 0
        if not is_stand_in(value[start:]):
            yield Hit(HEADER, ((start, len(value)),))
    elif may_be_secret_header(known) and is_random(value) and not is_stand_in(value):
        yield Hit(HEADER, ((0, len(value)),))


def url_hits(url: bytes) -> Iterator[Hit]:
    """The secrets that a URL holds because of where in it they stand: before the host, and in its parameters."""
    if (found := _USERINFO.match(url)) is not None:
        start, end = found.span(1)
        colon = found[1].find(b":")
        parts = [(start, end)] if colon < 0 else [(start, start + colon), (start + colon + 1, end)]
        yield from (Hit(USERINFO, (part,)) for part in parts if not is_stand_in(url[slice(*part)]))
    for found in _PARAMETER.finditer(url):
        name = unquote_to_bytes(found[1]).decode("latin-1")
        if is_secret_parameter(name) and not is_stand_in(unquote_to_bytes(found[2])):
            yield Hit(PARAMETER, (found.span(2),))
