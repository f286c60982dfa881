"""What failed, on the terminal: what a caller could not notice first, alike in several dialects told once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from harness.cli.verdict_table import breaks_silently, hangs
from harness.report.entries import entry_trouble
from harness.report.marks import by_gravity
from harness.report.visible import counted, plain
from harness.runner.results import Result

SHOWN = 20
"""Failures that the terminal lists; the report has all of them."""
SHOWN_CASES = 3
"""Cases that it names of an entry in a list of known failures."""
LONGEST = 400
"""Characters of a message; the results file has all of them."""


@dataclass(frozen=True, slots=True)
class _Alike:
    """A scenario that a system fails in the same way in these dialects."""

    first: Result
    pairs: tuple[str, ...]


def print_failures(console: Console, results: Iterable[Result]) -> None:
    """What fails the run or could not be judged, each with its reasons and the command that shows it again."""
    loud = [each for each in results if each.verdict == "error" or (each.verdict == "fail" and each.nonconformant)]
    found = sorted(_alike(loud), key=lambda each: (_rank(each.first), each.first.system, each.first.scenario))
    for alike in found[:SHOWN]:
        console.print(_heading(alike))
        for line in _reasons(alike.first):
            console.print(Text(f"  {line}"))
        console.print(Text(f"  {plain(alike.first.reproduce)}", "dim"))
        console.print()
    if len(found) > SHOWN:
        console.print(f"… and {len(found) - SHOWN} more\n")


def _alike(results: Iterable[Result]) -> list[_Alike]:
    groups: dict[tuple[object, ...], list[Result]] = {}
    for each in results:
        said = (each.verdict, each.note, *((one.kind, one.silent, one.message) for one in each.failures))
        groups.setdefault((each.system, each.system_version, each.scenario, said), []).append(each)
    return [_Alike(group[0], tuple(each.pair for each in group)) for group in groups.values()]


def _rank(result: Result) -> int:
    """What the caller cannot notice first, then hangs, what else fails, and what could not be judged."""
    return 0 if breaks_silently(result) else 1 if hangs(result) else 3 if result.verdict == "error" else 2


def _heading(alike: _Alike) -> Text:
    result = alike.first
    style = "bold yellow" if result.verdict == "error" else "bold red"
    how = f"{result.verdict} silently" if breaks_silently(result) else result.verdict
    name, pairs = plain(f"{result.system} {result.scenario}"), plain(", ".join(alike.pairs))
    return Text.assemble((how, style), ": ", (name, "bold"), f" ({pairs})")


def _reasons(result: Result) -> Iterable[str]:
    yield from (f"{each.kind}: {_short(each.message)}" for each in by_gravity(result.failures))
    if result.note:
        yield _short(result.note)


def _short(text: str) -> str:
    shown = plain(text)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}… and {len(shown) - LONGEST:,} more characters"


def print_entries(console: Console, results: Sequence[Result]) -> None:
    """Which entries of lists of known failures fail the run: those that are stale, and those whose time is over."""
    troubles: dict[str, list[Result]] = {}
    for each in results:
        if words := entry_trouble(each):
            troubles.setdefault(words, []).append(each)
    for words, about in troubles.items():
        console.print(Text.assemble(("known failure", "bold red"), f": {plain(_mend(words, about, results))}"))
        names = [plain(f"{each.system} {each.scenario} ({each.pair})") for each in about]
        more = f" and {counted(len(names) - SHOWN_CASES, 'more case')}" if len(names) > SHOWN_CASES else ""
        console.print(Text(f"  {', '.join(names[:SHOWN_CASES])}{more}"))
        console.print()


def _mend(words: str, about: Sequence[Result], results: Iterable[Result]) -> str:
    """An entry that covers what still fails is narrowed rather than removed."""
    place = about[0].known_place
    failing = sum(bool(place) and each.known_place == place and each.verdict == "fail" for each in results)
    if not about[0].stale or not failing:
        return words
    covered = counted(failing + len(about), "case")
    return f"{place}: {len(about)} of the {covered} that it lists as known failures pass: take those out of the entry"
