"""The fault language: what is done to a response between the frames it was written in and the wire.

Faults compose, in the order in which they are listed; positions count in the body as the faults before left it.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field, model_validator

from harness.catalogue.records import Record, exactly_one, wrong
from harness.wire.content_coding import Coding, CodingForm
from harness.wire.response import GATE_LIMIT_S

CutEnding: TypeAlias = Literal["clean", "no_last_chunk", "short_length", "reset", "stall"]
"""The endings that a fault can ask for; `harness.wire.response.Ending` says what each is."""

PLACES = ("after_frames", "after_bytes", "after_events", "before_text", "after_text", "inside_text")


class Place(Record):
    """A place in a body; exactly one field. Negative counts are from the end."""

    after_frames: int | None = None
    after_bytes: int | None = None
    after_events: int | None = None
    """After what the first so many canonical events gave: the same place in every dialect. Only with `events`."""
    before_text: str | None = None
    """Before the first occurrence of this text in the bytes of the body."""
    after_text: str | None = None
    inside_text: str | None = None
    """After the first byte of the first occurrence: inside a character, a tag, a token."""

    @model_validator(mode="after")
    def _one_place(self) -> Place:
        exactly_one(self, PLACES, "a place")
        return self


class Cut(Place):
    """The body ends here, in the given way."""

    how: CutEnding = "clean"


class Pause(Place):
    """Silence at this place."""

    seconds: float = Field(gt=0)


class GateFault(Place):
    """The rest is held back here until what came before has reached the caller; exactly one of the two."""

    until_events: int | None = Field(default=None, ge=1)
    """So many events with text, reasoning, a refusal or a piece of a tool call in them."""
    until_text: str | None = Field(default=None, min_length=1)
    """As much text as this; white space does not count."""
    at_most_s: float = Field(default=GATE_LIMIT_S, gt=0)
    """Then the rest comes all the same, and the caller has failed."""

    @model_validator(mode="after")
    def _one_condition(self) -> GateFault:
        exactly_one(self, ("until_events", "until_text"), "a gate")
        return self


class Insert(Place):
    """Something put in at this place: literal bytes, or a frame in the dialect's framing. Exactly one of the two."""

    text: str | bytes | None = None
    frame: str | dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Insert:
        exactly_one(self, ("text", "frame"), "an insertion")
        return self


class Replace(Record):
    """Every occurrence of one literal text in the body becomes another."""

    old: str | bytes = Field(min_length=1)
    new: str | bytes


class Chunks(Record):
    """How the body is cut into chunks; exactly one field. Unless a fault says otherwise, each frame is a chunk."""

    every: int | None = Field(default=None, ge=1)
    """A chunk for each so many bytes."""
    at: tuple[int, ...] | None = None
    """Cuts at these byte offsets, and nowhere else."""
    inside: tuple[str, ...] | None = None
    """Cuts after each byte of every occurrence of these texts, save the last, besides the cuts that there are."""
    per_frame: int | None = Field(default=None, ge=1)
    """A chunk for each so many frames."""
    whole: Literal[True] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        if isinstance(data, int) and not isinstance(data, bool):
            return {"every": data}
        if data == "whole":
            return {"whole": True}
        if isinstance(data, dict) and isinstance(data.get("inside"), str):
            return {**data, "inside": (data["inside"],)}
        return data

    @model_validator(mode="after")
    def _one_field(self) -> Chunks:
        exactly_one(self, tuple(Chunks.model_fields), "a chunking")
        return self


class Encode(Record):
    """The body is sent in the first of these content codings that the request accepts, and else as it is."""

    coding: tuple[Coding, ...] = Field(min_length=1)
    form: CodingForm = "flushed"

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        if isinstance(data, str | list):
            data = {"coding": data}
        if isinstance(data, dict) and isinstance(data.get("coding"), str):
            return {**data, "coding": (data["coding"],)}
        return data

    @model_validator(mode="after")
    def _possible(self) -> Encode:
        only = {"members": ("gzip",), "raw": ("deflate",)}.get(self.form, self.coding)
        if set(self.coding) - set(only):
            raise wrong(f"the form {self.form} is one of {', '.join(only)} alone", ["form"])
        return self


class Fault(Record):
    """One fault; exactly one field, for example `cut: {after_frames: 3, how: reset}`."""

    cut: Cut | None = None
    chunks: Chunks | None = None
    pause: Pause | None = None
    gate: GateFault | None = None
    insert: Insert | None = None
    replace: Replace | None = None
    newline: Literal["crlf", "cr"] | None = None
    """Every LF of the framing becomes this line end."""
    bom: Literal[True] | None = None
    """A byte-order mark comes first."""
    encode: Encode | None = None
    """A content coding, flushed at the end of each chunk. The faults behind it are done to the encoded bytes."""
    end: CutEnding | None = None
    """The whole body comes, and then the connection ends in this way."""

    @model_validator(mode="after")
    def _one_field(self) -> Fault:
        exactly_one(self, tuple(Fault.model_fields), "a fault")
        return self
