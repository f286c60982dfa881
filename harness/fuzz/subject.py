"""Who reads the streams: our own decoders and translations directly, and systems in either lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from harness.fuzz.outcome import Outcome
from harness.fuzz.stream import Stream
from harness.systems.base import Description
from harness.wire.response import WireResponse


class Subject(Protocol):
    """A reader, ready for any number of streams. Its calls block, and come from one thread.

    A reader may say more, and a search listens: `exact` (True: other cuts may change nothing at all, warnings
    included), `at_once` (how many streams it reads side by side), `unfit(stream)` (why nothing can be learnt from
    changes of that stream, or nothing), `plays(stream, response)` (whether anything could be said of it with that).
    """

    spec: str
    """What the user called it, for the command that reproduces a finding."""
    description: Description

    def takes(self, stream: Stream) -> bool:
        """Whether it claims to read this stream at all."""

    def outcome(self, stream: Stream, response: WireResponse) -> Outcome:
        """What it makes of `response`, played in the place of the stream's own."""

    def outcomes(self, stream: Stream, responses: Sequence[WireResponse]) -> list[Outcome]:
        """The same for many, side by side where it can; in their order."""

    def close(self) -> None:
        """Stops what was started."""
