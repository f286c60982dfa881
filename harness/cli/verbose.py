"""Each case as it ends, for those who want to see all of them: `--verbose`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from harness.cli.verdict_table import breaks_silently
from harness.report.marks import by_gravity
from harness.report.visible import counted, plain, seconds
from harness.runner.results import FuzzResult, Line, RecordingResult, Result

LONGEST = 200
"""Characters of a reason."""
_STYLES = {
    "pass": "green",
    "fail": "bold red",
    "fail silently": "bold red",
    "stale": "bold red",
    "error": "bold yellow",
    "unsupported": "dim",
}


def as_it_ends(line: Line) -> Iterator[Text]:
    """A case, a search or a recorded stream in a line, and below it what is wrong with it; nothing of other lines."""
    match line:
        case Result():
            name = f"{line.system} {line.scenario} ({line.pair})"
            yield _line(_state(line), f"{name} {seconds(line.duration_s)}")
            if line.known:
                yield _reason(f"known: {line.known}")
            for finding in by_gravity(line.failures):
                yield _reason(f"{finding.kind}: {finding.message}")
            if line.note:
                yield _reason(line.note)
        case FuzzResult():
            tried = counted(sum(line.tried.values()), "input")
            yield _line(line.verdict, f"{line.system} {line.kind} of {line.stream} ({line.dialect}), {tried}")
            for found in line.findings:
                yield _reason(f"{found.kind}: {found.words}")
            if line.note:
                yield _reason(line.note)
        case RecordingResult():
            yield _line(line.verdict, f"{line.id} ({line.dialect}, {line.provider})")
            for problem in line.problems:
                yield _reason(problem)


def _state(result: Result) -> str:
    """The verdict in a word or two."""
    if result.stale:
        return "stale"
    if result.verdict != "fail" or result.nonconformant:
        return "fail silently" if breaks_silently(result) else result.verdict
    if result.known:
        return "flaky" if result.flaky else "known"
    return result.level


def _line(state: str, name: str) -> Text:
    return Text.assemble((f"{state:<13}", _STYLES.get(state, "yellow")), f" {plain(name)}")


def _reason(words: str) -> Text:
    shown = plain(" ".join(words.split()))
    return Text(f"{'':<14}{shown if len(shown) <= LONGEST else f'{shown[:LONGEST]}…'}", "dim")
