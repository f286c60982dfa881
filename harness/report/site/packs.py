"""Packs: the pages of all cells of one scenario in one small file, which a script of the site unpacks.

A pack is `cells/<pack_name>`: one call of `harnessCells` with the base64 of the raw deflate of JSON, since a page that
was opened from a disk can load scripts, but no data. Lines that cells have in common lie in a pack
once; a cell is runs of lines, each its first and their count.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator, Mapping

import msgspec

_CALL = re.compile(r'harnessCells\("([A-Za-z0-9+/=]*)"\);\n')
_NAME_LENGTH = 120
_LEVEL = 4
"""Of zlib: higher ones take twice as long for a tenth less."""


def pack_name(scenario: str) -> str:
    """The file name of a scenario's pack, without its folder: what `packName` in static/cell.js gives.

    Lower case letters, digits, `-` and, inside, `.` stay; a slash becomes `+`, every other byte of UTF-8 `_` and two
    hexadecimal digits. Of a long name the beginning stays, and a checksum of all of it.
    """
    data = scenario.encode("utf-8", "replace")
    name = "".join(_character(byte, place) for place, byte in enumerate(data))
    return f"{name[:_NAME_LENGTH]}~{_checksum(data):08x}.js" if len(name) > _NAME_LENGTH else f"{name}.js"


def _character(byte: int, place: int) -> str:
    if byte == 0x2F:
        return "+"
    plain = 0x61 <= byte <= 0x7A or 0x30 <= byte <= 0x39 or byte == 0x2D or (byte == 0x2E and place > 0)
    return chr(byte) if plain else f"_{byte:02x}"


def _checksum(data: bytes) -> int:
    """FNV-1a, 32 bits: short enough to be written again in the script."""
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def pack(scenario: str, cells: Mapping[str, str]) -> str:
    """The pack of a scenario's cells: their HTML by the address of their column."""
    places: dict[str, int] = {}
    runs = {
        address: _runs([places.setdefault(line, len(places)) for line in html.split("\n")])
        for address, html in cells.items()
    }
    data = msgspec.json.encode({"scenario": scenario, "lines": list(places), "cells": runs})
    squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeezer.compress(data) + squeezer.flush()
    return f'harnessCells("{base64.b64encode(packed).decode()}");\n'


def _runs(places: list[int]) -> list[int]:
    """Numbers as runs of those that follow each other: the first of each, and how many there are."""
    runs: list[int] = []
    following = -1
    for place in places:
        if place == following:
            runs[-1] += 1
        else:
            runs += (place, 1)
        following = place + 1
    return runs


def unpack(text: str) -> tuple[str, dict[str, str]]:
    """A pack's scenario and cells, as they were given to `pack`. Raises ValueError for a text that is no pack."""
    call = _CALL.fullmatch(text)
    if call is None:
        raise ValueError("no pack of cells: it is not one call of harnessCells with a string in base64")
    try:
        data = json.loads(zlib.decompress(base64.b64decode(call[1]), -zlib.MAX_WBITS))
    except zlib.error as error:
        raise ValueError(f"no pack of cells: {error}") from None
    cells = {address: "\n".join(_lines(data["lines"], runs)) for address, runs in data["cells"].items()}
    return data["scenario"], cells


def _lines(lines: list[str], runs: list[int]) -> Iterator[str]:
    for start, count in zip(runs[::2], runs[1::2], strict=True):
        yield from lines[start : start + count]
