"""Rules for streams whose frames are not as they were sent: what the frames say that are left, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.catalogue.findings import FailureKind
from harness.fuzz.damage.account import CHANNELS, Account, Channel
from harness.fuzz.damage.demands import all_calls, bare, channel_of, is_finished, noticed, shown
from harness.fuzz.outcome import Outcome
from harness.transcript import parse_arguments


def _as_said(account: Account, intact: Outcome) -> Iterator[Channel]:
    """The channels that the reader gives as the frames say them, so that something can be told of them.

    White space at either end is the reader's own affair: many a program trims what it shows.
    """
    said = (each for each in CHANNELS if channel_of(intact.transcript, each) == account.said(each))
    return (each for each in said if not account.splits_characters(each))


@dataclass(frozen=True, slots=True)
class WhatIsThere:
    """The text is that of the frames that came, or of those that were sent; of an error, a beginning of either."""

    account: Account
    changed: Account
    name: str = "what-is-there"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        for channel in _as_said(self.account, intact):
            got, came = bare(channel_of(outcome.transcript, channel)), bare(self.changed.said(channel))
            to_finish = self.changed.said(channel, self.changed.frames_to_finish())
            allowed = [bare(text).strip() for text in (self.account.said(channel), came, to_finish)]
            if is_finished(outcome) and got.strip() not in allowed:
                yield "corruption", f"the {channel} is {shown(got)}, and the frames say {shown(came)}"
            elif not any(text.startswith(got.strip()) for text in allowed):
                yield "corruption", f"the {channel} {shown(got)} is no beginning of {shown(came)}"


@dataclass(frozen=True, slots=True)
class RestUntouched:
    """What the frames before `first` say comes first, and what those from `behind` on say comes last."""

    account: Account
    first: int
    behind: int
    after: bool
    name: str = "rest-untouched"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        for channel in _as_said(self.account, intact):
            got = bare(channel_of(outcome.transcript, channel))
            before = bare(self.account.said(channel, self.first))
            tail = bare(self.account.said(channel, behind=self.behind))
            begins = got.lstrip().startswith(before.strip())
            if not begins and (is_finished(outcome) or not before.lstrip().startswith(got.strip())):
                yield (
                    "corruption",
                    f"the {channel} {shown(got)} does not begin with {shown(before)}, which came unharmed",
                )
            elif self.after and is_finished(outcome) and not got.rstrip().endswith(tail.strip()):
                yield "loss", f"the {channel} {shown(got)} does not end with {shown(tail)}, which came unharmed"


@dataclass(frozen=True, slots=True)
class NoOtherCall:
    """Calls are those of the frames that came, or of those that were sent."""

    account: Account
    changed: Account
    opens: bool
    """What was touched begins a call: then one without arguments may be left."""
    name: str = "no-other-call"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        said = [*self.account.calls(), *self.changed.calls()]
        if not calls_as_said(self.account, intact):
            return
        names = {"", *(call.name for call in said), *(call["name"] for call in all_calls(intact.transcript))}
        runnable = [read(call.arguments) for call in said for read in (_object_in, parse_arguments)]
        runnable += [call["input"] for call in all_calls(intact.transcript)]
        if self.opens or any(not call.arguments.strip() for call in said):
            runnable.append({})
        for call in all_calls(outcome.transcript):
            if call["name"] not in names and not any(name.startswith(call["name"]) for name in names):
                yield "arguments", f"no frame calls {call['name']!r}"
            elif call["input"] is not None and call["input"] not in runnable:
                yield "arguments", f"no frames say {call['name']}({call['arguments']}), and it can be run"


def _object_in(arguments: str) -> Any:
    """The object that arguments spell, or begin with: who makes calls as soon as they are whole reads no further."""
    try:
        return json.JSONDecoder(strict=False).raw_decode(arguments.lstrip())[0]
    except (ValueError, RecursionError):
        return None


def calls_as_said(account: Account, intact: Outcome) -> bool:
    """Whether the reader makes no call of the intact stream but those that the tables find in it."""
    said = [read(call.arguments) for call in account.calls() for read in (_object_in, parse_arguments)]
    return all(call["input"] is None or call["input"] in [*said, {}] for call in all_calls(intact.transcript))


@dataclass(frozen=True, slots=True)
class NoEmptiedCall:
    """A frame with a piece of a call's arguments was unreadable: what is left of them is not nothing."""

    account: Account
    name: str = "no-other-call"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        if not calls_as_said(self.account, intact):
            return
        empty = [call.arguments.strip() in ("", "{}") for call in self.account.calls()]
        empty += [call["input"] == {} for call in all_calls(intact.transcript)]
        for call in all_calls(outcome.transcript):
            if call["input"] == {} and not any(empty):
                yield "arguments", f"{call['name']} can be run without arguments, though they could not be read"


@dataclass(frozen=True, slots=True)
class GapNoticed:
    """Text that a numbered stream lost is not lost in silence."""

    account: Account
    changed: Account
    name: str = "gap-noticed"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        for channel in _as_said(self.account, intact):
            got, whole = channel_of(outcome.transcript, channel), self.account.said(channel)
            if got != whole and not noticed(outcome):
                yield "loss", f"of the {channel} {shown(whole)} only {shown(got)} was given, and nothing was said of it"


@dataclass(frozen=True, slots=True)
class UnreadableNoticed:
    """A frame that could not be read is told of, where the answer is another one without it."""

    name: str = "unreadable-noticed"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        if not noticed(outcome) and _content(outcome) != _content(intact):
            yield "loss", "a frame could not be read, and the rest passed for the whole answer"


def _content(outcome: Outcome) -> list[Any]:
    calls = [(call["name"], call["arguments"]) for call in all_calls(outcome.transcript)]
    return [*(channel_of(outcome.transcript, channel) for channel in CHANNELS), calls]
