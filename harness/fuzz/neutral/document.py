"""A body as its writer had it: what is written for each frame, and the payload within.

Read by lines and brackets alone, so that what nobody changes is written again byte for byte. Nothing of this is shared
with the framers of `harness.wire`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Framing: TypeAlias = Literal["sse", "ndjson", "array", "none"]

BOM = b"\xef\xbb\xbf"
_LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|\Z)")
_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Block:
    """What is written for one frame: `head`, then the payload, then `tail`.

    Of an event, each line of the payload stands behind `prefix` and before `end`, and the whole lines before and after
    are head and tail. `payload` None: there is none, or it is none of those that can be changed. `whole` False: its
    end never came, and nothing can stand behind it.
    """

    head: bytes
    payload: bytes | None = None
    tail: bytes = b""
    prefix: bytes = b""
    end: bytes = b"\n"
    whole: bool = True

    @property
    def raw(self) -> bytes:
        """The bytes on the wire."""
        if self.payload is None:
            return self.head + self.tail
        lines = self.payload.split(b"\n") if self.prefix else [self.payload]
        return self.head + self.end.join(self.prefix + line for line in lines) + self.tail


@dataclass(frozen=True, slots=True)
class Document:
    """A body in blocks; `bom` is what stands before them."""

    framing: Framing
    blocks: tuple[Block, ...]
    bom: bytes = b""

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """The bytes of each block, none of them empty."""
        raw = [block.raw for block in self.blocks]
        if raw and self.bom:
            raw[0] = self.bom + raw[0]
        return tuple(piece for piece in raw if piece)

    def with_block(self, at: int, *blocks: Block) -> Document:
        """The document with other blocks in the place of one."""
        return replace(self, blocks=(*self.blocks[:at], *blocks, *self.blocks[at + 1 :]))


def read(framing: str, body: bytes) -> Document:
    """The body in blocks, in one of the framings of `specs/dialects`. One that is in no such framing is one block."""
    first = body.lstrip(b" \t\r\n" + BOM)[:1]
    if framing == "ndjson" and first == b"{":
        return Document("ndjson", tuple(_lines(body)))
    if framing == "sse-or-array" and first == b"[":
        return _array(body)
    if framing in ("sse", "sse-or-array") and first not in (b"", b"{", b"[", b"<", b"\0"):
        bom = BOM if body.startswith(BOM) else b""
        return Document("sse", tuple(_events(body[len(bom) :])), bom)
    return Document("none", (Block(body, whole=False),))


def _lines(body: bytes) -> Iterator[Block]:
    for line in re.findall(rb"[^\n]*\n|[^\n]+\Z", body):
        text = line.strip(b" \t\r\n")
        start = line.find(text)
        if text and line.endswith(b"\n"):
            yield Block(line[:start], text, line[start + len(text) :])
        else:
            yield Block(line, whole=not text)


def _events(body: bytes) -> Iterator[Block]:
    """Each event with the blank line behind it; what is not in the usual form has no payload."""
    lines: list[tuple[bytes, bytes]] = []
    for found in _LINE.finditer(body):
        text, end = found[1], found[2]
        if text or end:
            lines.append((text, end))
        if end and not text:
            yield _event(lines)
            lines = []
    if lines:
        yield Block(b"".join(text + end for text, end in lines), whole=False)


def _event(lines: Sequence[tuple[bytes, bytes]]) -> Block:
    """One event, its blank line included."""
    raw = b"".join(text + end for text, end in lines)
    is_data = [text[:5] == b"data:" for text, _ in lines]
    if not any(is_data):
        return Block(raw)
    first = is_data.index(True)
    last = len(lines) - is_data[::-1].index(True)
    data = lines[first:last]
    prefix, end = (b"data: " if data[0][0][5:6] == b" " else b"data:"), data[0][1]
    block = Block(
        head=b"".join(text + end for text, end in lines[:first]),
        payload=b"\n".join(text[len(prefix) :] for text, _ in data),
        tail=data[-1][1] + b"".join(text + end for text, end in lines[last:]),
        prefix=prefix,
        end=end,
    )
    return block if block.raw == raw else Block(raw)


def _array(body: bytes) -> Document:
    """The elements of an array, each with what stands before it; the last block is the closing."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return Document("none", (Block(body, whole=False),))
    blocks: list[Block] = []
    decoder, start = json.JSONDecoder(), 0
    at = text.index("[") + 1
    while True:
        at += len(text[at:]) - len(text[at:].lstrip(_SPACE + ","))
        try:
            end = decoder.raw_decode(text, at)[1]
        except ValueError:
            break
        blocks.append(Block(text[start:at].encode(), text[at:end].encode()))
        start = at = end
    closed = text[start:].strip(_SPACE) == "]"
    return Document("array", (*blocks, Block(text[start:].encode(), whole=closed)))
