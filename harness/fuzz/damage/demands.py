"""What must hold of the outcome of a damaged stream: small rules, joined to the demand of one variant.

The words of each are those of `specs/damage.yaml`. Nothing is demanded of a reader that broke, or that made nothing
whole of the intact stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from harness.catalogue.findings import FailureKind
from harness.catalogue.models import Level
from harness.fuzz.damage.account import CHANNELS, NEVER, Account, Channel
from harness.fuzz.damage.spec import THE_DIALECTS, damage_spec
from harness.fuzz.outcome import Difference, Ended, Outcome
from harness.stack.think_tags import TAG_NAMES

_SHOWN = 60
_HALVES = re.compile("[\ufffd\ud800-\udfff]")
"""What may come of half a surrogate pair whose other half was in another frame, or of a byte that is no UTF-8."""
_SPACE = re.compile(r"\s+")
_PARTIAL_TAG = re.compile(r"<[^<>]{0,30}$")


_ENDED: Mapping[str, Ended] = {
    "completed": "completed",
    "truncated": "truncated",
    "cancelled": "cancelled",
    "failed": "error",
}


class Rule(Protocol):
    """One rule as it applies to one variant."""

    @property
    def name(self) -> str:
        """Its name in `specs/damage.yaml`."""

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        """Each way in which it is broken."""


@dataclass(frozen=True, slots=True)
class Demands:
    """All rules that apply to one variant."""

    rules: tuple[Rule, ...]
    by: str
    """The dialect's own authority."""

    @property
    def why(self) -> str:
        """The rules, in words, and on whose word."""
        return " ".join(self._said(rule.name) for rule in self.rules)

    def _said(self, name: str) -> str:
        spec = damage_spec()
        rule = spec.rules[name]
        return f"{rule.says} ({spec.authorities[self.by if rule.by == THE_DIALECTS else rule.by]})"

    @property
    def level(self) -> Level:
        """The weakest of the rules' levels."""
        texts = damage_spec().rules
        levels: tuple[Level, ...] = ("may", "should", "must")
        return min((texts[rule.name].level for rule in self.rules), key=levels.index, default="must")

    def broken_by(self, outcome: Outcome, intact: Outcome) -> list[Difference]:
        """What does not hold of `outcome`, nor of what else was made of the stream beside it."""
        if "broken" in (outcome.ended, intact.ended) or intact.ended == "hung":
            return []
        return [
            Difference(kind, f"{where}{what} ({rule.name})", not noticed(got))
            for where, got, whole in _views(outcome, intact)
            for rule in self.rules
            for kind, what in rule.breaches(got, whole)
        ]


def _views(outcome: Outcome, intact: Outcome) -> Iterator[tuple[str, Outcome, Outcome]]:
    """The outcome, and each transcript among its extras as an outcome of its own: (where it is, it, the intact one)."""
    yield "", outcome, intact
    for name, value in outcome.extra.items():
        whole = intact.extra.get(name)
        if isinstance(value, Mapping) and isinstance(whole, Mapping) and "status" in value and "status" in whole:
            yield f"{name}: ", _viewed(value, outcome), _viewed(whole, intact)


def _viewed(transcript: Mapping[str, Any], beside: Outcome) -> Outcome:
    """A transcript beside an outcome. Warnings of the one that was read are the other's, too."""
    warnings = transcript.get("warnings") or beside.transcript.get("warnings", [])
    return Outcome({**transcript, "warnings": warnings}, _ENDED[transcript["status"]])


def noticed(outcome: Outcome) -> bool:
    """Whether anything told the reader's user that not all was well."""
    return outcome.ended != "completed" or bool(outcome.transcript.get("warnings"))


def is_finished(outcome: Outcome) -> bool:
    """Whether the answer passed for a whole one."""
    return outcome.ended == "completed" and not outcome.transcript.get("error")


@dataclass(frozen=True, slots=True)
class EndsInTime:
    """Nothing hangs. Who has asked once more than usual is at its repeats, whose pauses are its own affair."""

    name: str = "ends-in-time"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        if outcome.ended == "hung" and outcome.attempts <= intact.attempts:
            yield "hang", "nothing had ended at the deadline"


@dataclass(frozen=True, slots=True)
class NotFinished:
    """The answer was cut before anything said that it is over."""

    account: Account
    at: int
    name: str = "not-finished"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        if not is_finished(outcome):
            return
        over_at = self.account.finished_at()
        if over_at > self.at and (over_at < NEVER or not is_finished(intact)):
            yield "silent-truncation", "an answer that was cut off before its stop reason passed for finished"
        elif intact.transcript.get("other_choices"):
            yield from self._others()

    def _others(self) -> Iterator[tuple[FailureKind, str]]:
        for choice in sorted(self.account.choices - {0}):
            if self.account.begun_at(choice) < self.at < self.account.finished_at(choice) < NEVER:
                yield "silent-truncation", f"choice {choice} was cut off before its stop reason and passed for finished"


@dataclass(frozen=True, slots=True)
class NoEndLeft:
    """Of a stream that said that it is over, no frame that says so is left."""

    changed: Account
    name: str = "not-finished"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        if is_finished(outcome) and self.changed.finished_at() == NEVER:
            yield "silent-truncation", "an answer whose end was lost passed for finished"


@dataclass(frozen=True, slots=True)
class ErrorWins:
    """An error came before the stop reason; `name` is that of the rule, with a good end behind the error or without."""

    account: Account
    name: str

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        known = self.account.finished_at() < NEVER or not is_finished(intact)
        if is_finished(outcome) and known:
            yield "silent-error", "an answer with an error in it passed for finished"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What came of each channel is a beginning of what comes of the whole stream."""

    account: Account
    at: int
    name: str = "beginning"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        if self.account.unreadable_at(self.at):
            return  # half of what nobody can read may be readable
        for channel in CHANNELS:
            got, whole = bare(channel_of(outcome.transcript, channel)), bare(channel_of(intact.transcript, channel))
            if not whole.startswith(got) and not self._taken_apart(channel, got, whole):
                kind: FailureKind = "duplicate" if whole and got.startswith(whole) else "corruption"
                yield kind, f"the {channel} {shown(got)} is no beginning of {shown(whole)}"

    def _taken_apart(self, channel: Channel, got: str, whole: str) -> bool:
        """A reader that takes tags out of the text may let half a tag go at the end, or a block that none closed."""
        said = self.account.said("text")
        if channel == "refusal" or bare(said) == whole or "<" not in said:
            return False
        come = self.account.said("text", min(self.account.frames_before(self.at) + 1, len(self.account.frames)))
        if any(come.count(f"<{name}>") > come.count(f"</{name}>") for name in TAG_NAMES):
            return True
        return whole.startswith(_PARTIAL_TAG.sub("", got).rstrip())


@dataclass(frozen=True, slots=True)
class Kept:
    """What whole frames said before the place reached the caller, where the reader gives that channel as it is."""

    account: Account
    frames: int
    name: str = "kept"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        for channel in CHANNELS if outcome.ended != "hung" else ():
            if channel_of(intact.transcript, channel) == self.account.said(channel):
                wanted, got = self.account.said(channel, self.frames), channel_of(outcome.transcript, channel)
                if wanted.startswith(got) and len(got) < len(wanted.rstrip()):  # many a program trims what it shows
                    yield "loss", f"of the {channel} {shown(wanted)}, which had come, only {shown(got)} was given"


@dataclass(frozen=True, slots=True)
class CallsCut:
    """Calls are beginnings of those of the whole stream, and look whole only if they are."""

    name: str = "call-not-executable"

    def breaches(self, outcome: Outcome, intact: Outcome) -> Iterator[tuple[FailureKind, str]]:
        left = all_calls(intact.transcript)
        for call in all_calls(outcome.transcript):
            match = next((whole for whole in left if _begins(call, whole)), None)
            if match is not None:
                left.remove(match)
            elif call["input"] is not None:
                yield "arguments", f"the call {call['name']}({call['arguments']}) can be run, and was never made"
            else:
                yield "arguments", f"no call begins like {call['name']}({call['arguments']})"


def _begins(call: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    if not whole["name"].startswith(call["name"]):
        return False
    if call["input"] is not None and call["name"] == whole["name"]:
        return bool(call["input"] == whole["input"])
    arguments: str = _SPACE.sub("", whole["arguments"])
    return call["input"] is None and arguments.startswith(_SPACE.sub("", call["arguments"]))


def all_calls(transcript: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The calls of all choices."""
    choices = [transcript, *transcript.get("other_choices", ())]
    return [call for choice in choices for call in choice.get("tool_calls", ())]


def channel_of(transcript: Mapping[str, Any], channel: Channel) -> str:
    """What the first choice says on a channel."""
    return transcript.get(channel) or ""


def bare(text: str) -> str:
    """A text without what may come of half a surrogate pair."""
    return text if text.isascii() else _HALVES.sub("", text)


def shown(text: str) -> str:
    """A text in quotes, a long one without its middle."""
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}…{text[-_SHOWN // 2 :]}")
