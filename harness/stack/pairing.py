"""Tool calls and their results in a talk: each call answered once, right behind the message that makes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from harness.dialects.base import Loss
from harness.request import Message, Part, TextPart, ToolCallPart, ToolResultPart
from harness.transcript import MADE_ID_PREFIX

MISSING_RESULT = "There is no result: the call was not carried out."
"""What a made result says."""
ORPHAN_WORDS = "(Result of an earlier tool call: {content})"
"""What becomes of a result whose call is not in the talk."""


def paired(talk: Sequence[Message], losses: list[Loss]) -> list[Message]:
    """The talk with the results of each message's calls behind it, in the calls' order, and with an id for each call.

    A result belongs to the last call before it that has its id. In `talk`, results stand in messages of their own.
    """
    return _Pairing(talk, losses).talk()


class _Pairing:
    def __init__(self, talk: Sequence[Message], losses: list[Loss]) -> None:
        self._messages = talk
        self._losses = losses
        self._results = [  # the place of its message, and the result
            (place, part)
            for place, message in enumerate(talk)
            for part in message.content
            if isinstance(part, ToolResultPart)
        ]
        self._used: set[int] = set()  # positions in `_results`
        self._ids: set[str] = set()
        self._given = {part.id for message in talk for part in message.content if isinstance(part, ToolCallPart)}

    def talk(self) -> list[Message]:
        answered = {
            place: self._round(place, message)
            for place, message in enumerate(self._messages)
            if message.role == "assistant" and any(isinstance(part, ToolCallPart) for part in message.content)
        }
        talk: list[Message] = []
        for place, message in enumerate(self._messages):
            if place in answered:
                talk += answered[place]
            elif message.role == "tool":
                talk += self._orphans(place)
            else:
                talk.append(message)
        return talk

    def _round(self, place: int, message: Message) -> list[Message]:
        """The assistant's message with ids of their own for all calls, and the results."""
        calls = [part for part in message.content if isinstance(part, ToolCallPart)]
        found = self._found(place, calls)
        found = self._with_nameless(place, found)
        self._note_moves(place, [at for at in found if at is not None])
        said = iter([self._named(call) for call in calls])
        content: list[Part] = [next(said) if isinstance(part, ToolCallPart) else part for part in message.content]
        renamed = [part for part in content if isinstance(part, ToolCallPart)]
        spoken = message if content == message.content else Message("assistant", content)
        return [spoken, *self._messages_of(renamed, found)]

    def _found(self, place: int, calls: list[ToolCallPart]) -> list[int | None]:
        """The position of each call's result by its id, None where there is none."""
        found: list[int | None] = [None] * len(calls)
        for id in dict.fromkeys(call.id for call in calls if call.id):
            askers = [position for position, call in enumerate(calls) if call.id == id]
            ends = self._next_call(place, id)
            mine = [
                at
                for at, (where, result) in enumerate(self._results)
                if place < where < ends and result.tool_call_id == id
            ]
            self._used.update(mine)
            if len(mine) > len(askers):
                self._losses.append(Loss("result-repeated", id))
            for asker, at in zip(askers, mine[-len(askers) :], strict=False):
                found[asker] = at
        return found

    def _next_call(self, place: int, id: str) -> int:
        """The place of the next message that makes a call of that id."""
        for later in range(place + 1, len(self._messages)):
            if any(isinstance(part, ToolCallPart) and part.id == id for part in self._messages[later].content):
                return later
        return len(self._messages)

    def _note_moves(self, place: int, found: list[int]) -> None:
        """Whether the results stand in another order than their calls, or behind something else."""
        last = max((self._results[at][0] for at in found), default=place)
        if found != sorted(found) or any(message.role != "tool" for message in self._messages[place + 1 : last]):
            self._losses.append(Loss("results-moved"))

    def _with_nameless(self, place: int, found: list[int | None]) -> list[int | None]:
        """The same, with the results that have no id and stand before the assistant speaks again, in turn."""
        ends = next(
            (at for at in range(place + 1, len(self._messages)) if self._messages[at].role == "assistant"),
            len(self._messages),
        )
        nameless = [
            at
            for at, (where, result) in enumerate(self._results)
            if place < where < ends and not result.tool_call_id and at not in self._used
        ]
        filled: list[int | None] = []
        for at in found:
            if at is None and nameless:
                at = nameless.pop(0)
                self._used.add(at)
                self._losses.append(Loss("result-without-id"))
            filled.append(at)
        return filled

    def _named(self, call: ToolCallPart) -> ToolCallPart:
        """The call with an id that no call before it has."""
        if call.id and call.id not in self._ids:
            self._ids.add(call.id)
            return call
        stem = f"{call.id}_" if call.id else MADE_ID_PREFIX
        number = 2 if call.id else 0
        while (made := f"{stem}{number}") in self._ids | self._given:
            number += 1
        self._ids.add(made)
        self._losses.append(Loss("call-id-made", f"{call.id or 'a call without an id'} is called {made}"))
        return replace(call, id=made)

    def _messages_of(self, calls: list[ToolCallPart], found: list[int | None]) -> Iterator[Message]:
        """The results, those that stood in one message and still stand together in one again."""
        last: int | None = None
        parts: list[Part] = []
        for call, at in zip(calls, found, strict=True):
            if at is None:
                self._losses.append(Loss("result-made", call.id))
                place, result = None, ToolResultPart(call.id, MISSING_RESULT, is_error=True)
            else:
                place, result = self._results[at]
            if parts and (place is None or place != last):
                yield Message("tool", parts)
                parts = []
            parts = [*parts, result if result.tool_call_id == call.id else replace(result, tool_call_id=call.id)]
            last = place
        yield Message("tool", parts)

    def _orphans(self, place: int) -> Iterator[Message]:
        """Results of that message which no call has asked for, as the user's words."""
        for at, (where, result) in enumerate(self._results):
            if where != place or at in self._used:
                continue
            self._losses.append(Loss("result-orphan", result.tool_call_id))
            words: list[Part] = [TextPart(ORPHAN_WORDS.format(content=result.content))] if result.content else []
            if parts := [*words, *result.media]:
                yield Message("user", parts)
