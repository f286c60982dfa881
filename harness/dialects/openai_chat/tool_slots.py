"""Which tool call a fragment belongs to, and what it adds.

Vendors agree on neither the index nor the id of a fragment, so this is a table of rules:

- The index is an opaque key: any number, sparse or not, or a string. A fragment at an index not seen yet begins a call.
- At a known index, another id together with a name begins a new call, which has the index from then on; another id
  without a name is the same call (the first id stands), unless that id was seen at this index before.
- At a known index and without an id, another name once arguments have come begins a new call; so does the same name
  with an object, once the call without an id has a whole one.
- Without an index, the id is the key; without both, a lone fragment belongs to the call last touched, and one of
  several (or the first of all) to the call at its position in the array.
- A name that repeats is ignored; one that differs, before any argument has come, continues the name.
- Arguments that come as an object are made JSON; an empty one counts once the model has stopped and nothing else came.
"""

from __future__ import annotations

from typing import Any

from harness.dialects.decoding import as_dict, as_str, compact_json
from harness.events import AnyEvent, Signature, ToolCall, Warning
from harness.transcript import parse_arguments


class _Slot:
    """One call: its canonical index, and what is known of it."""

    __slots__ = ("begun", "id", "index", "keyed", "name", "pieces")

    def __init__(self, index: int, keyed: bool) -> None:
        self.index = index
        self.keyed = keyed  # whether the wire gave it an index
        self.id = ""
        self.name = ""
        self.begun = False  # whether arguments have come
        self.pieces: list[str] = []  # of the arguments, while there is no id

    def is_another(self, id: str, name: str, arguments: str) -> bool:
        """Whether a fragment found by its place must be a new call."""
        if id and self.id and id != self.id:
            return bool(name)
        if not (name and self.begun and self.name) or (id and id == self.id):
            return False
        return name != self.name or (not id and arguments[:1] == "{" and self.is_whole())

    def is_whole(self) -> bool:
        """Whether the arguments of a call without an id are an object already."""
        return not self.id and parse_arguments("".join(self.pieces)) is not None


class ToolSlots:
    """The calls of one choice. `take` reads the fragments of one delta."""

    def __init__(self, choice: int) -> None:
        self._choice = choice
        self._count = 0
        self._by_key: dict[Any, _Slot] = {}
        self._by_key_and_id: dict[tuple[Any, str], _Slot] = {}
        self._by_id: dict[str, _Slot] = {}
        self._by_position: dict[int, _Slot] = {}
        self._touched: _Slot | None = None
        self._bare: list[_Slot] = []  # whose arguments came as an empty object

    def take(self, fragments: list[Any], offset: int, out: list[AnyEvent]) -> None:
        """Append the events that `fragments` amount to; `offset` is where their frame is."""
        touched = self._touched if len(fragments) == 1 else None
        for position, fragment in enumerate(fragments):
            function = fragment.get("function") or fragment.get("custom") if type(fragment) is dict else None
            if type(fragment) is not dict or type(function or {}) is not dict:
                out.append(Warning("payload-malformed", "a tool call is not an object", offset))
                continue
            function = as_dict(function)
            arguments = function.get("arguments")
            if type(arguments) is not str:
                arguments = _spelled(function.get("input") if arguments is None else arguments)
            id, name = as_str(fragment.get("id")), as_str(function.get("name"))
            if id or name or arguments:
                slot = self._find(fragment.get("index"), id, name, arguments, position, touched)
                self._add(slot, id, name, arguments, offset, out)
                if function.get("arguments") == {}:
                    self._bare.append(slot)
            if extra := fragment.get("extra_content"):
                self._sign(extra, fragment.get("index"), out)

    def stop(self, out: list[AnyEvent]) -> None:
        """The model has stopped: an empty object was all that a call was to have."""
        for slot in self._bare:
            if not slot.begun:
                slot.begun = True
                out.append(ToolCall(slot.index, arguments="{}", choice=self._choice))

    def _find(self, key: Any, id: str, name: str, arguments: str, position: int, touched: _Slot | None) -> _Slot:
        if type(key) in (int, float, str) and key != "":
            return self._at_key(key, id, name, arguments)
        if id:
            slot = self._by_id.get(id)
            if slot is None and touched is not None and not touched.id and not name:
                slot = touched  # the id comes late
        else:
            slot = touched or self._by_position.get(position)
            if slot is not None and slot.is_another(id, name, arguments):
                slot = None
        if slot is None:
            slot = self._new(keyed=False)
        self._by_position[position] = slot
        return slot

    def _at_key(self, key: Any, id: str, name: str, arguments: str) -> _Slot:
        slot = self._by_key.get(key)
        if slot is not None and id and slot.id and id != slot.id:
            slot = self._by_key_and_id.get((key, id), slot)
        if slot is None and id and (known := self._by_id.get(id)) and not known.keyed:
            slot, known.keyed = known, True  # the index comes late
        if slot is None or slot.is_another(id, name, arguments):
            slot = self._new(keyed=True)
        self._by_key[key] = slot
        if id:
            self._by_key_and_id.setdefault((key, id), slot)
        return slot

    def _new(self, keyed: bool) -> _Slot:
        slot = _Slot(self._count, keyed)
        self._count += 1
        return slot

    def _add(self, slot: _Slot, id: str, name: str, arguments: str, offset: int, out: list[AnyEvent]) -> None:
        """Append what the fragment adds to the call, where it adds anything."""
        self._touched = slot
        new_id = new_name = None
        if id and not slot.id:
            slot.id = new_id = id
            self._by_id[id] = slot
        elif id and id != slot.id:
            message = f"tool call {slot.index} has the id {slot.id!r}, then {id!r}; the first stands"
            out.append(Warning("tool-call-id-changed", message, offset))
        if name and name != slot.name:
            if slot.name and slot.begun:
                message = f"tool call {slot.index} is named {slot.name!r}, then {name!r}; the first stands"
                out.append(Warning("tool-call-name-changed", message, offset))
            else:
                slot.name = new_name = slot.name + name
        if arguments:
            slot.begun = True
            if not slot.id:
                slot.pieces.append(arguments)
        if arguments or new_id or new_name:
            out.append(ToolCall(slot.index, new_id, new_name, arguments, self._choice))

    def _sign(self, extra: Any, key: Any, out: list[AnyEvent]) -> None:
        """Gemini's OpenAI-compatible endpoint puts the signature that belongs to a call here."""
        data = as_str(as_dict(as_dict(extra).get("google")).get("thought_signature"))
        slot = self._by_key.get(key) if type(key) in (int, float, str) else None
        slot = slot or self._touched
        if data and slot is not None:
            out.append(Signature(data, choice=self._choice, tool_index=slot.index))


def _spelled(arguments: Any) -> str:
    """Arguments that may be no string: an object is made JSON."""
    if type(arguments) is str:
        return arguments
    return compact_json(arguments) if arguments not in (None, [], {}) else ""
