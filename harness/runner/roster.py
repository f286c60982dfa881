"""Which systems a matrix has, and why the others are left out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from harness.runner.lineup import WrongRun
from harness.systems.registry import bundled_names, installed, resolve
from harness.systems.unavailable import unavailable


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A system that does not take part, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Roster:
    """Who takes part, and who does not."""

    systems: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def roster(wanted: Sequence[str] = (), without: Sequence[str] = ()) -> Roster:
    """Every bundled system that is installed, of those that the patterns in `wanted` name, but not those in `without`.

    Patterns are shell patterns; none in `wanted` means all. A path or `pkg.module:attr` in `wanted` names a system of
    one's own. Raises WrongRun for a pattern in `without` that fits nothing, UnknownSystem for one in `wanted`,
    UnreadableList for a wrong list of what is unavailable, and UnreadableManifest.
    """
    asked_for = _asked_for(wanted)
    for pattern in without:
        if not any(fnmatchcase(name, pattern) for name in asked_for):
            close = get_close_matches(pattern, asked_for, 1)
            meant = f"did you mean {close[0]}?" if close else f"they are {', '.join(asked_for)}"
            raise WrongRun(f"--except {pattern} fits no system of this run; {meant}")
    reasons = {name: _why_not(name, without) for name in asked_for}
    left_out = [LeftOut(name, reason) for name, reason in reasons.items() if reason]
    if not wanted:
        left_out += [LeftOut(each.name, " ".join(each.reason.split())) for each in unavailable()]
    return Roster(
        tuple(name for name, reason in reasons.items() if not reason),
        tuple(sorted(left_out, key=lambda each: each.name)),
    )


def _asked_for(wanted: Sequence[str]) -> list[str]:
    names = bundled_names()
    found: dict[str, None] = {}
    for pattern in wanted or ["*"]:
        fitting = [name for name in names if fnmatchcase(name, pattern)]
        if not fitting:
            resolve(pattern)  # no bundled one: it must be somebody's own
        found |= dict.fromkeys(fitting or [pattern])
    return list(found)


def _why_not(name: str, without: Sequence[str]) -> str:
    """Why a system cannot take part; empty if it can."""
    if any(fnmatchcase(name, pattern) for pattern in without):
        return "--except names it"
    spec = resolve(name)
    return "" if installed(spec) else f"it is not installed: harness systems install {name}"
