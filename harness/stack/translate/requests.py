"""Requests: one that is fit for the target dialect, and the way back for the names that had to be changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.dialects.base import Dialect, Loss
from harness.events import AnyEvent
from harness.request import Request


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that the target's vendor accepts. `losses`: what it could not be made to say, or what was repaired."""

    request: Request
    losses: tuple[Loss, ...] = ()

    def restored(self, events: Iterable[AnyEvent]) -> list[AnyEvent]:
        """The events of the answer with the names and ids that the asker knows."""
        return list(events)


def prepared(request: Request, target: Dialect) -> Prepared:
    """The request with its history repaired, and with names and ids that the target's rules allow."""
    return Prepared(request)
