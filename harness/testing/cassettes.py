"""Cassettes for a user's own tests: each is played below a base URL of its own."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.origin.cassette import CassetteScript
from harness.recording.cassette import load_cassette
from harness.recording.speed import read_speed
from harness.testing.origin_thread import OriginThread

_NUMBERS = itertools.count(1)


class CassetteServer:
    """What the fixture `harness_cassette` is: `base_url = harness_cassette("cassettes/answer.yaml")`."""

    def __init__(self, origin: OriginThread) -> None:
        self._origin = origin
        self._mounted: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in self._mounted:
            self._origin.remove(name, 0.0)

    def __call__(self, path: str | Path, *, speed: str = "instant") -> str:
        """The base URL at which that cassette is played; `speed` is `recorded`, `instant` or so many times as fast.

        Raises UnreadableCassette, or UnknownSpeed.
        """
        name = f"cassette{next(_NUMBERS)}"
        script = CassetteScript(load_cassette(Path(path)), speed=read_speed(speed))
        self._mounted.append(name)
        return self._origin.mount(name, script)
