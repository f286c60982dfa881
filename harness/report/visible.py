"""Makes foreign text safe to look at: what has no shape of its own gets a visible escape.

Control characters, bidi controls, zero-width and tag characters, lone surrogates and bytes that are no UTF-8 are shown
as Python would escape them. `plain` gives text for attributes and plain files; `shown` and `shown_bytes` give HTML for
the content of elements, never for attributes, because quotes stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache

from markupsafe import Markup

_UNSHAPED = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0, DEL and C1, without tab and line feed
    r"\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    r"\ud800-\udfff"
    r"\U000e0000-\U000e007f"  # tag characters: invisible copies of ASCII
)
_PLAIN = re.compile(f"[{_UNSHAPED}]")
_RICH = re.compile(rf"(?:\r?\n)+|[{_UNSHAPED}\t]")
_RICH_LINES = re.compile(rf"[{_UNSHAPED}\t]")
_DOTTED = bytes(byte if 0x20 <= byte < 0x7F else 0x2E for byte in range(256))
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


@cache
def _escape(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def plain(text: str) -> str:
    """`text` with escapes for all that has no shape; tab and line feed stay. Always encodable, and legal in XML."""
    return text if text.isprintable() else _PLAIN.sub(lambda match: _escape(match[0]), text)


def _rich_escape(match: re.Match[str]) -> str:
    return _escaped_run(match[0])


@lru_cache(maxsize=1_024)
def _escaped_run(run: str) -> str:
    if run[-1] == "\n":  # line ends, as many as there are: one break, so that a log stays dense
        return f"<i>{''.join(map(_escape, run))}</i>\n"
    return f"<i>{_escape(run)}</i>"


def _byte_escape(match: re.Match[str]) -> str:
    """As `_rich_escape`, where lone surrogates stand for bytes that are no UTF-8."""
    code = ord(match[0][0])
    return f"<b>\\x{code - 0xDC00:02x}</b>" if 0xDC80 <= code <= 0xDCFF else _rich_escape(match)


def _html(text: str) -> str:
    """HTML for element content. Quotes stay: as `&#34;` they would make JSON three times as long."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shown(text: str) -> Markup:
    """`text` as element content, every escape in an `i` element."""
    if text.isprintable():  # then nothing in it is without shape
        return Markup(_html(text))
    return Markup(_RICH.sub(_rich_escape, _html(text)))


def shown_bytes(data: bytes) -> Markup:
    """`data` as element content; bytes that are no UTF-8 are in a `b` element."""
    return Markup(_RICH.sub(_byte_escape, _html(data.decode("utf-8", "surrogateescape"))))


def marked_bytes(data: bytes, marks: Sequence[tuple[int, Markup]]) -> Markup:
    """`data` as element content with HTML put in at byte positions; `marks` are sorted by position."""
    pieces: list[str] = []
    last = 0
    for position, mark in marks:
        pieces += (shown_bytes(data[last:position]), mark)
        last = position
    return Markup("".join([*pieces, shown_bytes(data[last:])]))


def laid_out(text: str) -> Markup:
    """As `shown`, for text whose line ends are our own layout and want no escape."""
    return Markup(_RICH_LINES.sub(_rich_escape, _html(text)))


def shortened(text: str, limit: int, show: Callable[[str], Markup] = shown) -> Markup:
    """`text` as element content; past `limit` characters its middle is left out, and the page says how much."""
    if len(text) <= limit:
        return show(text)
    head, tail = limit * 3 // 4, limit // 4
    return show(text[:head]) + left_out(len(text) - head - tail, "characters") + show(text[-tail:])


def left_out(count: int, unit: str) -> Markup:
    """The note that stands for what is not shown."""
    return Markup("<em>… {} {} left out …</em>").format(f"{count:,}", unit)


def hex_dump(data: bytes, offset: int) -> str:
    """Sixteen bytes a line: place in the body, hexadecimal, ASCII."""
    lines = []
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        lines.append(f"{offset + start:06x}  {row.hex(' '):<47}  {row.translate(_DOTTED).decode()}")
    return "\n".join(lines)


def seconds(value: float | None) -> str:
    """A time or duration in words: milliseconds below one second."""
    if value is None:
        return "never"
    if abs(value) < 1:
        return f"{value * 1000:.0f} ms" if abs(value) >= 0.01 or value == 0 else f"{value * 1000:.1f} ms"
    return f"{value:.2f} s" if abs(value) < 100 else f"{value:,.0f} s"


def moment(started: str) -> str:
    """An ISO 8601 time to the minute, in UTC; anything else as it is."""
    try:
        time = datetime.fromisoformat(started)
    except ValueError:
        return started
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if time.tzinfo else f"{time:%Y-%m-%d %H:%M}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `1 chunk`, `3 chunks`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
