"""Splits inline `<think>…</think>` out of the text: a filter over events, for those who ask for it.

Its rules, none of which depends on where the text was cut:
- Tags are exact: `<think>`, `<thinking>`, `<thought>` and their close tags. White space around them is kept.
- Only a tail that may still become a tag is held back (at most one tag's length). What turns out to be none is
  released in order; a tail held at the end is released to the channel that is open.
- Blocks may nest. A close tag ends the innermost block of its name and what is open within it; one whose name is not
  open ends the innermost block.
- A close tag outside of any block is dropped with the warning `think-tag-orphan`: what came before it has been
  streamed as text. With `assume_open` the text begins inside a block, for deployments whose prompt opens it.
- A tag between two backticks or two double quotes, the first of which opens a quotation on its line, is a quoted tag
  and stays where it is.
- A block that is open when a tool call, the stop reason or the end comes is closed there, with the warning
  `think-tag-unclosed`. Nothing is lost: it was streamed as reasoning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from harness.dialects.base import Decoder, steps_of
from harness.events import AnyEvent, End, Failure, Finish, Reasoning, Refusal, Signature, Text, ToolCall, Warning

TAG_NAMES: Final = ("think", "thinking", "thought")
"""What models and gateways call the block: DeepSeek, Qwen and most others; prompted models; Gemma and Gemini."""

_QUOTES = '`"'


class ThinkTags:
    """`feed(events)` any number of times, then `close()`; both give the events to hand on. Choices are kept apart.

    With `assume_open` every choice begins inside a block; an opening tag then changes nothing, and a native reasoning
    event ends the assumption, since such a server separates reasoning by itself.
    """

    def __init__(self, names: Iterable[str] = TAG_NAMES, *, assume_open: bool = False) -> None:
        self._tags = _tags(tuple(sorted(names)))
        self._assume_open = assume_open
        self._choices: dict[int, _Splitter] = {}

    def feed(self, events: Iterable[AnyEvent]) -> list[AnyEvent]:
        """The events that can be handed on now."""
        out: list[AnyEvent] = []
        for event in events:
            match event:
                case Text():
                    self._splitter(event.choice).feed(event, out)
                case ToolCall() | Finish():
                    self._splitter(event.choice).finish(out)
                    out.append(event)
                case Reasoning():
                    self._splitter(event.choice).native_reasoning(out)
                    out.append(event)
                case Refusal() | Signature():
                    self._splitter(event.choice).release(out)
                    out.append(event)
                case Failure():
                    for splitter in self._choices.values():
                        splitter.release(out)
                    out.append(event)
                case End():
                    out += self.close()
                    out.append(event)
                case _:  # no part of the answer: it may come between the halves of a tag
                    out.append(event)
        return out

    def close(self) -> list[AnyEvent]:
        """What is still held back, and what there is to say about open blocks."""
        out: list[AnyEvent] = []
        for splitter in self._choices.values():
            splitter.finish(out)
        return out

    def _splitter(self, choice: int) -> _Splitter:
        splitter = self._choices.get(choice)
        if splitter is None:
            splitter = self._choices[choice] = _Splitter(self._tags, choice, assumed=self._assume_open)
        return splitter


class ThinkingDecoder:
    """A decoder whose events go through the filter."""

    def __init__(self, plain: Decoder) -> None:
        self.plain = plain
        self.tags = ThinkTags()

    def feed(self, data: bytes) -> list[AnyEvent]:
        """The events that `data` completes."""
        return self.tags.feed(self.plain.feed(data))

    def steps(self, data: bytes) -> list[list[AnyEvent]]:
        """The same events, those of each frame by themselves."""
        return [self.tags.feed(events) for events in steps_of(self.plain, data)]

    def close(self) -> list[AnyEvent]:
        """The events that the end of the body completes."""
        return [*self.tags.feed(self.plain.close()), *self.tags.close()]


@dataclass(frozen=True, slots=True)
class _Tags:
    """The tags of one set of names, for searching."""

    pattern: re.Pattern[str]
    prefixes: frozenset[str]
    longest: int

    def tail(self, text: str) -> int:
        """Where the tail begins that may still become a tag; the text's length if there is none."""
        start = text.rfind("<", max(0, len(text) - self.longest))
        return start if start >= 0 and text[start:] in self.prefixes else len(text)


@cache
def _tags(names: tuple[str, ...]) -> _Tags:
    tags = [f"<{slash}{name}>" for name in names for slash in ("", "/")]
    prefixes = frozenset(tag[:length] for tag in tags for length in range(1, len(tag)))
    return _Tags(re.compile(f"<(/?)({'|'.join(map(re.escape, names))})>"), prefixes, max(map(len, prefixes)))


class _Quotation:
    """Whether a place lies in a quotation that began on the same line, of the text of one channel."""

    def __init__(self) -> None:
        self._open = dict.fromkeys(_QUOTES, False)
        self._last = ""

    def pass_over(self, text: str) -> None:
        """Take note of text that went by."""
        if not text:
            return
        _, newline, line = text.rpartition("\n")
        for quote in _QUOTES:
            odd = line.count(quote) % 2 == 1
            self._open[quote] = odd if newline else self._open[quote] != odd
        self._last = text[-1]

    def opener(self) -> str | None:
        """The quote that opened just before this place, if any."""
        return self._last if self._open.get(self._last) else None


class _Splitter:
    """The state of one choice: which blocks are open, and the text that cannot be decided yet."""

    def __init__(self, tags: _Tags, choice: int, *, assumed: bool) -> None:
        self._tags = tags
        self._choice = choice
        self._open: list[str] = []
        self._assumed = assumed
        self._began = False
        self._held = ""
        self._quotation = _Quotation()
        self._warned: set[str] = set()

    def feed(self, event: Text, out: list[AnyEvent]) -> None:
        """Split one delta."""
        if not event.text:
            return
        self._began = True
        if not self._held and "<" not in event.text:
            self._quotation.pass_over(event.text)
            out.append(Reasoning(event.text, event.choice) if self._inside else event)
            return
        text, self._held = self._held + event.text, ""
        position = 0
        for match in self._tags.pattern.finditer(text):
            before = text[position : match.start()]
            self._emit(before, out)
            opener = self._quotation.opener()
            following = text[match.end() : match.end() + 1]
            if opener and not following:
                self._held = match[0]
                return
            if opener and following == opener:
                self._emit(match[0], out)
            else:
                self._tag(match[2], out, closing=bool(match[1]))
            position = match.end()
        tail = self._tags.tail(text)
        self._emit(text[position:tail], out)
        self._held = text[tail:]

    def native_reasoning(self, out: list[AnyEvent]) -> None:
        """The server separates reasoning by itself: nothing is assumed any more."""
        self.release(out)
        self._assumed = False

    def release(self, out: list[AnyEvent]) -> None:
        """Give out what is held back: something else follows, so that it cannot become a tag any more."""
        held, self._held = self._held, ""
        if match := self._tags.pattern.fullmatch(held):  # waited for a closing quote that never came
            self._tag(match[2], out, closing=bool(match[1]))
        else:
            self._emit(held, out)

    def finish(self, out: list[AnyEvent]) -> None:
        """Release, and close what is open."""
        self.release(out)
        if self._began and self._inside:
            what = f"<{self._open[-1]}>" if self._open else "the reasoning that was assumed to be open"
            self._warn("think-tag-unclosed", f"{what} was never closed; all that followed was taken for reasoning", out)
        self._open.clear()
        self._assumed = False

    @property
    def _inside(self) -> bool:
        return self._assumed or bool(self._open)

    def _emit(self, text: str, out: list[AnyEvent]) -> None:
        if text:
            self._quotation.pass_over(text)
            out.append(Reasoning(text, self._choice) if self._inside else Text(text, self._choice))

    def _tag(self, name: str, out: list[AnyEvent], *, closing: bool) -> None:
        self._quotation = _Quotation()
        if not closing:
            self._assumed = False
            self._open.append(name)
            del self._open[:-_DEPTH]
        elif name in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(name) :]
        elif self._open:
            self._open.pop()
        elif self._assumed:
            self._assumed = False
        else:
            self._warn("think-tag-orphan", f"</{name}> was dropped from the text; nothing opened it", out)

    def _warn(self, rule: str, message: str, out: list[AnyEvent]) -> None:
        if rule not in self._warned:  # once a choice: a stream of tags gives no stream of warnings
            self._warned.add(rule)
            out.append(Warning(rule, message))


_DEPTH = 100
"""Open blocks that are kept track of; no answer nests so deep, and the state stays bounded."""
