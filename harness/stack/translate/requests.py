"""Requests: one that is fit for the target dialect, and the way back for the names that had to be changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_fields

from msgspec.structs import replace

from harness.dialects.base import Dialect, HttpRequest, Loss
from harness.events import AnyEvent, ToolCall
from harness.request import Message, Request, ToolCallPart
from harness.stack.history import repaired
from harness.stack.translate.naming import call_ids, highest_made_id, renamed, tool_names
from harness.stack.translate.parts import fitted_parts
from harness.stack.translate.settings import fitted_arguments, fitted_settings
from harness.transcript import MADE_ID_PREFIX


@dataclass(slots=True)
class _Made:
    """Ids that an answer's calls were given: by choice and index."""

    next_number: int
    ids: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that the target's vendor accepts. `losses`: what it could not be made to say, or what was repaired."""

    request: Request
    losses: tuple[Loss, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """The tools' names that were changed: the new one, and the one that the asker knows."""
    made: _Made | None = field(default=None, compare=False, repr=False)

    def restored(self, events: Iterable[AnyEvent]) -> list[AnyEvent]:
        """The events of one answer, in batches as they come, with the names and ids that the asker can use.

        Where the dialect's calls may come without ids, each gets one that no call of the talk has.
        """
        if not self.names and self.made is None:
            return list(events)
        return [self._restored(event) if isinstance(event, ToolCall) else event for event in events]

    def _restored(self, event: ToolCall) -> ToolCall:
        name = self.names.get(event.name, event.name) if event.name else event.name
        id = event.id or (self._made_id(event) if self.made else None)
        return event if name == event.name and id == event.id else replace(event, name=name, id=id)

    def _made_id(self, event: ToolCall) -> str | None:
        made, key = self.made, (event.choice, event.index)
        if made is None or key in made.ids:
            return None
        made.ids[key] = f"{MADE_ID_PREFIX}{made.next_number}"
        made.next_number += 1
        return made.ids[key]


def prepared(request: Request, target: Dialect, source: Dialect | None = None) -> Prepared:
    """The request with its history repaired, and with names, ids, parts and settings that the target's rules allow.

    `source` is the dialect of a request that was meant for another vendor: signatures which that one made are then
    left out. Behind a gateway leave it None, since what its clients send back came from the target itself.
    """
    rules = target.rules
    signed_by = None if source is None else source.rules.signs
    fitted, losses = fitted_settings(request, rules)
    messages, part_losses = fitted_parts(fitted.messages, rules, signed_by)
    messages, repairs = repaired(messages, rules)
    losses += [*part_losses, *repairs]
    if rules.arguments_are_objects:
        messages = [Message(said.role, [fitted_arguments(part, losses) for part in said.content]) for said in messages]
    if re.match(rules.signed_models, request.model):
        messages = [_signed(message, rules.stand_in_signature, losses) for message in messages]
    fitted = replace(fitted, messages=messages)
    names, ids = tool_names(fitted, rules), call_ids(fitted, rules)
    losses += [Loss("tool-renamed", f"{old} is called {new}") for old, new in names.items()]
    losses += [Loss("call-id-renamed", f"{old} is called {new}") for old, new in ids.items()]
    return Prepared(
        renamed(fitted, names, ids),
        tuple({loss.what: loss for loss in reversed(losses)}.values())[::-1],
        {new: old for old, new in names.items()},
        None if rules.calls_have_ids else _Made(highest_made_id(request)),
    )


def _signed(message: Message, signature: str, losses: list[Loss]) -> Message:
    """The message with a signature on its first call: one that another model made has none."""
    first = next((part for part in message.content if isinstance(part, ToolCallPart)), None)
    if first is None or first.signature:
        return message
    losses.append(Loss("tool-call-signature-made", f"{first.name} has the signature that the vendor has for strangers"))
    signed = replace(first, signature=signature)
    return Message(message.role, [signed if part is first else part for part in message.content])


def translate_request(
    source: Dialect, target: Dialect, path: str, headers: Mapping[str, str], body: bytes, api_key: str | None = None
) -> HttpRequest:
    """An HTTP request in the target's dialect; everything that it could not say is in its `losses`. Never raises."""
    asked = prepared(source.read_request(path, headers, body), target, source)
    built = target.build_request(asked.request, api_key)
    return with_fields(built, losses=(*source.unread(path, headers, body), *asked.losses, *built.losses))
