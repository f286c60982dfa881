"""How fast a recording plays: at the speed at which it was recorded, at another one, or without any pause."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from harness.wire.response import WireResponse

RECORDED = 1.0
INSTANT = math.inf
WORDS = {"recorded": RECORDED, "instant": INSTANT}


class UnknownSpeed(ValueError):
    """The text is no speed; the message says what is one."""


def read_speed(text: str) -> float:
    """How many times as fast as recorded: `recorded` is 1, `instant` is infinity. Raises UnknownSpeed."""
    try:
        speed = WORDS.get(text.strip().lower()) or float(text)
    except ValueError:
        speed = math.nan
    if speed > 0:
        return speed
    raise UnknownSpeed(
        f"{text!r} is no speed: give `recorded`, `instant`, or how many times as fast, such as 10 or 0.5"
    )


def speed_words(speed: float) -> str:
    """The speed as `read_speed` reads it."""
    return next((word for word, known in WORDS.items() if known == speed), f"{speed:g}")


def paced(response: WireResponse, speed: float) -> WireResponse:
    """The response played so many times as fast as it was recorded: every pause is shorter, nothing else changes.

    What never comes (an ending that stalls) is no pause. `speed` is greater than 0, and may be infinity.
    """
    if speed == RECORDED:
        return response
    return replace(
        response,
        chunks=tuple(replace(chunk, pause_s=chunk.pause_s / speed) for chunk in response.chunks),
        before_head_s=response.before_head_s / speed,
        codings=_each(response.codings, lambda other: paced(other, speed)),
    )


def _each(
    codings: tuple[tuple[str, WireResponse], ...], change: Callable[[WireResponse], WireResponse]
) -> tuple[tuple[str, WireResponse], ...]:
    return tuple((coding, change(other)) for coding, other in codings)
