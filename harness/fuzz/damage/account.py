"""What a body says, read by the tables of `specs/damage.yaml` alone: by no decoder, and with nothing mended."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

from harness.fuzz.damage.frames import WireFrame, split
from harness.fuzz.damage.spec import CallPaths, Conditions, DialectDamage, Read

Channel: TypeAlias = Literal["text", "reasoning", "refusal"]
CHANNELS: tuple[Channel, ...] = ("text", "reasoning", "refusal")
MAIN = 0
"""The choice that counts where there are several."""
NEVER = 1 << 62
"""An offset that no body reaches."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that a frame says. `value` is the text of it; of a call's beginning `name` and `id` are not empty."""

    what: Literal["text", "reasoning", "refusal", "call", "finish", "end", "error"]
    value: str = ""
    choice: int = MAIN
    key: Hashable = None
    id: str = ""
    name: str = ""
    opens: bool = False


@dataclass(slots=True)
class SaidCall:
    """A tool call as its pieces say it."""

    id: str = ""
    name: str = ""
    arguments: str = ""


class Account:
    """The frames of a body with the pieces of each, and what they amount to. Nothing is read before it is asked for."""

    def __init__(self, dialect: DialectDamage, frames: Sequence[WireFrame] | None = None, body: bytes = b"") -> None:
        self.dialect = dialect
        self.by, self.stands_alone = dialect.by, dialect.stands_alone
        self._given, self._body = frames, body
        self._said: dict[Channel, tuple[str, list[int]]] = {}

    @classmethod
    def of(cls, dialect: DialectDamage, body: bytes) -> Account:
        """The account of a whole body."""
        return cls(dialect, body=body)

    @cached_property
    def frames(self) -> tuple[WireFrame, ...]:
        """The frames, in order."""
        return tuple(split(self.dialect.framing, self._body) if self._given is None else self._given)

    @cached_property
    def pieces(self) -> tuple[tuple[Piece, ...], ...]:
        """What each frame says."""
        return tuple(tuple(pieces_of(self.dialect, frame)) for frame in self.frames)

    @cached_property
    def _ends(self) -> list[int]:
        return [frame.end for frame in self.frames]

    def frames_before(self, offset: int) -> int:
        """How many frames have come with their delimiter once so many bytes have."""
        return bisect_right(self._ends, offset)

    def said(self, channel: Channel, frames: int | None = None, *, behind: int = 0) -> str:
        """What the main choice says on a channel: in all frames or the first so many, `behind` the first so many."""
        if channel not in self._said:
            lengths, texts = [0], list[str]()
            for pieces in self.pieces:
                texts += (piece.value for piece in pieces if piece.what == channel and piece.choice == MAIN)
                lengths.append(sum(map(len, texts)) if pieces else lengths[-1])
            self._said[channel] = "".join(texts), lengths
        text, lengths = self._said[channel]
        return _mended(text[lengths[behind] : lengths[-1 if frames is None else frames]])

    def splits_characters(self, channel: Channel) -> bool:
        """Whether some frame says half a surrogate pair, whose other half is in another frame."""
        return any(
            piece.value != _mended(piece.value) for pieces in self.pieces for piece in pieces if piece.what == channel
        )

    def finished_at(self, choice: int = MAIN) -> int:
        """From which byte on a reader may know that the choice is over; NEVER where nothing says so."""
        for frame, pieces in zip(self.frames, self.pieces, strict=True):
            if any(piece.what == "end" or (piece.what == "finish" and piece.choice == choice) for piece in pieces):
                return frame.whole_at
        return NEVER

    def frames_to_finish(self) -> int:
        """How many frames come up to the first that says that the main choice is over; all, where none does."""
        over = self.finished_at()
        return next((number for number, frame in enumerate(self.frames, 1) if frame.whole_at == over), len(self.frames))

    def unreadable_at(self, offset: int) -> bool:
        """Whether the place is in a frame that spells no JSON object, and is no end marker."""
        number = self.frames_before(offset)
        if number >= len(self.frames) or self.frames[number].payload is not None:
            return False
        return not any(piece.what == "end" for piece in self.pieces[number])

    def begun_at(self, choice: int) -> int:
        """Where the first frame begins that says anything of the choice."""
        for frame, pieces in zip(self.frames, self.pieces, strict=True):
            if any(piece.choice == choice and piece.what not in ("end", "error") for piece in pieces):
                return frame.start
        return NEVER

    @property
    def choices(self) -> set[int]:
        """The choices that are spoken of."""
        return {piece.choice for pieces in self.pieces for piece in pieces}

    def calls(self) -> list[SaidCall]:
        """The calls of all choices, in the order in which they begin."""
        found: dict[Hashable, SaidCall] = {}
        for number, pieces in enumerate(self.pieces):
            for place, piece in enumerate(pieces):
                if piece.what == "call":
                    key = (number, place) if piece.key is None else (piece.choice, piece.key)
                    call = found.setdefault(key, SaidCall())
                    call.id, call.name = call.id or piece.id, call.name or piece.name
                    call.arguments += piece.value
        return list(found.values())


def _mended(text: str) -> str:
    """Without half a surrogate pair at either end, whose other half is in another frame."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def pieces_of(dialect: DialectDamage, frame: WireFrame) -> Iterator[Piece]:
    """What one frame says."""
    if dialect.end_marker is not None and frame.data.strip() == dialect.end_marker.encode():
        yield Piece("end")
    if frame.payload is not None:
        for read in dialect.reads:
            if _meets(frame.payload, read.when):
                yield from _read(read, frame.payload)


def _read(read: Read, payload: Any) -> Iterator[Piece]:
    for item in [payload] if read.each is None else _listed(payload, read.each):
        number = _at(item, read.choice) if read.choice else MAIN
        choice = number if type(number) is int else MAIN
        for inner in [item] if read.of is None else _listed(item, read.of):
            if _meets(inner, read.where):
                yield from _pieces(read, inner, choice)


def _pieces(read: Read, value: Any, choice: int) -> Iterator[Piece]:
    for channel in CHANNELS:
        text = next((said for path in getattr(read, channel) if (said := _text(value, path))), "")
        if text:
            yield Piece(channel, text, choice, opens=read.opens)
    if read.call is not None and (piece := _call(read.call, value, choice)):
        yield piece
    if read.finish and (reason := _text(value, read.finish)):
        yield Piece("finish", reason, choice)
    if read.end and _at(value, read.end):
        yield Piece("end")
    if read.error and _at(value, read.error):
        yield Piece("error")


def _call(paths: CallPaths, value: Any, choice: int) -> Piece | None:
    id, name, arguments = (_text(value, path) for path in (paths.id, paths.name, paths.arguments))
    whole = _at(value, paths.whole) if paths.whole else None
    if isinstance(whole, dict):
        arguments = json.dumps(whole, ensure_ascii=False)
    if not (id or name or arguments):
        return None
    key = _at(value, paths.key) if paths.key else None
    if key is None and paths.key is not None:
        key = "the only one"
    return Piece("call", arguments, choice, key if isinstance(key, Hashable) else repr(key), id, name)


def _meets(value: Any, conditions: Conditions) -> bool:
    return all(_at(value, path) in wanted for path, wanted in conditions.items())


def _listed(value: Any, path: str) -> Iterable[Any]:
    """The elements of the list at a path that ends in `[]`, or the one value at another path, if there is one."""
    found = _at(value, path.removesuffix("[]"))
    if path.endswith("[]"):
        return found if isinstance(found, list) else []
    return [] if found is None else [found]


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: Any, path: str | None) -> str:
    found = _at(value, path) if path else None
    return found if isinstance(found, str) else ""
