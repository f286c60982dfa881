"""Mutations of the lines of a body: those that the HTML standard has a reader of events pass over, and line ends."""

from __future__ import annotations

import re
from dataclasses import replace

from harness.fuzz.neutral.document import BOM, Block
from harness.fuzz.neutral.json_text import tokens
from harness.fuzz.neutral.mutation import Draft, Mutation, frame_number, payload_of

_COMMENTS = {
    "bare": b":",
    "words": b": keep-alive",
    "data": b':data: {"choices":[],"type":"error","error":"not part of the answer"}',
    "long": b": " + b"." * 2048,
}
_LINES = {
    "id-line": {"short": b"id: 7", "empty": b"id"},
    "retry-line": {"number": b"retry: 3000", "empty": b"retry:"},
    "unknown-line": {"field": b"x-harness: 1", "bare": b"harness", "like-data": b"data-harness: 1"},
}
_ENDS = {"crlf": b"\r\n", "cr": b"\r", "lf": b"\n"}
_LINE_END = re.compile(rb"\r\n|\r|\n")


def _end(draft: Draft) -> bytes:
    """How the body ends its lines."""
    found = _LINE_END.search(b"".join(draft.document.pieces))
    return found[0] if found else b"\n"


def _between_lines(draft: Draft, at: int) -> int:
    """Before each block, and behind the last where it is whole."""
    if draft.document.framing not in ("sse", "ndjson"):
        return 0
    is_last = at == len(draft.document.blocks) - 1
    return 2 if is_last and draft.document.blocks[at].whole else 1


def _between(draft: Draft, at: int) -> int:
    """The same in a stream of events alone."""
    return _between_lines(draft, at) if draft.document.framing == "sse" else 0


def _put(draft: Draft, at: int, pick: int, line: bytes, what: str) -> tuple[Draft, str]:
    """A line and an empty one before block `at`, or behind it."""
    block, end = draft.document.blocks[at], _end(draft)
    put = Block(line + end + end if line else end)
    where = "before" if pick == 0 else "after"
    blocks = (put, block) if pick == 0 else (block, put)
    return draft.with_block(at, *blocks), f"{what} {where} {frame_number(draft, at)}"


def _comment(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    return _put(draft, at, pick, _COMMENTS[form], "a comment")


def _blank_line(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    return _put(draft, at, pick, b"", "an empty line")


def _inside(draft: Draft, at: int) -> int:
    """Before the data of an event, or behind it."""
    block = draft.document.blocks[at]
    return 2 if draft.document.framing == "sse" and block.payload is not None else 0


def _put_inside(draft: Draft, at: int, pick: int, line: bytes, what: str) -> tuple[Draft, str]:
    block, end = draft.document.blocks[at], _end(draft)
    where = "before" if pick == 0 else "after"
    if pick == 0:
        block = replace(block, head=block.head + line + end)
    else:
        first = _LINE_END.match(block.tail)
        after = first.end() if first else 0
        block = replace(block, tail=block.tail[:after] + line + end + block.tail[after:])
    return draft.with_block(at, block), f"{what} within {frame_number(draft, at)}, {where} its data"


def _comment_inside(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    return _put_inside(draft, at, pick, _COMMENTS[form], "a comment")


def _line(name: str) -> Mutation:
    lines = _LINES[name]

    def change(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
        return _put_inside(draft, at, pick, lines[form], f"the line {lines[form].decode()!r}")

    return Mutation(name, 3, _inside, change, tuple(lines))


def _retry_alone(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    return _put(draft, at, pick, b"retry: 3000", "an event without data that says 'retry: 3000'")


def _multi_line(draft: Draft, at: int) -> int:
    """As many as there are gaps between tokens."""
    block = draft.document.blocks[at]
    if draft.document.framing != "sse" or payload_of(block) is None or block.payload is None:
        return 0
    return len(tokens(block.payload.decode())) - 1


def _multi_line_data(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    block = draft.document.blocks[at]
    parts = tokens((block.payload or b"").decode())
    where = range(1, len(parts)) if form == "all" else (pick + 1,)
    text = "".join(("\n" if place in where else "") + part for place, part in enumerate(parts))
    how = "over a line for each token" if form == "all" else f"over two lines, the second with {parts[pick + 1][:20]!r}"
    return draft.with_block(at, replace(block, payload=text.encode())), f"the data of {frame_number(draft, at)} {how}"


def _whole_body(draft: Draft, at: int) -> int:
    return int(at == 0 and draft.document.framing == "sse")


def _spaced(draft: Draft, at: int) -> int:
    """At each event that has a space which can go."""
    block = draft.document.blocks[at]
    return int(_tight(block) != block)


def _no_space(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    blocks = draft.document.blocks
    chosen = range(len(blocks)) if form == "all" else (at,)
    changed = tuple(_tight(block) if place in chosen else block for place, block in enumerate(blocks))
    words = "no space after the colons of any line" if form == "all" else f"no space in {frame_number(draft, at)}"
    return draft.with_document(replace(draft.document, blocks=changed)), words


def _tight(block: Block) -> Block:
    head = re.sub(rb"(?m)^(event|id|retry): (?! )", rb"\1:", block.head)
    if block.payload is None or any(line[:1] == b" " for line in block.payload.split(b"\n")):
        return replace(block, head=head) if block.payload is not None else block
    return replace(block, head=head, prefix=b"data:")


def _line_ends(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    kinds = list(_ENDS.values()) if form == "mixed" else [_ENDS[form]]
    blocks = tuple(_ended(block, kinds, place) for place, block in enumerate(draft.document.blocks))
    words = "lines end in CRLF, CR and LF by turns" if form == "mixed" else f"all lines end in {form.upper()}"
    return draft.with_document(replace(draft.document, blocks=blocks)), words


def _ended(block: Block, kinds: list[bytes], place: int) -> Block:
    """The block with other line ends. Within one block all are of one kind: an LF never follows a CR of its own."""
    end = kinds[place % len(kinds)]
    head, tail = (_LINE_END.sub(end, part) for part in (block.head, block.tail))
    return replace(block, head=head, tail=tail, end=end)


def _json_lines(draft: Draft, at: int) -> int:
    return int(at == 0 and draft.document.framing == "ndjson")


def _crlf(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    blocks = tuple(_ended(block, [b"\r\n"], 0) for block in draft.document.blocks)
    return draft.with_document(replace(draft.document, blocks=blocks)), "all lines end in CRLF"


def _bom(draft: Draft, at: int) -> int:
    return int(_whole_body(draft, at) and not draft.document.bom)


def _byte_order_mark(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    return draft.with_document(replace(draft.document, bom=BOM)), "a byte order mark before the body"


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("comment", 3, _between, _comment, tuple(_COMMENTS)),
    Mutation("comment-inside", 3, _inside, _comment_inside, tuple(_COMMENTS)),
    Mutation("blank-line", 3, _between_lines, _blank_line),
    *map(_line, _LINES),
    Mutation("retry-alone", 3, _between, _retry_alone),
    Mutation("multi-line-data", 2, _multi_line, _multi_line_data, ("one", "all")),
    Mutation("no-space", 4, _spaced, _no_space, ("one", "all")),
    Mutation("line-ends", 5, _whole_body, _line_ends, ("crlf", "lf")),
    Mutation("bare-cr", 5, _whole_body, _line_ends, ("cr", "mixed")),
    Mutation("crlf", 5, _json_lines, _crlf),
    Mutation("byte-order-mark", 5, _bom, _byte_order_mark),
)
