"""Puts frames into a document, takes them out, and keeps the numbers of the others in order."""

from __future__ import annotations

import re
from dataclasses import replace

from harness.fuzz.neutral.document import Block
from harness.fuzz.neutral.json_text import Number
from harness.fuzz.neutral.mutation import Draft, Payload, payload_of, with_payload

_NUMBER = "sequence_number"
_SPELLED = re.compile(rb'"sequence_number"\s*:\s*(\d+)')


def payload_at(draft: Draft, at: int) -> Payload | None:
    """The payload of block `at`, where it is a JSON object and its frame whole."""
    block = draft.document.blocks[at]
    return payload_of(block) if block.whole else None


def next_payload(draft: Draft, at: int) -> int | None:
    """The block that holds the next payload after block `at`."""
    blocks = draft.document.blocks
    return next((place for place in range(at + 1, len(blocks)) if blocks[place].payload is not None), None)


def written_like(block: Block, payload: Payload) -> Block:
    """Another frame in the manner of `block`, which has a payload; an event that is named has the name of its type."""
    if not block.prefix:
        return with_payload(replace(block, head=b"", tail=block.tail), payload)
    is_named = re.search(rb"(?m)^event:", block.head)
    head = b"event: " + str(payload["type"]).encode() + block.end if is_named and "type" in payload else b""
    return with_payload(replace(block, head=head, tail=block.end * 2), payload)


def put_before(draft: Draft, at: int, payload: Payload) -> Draft:
    """A frame before block `at`, which has a payload. It takes that frame's number."""
    block = draft.document.blocks[at]
    new = written_like(block, payload)
    if draft.document.framing == "array":
        new, block = replace(new, head=block.head), replace(block, head=b",\n")
    number = (payload_of(block) or {}).get(_NUMBER)
    if isinstance(number, Number):
        new = with_payload(new, {**payload, _NUMBER: number})
    return _shifted(draft.with_block(at, new, block), at + 1, 1)


def part(draft: Draft, at: int, first: Payload, second: Payload) -> Draft:
    """Two frames in the place of one. The second is written as the one was, and the first like it."""
    block = draft.document.blocks[at]
    new = written_like(block, first) if block.prefix else with_payload(replace(block, head=b"", tail=block.tail), first)
    rest = with_payload(block, second)
    if draft.document.framing == "array":
        new, rest = replace(new, head=block.head), replace(rest, head=b",\n")
    return _shifted(draft.with_block(at, new, rest), at + 1, 1)


def without(draft: Draft, at: int) -> Draft:
    """The draft without the frame of block `at`."""
    block, blocks = draft.document.blocks[at], draft.document.blocks
    if draft.document.framing == "array" and at + 1 < len(blocks) and b"[" in block.head:
        following = replace(blocks[at + 1], head=block.head)
        return draft.with_document(replace(draft.document, blocks=(*blocks[:at], following, *blocks[at + 2 :])))
    return _shifted(draft.with_block(at), at, -1)


def _shifted(draft: Draft, start: int, by: int) -> Draft:
    """The numbers of all frames from block `start` on go up by so many, where frames are numbered."""
    blocks = draft.document.blocks
    if draft.dialect != "openai-responses":
        return draft
    moved = tuple(_moved(block, by) for block in blocks[start:])
    return draft.with_document(replace(draft.document, blocks=(*blocks[:start], *moved)))


def _moved(block: Block, by: int) -> Block:
    """The block with another number, and else spelled as it was."""
    found = [] if block.payload is None else list(_SPELLED.finditer(block.payload))
    if block.payload is None or len(found) != 1:
        return block
    start, end = found[0].span(1)
    number = str(int(found[0][1]) + by).encode()
    return replace(block, payload=block.payload[:start] + number + block.payload[end:])
