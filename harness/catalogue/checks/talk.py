"""How a talk that was sent differs from the one that was asked for. Pure.

Messages of one role in a row are one turn, texts in a row one text; empty messages and unsigned reasoning count for
nothing. Ids may be others, if a result has that of its call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from harness.catalogue.checks.differences import difference, excerpt
from harness.catalogue.checks.parts import (
    kind_of,
    part_difference,
    result_difference,
    shown,
    words,
)
from harness.request import (
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

TurnRole: TypeAlias = Literal["user", "assistant", "tool"]
_ORDER = ("reasoning", "text", "image", "file", "tool_call", "tool_result")


@dataclass(slots=True)
class Turn:
    """What one side said before the other one spoke. Texts in a row are one run of pieces."""

    role: TurnRole
    parts: list[Part | list[str]] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Put a part to the end, if it counts."""
        if isinstance(part, ReasoningPart) and not (part.signature or part.redacted or part.encrypted):
            return
        last = self.parts[-1] if self.parts else None
        if not isinstance(part, TextPart):
            self.parts.append(part)
        elif isinstance(last, list):
            last.append(part.text)
        elif part.text.strip():
            self.parts.append([part.text])

    def sorted(self) -> Turn:
        """The turn as a dialect has it that knows no order among kinds: all texts in one."""
        texts = [text for part in self.parts if isinstance(part, list) for text in part]
        others = [part for part in self.parts if not isinstance(part, list)]
        parts = [*others, *([texts] if texts else [])]
        return Turn(self.role, sorted(parts, key=lambda part: _ORDER.index(kind_of(part))))


@dataclass(frozen=True, slots=True)
class TalkDifference:
    """What differs, in words, and what was asked and seen there."""

    what: str
    expected: object
    seen: object


def turns_of(messages: Iterable[Message], unordered: Sequence[str] = ()) -> list[Turn]:
    """The turns of a talk; `unordered` names the roles whose parts have no order in the dialect."""
    turns: list[Turn] = []
    for message in messages:
        if message.role in ("system", "developer"):
            continue
        given = [each for part in message.content if isinstance(part, ToolResultPart) for each in part.media]
        for part in [*message.content, *given]:
            # A picture that a tool gave is the user's in dialects whose results hold texts alone.
            role: TurnRole = "assistant" if message.role == "assistant" else "user"
            if isinstance(part, ToolResultPart):
                role = "tool"
            if not turns or turns[-1].role != role:
                turns.append(Turn(role))
            turns[-1].add(part)
    spoken = [turn.sorted() if turn.role in unordered else turn for turn in turns if turn.parts]
    return list(_merged(spoken))


def _merged(turns: Iterable[Turn]) -> Iterator[Turn]:
    """Turns without neighbours of the same role, which those that said nothing kept apart."""
    last: Turn | None = None
    for turn in turns:
        if last is not None and last.role == turn.role:
            for part in turn.parts:
                for each in [TextPart(text) for text in part] if isinstance(part, list) else [part]:
                    last.add(each)
            continue
        if last is not None:
            yield last
        last = turn
    if last is not None:
        yield last


def talk_difference(expected: list[Turn], seen: list[Turn], *, tail: bool = False) -> TalkDifference | None:
    """The first difference; with `tail`, more may stand before what is expected."""
    start = _start(expected, seen) if tail else 0
    ids: dict[str, str] = {}
    names: dict[str, str] = {}
    for position, wanted in enumerate(expected):
        given = seen[start + position] if start + position < len(seen) else None
        found = _turn_difference(wanted, given, ids, names, tail=tail and position == 0)
        if found is not None:
            return found
    surplus = seen[start + len(expected) :]
    if surplus:
        return TalkDifference(f"{words(surplus[0].role)} was not asked for", None, shown(surplus[0].parts))
    return None


def _start(expected: list[Turn], seen: list[Turn]) -> int:
    """Where the expected turns begin: at the last turn that is as the first of them, or so that all end together."""
    for position in reversed(range(len(seen))):
        if _turn_difference(expected[0], seen[position], {}, {}, tail=True) is None:
            return position
    return max(0, len(seen) - len(expected))


def _turn_difference(
    wanted: Turn, given: Turn | None, ids: dict[str, str], names: dict[str, str], *, tail: bool
) -> TalkDifference | None:
    if given is None:
        return TalkDifference(f"{words(wanted.role)} is missing", shown(wanted.parts), None)
    if given.role != wanted.role:
        what = f"{words(wanted.role)} is missing: {words(given.role)} stands in its place"
        return TalkDifference(what, shown(wanted.parts), shown(given.parts))
    if wanted.role == "tool":
        return _results_difference(wanted, given, ids, names)
    seen_parts = given.parts[-len(wanted.parts) :] if tail else given.parts
    kinds, seen_kinds = [kind_of(part) for part in wanted.parts], [kind_of(part) for part in seen_parts]
    if kinds != seen_kinds:
        return _kinds_difference(wanted, given, kinds, seen_kinds)
    for part, seen in zip(wanted.parts, seen_parts, strict=True):
        if isinstance(part, list) and isinstance(seen, list):
            found = _text_difference(wanted.role, part, seen, tail=tail)
        else:
            found = _part_difference(part, seen)
        if found is not None:
            return found
        if isinstance(part, ToolCallPart) and isinstance(seen, ToolCallPart):
            ids[part.id], names[part.id] = seen.id, part.name
    return None


def _part_difference(part: Part | list[str], seen: Part | list[str]) -> TalkDifference | None:
    assert not isinstance(part, list) and not isinstance(seen, list)  # of the same kind, and no texts
    found = part_difference(part, seen)
    return None if found is None else TalkDifference(*found)


def _kinds_difference(wanted: Turn, given: Turn, kinds: list[str], seen_kinds: list[str]) -> TalkDifference:
    expected, seen = shown(wanted.parts), shown(given.parts)
    for kind in _ORDER:
        if (missing := kinds.count(kind) - seen_kinds.count(kind)) > 0:
            return TalkDifference(f"{words(wanted.role)} has lost {words(kind, missing)}", expected, seen)
    for kind in _ORDER:
        if (added := seen_kinds.count(kind) - kinds.count(kind)) > 0:
            return TalkDifference(f"{words(wanted.role)} has {words(kind, added)} more than asked", expected, seen)
    return TalkDifference(f"the parts of {words(wanted.role)} stand in another order", expected, seen)


def _text_difference(role: str, wanted: list[str], given: list[str], *, tail: bool) -> TalkDifference | None:
    """White space may stand between texts that were asked as several."""
    expected, seen = "".join(wanted), "".join(given)
    if expected == seen or (tail and seen.endswith(expected)):
        return None
    pattern = r"\s*".join(map(re.escape, wanted))
    if len(wanted) > 1 and (re.search(rf"(?:{pattern})\Z", seen) if tail else re.fullmatch(pattern, seen)):
        return None
    found = difference(expected, seen)
    what = f"the text of {words(role)} is not what was asked: {found.what}"
    return TalkDifference(what, excerpt(expected, found.at), excerpt(seen, found.at))


def _results_difference(wanted: Turn, given: Turn, ids: dict[str, str], names: dict[str, str]) -> TalkDifference | None:
    """Results belong to calls; among each other they have no order."""
    asked = [part for part in wanted.parts if isinstance(part, ToolResultPart)]
    seen = [part for part in given.parts if isinstance(part, ToolResultPart)]
    for result in asked:
        call_id = ids.get(result.tool_call_id, result.tool_call_id)
        name = names.get(result.tool_call_id, result.tool_call_id)
        found = result_difference(result, [one for one in seen if one.tool_call_id == call_id], name, asked)
        if found is not None:
            return TalkDifference(found[0], found[1], found[2] if found[2] is not None else shown(given.parts))
    if len(seen) > len(asked):
        return TalkDifference("a tool's result is there more often than asked", shown(wanted.parts), shown(given.parts))
    return None
