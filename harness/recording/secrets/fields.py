"""Secrets that a text names: JSON fields, query parameters, HAR's pairs, header lines, assignments, URL userinfo.

A name alone proves nothing in a text that a model may have written, so what stands behind it must look like a key too:
random where the name is a common word (`key`, `token`), merely plausible where nothing but a key has such a name.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

from harness.recording.secrets.names import kind_of_name
from harness.recording.secrets.randomness import is_plausible, is_random, is_stand_in

FIELD = "secret-field"
PARAMETER = "query-parameter"
HEADER = "header-name"
COOKIE = "cookie"
USERINFO = "url-userinfo"
ASSIGNMENT = "assignment"
CREDENTIAL = "credential"


class Named(NamedTuple):
    """A secret that is named in a text: the rule that found it, and where it stands."""

    rule: str
    start: int
    end: int


_NAMED = re.compile(
    rb"""
    (?:key|token|secret|passwd|password|authorization|cookie2?|auth|bearer|credentials?|jwt|sig|pwd|signature)
    (?:
        (?P<field> ["'`]?[ \t]{0,9}[:=] (?: \s{0,9}\[?\s{0,99}(?=["'`]) | \s{0,40}-[ \t]{1,4} | [ \t]{0,9} ) ["'`]? )
      | (?P<pair> "\s{0,99},\s{0,99}"value"\s{0,9}:\s{0,9}" )
      | (?P<part> "\r\n (?:[^\r\n]+\r\n)* \r\n )
    )
    (?P<scheme> (?:bearer|basic|token|apikey|key|digest|negotiate)\s+ )?
    """,
    re.VERBOSE,
)
"""The end of a name in small letters, and what may stand between a name and its value."""
_NAME = re.compile(rb"[A-Za-z0-9_.-]*\Z")
_NAME_LENGTH = 80
_BARE = re.compile(rb"[^\s\"'`,;&<>()\[\]{}\\]+")
_QUOTED = {quote: re.compile(rb"[^\\\r\n" + quote + rb"]+") for quote in (b'"', b"'", b"`")}
_LINE = re.compile(rb"[^\r\n]+")
_COOKIES = re.compile(rb"\"cookies\"\s*:\s*\[[^\]]+\]")
_COOKIE_VALUE = re.compile(rb"\"value\"\s*:\s*\"([^\"\\]+)\"")
_BEARER = re.compile(rb"bearer\s+([a-z0-9._~+/-]{16,}=*)")
_BASIC = re.compile(rb"basic\s+([a-z0-9+/]{8,}={0,2})")
_USERINFO = re.compile(rb"://[^\s/?#@:\"'<>\\]*:([^\s/?#@\"'<>\\]+)@")


def named_secrets(text: bytes) -> Iterator[Named]:
    """The secrets that are named in a text."""
    lowered = text.lower()
    for found in _NAMED.finditer(lowered):
        if (secret := _named(text, found)) is not None:
            yield secret
    for found in _BEARER.finditer(lowered):
        if is_random(text[slice(*found.span(1))]):
            yield Named(CREDENTIAL, *found.span(1))
    for found in _BASIC.finditer(lowered):
        if _is_basic(text[slice(*found.span(1))]):
            yield Named(CREDENTIAL, *found.span(1))
    for found in _USERINFO.finditer(text):
        if not is_stand_in(found[1]):
            yield Named(USERINFO, *found.span(1))
    for cookies in _COOKIES.finditer(text):
        for found in _COOKIE_VALUE.finditer(text, *cookies.span()):
            if not is_stand_in(found[1]):
                yield Named(COOKIE, *found.span(1))


def _named(text: bytes, found: re.Match[bytes]) -> Named | None:
    """The secret behind the end of a name; None where the name or what it names is harmless."""
    word_end = min(found.start(group) for group in ("field", "pair", "part") if found.start(group) >= 0)
    before = text[max(0, found.start() - _NAME_LENGTH) : word_end]
    name = before[_NAME.search(before).start() :]  # type: ignore[union-attr]  # it also matches nothing
    kind = kind_of_name(name.decode())
    value = _value(text, found)
    if kind is None or value is None or is_stand_in(value[0]):
        return None
    rule = _rule(text, word_end - len(name), found["field"])
    if kind == "vague" and rule == ASSIGNMENT:
        return None
    in_code = found["field"] is not None and not found["field"].endswith((b'"', b"'", b"`")) and rule != PARAMETER
    if not (is_random if kind == "vague" or (in_code and not found["scheme"]) else is_plausible)(value[0]):
        return None
    return Named(HEADER if kind == "header" else rule, *value.span())


def _rule(text: bytes, start: int, between: bytes | None) -> str:
    """By what kind of place the name at `start` tells of a secret."""
    if between is None or between.startswith((b'"', b"'", b"`")):
        return FIELD
    return PARAMETER if between == b"=" and text[max(0, start - 1) : start] in (b"?", b"&", b";", b"#") else ASSIGNMENT


def _value(text: bytes, found: re.Match[bytes]) -> re.Match[bytes] | None:
    """What stands behind a name, as far as its quotation mark, or the place, lets it go."""
    if found["part"]:
        return _LINE.match(text, found.end())
    opening = (found["pair"] or found["field"])[-1:]
    return _QUOTED.get(opening, _BARE).match(text, found.end())


def _is_basic(value: bytes) -> bool:
    """Whether this is a user and a password, as HTTP's Basic scheme packs them."""
    try:
        plain = binascii.a2b_base64(value, strict_mode=True)
    except binascii.Error:
        return False
    return b":" in plain and plain.isascii() and plain.decode().isprintable()
