"""Mutations of how a payload is spelled as JSON (RFC 8259): the value stays what it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.fuzz.neutral.json_text import tokens
from harness.fuzz.neutral.mutation import Draft, Mutation, at_payloads, frame_number, payload_of, with_payload

DATA_KEYS = frozenset({"args", "arguments", "input", "metadata", "output", "parameters", "response_schema", "schema"})
"""Members whose value is not the vendor's but the model's or the user's: its order and its members are kept."""

_CHARACTER = re.compile(
    r'\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^"\\]', re.DOTALL
)
_SPACES: dict[str, tuple[str, str, str, str]] = {
    "usual": (", ", ": ", "", ""),
    "none": (",", ":", "", ""),
    "around": (",", ":", " ", "  "),
    "tabs": ("\t,\t", "\t:\t", "\t", "\t"),
}
_RAW_NEVER = re.compile('[\x00-\x1f\x7f-\x9f"\\\\\u2028\u2029\ud800-\udfff\ufeff]')


def _white_space(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    block = draft.document.blocks[at]
    comma, colon, before, after = _SPACES[form]
    spaced = {",": comma, ":": colon}
    text = before + "".join(spaced.get(token, token) for token in tokens((block.payload or b"").decode())) + after
    return draft.with_block(at, replace(block, payload=text.encode())), f"white space in {frame_number(draft, at)}"


_ORDERS: dict[str, Callable[[list[str]], list[str]]] = {
    "reversed": lambda names: names[::-1],
    "sorted": sorted,
    "turned": lambda names: names[1:] + names[:1],
}


def _ordered(value: Any, order: Callable[[list[str]], list[str]]) -> Any:
    if type(value) is list:
        return [_ordered(each, order) for each in value]
    if type(value) is not dict:
        return value
    return {name: value[name] if name in DATA_KEYS else _ordered(value[name], order) for name in order(list(value))}


def _key_order(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    block = draft.document.blocks[at]
    changed = with_payload(block, _ordered(payload_of(block), _ORDERS[form]))
    return draft.with_block(at, changed), f"the members of {frame_number(draft, at)} are {form}"


def _characters(draft: Draft, at: int) -> int:
    """As many as the strings of a payload have characters."""
    return sum(len(_CHARACTER.findall(token)) for token in _strings(draft, at))


def _strings(draft: Draft, at: int) -> list[str]:
    block = draft.document.blocks[at]
    if payload_of(block) is None or block.payload is None:
        return []
    return [token for token in tokens(block.payload.decode()) if token[0] == '"']


def _respelled(draft: Draft, at: int, spelled: Callable[[int, str], str]) -> Draft:
    """The draft with each character of the strings of a payload spelled anew, given its number and its spelling."""
    block, number = draft.document.blocks[at], 0
    parts = []
    for token in tokens((block.payload or b"").decode()):
        if token[0] == '"':
            characters = _CHARACTER.findall(token)
            token = '"' + "".join(spelled(number + place, each) for place, each in enumerate(characters)) + '"'
            number += len(characters)
        parts.append(token)
    return draft.with_block(at, replace(block, payload="".join(parts).encode()))


def _escaped(character: str) -> str:
    if character[0] == "\\":
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{unit.hex()}" for unit in (units[:2], units[2:]) if unit)


def _escape(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    """One character, or all of them, as `\\u` escapes; what is an escape already stays one."""

    def spelled(number: int, character: str) -> str:
        return _escaped(character) if form == "all" or number == pick else character

    what = "every character" if form == "all" else f"character {pick + 1}"
    return _respelled(draft, at, spelled), f"{what} of the strings of {frame_number(draft, at)} as an escape"


def _raw_characters(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    words = f"no needless escapes in {frame_number(draft, at)}"
    return _respelled(draft, at, lambda number, character: _plain(character)), words


def _plain(character: str) -> str:
    """An escape as the character that it stands for, where that may stand for itself."""
    if character == r"\/":
        return "/"
    if character[:2] != r"\u":
        return character
    units = bytes.fromhex(character.replace(r"\u", ""))
    plain = units.decode("utf-16-be", "surrogatepass")
    return character if _RAW_NEVER.search(plain) else plain


def _escapes(draft: Draft, at: int) -> int:
    return int(any(_plain(each) != each for token in _strings(draft, at) for each in _CHARACTER.findall(token)))


_GAPS = {"none": b"", "lines": b"\n\n  ", "all": b" \t\r\n"}


def _elements(draft: Draft, at: int) -> int:
    return int(at == 0 and draft.document.framing == "array")


def _element_space(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    """All that stands before an element, and before the closing, is white space and at most one bracket or comma."""
    gap = _GAPS[form]
    blocks = tuple(replace(block, head=gap + block.head.strip() + gap) for block in draft.document.blocks)
    return draft.with_document(replace(draft.document, blocks=blocks)), "other white space between the elements"


def _several(draft: Draft, at: int) -> int:
    return int(len(payload_of(draft.document.blocks[at]) or ()) > 1)


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("key-order", 1, _several, _key_order, tuple(_ORDERS)),
    Mutation("white-space", 1, at_payloads, _white_space, tuple(_SPACES)),
    Mutation("escapes", 1, _characters, _escape, ("one", "all")),
    Mutation("raw-characters", 1, _escapes, _raw_characters),
    Mutation("element-space", 5, _elements, _element_space, tuple(_GAPS)),
)
