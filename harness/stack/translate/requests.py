"""Requests: one that is fit for the target dialect, and the way back for the names that had to be changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from harness.dialects.base import Dialect, HttpRequest, Loss
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


def prepared(request: Request, target: Dialect, source: Dialect | None = None) -> Prepared:
    """The request with its history repaired, and with names and ids that the target's rules allow.

    `source` is the dialect of a request that was meant for another vendor: signatures which that one made are then
    left out. Behind a gateway leave it None, since what its clients send back came from the target itself.
    """
    return Prepared(request)


def translate_request(
    source: Dialect, target: Dialect, path: str, headers: Mapping[str, str], body: bytes, api_key: str | None = None
) -> HttpRequest:
    """An HTTP request in the target's dialect; everything that it could not say is in its `losses`. Never raises."""
    asked = prepared(source.read_request(path, headers, body), target, source)
    built = target.build_request(asked.request, api_key)
    return replace(built, losses=(*source.unread(path, headers, body), *asked.losses, *built.losses))
