"""Writes plain values as YAML that reads well in a diff, and gives the same bytes on every machine.

PyYAML's own writers are no choice: libyaml's puts a text with one emoji, or one space at the end of a line, on a
single escaped line, and the one in Python writes other bytes than libyaml's. Reading is PyYAML's.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

_PRINTABLE = r"\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
"""What YAML gives back as it is: no controls, no line breaks, no byte order mark, no half of a pair."""
_PLAIN = re.compile(r"[A-Za-z/](?:[A-Za-z0-9_./;=+()*,@%&?~!$^{}-]|:(?=[^ ])| (?=[^ #]))*")
_CHUNKS = re.compile(r"\d+@\d+(?: \d+@\d+)*", re.ASCII)
_OTHER_THAN_TEXT = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})
_ONE_LINE = re.compile(f"[{_PRINTABLE}]*")
_LINES = re.compile(f"[{_PRINTABLE}\t\n]*")
_ESCAPED = re.compile(f'["\\\\]|[^{_PRINTABLE}]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_BEFORE_WORDS = re.compile(r"\n(?=[^\n])")
_KEY_LENGTH = 120
"""Characters of a key that stands before its colon; YAML gives up at 1024."""
STEP = "  "


class Body(str):
    """Text that is set as lines of its own even where it has only one."""

    __slots__ = ()


def yaml_lines(value: Mapping[str, Any], indent: str = "") -> str:
    """A mapping as block YAML, each line ended and indented. Values are mappings, lists, text, bytes, numbers, booleans
    and None; half pairs in a text become U+FFFD."""
    return "".join(_entry(f"{indent}{_key(key, indent)}", inner, indent) for key, inner in value.items())


def _key(key: str, indent: str) -> str:
    if len(key) <= _KEY_LENGTH:
        return f"{_line(key)}:"
    return f"? {_double(key)}\n{indent}:"


def _entry(head: str, value: Any, indent: str) -> str:
    """What stands after `head`, which is a key with its colon or a list's dash."""
    match value:
        case Mapping() if value:
            return f"{head}\n{yaml_lines(value, indent + STEP)}"
        case list() | tuple() if value:
            return f"{head}\n{_items(value, indent)}"
        case bytes() if value:
            lines = base64.encodebytes(value).decode().replace("\n", f"\n{indent}{STEP}").rstrip(" ")
            return f"{head} !!binary |\n{indent}{STEP}{lines}"
        case str() if value and (isinstance(value, Body) or "\n" in value):
            return f"{head} {_text(value, indent + STEP)}\n"
    return f"{head} {_scalar(value)}\n"


def _items(values: list[Any] | tuple[Any, ...], indent: str) -> str:
    """A list's items, their dashes as far in as the key above them."""
    return "".join(
        f"{indent}- {yaml_lines(value, indent + STEP).removeprefix(indent + STEP)}"
        if isinstance(value, Mapping) and value
        else _entry(f"{indent}-", value, indent + STEP if isinstance(value, list | tuple) else indent)
        for value in values
    )


def _scalar(value: Any) -> str:
    match value:
        case str():
            return _line(value)
        case bytes():
            return "!!binary ''"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float(value)
        case Mapping():
            return "{}"
    return "[]"


def _float(value: float) -> str:
    text = repr(value)
    if text in ("inf", "-inf", "nan"):
        return text.replace("inf", ".inf").replace("nan", ".nan")
    mantissa, mark, exponent = text.partition("e")  # YAML 1.1 wants a point in it
    return f"{mantissa}.0e{exponent}" if mark and "." not in mantissa else text


def _line(text: str) -> str:
    if (_PLAIN.fullmatch(text) and text.lower() not in _OTHER_THAN_TEXT) or _CHUNKS.fullmatch(text):
        return text
    if _ONE_LINE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    return _double(text)


def _text(text: str, indent: str) -> str:
    """A literal block where YAML gives it back exactly, else quoted, with each line of it on a line of its own."""
    kept = text.rstrip("\n")
    if not kept or not _LINES.fullmatch(text):
        return _double(text, indent)
    breaks = len(text) - len(kept)
    ending = "-" if breaks == 0 else "" if breaks == 1 else "+"
    hint = str(len(STEP)) if text[0] in " \t\n" else ""
    lines = _BEFORE_WORDS.sub(f"\n{indent}", f"\n{kept}")
    return f"|{hint}{ending}{lines}" + "\n" * max(0, breaks - 1)


def _double(text: str, indent: str | None = None) -> str:
    """Double-quoted; with an indent, on a new line after each line break of the text."""
    if indent is None:
        return f'"{_ESCAPED.sub(_escape, text)}"'
    lines = (_ESCAPED.sub(_escape, line) for line in _LINE.findall(text))
    # spaces at the start of a line are not kept unless the first is escaped
    return '"' + f"\\\n{indent}".join(f"\\{line}" if line[0] == " " else line for line in lines) + '"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SHORT:
        return _SHORT[character]
    point = 0xFFFD if 0xD800 <= ord(character) <= 0xDFFF else ord(character)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
