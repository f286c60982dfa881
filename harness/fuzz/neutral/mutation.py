"""What a mutation is: a change that says nothing new, at a place that is found again in a stream already changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

from harness.fuzz.neutral.document import Block, Document, read
from harness.fuzz.neutral.json_text import parse, spell
from harness.fuzz.stream import Stream
from harness.lint.spec import spec
from harness.wire.response import Chunk, WireResponse

Payload: TypeAlias = Mapping[str, Any]
"""A JSON object; its numbers are as they are spelled."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A response while it is changed. One whose body is not `touched` goes out as it was."""

    dialect: str
    document: Document
    response: WireResponse
    touched: bool = False

    def with_document(self, document: Document) -> Draft:
        """The draft with another body."""
        return replace(self, document=document, touched=True)

    def with_block(self, at: int, *blocks: Block) -> Draft:
        """The draft with other blocks in the place of one."""
        return self.with_document(self.document.with_block(at, *blocks))

    @property
    def played(self) -> WireResponse:
        """The response as it is to be played: each block a chunk, or as it was where only HTTP says it otherwise."""
        if not self.touched:
            return self.response
        return replace(self.response, chunks=tuple(map(Chunk, self.document.pieces)), codings=())


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to say the same otherwise.

    `sites(draft, at)` is how many choices there are at block `at`; `change(draft, at, pick, form)` makes one of them,
    and says in words what it did. `forms` are its spellings, the simplest first. Mutations of a lower `stage` are made
    first: payloads, then their spelling, then lines, then the whole body, then what HTTP says.
    """

    name: str
    stage: int
    sites: Callable[[Draft, int], int]
    change: Callable[[Draft, int, int, str], tuple[Draft, str]]
    forms: tuple[str, ...] = ("",)


def draft_of(stream: Stream) -> Draft:
    """The stream as it is before any change."""
    return Draft(stream.dialect, _document(stream.dialect, stream.body, _is_coded(stream.response)), stream.response)


@lru_cache(maxsize=8)
def _document(dialect: str, body: bytes, coded: bool) -> Document:
    return read("none" if coded else spec(dialect).framing, body)


def _is_coded(response: WireResponse) -> bool:
    return (response.header("content-encoding") or "identity") != "identity"


def at_payloads(draft: Draft, at: int) -> int:
    """One site at each payload that is a JSON object."""
    return int(payload_of(draft.document.blocks[at]) is not None)


def payload_of(block: Block) -> Payload | None:
    """The payload of a block where it is a JSON object that can be spelled again; numbers are as they are spelled."""
    return None if block.payload is None else _parsed(block.payload)


@lru_cache(maxsize=4096)
def _parsed(payload: bytes) -> Payload | None:
    try:
        value = parse(payload.decode())
    except (ValueError, RecursionError):
        return None
    return value if type(value) is dict else None


def with_payload(block: Block, value: Any) -> Block:
    """The block with another payload; a string is one that is spelled already."""
    text = value if type(value) is str else spell(value)
    return replace(block, payload=text.encode())


def frame_number(draft: Draft, at: int) -> str:
    """Which frame a block is, in words: `frame 3`, counted from 1 and over payloads alone."""
    return f"frame {sum(block.payload is not None for block in draft.document.blocks[: at + 1])}"
