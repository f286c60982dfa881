"""Tool calls on their way into another dialect: each has an id of its own, and they come in turn where they must.

What a dialect's readers demand is in its facts. `whole_calls`: its encoder sends calls whole, and gathers them itself.
`calls_in_turn`: a call begins when the one before it is whole, so fragments of interleaved calls wait for their turn.
Elsewhere a fragment waits only for the id of its call, and no longer than until arguments or anything else come.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from harness.dialects.base import Dialect, Loss
from harness.dialects.growing import Arguments
from harness.events import Signature, ToolCall
from harness.transcript import MADE_ID_PREFIX

Piece: TypeAlias = ToolCall | Signature
_Key: TypeAlias = tuple[int, int]

MADE = Loss("tool-call-id-made", "a call came without an id of its own")
LATE = Loss("tool-call-id-late", "a call's id came after it was told which one it has")


class _Call:
    """One call: what of it waits, and what is known of it."""

    __slots__ = ("arguments", "begun", "held", "id", "is_made", "name", "told")

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.begun = False  # whether arguments have come
        self.held: list[Piece] = []
        self.told = False  # the target knows of it
        self.is_made = False  # its id
        self.arguments = Arguments()  # kept where calls come in turn

    def learn(self, event: ToolCall) -> None:
        """Take note of what a fragment tells."""
        self.id = self.id or event.id or ""
        self.name = event.name or self.name
        self.begun = self.begun or bool(event.arguments)


class Calls:
    """The calls of one stream. `salt` tells the ids that are made here from those of other answers."""

    def __init__(self, target: Dialect, losses: list[Loss], salt: str = "") -> None:
        self.salt = salt
        self._losses = losses
        self._gathers = bool(target.facts.get("whole_calls"))
        self._in_turn = bool(target.facts.get("calls_in_turn"))
        self._needs_ids = target.rules.calls_have_ids and not self._gathers
        self._calls: dict[_Key, _Call] = {}
        self._waiting: dict[_Key, _Call] = {}
        self._open: _Call | None = None  # the call that was told of last, where calls come in turn
        self._ids: set[tuple[int, str]] = set()
        self._made = 0

    @property
    def bare(self) -> bool:
        """Whether a call has no arguments at all."""
        return any(not call.begun for call in self._calls.values())

    @property
    def wait(self) -> bool:
        """Whether fragments wait."""
        return bool(self._waiting)

    def take(self, event: ToolCall) -> list[Piece]:
        """The fragments that can be handed on now."""
        key = (event.choice, event.index)
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = self._waiting[key] = _Call()
        if call.told:
            return self._go_on(call, event)
        call.learn(event)
        call.held.append(event)
        return self._next(key)

    def sign(self, event: Signature) -> list[Piece]:
        """The signature of a call goes behind what waits of the call."""
        call = self._waiting.get((event.choice, -1 if event.tool_index is None else event.tool_index))
        if call is None:
            return [event]
        call.held.append(event)
        return []

    def release(self) -> list[Piece]:
        """Everything that waits: nothing more is to be expected before something else is said."""
        return [piece for key, call in list(self._waiting.items()) for piece in self._tell(key, call)]

    def settle(self) -> list[Piece]:
        """What waits for an id alone: the upstream is silent."""
        return self._next(None)

    def _go_on(self, call: _Call, event: ToolCall) -> list[Piece]:
        """A fragment of a call that the target knows of."""
        if event.id and self._gathers and call.is_made and not call.id:
            call.id = event.id  # it comes in time
        elif event.id:
            if call.is_made and event.id != call.id:
                self._lose(LATE)
            event = msgspec.structs.replace(event, id=None)
        if not (event.id or event.name or event.arguments):
            return []
        call.begun = call.begun or bool(event.arguments)
        if self._in_turn:
            call.arguments.add(event.arguments)
            if call is self._open and self._waiting and call.arguments.value() is not None:
                return [event, *self._next(None)]
        return [event]

    def _next(self, taken: _Key | None) -> list[Piece]:
        """The calls whose turn it is; only the one that has just been spoken of may wait for its id."""
        pieces: list[Piece] = []
        for key, call in list(self._waiting.items()):
            if self._in_turn and self._open is not None and self._open.arguments.value() is None:
                break
            if key == taken and not (self._gathers or call.begun or (call.id and call.name)):
                continue
            pieces += self._tell(key, call)
        return pieces

    def _tell(self, key: _Key, call: _Call) -> list[Piece]:
        """All that waits of a call, with its id."""
        del self._waiting[key]
        call.told = True
        fragments = [piece for piece in call.held if type(piece) is ToolCall]
        signatures = [piece for piece in call.held if type(piece) is Signature]
        arguments = "".join(fragment.arguments for fragment in fragments)
        if self._in_turn:
            self._open = call
            call.arguments.add(arguments)
        call.held = []
        choice, index = key
        told = ToolCall(index, self._id(choice, call), call.name or None, arguments, choice)
        return [told, *signatures]

    def _id(self, choice: int, call: _Call) -> str | None:
        """The call's own id, if it has one that no other has; else one that is made, or none where none is needed."""
        if call.id and (choice, call.id) not in self._ids and not call.id.startswith(MADE_ID_PREFIX):
            self._ids.add((choice, call.id))
            return call.id
        self._lose(MADE)
        call.is_made = True
        if not self._needs_ids:
            return None
        call.id = f"{MADE_ID_PREFIX}{self.salt}{self._made}"
        self._made += 1
        return call.id

    def _lose(self, loss: Loss) -> None:
        if loss not in self._losses:
            self._losses.append(loss)
