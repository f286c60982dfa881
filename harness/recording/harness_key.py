"""What lies under `x-harness` in a cassette: its fields, their limits, and what is said of one that is wrong."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

import msgspec

from harness.recording.document import Place
from harness.wire.response import Ending, Transfer

HARNESS_KEY = "x-harness"
"""The key beside each response that holds what vcrpy has no place for."""
HARNESS_KEY_VERSION = 1
TIME_LIMIT_US = 30 * 24 * 3600 * 1_000_000
"""How long after its request anything may have come."""
NAME_LENGTH = 200
"""Characters of a provider's or a scenario's name."""
_STEP = r"[^/\\\x00-\x1f\x7f]+"
_NAME = rf"\A(?!(?:.*/)?\.\.?(?:/|\Z)){_STEP}(?:/{_STEP})*\Z"

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Moment: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=TIME_LIMIT_US)]
Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=NAME_LENGTH, pattern=_NAME)]
"""Steps between slashes that lead nowhere else, since a file may be called after them."""


class HarnessKey(msgspec.Struct, frozen=True, kw_only=True):
    """The fields; harness.recording.cassette says what they are."""

    version: int
    chunks: str | list[tuple[Count, Moment]]
    head_us: Moment = 0
    ending: Ending = "clean"
    transfer: Transfer = "chunked"
    missing_bytes: Count = 0
    head: bool = True
    request_order: str | None = None
    response_order: str | None = None
    provider: Name | None = None
    scenario: Name | None = None
    tool: str | None = None
    recorded_at: str | None = None
    masked: Count = 0
    note: str | None = None
    transcript: dict[str, Any] | str | None = None


class Wrong(Exception):
    """A value is not what a cassette has in this place."""

    def __init__(self, place: Place, problem: str, mend: str = "record it again, or mend it by hand") -> None:
        self.place = place
        self.problem = problem
        self.mend = mend


def read_harness_key(data: Any, place: Place) -> HarnessKey | None:
    """The key from the plain values that a file has at `place`; None where it has none. Raises Wrong."""
    match data:
        case None:
            return None
        case {"version": version} if version != HARNESS_KEY_VERSION:
            problem = f"version {shown(version)} is not known here"
            raise Wrong((*place, "version"), problem, "a newer harness wrote it: update this one")
    try:
        return msgspec.convert(data, HarnessKey)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$")
        raise Wrong((*place, *_steps(path)), _plainly(problem)) from None


def _steps(path: str) -> list[str | int]:
    """The steps of a path as msgspec writes it."""
    return [int(number) if number else name for name, number in re.findall(r"\.(\w+)|\[(\d+)\]", path)]


def _plainly(problem: str) -> str:
    """What msgspec says, without its regular expression."""
    if "matching regex" in problem:
        return "a name has no `..`, no backslash, and no slash at its ends"
    return problem


def shown(version: Any) -> str:
    """A version that a file claims, short enough for a message."""
    match version:
        case str():
            return repr(version[:20])
        case int() | float() if abs(version) < 2**63:
            return str(version)
    return "of another kind"
