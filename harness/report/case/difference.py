"""Compares what was expected with what was seen, character by character, and marks the difference in both."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from markupsafe import Markup

from harness.report.visible import laid_out, left_out, shortened, shown

CHARACTERS = 500
"""Up to so many differing characters are compared one by one, above that word by word."""
WORDS = 800
"""Up to so many differing words are compared one by one, above that the whole stretch is marked."""
ALIKE = 0.4
"""Stretches less alike than this share are marked whole: a patchwork of chance matches helps nobody."""
CONTEXT = 160
"""Characters of agreement that stay around a difference."""
PANE = 6000
"""Characters that one marked stretch may show."""
ONE_LINE = 72
"""Characters up to which a JSON value stays in one line."""

_WORD = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of text that both sides have (`same`), or only this side."""

    text: str
    same: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Expected and seen as HTML, with the difference marked."""

    expected: Markup
    seen: Markup
    equal: bool


def compare(expected: str, seen: str) -> tuple[list[Stretch], list[Stretch]]:
    """The stretches of both texts. The same stretches, in order, are `same` on both sides."""
    head = _common_prefix(expected, seen)
    tail = _common_prefix(expected[head:][::-1], seen[head:][::-1])
    middles = _compare_middles(expected[head : len(expected) - tail], seen[head : len(seen) - tail])
    prefix, suffix = Stretch(expected[:head], True), Stretch(expected[len(expected) - tail :], True)
    left, right = ([each for each in (prefix, *middle, suffix) if each.text] for middle in middles)
    return left, right


def _common_prefix(one: str, other: str) -> int:
    """How many characters both begin with."""
    shorter = min(len(one), len(other))
    if one[:shorter] == other[:shorter]:
        return shorter
    return next(place for place in range(shorter) if one[place] != other[place])


def _compare_middles(expected: str, seen: str) -> tuple[list[Stretch], list[Stretch]]:
    whole = [Stretch(expected, False)], [Stretch(seen, False)]
    if not expected or not seen:
        return whole
    short = max(len(expected), len(seen)) <= CHARACTERS
    left, right = (list(expected), list(seen)) if short else (_WORD.findall(expected), _WORD.findall(seen))
    if max(len(left), len(right)) > WORDS:
        return whole
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < ALIKE:
        return whole
    codes = matcher.get_opcodes()
    return (
        [Stretch("".join(left[a:b]), tag == "equal") for tag, a, b, _, _ in codes],
        [Stretch("".join(right[c:d]), tag == "equal") for tag, _, _, c, d in codes],
    )


def pair(expected: Any, seen: Any) -> Pair:
    """Both values as HTML: strings as they are, all else as laid-out JSON."""
    left, right = _as_texts(expected, seen)
    show = shown if isinstance(expected, str) and isinstance(seen, str) else laid_out
    if left == right and type(expected) is type(seen):
        return Pair(shortened(left, PANE, show), shortened(right, PANE, show), True)
    expected_stretches, seen_stretches = compare(left, right)
    return Pair(_marked(expected_stretches, "del", show), _marked(seen_stretches, "ins", show), False)


def value(data: Any) -> Markup:
    """One JSON value as HTML, shortened."""
    if data in (None, "", [], {}):
        return Markup("<em>nothing</em>")
    return shortened(as_text(data), PANE, shown if isinstance(data, str) else laid_out)


def as_text(value: Any) -> str:
    """A string as it is; any other JSON value in one line where it is short, else laid out."""
    if isinstance(value, str):
        return value
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) <= ONE_LINE else json.dumps(value, indent=2, ensure_ascii=False)


def _as_texts(expected: Any, seen: Any) -> tuple[str, str]:
    """Both as text; where one must be laid out, the other is, too."""
    left, right = as_text(expected), as_text(seen)
    if isinstance(expected, str) or isinstance(seen, str) or ("\n" in left) == ("\n" in right):
        return left, right
    return json.dumps(expected, indent=2, ensure_ascii=False), json.dumps(seen, indent=2, ensure_ascii=False)


def _marked(stretches: list[Stretch], tag: str, show: Callable[[str], Markup]) -> Markup:
    frame = Markup(f"<{tag}>{{}}</{tag}>")
    last = len(stretches) - 1
    return Markup("").join(
        _agreement(stretch.text, show, before=CONTEXT * (number > 0), after=CONTEXT * (number < last))
        if stretch.same
        else frame.format(shortened(stretch.text, PANE, show))
        for number, stretch in enumerate(stretches)
    )


def _agreement(text: str, show: Callable[[str], Markup], before: int, after: int) -> Markup:
    """Text that both sides have: so much of it stays after the difference `before` it and before the one `after` it."""
    if len(text) <= 2 * CONTEXT + 80:
        return show(text)
    kept_end = text[len(text) - after :]
    return show(text[:before]) + left_out(len(text) - before - after, "equal characters") + show(kept_end)
