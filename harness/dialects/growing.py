"""The arguments of a tool call while their fragments come: when they are whole is known at once, not parsed for."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from harness.transcript import parse_arguments

_MARK = re.compile(r'[\\"{}\[\]]')


class Arguments:
    """The JSON text of one call's arguments, and how deep it is in brackets. Adding a piece costs its own length."""

    __slots__ = ("_depth", "_in_string", "_pieces", "_skips", "_value")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._depth = 0
        self._in_string = False
        self._skips = False  # the piece before ended in a backslash, inside a string
        self._value: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        """All that has come."""
        return "".join(self._pieces)

    def add(self, piece: str) -> None:
        """Take in the next piece."""
        if not piece:
            return
        self._pieces.append(piece)
        self._value = None
        self._scan(piece)

    def value(self) -> dict[str, Any] | None:
        """The object that the arguments are; None as long as they are none."""
        if self._value is None and self._pieces and self._depth == 0:
            self._value = parse_arguments(self.text)
        return self._value

    def spelled(self) -> Any:
        """The object as JSON to be put into other JSON: as it was spelled, numbers and all, on one line."""
        try:
            return msgspec.Raw(self.text.replace("\n", " ").replace("\r", " ").encode())
        except UnicodeEncodeError:
            return self.value()

    def _scan(self, piece: str) -> None:
        position = 0
        if self._skips:
            position, self._skips = 1, False
        while found := _MARK.search(piece, position):
            position = found.end()
            mark = found[0]
            if self._in_string:
                if mark == '"':
                    self._in_string = False
                elif mark == "\\":
                    position += 1
                    self._skips = position > len(piece)
            elif mark == '"':
                self._in_string = True
            elif mark in "{[":
                self._depth += 1
            elif mark in "}]":
                self._depth -= 1
