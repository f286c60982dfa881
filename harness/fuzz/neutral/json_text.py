"""JSON as text: its tokens, and a reading that keeps the order of members and the spelling of numbers.

`parse` and `spell` belong together: what a changed payload does not change is spelled as a strict writer would, and
means what it meant.
"""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s"\[\]{}:,]+')


class Number(str):
    """A number as it is spelled: `1.0` and `1` are the same to JSON, and not to every reader."""

    __slots__ = ()


def parse(text: str) -> Any:
    """The value that `text` spells. Raises ValueError where it is no JSON, or where an object names a member twice."""
    return json.loads(
        text, object_pairs_hook=_object, parse_int=Number, parse_float=Number, parse_constant=_no_constant
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("an object names a member twice")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def spell(value: Any) -> str:
    """The value without white space; characters stand for themselves, but for halves of surrogate pairs."""
    match value:
        case Number():
            return str(value)
        case dict():
            return "{" + ",".join(f"{_string(key)}:{spell(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ",".join(map(spell, value)) + "]"
        case str():
            return _string(value)
    return json.dumps(value)


def _string(text: str) -> str:
    spelled = json.dumps(text, ensure_ascii=False)
    return spelled if spelled.isascii() else re.sub("[\ud800-\udfff]", lambda found: rf"\u{ord(found[0]):04x}", spelled)


def tokens(text: str) -> list[str]:
    """The tokens of a JSON text, in order, without the white space between them."""
    return _TOKEN.findall(text)
