"""Tells what a machine drew at random from words, names and stand-ins."""

from __future__ import annotations

import math
import re
from collections import Counter

SECRET_LENGTH = 8
"""Letters that a secret has at least; what is shorter is found by its place only."""
RANDOM_LENGTH = 16
RANDOM_BITS = 3.0
"""Bits of entropy in a letter of something random, at least: thirty hexadecimal digits have about 3.6."""
_VARIETY = 6

_WORDS = rb"redacted|filtered|masked|removed|scrubbed|hidden|dummy|fake|example|placeholder|none|null|empty|undefined"
_STAND_IN = re.compile(
    rb"\W*(?:" + _WORDS + rb")\W*"
    rb"|(?:" + _WORDS + rb")[-_ ]?(?:api[-_ ]?)?(?:key|token|secret|value|password|by[-_ ].*)?\W*"
    rb"|[<\[{(].*[>\]})]|\$\{?\w+\}?|%\w+%"
    rb"|(?:sk-|pk-)?(?:your|insert|replace|enter)[-_ ].*|.*your[-_ ]?(?:\w+[-_ ])?(?:key|token|secret|password)\W*"
    rb"|my[-_ ](?:api[-_ ])?(?:key|token|secret)"
    rb"|(.)\1{3,}",
    re.IGNORECASE | re.DOTALL,
)
_RANDOM = re.compile(rb"[A-Za-z0-9_\-.+/=~:%]+")
_DIGIT = re.compile(rb"[0-9]")
_MIXED = re.compile(rb"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{6,}")
"""Letters and digits in one run: names of models and dates have them apart."""


def is_stand_in(text: bytes) -> bool:
    """Whether a text stands in for a secret: nothing, a mask, `REDACTED`, `<your key>`, `${KEY}`."""
    bare = text.strip(b"*xX.-_ ")
    return not bare or _STAND_IN.fullmatch(bare) is not None


def is_varied(text: bytes) -> bool:
    """Whether a text has as many different letters as a key has, digits among them or both cases."""
    return len(set(text)) >= _VARIETY and (_DIGIT.search(text) is not None or text.lower() != text != text.upper())


def is_plausible(text: bytes) -> bool:
    """Whether a text can be a secret at all, if something says that it is one."""
    if len(text) < SECRET_LENGTH or not text.isascii() or b"***" in text or any(byte <= 32 for byte in text):
        return False
    return _DIGIT.search(text) is not None or len(text) >= 20 or text.lower() != text != text.upper()


def is_random(text: bytes) -> bool:
    """Whether a text looks like a key that nobody knows: long, without spaces, letters and digits mixed at random."""
    if len(text) < RANDOM_LENGTH or _RANDOM.fullmatch(text) is None:
        return False
    return _MIXED.search(text) is not None and entropy(text) >= RANDOM_BITS


def entropy(text: bytes) -> float:
    """Bits of Shannon entropy in a byte of the text."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
