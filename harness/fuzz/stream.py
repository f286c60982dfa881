"""The streams that are searched: catalogue scenarios, exchanges of cassettes, and folders of recordings."""

from __future__ import annotations

from dataclasses import dataclass

from harness.runner.plan import PlannedCase
from harness.wire.response import WireResponse


@dataclass(frozen=True, slots=True)
class Stream:
    """One intact stream, with the case in which a system is given it.

    `id` is that of its scenario (`text/plain`, `cassette/NAME#0`), or of its recording. `source` are the options that
    name where it lies, as the command line takes them: none for the built-in catalogue.
    """

    id: str
    dialect: str
    response: WireResponse
    planned: PlannedCase
    source: tuple[str, ...] = ()
    provider: str = ""

    @property
    def body(self) -> bytes:
        """All bytes of the body."""
        return self.response.body
