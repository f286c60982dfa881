"""How a text differs from the one that was sent, in the words of failure kinds. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile

from harness.catalogue.findings import FailureKind
from harness.catalogue.models import AnyValue, PartialText, TextExpectation

_MARKERS = {
    "a think tag": re.compile(r"</?(?:think|thinking|thought|reasoning)\b"),
    "a control token": re.compile(r"<\|\w+\|>"),
    "an end marker": re.compile(r"\[DONE\]"),
    "a field name of the framing": re.compile(r"^(?:data|event|id|retry):", re.MULTILINE),
    "raw JSON of the protocol": re.compile(
        r'"(?:choices|delta|candidates|finish_reason|finishReason|content_block|response_id|done|sequence_number)"\s*:'
    ),
    "a byte-order mark": re.compile("\ufeff"),
}
_TAGS = ("<think>", "</think>")
_REPLACEMENT = "\ufffd"
_HALF_TAG = 2
"""Characters of a think tag that make a stray piece of text a piece of the tag."""
_HIDDEN_WORD = 3
"""Characters that a piece of text must share with the reasoning to count as leaked from there."""
_TAIL = 8
"""Characters at the end of a text by which its place in another one is found."""
_ALIGN_LIMIT = 2_000
"""Characters up to which two differing middles are aligned; longer ones count as one change."""
_BEFORE, _AFTER = 40, 120


@dataclass(frozen=True, slots=True)
class Difference:
    """The kind of a difference, what it is in words, and the character of the expected text where it begins."""

    kind: FailureKind
    what: str
    at: int


def compare(expected: TextExpectation, seen: str, hidden: str = "") -> Difference | None:
    """The difference, None where there is none. `hidden` is what must not show in this text: the reasoning."""
    if isinstance(expected, AnyValue):
        return None
    if isinstance(expected, PartialText):
        return _compare_partial(expected, seen, hidden)
    return None if seen == expected else difference(expected, seen, hidden)


def _compare_partial(expected: PartialText, seen: str, hidden: str) -> Difference | None:
    whole = expected.prefix_of
    if not whole.startswith(seen):
        return difference(_likely_prefix(whole, seen), seen, hidden)
    if len(seen) < len(expected.at_least):
        return Difference("loss", _lost(expected.at_least[len(seen) :]), len(seen))
    return None


def _likely_prefix(whole: str, seen: str) -> str:
    """The beginning of the text that was probably delivered: up to where the last characters seen stand in it."""
    for tail in (seen[-length:] for length in range(_TAIL, 0, -1)):
        if tail in whole:
            return whole[: whole.rindex(tail) + len(tail)]
    return whole


def difference(expected: str, seen: str, hidden: str = "") -> Difference:
    """How `seen` differs from `expected`; the two are not equal."""
    at = _common(expected, seen)
    added, removed = _changes(expected, seen)
    marker = _leaked(expected, seen, added, hidden)
    if marker:
        return Difference("leak", f"{marker} is in it", at)
    if seen.count(_REPLACEMENT) > expected.count(_REPLACEMENT):
        return Difference("corruption", "replacement characters (U+FFFD) stand for characters that were sent", at)
    if _is_subsequence(seen, expected):
        return Difference("loss", _lost("".join(removed)), at)
    if not expected:
        return Difference("corruption", "nothing was sent there", at)
    if _is_subsequence(expected, seen) and all(piece in expected for piece in added):
        return Difference("duplicate", f"{_short(''.join(added))} is there again", at)
    if Counter(expected) == Counter(seen):
        return Difference("order", "the same characters came in another order", at)
    return Difference("corruption", f"{_short(''.join(added))} was never sent there", at)


def _lost(missing: str) -> str:
    return f"{_short(missing)} is missing"


def _common(expected: str, seen: str) -> int:
    """How many characters they have in common at the beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(expected, seen, strict=False)))


def _changes(expected: str, seen: str) -> tuple[list[str], list[str]]:
    """The pieces that `seen` has and `expected` has not, and the other way round."""
    start = _common(expected, seen)
    rest = min(len(expected), len(seen)) - start
    end = min(_common(expected[::-1], seen[::-1]), rest)
    before = expected[start : len(expected) - end]
    after = seen[start : len(seen) - end]
    if max(len(before), len(after)) > _ALIGN_LIMIT:
        return [after] if after else [], [before] if before else []
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changed = [step for step in steps if step[0] != "equal"]
    return (
        [after[low:high] for _, _, _, low, high in changed if low < high],
        [before[low:high] for _, low, high, _, _ in changed if low < high],
    )


def _leaked(expected: str, seen: str, added: list[str], hidden: str) -> str | None:
    """What leaked into the text, in words."""
    for what, pattern in _MARKERS.items():
        if len(pattern.findall(seen)) > len(pattern.findall(expected)):
            return what
    for piece in added:
        if len(piece) >= _HALF_TAG and ("<" in piece or ">" in piece) and any(piece in tag for tag in _TAGS):
            return "a piece of a think tag"
        if len(piece.strip()) >= _HIDDEN_WORD and piece.strip() in hidden:
            return "reasoning"
    if len(hidden.strip()) >= _HIDDEN_WORD and hidden.strip() in seen and hidden.strip() not in expected:
        return "reasoning"
    return None


def _is_subsequence(part: str, whole: str) -> bool:
    letters = iter(whole)
    return all(letter in letters for letter in part)


def excerpt(text: str, at: int) -> str:
    """The text around a character, short enough to be shown."""
    start = at - _BEFORE if at > _BEFORE + 10 else 0
    end = at + _AFTER
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _short(text: str) -> str:
    return repr(text if len(text) <= _BEFORE else text[:_BEFORE] + "…")
