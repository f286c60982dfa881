"""A reader as people write them: a pipeline of reads, text, lines, messages and events, each stage a generator.

The stages here are careful ones. A planted bug is a reader with one of them done wrongly.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from harness.events import AnyEvent


class Message(NamedTuple):
    """One message of a stream: its name, where it has one, and its data."""

    event: str | None
    data: str


Headers: TypeAlias = Mapping[str, str]
Reads: TypeAlias = Iterable[bytes]
Unpack: TypeAlias = Callable[[Headers, Reads], Iterable[bytes]]
Frames: TypeAlias = Callable[[Reads], Iterable[Message]]
Answer: TypeAlias = Callable[[Iterable[Message]], Iterator[AnyEvent]]


class Broken(Exception):
    """How a reader tells its user that the answer is not whole."""


@dataclass(frozen=True)
class Reader:
    """Reads of one dialect to events. It ends normally for a whole answer, and raises for any other.

    `unpack` undoes a content coding, `frames` finds the messages, `answer` knows what they say.
    """

    dialect: str
    frames: Frames
    answer: Answer
    unpack: Unpack
    think_tags: bool = False

    def read(self, headers: Headers, reads: Reads) -> Iterator[AnyEvent]:
        """The events, as they come. `headers` have the names as the server spelt them."""
        return self.answer(self.frames(self.unpack(headers, reads)))


def coding(headers: Headers) -> str:
    """The content coding, in whatever case its header is named."""
    return next((value for name, value in headers.items() if name.lower() == "content-encoding"), "")


def unpacked(headers: Headers, reads: Reads) -> Iterator[bytes]:
    """The body without its content coding. Members of gzip may follow each other."""
    if coding(headers) != "gzip":
        yield from reads
        return
    inflate = zlib.decompressobj(31)
    for read in reads:
        while read:
            yield inflate.decompress(read)
            read, inflate = inflate.unused_data, zlib.decompressobj(31) if inflate.eof else inflate
    if inflate.decompress(b"", 1):
        raise Broken("the body ends within its coding")


def texts(reads: Reads) -> Iterator[str]:
    """The text of each read; a character that is cut waits for its rest, and a byte order mark is dropped."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    for read in reads:
        yield decoder.decode(read)
    yield decoder.decode(b"", True)


def lines(pieces: Iterable[str]) -> Iterator[str]:
    """Lines, which end in LF, CR or CRLF; the last may lack its end."""
    pending, after_cr = "", False
    for text in filter(None, pieces):
        cut = text.removeprefix("\n") if after_cr else text
        after_cr = text.endswith("\r")
        *whole, pending = re.split("\r\n|\r|\n", pending + cut)
        yield from whole
    if pending:
        yield pending


def lines_by_lf(pieces: Iterable[str]) -> Iterator[str]:
    """Lines of line-delimited JSON: LF alone ends one, a CR before it is white space."""
    pending = ""
    for text in pieces:
        *whole, pending = (pending + text).split("\n")
        yield from whole
    yield pending


def messages(found: Iterable[str]) -> Iterator[Message]:
    """Server-sent events; the last may lack its blank line."""
    event, data = None, list[str]()
    for line in found:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line and data:
            yield Message(event, "\n".join(data))
        if not line:
            event, data = None, []
        elif name == "data":
            data.append(value)
        elif name == "event":
            event = value
    if data:
        yield Message(event, "\n".join(data))


def sse(reads: Reads) -> Iterator[Message]:
    """Server-sent events of a body."""
    return messages(lines(texts(reads)))


def json_lines(reads: Reads) -> Iterator[Message]:
    """Line-delimited JSON: one message a line."""
    for line in lines_by_lf(texts(reads)):
        if line.strip():
            yield Message(None, line.strip())
