"""The fault language: what is done to a response between the frames it was written in and the wire.

Faults compose, in the order in which they are listed; positions count in the body as the faults before left it.
"""

from __future__ import annotations

from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator

from harness.wire.response import Ending


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


M = TypeVar("M", bound=BaseModel)


def _exactly_one(record: M, names: tuple[str, ...], what: str) -> M:
    given = [name for name in names if getattr(record, name) is not None]
    if len(given) != 1:
        raise ValueError(f"{what} has exactly one of {', '.join(names)}; this has {', '.join(given) or 'none'}")
    return record


class Place(_Fault):
    """A place in a body; exactly one field. Negative counts are from the end."""

    after_frames: int | None = None
    after_bytes: int | None = None
    before_text: str | None = None
    """Before the first occurrence of this text in the bytes of the body."""
    after_text: str | None = None
    inside_text: str | None = None
    """After the first byte of the first occurrence: inside a character, a tag, a token."""

    @model_validator(mode="after")
    def _one_field(self) -> Place:
        return _exactly_one(self, tuple(Place.model_fields), "a place")


class Cut(Place):
    """The body ends here, in the given way."""

    how: Ending = "clean"


class Chunks(_Fault):
    """How the body is cut into chunks; exactly one field."""

    every: int | None = None
    """A chunk for each so many bytes."""
    at: tuple[int, ...] | None = None
    """Cuts at these byte offsets."""
    inside: tuple[str, ...] | None = None
    """Cuts after each byte of every occurrence of these texts, save the last."""
    per_frame: int | None = None
    """A chunk for each so many frames."""
    whole: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_field(self) -> Chunks:
        return _exactly_one(self, tuple(Chunks.model_fields), "a chunking")


class Pause(Place):
    """Silence at this place, in seconds."""

    seconds: float


class Insert(Place):
    """Literal bytes put in at this place."""

    bytes: str


class Replace(_Fault):
    """Every occurrence of one literal text in the body becomes another."""

    old: str
    new: str


class Fault(_Fault):
    """One fault; exactly one field, for example `cut: {after_frames: 3, how: reset}`."""

    cut: Cut | None = None
    chunks: Chunks | None = None
    pause: Pause | None = None
    insert: Insert | None = None
    replace: Replace | None = None
    newline: Literal["crlf", "cr"] | None = None
    """Every LF of the framing becomes this line end."""
    bom: Literal[True] | None = None
    """A byte-order mark comes first."""
    end: Ending | None = None
    """The whole body comes, and then the connection ends in this way."""

    @model_validator(mode="after")
    def _one_field(self) -> Fault:
        return _exactly_one(self, tuple(Fault.model_fields), "a fault")
