"""Secrets that a text names: JSON fields, query parameters, HAR's pairs, header lines, assignments, URL userinfo.

A name alone proves nothing in a text that a model may have written, so what stands behind it must look like a key too:
random where the name is a common word (`key`, `token`), merely plausible where nothing but a key has such a name.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

from harness.recording.secrets.randomness import SECRET_LENGTH, is_random, is_stand_in

FIELD, PARAMETER, HEADER, COOKIE, USERINFO, ASSIGNMENT, CREDENTIAL = (
    "secret-field",
    "query-parameter",
    "header-name",
    "cookie",
    "url-userinfo",
    "assignment",
    "credential",
)
"""The rules, by what named the secret."""


class Named(NamedTuple):
    """A secret that is named in a text: the rule that found it, and where it stands."""

    rule: str
    start: int
    end: int


_PLAIN = (
    rb"(?:[a-z0-9]+[-_.])*(?:(?:api|access|secret|private|subscription|account|master|encryption)[-_]?key"
    rb"|secret[-_]?access[-_]?key|client[-_]?secret|app[-_]?secret|(?:access|refresh|id|auth|session|security|bearer|api)"
    rb"[-_]?token|password|passwd)"
)
_HEADERS = (
    rb"(?:proxy-)?authorization|(?:set-)?cookie2?|x-api-key|x-goog-api-key|x-amz-security-token|x-[a-z-]*auth-token"
)
_VAGUE = rb"(?:[a-z0-9]+[-_.])*(?:key|token|secret|auth|bearer|credentials?|jwt|sig|pwd)"
_SCHEME = rb"(?:(?:bearer|basic|token|apikey|key|digest|negotiate)\s+)?"

_JSON = re.compile(
    rb"[\"'](?:(?P<header>"
    + _HEADERS
    + rb")|(?P<plain>"
    + _PLAIN
    + rb")|(?P<vague>"
    + _VAGUE
    + rb"))[\"']\s*:\s*\[?\s*"
    rb"(?P<quote>[\"'])" + _SCHEME + rb"(?P<value>(?:(?!(?P=quote))[^\\\r\n])*)(?P=quote)",
    re.IGNORECASE,
)
_HAR_PAIR = re.compile(
    rb"\"name\"\s*:\s*\"(?:(?P<header>"
    + _HEADERS
    + rb")|(?P<plain>"
    + _PLAIN
    + rb")|(?P<vague>"
    + _VAGUE
    + rb"))\"\s*,"
    rb"\s*\"value\"\s*:\s*\"" + _SCHEME + rb"(?P<value>[^\"\\\r\n]*)\"",
    re.IGNORECASE,
)
_COOKIES = re.compile(rb"\"cookies\"\s*:\s*\[[^\]]+\]")
_COOKIE_VALUE = re.compile(rb"\"value\"\s*:\s*\"([^\"\\]+)\"")
_PARAMETER = re.compile(
    rb"[?&;](?:(?P<plain>" + _PLAIN + rb"|x-(?:amz|goog)-(?:signature|credential|security-token)|subscription-key)"
    rb"|(?P<vague>" + _VAGUE + rb"))=(?P<value>[^\s&#;\"'<>\\]+)",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    rb"(?:(?<=\s)|(?<=^)|(?<=[\"'`,;({]))(?:(?P<header>"
    + _HEADERS
    + rb")|(?P<plain>"
    + _PLAIN
    + rb"))[\"']?[ \t]*[:=][ \t]*[\"'`]?"
    + _SCHEME
    + rb"(?P<value>[^\s\"'`,;&<>\\]+)",
    re.IGNORECASE | re.MULTILINE,
)
_BEARER = re.compile(rb"\b(?:Bearer|bearer)\s+(?P<value>[A-Za-z0-9._~+/-]{16,}=*)")
_BASIC = re.compile(rb"\b(?:Basic|basic)\s+(?P<value>[A-Za-z0-9+/]{8,}={0,2})")
_USERINFO = re.compile(rb"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/?#@:\"'<>\\]*:(?P<value>[^\s/?#@\"'<>\\]+)@")
_FORM = re.compile(
    rb"name=\"(?:(?P<plain>"
    + _PLAIN
    + rb")|(?P<vague>"
    + _VAGUE
    + rb"))\"\r\n(?:[^\r\n]+\r\n)*\r\n(?P<value>[^\r\n]+)",
    re.IGNORECASE,
)


def named_secrets(text: bytes) -> Iterator[Named]:
    """The secrets that are named in a text."""
    for rule, pattern in (
        (FIELD, _JSON),
        (FIELD, _HAR_PAIR),
        (PARAMETER, _PARAMETER),
        (ASSIGNMENT, _ASSIGNED),
        (FIELD, _FORM),
    ):
        for found in pattern.finditer(text):
            if _is_secret(found):
                yield Named(HEADER if found.groupdict().get("header") else rule, *found.span("value"))
    if b"://" in text and b"@" in text:
        yield from (
            Named(USERINFO, *found.span("value"))
            for found in _USERINFO.finditer(text)
            if not is_stand_in(found["value"])
        )
    yield from _credentials(text)
    for cookies in _COOKIES.finditer(text):
        for found in _COOKIE_VALUE.finditer(text, *cookies.span()):
            if not is_stand_in(found[1]):
                yield Named(COOKIE, *found.span(1))


def _credentials(text: bytes) -> Iterator[Named]:
    for found in _BEARER.finditer(text):
        if is_random(found["value"]) and not is_stand_in(found["value"]):
            yield Named(CREDENTIAL, *found.span("value"))
    for found in _BASIC.finditer(text):
        if _is_basic(found["value"]):
            yield Named(CREDENTIAL, *found.span("value"))


def _is_basic(value: bytes) -> bool:
    """Whether this is a user and a password, as HTTP's Basic scheme packs them."""
    try:
        plain = binascii.a2b_base64(value, strict_mode=True)
    except binascii.Error:
        return False
    return b":" in plain and plain.isascii() and plain.decode().isprintable()


def _is_secret(found: re.Match[bytes]) -> bool:
    value = found["value"]
    if is_stand_in(value):
        return False
    groups = found.groupdict()
    if groups.get("header") or groups.get("plain"):
        return is_plausible(value)
    return is_random(value)


def is_plausible(value: bytes) -> bool:
    """Whether a text can be a secret at all, if something says that it is one."""
    if len(value) < SECRET_LENGTH or not value.isascii() or b"***" in value or any(byte <= 32 for byte in value):
        return False
    return any(48 <= byte < 58 for byte in value) or len(value) >= 20 or value.lower() != value != value.upper()
