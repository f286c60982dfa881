"""What a reader made of a stream, and how two outcomes differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from harness.catalogue.checks.differences import difference
from harness.catalogue.findings import FailureKind
from harness.events import ErrorInfo

Ended: TypeAlias = Literal["completed", "truncated", "cancelled", "error", "hung", "broken"]
"""How the reader's user learnt that it was over. `broken`: the harness or its adapter failed, and nothing is known."""

EXACT = "exact"
"""The key of `Outcome.extra` for what is compared only where nothing but the cutting changed."""

ORDER = "order"
"""The key of `Outcome.extra` for the kinds of the parts of the answer, in their order."""

_SAID: dict[Ended, str] = {
    "completed": "finished",
    "truncated": "cut off",
    "cancelled": "cancelled",
    "error": "failed",
    "hung": "one that never ended",
    "broken": "unknown",
}
_SHOWN = 60
_CHANNELS = ("text", "reasoning", "refusal")
_ONLY_EXACT = ("finish_raw", "id", "model", "warnings")
"""Keys of a transcript that are compared only where nothing but the cutting changed."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be. `silent`: the reader's user had no way to notice."""

    kind: FailureKind
    what: str
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the reader's user got, as a transcript in its JSON form (DESIGN 4.2), and how it ended."""

    transcript: Mapping[str, Any]
    ended: Ended
    error: ErrorInfo | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """More that must not change, by name: of a translation its frames and losses."""
    note: str = ""
    """Why it is `broken` or `hung`."""
    attempts: int = field(default=1, compare=False)
    """How many requests were made."""


def differences(intact: Outcome, other: Outcome, *, exact: bool = False, respelled: bool = False) -> list[Difference]:
    """How `other` differs from `intact`, what matters most first; none where nothing is known of one of them.

    `exact`: also in what only our own decoders, and only under other cuts, must leave as it is (ids, the stop reason's
    own word, warnings with their places). `respelled`: arguments may be written otherwise if they mean the same.
    """
    if "broken" in (intact.ended, other.ended) or _same(intact, other, exact):
        return []
    found = list(_ending(intact, other))
    unnoticed = other.ended == "completed" and not _warned_anew(intact.transcript, other.transcript)
    cut_short = intact.ended == "completed" and other.ended != "completed"
    content = _content(intact.transcript, other.transcript, respelled=respelled, cut_short=cut_short)
    if not cut_short:
        content = [*content, *_facts(intact, other, exact)]
    return [*found, *(Difference(kind, what, unnoticed) for kind, what in content)]


_Words: TypeAlias = tuple[FailureKind, str]


def _same(intact: Outcome, other: Outcome, exact: bool) -> bool:
    return (
        exact
        and intact.ended == other.ended
        and intact.transcript == other.transcript
        and intact.error == other.error
        and intact.extra == other.extra
    )


def _warned_anew(intact: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the reader was warned of something that it was not warned of before."""
    before = {warning["rule"] for warning in intact.get("warnings") or ()}
    return any(warning["rule"] not in before for warning in other.get("warnings") or ())


def _ending(intact: Outcome, other: Outcome) -> Iterator[Difference]:
    if intact.ended == other.ended:
        if intact.error and other.error and intact.error.kind != other.error.kind:
            what = f"the error is of the kind {other.error.kind}, and not {intact.error.kind}"
            yield Difference("wrong-error", f"{what}: {_shown(other.error.message)}")
        return
    was, became = _SAID[intact.ended], _SAID[other.ended]
    if other.ended == "hung":
        yield Difference("hang", f"nothing more happened, and the caller was not told; the answer is {was}")
    elif other.ended == "completed":
        kind: FailureKind = "silent-error" if intact.ended == "error" else "silent-truncation"
        yield Difference(kind, f"an answer that is {was} passed for a finished one", silent=True)
    else:
        told = other.error.message if other.error else other.note
        what = f"an answer that is {was} passed for {became}"
        yield Difference("wrong-error", f"{what}: {_shown(told)}" if told else what)


def _content(
    intact: Mapping[str, Any], other: Mapping[str, Any], *, respelled: bool, cut_short: bool, of: str = ""
) -> list[_Words]:
    """What differs in the answer itself; of one that was cut short, only what is no beginning of the intact one."""
    found: list[_Words] = []
    for name in _CHANNELS:
        was, became = intact.get(name) or "", other.get(name) or ""
        if was != became and not (cut_short and was.startswith(became)):
            hidden = intact.get("reasoning") or "" if name == "text" else ""
            changed = difference(was, became, hidden)
            found.append((changed.kind, f"the {name}{of} changed: {changed.what}"))
    calls = list(_calls(intact.get("tool_calls") or (), other.get("tool_calls") or (), respelled))
    if not (cut_short and _fewer(intact.get("tool_calls") or (), other.get("tool_calls") or ())):
        found += [(kind, what + of) for kind, what in calls]
    return [*found, *_other_choices(intact, other, respelled=respelled, cut_short=cut_short)]


def _other_choices(
    intact: Mapping[str, Any], other: Mapping[str, Any], *, respelled: bool, cut_short: bool
) -> Iterator[_Words]:
    was, became = ({each["index"]: each for each in side.get("other_choices") or ()} for side in (intact, other))
    for index in sorted({*was, *became}):
        if index not in became and not cut_short:
            yield "loss", f"choice {index} is missing"
        elif index not in was:
            yield "corruption", f"there is a choice {index} that was never sent"
        elif index in became:
            of = f" of choice {index}"
            yield from _content(was[index], became[index], respelled=respelled, cut_short=cut_short, of=of)


def _fewer(intact: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the calls are a beginning of the intact ones, the last of them perhaps in part, but not executable."""
    if len(other) > len(intact):
        return False
    return all(
        now == was
        or (now["name"] in ("", was["name"]) and was["arguments"].startswith(now["arguments"]) and now["input"] is None)
        for was, now in zip(intact, other, strict=False)
    )


def _calls(
    intact: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]], respelled: bool
) -> Iterator[_Words]:
    if len(other) < len(intact):
        everything = "".join(call["arguments"] for call in intact)
        merged = bool(other) and len(intact) > 1 and "".join(call["arguments"] for call in other) == everything
        kind: FailureKind = "merge" if merged else "loss"
        yield kind, f"{len(other)} tool calls of {len(intact)} are there"
    elif len(other) > len(intact):
        names = {call["name"] for call in intact}
        kind = "duplicate" if all(call["name"] in names for call in other) else "corruption"
        yield kind, f"{len(other)} tool calls are there, and {len(intact)} were sent"
    for position, (was, now) in enumerate(zip(intact, other, strict=False)):
        for key in ("id", "name"):
            if was[key] != now[key]:
                yield (
                    "corruption",
                    f"the {key} of tool call {position} is {_shown(now[key])}, and not {_shown(was[key])}",
                )
        if was["arguments"] != now["arguments"] and not (respelled and _means_same(was, now)):
            seen, sent = _shown(now["arguments"]), _shown(was["arguments"])
            yield "arguments", f"the arguments of tool call {position} are {seen}, and not {sent}"


def _means_same(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return was["input"] is not None and was["input"] == now["input"]


def _facts(intact: Outcome, other: Outcome, exact: bool) -> Iterator[_Words]:
    """What an answer has besides its content."""
    was, now = intact.transcript, other.transcript
    yield from _finish(was, now, "")
    others = {each["index"]: each for each in now.get("other_choices") or ()}
    for choice in was.get("other_choices") or ():
        if choice["index"] in others:
            yield from _finish(choice, others[choice["index"]], f" of choice {choice['index']}")
    counts, seen = was.get("usage") or {}, now.get("usage") or {}
    for name in sorted({*counts, *seen}):
        if (counts.get(name) or 0) != (seen.get(name) or 0):
            kind: FailureKind = "loss" if seen.get(name) is None else "corruption"
            yield kind, f"the count of {name} is {seen.get(name)}, and not {counts.get(name)}"
    for name in _ONLY_EXACT if exact else ():
        yield from _values(name, was.get(name), now.get(name))
    for name in sorted({*intact.extra, *other.extra} - (set() if exact else {EXACT})):
        yield from _values(name, intact.extra.get(name), other.extra.get(name))


def _finish(was: Mapping[str, Any], now: Mapping[str, Any], of: str) -> Iterator[_Words]:
    if was.get("finish") == now.get("finish"):
        return
    if now.get("finish") is None:
        yield "loss", f"no stop reason{of} reached the caller; it was {was['finish']}"
    else:
        yield "corruption", f"the stop reason{of} is {now['finish']}, and not {was.get('finish')}"


def _values(name: str, was: Any, now: Any) -> Iterator[_Words]:
    """How two JSON values differ, in each of their members."""
    if was == now:
        return
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in _keys(was, now):
            yield from _values(f"{name}: {key}", was.get(key), now.get(key))
    elif isinstance(was, str) and isinstance(now, str):
        changed = difference(was, now)
        yield changed.kind, f"{name} changed: {changed.what}"
    else:
        kind: FailureKind = "order" if name == ORDER else "corruption"
        yield kind, f"{name} is {_shown(now)}, and not {_shown(was)}"


def _keys(*mappings: Mapping[str, Any]) -> Iterable[str]:
    return dict.fromkeys(key for mapping in mappings for key in mapping)


def _shown(value: Any) -> str:
    """A value as JSON, short enough for a line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = repr(text) if isinstance(value, str) else text
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
