"""The output items of a Responses stream: which event belongs to which, and what of each was handed on already.

The same words come up to four times in this dialect: as deltas, when their part is done, when the item is done, and in
the final response. An item remembers what was handed on, so that each later copy adds only what is missing. Calls are
handed on in the order of the output: one that comes too early waits for the items before it.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from harness.dialects.decoding import as_dict, as_list, as_str, compact_json
from harness.events import ToolCall

Channel: TypeAlias = Literal["text", "refusal", "summary", "reasoning", "arguments"]
Family: TypeAlias = Literal["message", "reasoning", "call", "other"]

FAMILIES: dict[str, Family] = {
    "message": "message",
    "reasoning": "reasoning",
    "function_call": "call",
    "custom_tool_call": "call",
}
CHANNEL_FAMILIES: dict[Channel, Family] = {
    "text": "message",
    "refusal": "message",
    "summary": "reasoning",
    "reasoning": "reasoning",
    "arguments": "call",
}
PART_CHANNELS: dict[str, tuple[Channel, str]] = {
    "output_text": ("text", "text"),
    "text": ("text", "text"),
    "refusal": ("refusal", "refusal"),
    "summary_text": ("summary", "text"),
    "reasoning_text": ("reasoning", "text"),
}
"""The type of a content part -> the channel it fills, and the field that holds its words."""


class Item:
    """One output item, as far as the stream has told of it."""

    __slots__ = (
        "annotated",
        "announced",
        "call",
        "call_id",
        "family",
        "forgotten",
        "held",
        "id",
        "name",
        "odd",
        "parts",
        "place",
        "seeds",
        "settled",
        "signed",
        "thinks_in",
        "waiting",
    )

    def __init__(self, family: Family, place: int | None) -> None:
        self.family = family
        self.place = place
        self.id = ""
        self.call = -1  # of a call: its canonical index, once it is its turn
        self.waiting: list[ToolCall] | None = None  # of a call whose turn it is not: what is to be said of it
        self.call_id = ""
        self.name = ""
        self.parts: dict[Channel, dict[int, list[str]]] = {}
        self.seeds: dict[Channel, str] = {}  # words that came with the announcement, where deltas should bring them
        self.thinks_in: Channel | None = None  # the channel that reasoning came in first
        self.held: list[str] | None = None  # reasoning of the other channel, which may be the same once more
        self.announced = False
        self.annotated = False
        self.signed = False
        self.settled = False  # done, or found in the final response
        self.odd = False  # a later copy differs from what was handed on
        self.forgotten = False  # what was handed on is no longer known: no frame could hold it again

    def pieces(self, channel: Channel, part: int) -> list[str]:
        """What the part was handed on as, to be appended to."""
        parts = self.parts.get(channel)
        if parts is None:
            parts = self.parts[channel] = {}
        pieces = parts.get(part)
        if pieces is None:
            pieces = parts[part] = []
        return pieces

    def said(self, channel: Channel, part: int | None = None) -> str:
        """All that came in the channel, or in one part of it."""
        parts = self.parts.get(channel, {})
        if part is not None:
            return "".join(parts.get(part, ()))
        return "".join("".join(pieces) for pieces in parts.values())

    def remembered(self) -> int:
        """How many characters of it are remembered."""
        return sum(len(piece) for parts in self.parts.values() for pieces in parts.values() for piece in pieces)

    def last_part(self, channel: Channel) -> int:
        """The part of the channel that came last."""
        return next(reversed(self.parts.get(channel, {0: []})))


class Items:
    """The items of one response, found by their id, their call's id or their place in the output."""

    def __init__(self) -> None:
        self.all: list[Item] = []
        self._by_id: dict[str, Item] = {}
        self._by_place: dict[int, Item] = {}
        self._next_place = 0  # the first of which nothing is known
        self._calls = 0
        self.waiting: list[Item] = []  # calls that came before an item whose place is above theirs

    @property
    def call_count(self) -> int:
        """How many calls the response holds so far."""
        return self._calls

    def forget_beyond(self, limit: int) -> None:
        """Forget the words of items that together hold more than `limit`: a frame that repeats them cannot come."""
        if sum(item.remembered() for item in self.all) <= limit:
            return
        for item in self.all:
            item.forgotten = item.forgotten or bool(item.parts)
            item.parts = {}

    def of_event(self, payload: dict[str, Any], family: Family) -> Item:
        """The item that a delta or a done event speaks of; made where it was never announced."""
        name = as_str(payload.get("item_id")) or as_str(payload.get("call_id")) or as_str(payload.get("id"))
        place = payload.get("output_index")
        place = place if type(place) is int else None
        item = self._by_id.get(name)
        if item is None and place is not None:
            item = self._by_place.get(place)
        elif item is None:
            item = self._last_open(family, name)
        if item is None or item.family != family:
            item = self._new(family, place)
        if name and not item.id:
            item.id = name
        if name:
            self._by_id.setdefault(name, item)
        return item

    def announced(self, data: dict[str, Any], place: Any) -> Item:
        """The item that is announced: a new one, unless events spoke of it before."""
        item = self._likely(data, place)
        if item is None or (item.announced and item is not self.known(data)):
            item = self._new(FAMILIES.get(as_str(data.get("type")), "other"), place if type(place) is int else None)
        item.announced = True
        return self.learn(item, data)

    def done(self, data: dict[str, Any], place: Any) -> Item:
        """The item that is done; made where it was never announced."""
        family = FAMILIES.get(as_str(data.get("type")), "other")
        item = self._likely(data, place) or self._new(family, place if type(place) is int else None)
        return self.learn(item, data)

    def _likely(self, data: dict[str, Any], place: Any) -> Item | None:
        """The item of those ids, or else the one at that place that is still open and of the same family."""
        family = FAMILIES.get(as_str(data.get("type")), "other")
        item = self.known(data)
        if item is not None:
            return item
        if type(place) is not int:
            return self._last_open(family, as_str(data.get("id")))
        item = self._by_place.get(place)
        return None if item is None or item.settled or item.family != family else item

    def known(self, data: dict[str, Any]) -> Item | None:
        """The item of that id or call id, where it came before."""
        family = FAMILIES.get(as_str(data.get("type")), "other")
        for field in ("id", "call_id"):
            item = self._by_id.get(as_str(data.get(field)))
            if item is not None and item.family == family:
                return item
        return None

    def renamed(self, data: dict[str, Any], taken: set[int]) -> Item | None:
        """The first streamed item that may be this one under another id: of its family, and saying the same."""
        family, whole = FAMILIES.get(as_str(data.get("type")), "other"), words(data)
        if family == "other":
            return None
        for item in self.all:
            if item.family != family or id(item) in taken:
                continue
            if item.name and item.name != data.get("name"):
                continue
            if all(whole.get(channel, "").startswith(item.said(channel)) for channel in item.parts):
                return item
        return None

    def new(self, data: dict[str, Any]) -> Item:
        """An item that only the final response holds."""
        return self.learn(self._new(FAMILIES.get(as_str(data.get("type")), "other"), None), data)

    def learn(self, item: Item, data: dict[str, Any]) -> Item:
        """Take in the names that the data gives the item."""
        for field in ("id", "call_id"):
            if name := as_str(data.get(field)):
                self._by_id.setdefault(name, item)
        item.id = item.id or as_str(data.get("id"))
        return item

    def _new(self, family: Family, place: int | None) -> Item:
        item = Item(family, place)
        if family == "call" and place is not None and place > self._next_place:
            item.waiting = []
            self.waiting.append(item)
        elif family == "call":
            self._number(item)
        self.all.append(item)
        if place is not None:
            self._by_place[place] = item
            while self._next_place in self._by_place:
                self._next_place += 1
        return item

    def _number(self, item: Item) -> None:
        item.call = self._calls
        self._calls += 1

    def ready(self, every: bool = False) -> list[Item]:
        """The calls that wait for nothing any more (or all that wait), in the order of the output."""
        ready = [item for item in self.waiting if every or (item.place or 0) < self._next_place]
        return sorted(ready, key=lambda item: item.place or 0)

    def let_go(self, item: Item) -> list[ToolCall]:
        """It is the turn of a call that waited: what was to be said of it."""
        said, item.waiting = item.waiting or [], None
        self.waiting.remove(item)
        self._number(item)
        return [msgspec.structs.replace(event, index=item.call) for event in said]

    def _last_open(self, family: Family, name: str) -> Item | None:
        """The item touched last, for events that do not say which; not one that is known under another name."""
        item = next((item for item in reversed(self.all) if item.family == family), None)
        if item is None or item.settled or (name and item.id and item.id != name):
            return None
        return item


def words(data: dict[str, Any]) -> dict[Channel, str]:
    """All that an item's own data says, by channel."""
    said: dict[Channel, str] = {}
    for part in [*as_list(data.get("summary")), *as_list(data.get("content"))]:
        part = as_dict(part)
        if found := PART_CHANNELS.get(as_str(part.get("type"))):
            channel, field = found
            said[channel] = said.get(channel, "") + as_str(part.get(field))
    if FAMILIES.get(as_str(data.get("type"))) == "call":
        given = data.get("arguments") or data.get("input")
        said["arguments"] = given if type(given) is str else compact_json(given) if given else ""
    return {channel: text for channel, text in said.items() if text}
