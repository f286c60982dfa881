"""A comparison of two runs in words: for a terminal, and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.report.comparison import CHANGE_KINDS, Change, ChangeKind, Comparison, Outcome
from harness.report.outputs.spans import code
from harness.report.visible import counted, plain

HEADINGS: dict[ChangeKind, str] = {
    "broke": "passed before, and fails now",
    "new-failure": "fails now, and was not judged before",
    "changed": "fails as before, but otherwise",
    "unmeasured": "judged before, and could not be judged now",
    "fixed": "failed before, and passes now",
    "support": "claimed by the system in one of the two runs alone",
    "gone": "ran before, and did not run now",
}
LISTED = 50
"""Changes of one kind that the Markdown spells out."""
SHORT_LIST = 12
"""As many as that of them where other things are told as well."""
SPELT_OUT: tuple[ChangeKind, ...] = ("broke", "new-failure", "unmeasured")
MESSAGE = 160


def in_one_line(change: Change) -> str:
    """The case, what it was and what it is, and the first failure in words."""
    versions = _versions(change)
    message = change.after.message if change.after else ""
    words = f"{change.system}{versions} {change.case} ({change.pair}), {change.level}: {states(change)}"
    return plain(f"{words}: {_short(message)}" if message else words)


def comparison_markdown(comparison: Comparison) -> str:
    """The comparison in a few paragraphs. Foreign words stand in code spans, where no markup works."""
    broke = len([change for change in comparison.of("broke") if change.is_regression])
    verdict = f"{counted(broke, 'case')} broke" if broke else "nothing broke"
    blocks = [f"## LLM streaming compatibility: {verdict}"]
    for kind in CHANGE_KINDS:
        if changes := comparison.of(kind):
            blocks.append("\n".join(_section(kind, changes)))
    blocks.append(f"{counted(comparison.same, 'case')} as before.")
    return "\n\n".join(blocks) + "\n"


def change_blocks(comparison: Comparison, since: str) -> Iterator[str]:
    """What changed since then as a part of a longer text: what broke and newly fails case by case, the rest counted."""
    broke = len([change for change in comparison.of("broke") if change.is_regression])
    yield f"### Since {since}: {counted(broke, 'case')} broke" if broke else f"### Since {since}: nothing broke"
    for kind in SPELT_OUT:
        if changes := comparison.of(kind):
            yield "\n".join(_section(kind, changes, SHORT_LIST))
    others = [kind for kind in CHANGE_KINDS if kind not in SPELT_OUT and comparison.of(kind)]
    counts = [f"{HEADINGS[kind]}: {len(comparison.of(kind))}" for kind in others]
    yield "; ".join([*counts, f"as before: {comparison.same}"]) + "."


def _section(kind: ChangeKind, changes: Sequence[Change], most: int = LISTED) -> Iterator[str]:
    heading = HEADINGS[kind]
    yield f"**{heading[0].upper()}{heading[1:]}: {len(changes)}**"
    yield ""
    for change in changes[:most]:
        name = f"{code(change.system + _versions(change))} {code(change.case)} ({code(change.pair)})"
        message = change.after.message if change.after else ""
        words = f"- {name}, {change.level}: {states(change)}"
        yield f"{words}: {code(_short(message))}" if message else words
    if len(changes) > most:
        yield f"- and {len(changes) - most} more"


def _versions(change: Change) -> str:
    was, now = (outcome.version if outcome else "" for outcome in (change.before, change.after))
    if was and now and was != now:
        return f" {was} → {now}"
    return f" {now or was}" if now or was else ""


def states(change: Change) -> str:
    """What the case was and what it is, such as `pass → fail [silent loss]`."""
    if change.before is None or change.after is None:
        return _state(change.after) if change.after else f"was {_state(change.before)}"
    return f"{_state(change.before)} → {_state(change.after)}"


def _state(outcome: Outcome | None) -> str:
    if outcome is None:
        return "not run"
    kinds = ", ".join(dict.fromkeys(each.kind for each in outcome.how)) if outcome.verdict == "fail" else ""
    silent = "silent " if outcome.silent else ""
    known = " (known)" if outcome.known else ""
    return f"{outcome.verdict}{f' [{silent}{kinds}]' if kinds else ''}{known}"


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= MESSAGE else f"{line[: MESSAGE - 1]}…"
