"""How each system stands, in one line: for the tables of the README and of the snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.report.matrix import Matrix, SystemEntry, build_matrix
from harness.report.outputs.spans import code
from harness.runner.results import Run

BEGIN, END = "<!-- matrix:begin -->", "<!-- matrix:end -->"
"""What stands around the table in a file that has one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One system over all its dialects. Counts are of cases."""

    system: str
    version: str
    language: str
    dialects: tuple[str, ...]
    must_passed: int
    must_judged: int
    silent: int
    hung: int
    other_must: int
    should: int
    known: int
    unsupported: int
    not_measured: int
    upstream: str
    """Of a gateway: the dialect that it reads; empty for all other systems."""
    suspect: bool
    """Whether a canary did not pass: then the adapter or the harness is suspected first."""


def standings(matrix: Matrix) -> list[Standing]:
    """Every system of the matrix, in its order."""
    return [_standing(system) for system in matrix.systems]


def _standing(system: SystemEntry) -> Standing:
    counts = system.tally
    return Standing(
        system=system.name,
        version=system.version,
        language=system.note.language if system.note else "",
        dialects=tuple(column.dialect for column in system.columns),
        must_passed=counts.must_passed,
        must_judged=counts.must_judged,
        silent=counts.silent,
        hung=counts.hung,
        other_must=counts.must_loud,
        should=counts.should_failed,
        known=counts.known,
        unsupported=counts.unsupported,
        not_measured=counts.errors,
        upstream=system.columns[0].upstream,
        suspect=any(column.canary for column in system.columns),
    )


def table_markdown(entries: Sequence[Standing]) -> str:
    """The standings as a Markdown table; those whose canary did not pass have a table of their own."""
    blocks = [_table(each for each in entries if not each.suspect)]
    if suspects := [each for each in entries if each.suspect]:
        blocks += ["A canary did not pass: of these the adapter or the harness is suspected first.", _table(suspects)]
    return "\n\n".join(blocks)


def _table(entries: Iterable[Standing]) -> str:
    heads = ["System", "Language", "Dialects", "Must passed", "Silent", "Hangs", "Other must", "Should", "Known"]
    rows = [[*heads, "Unsupported"], ["---"] * 3 + ["---:"] * 7, *map(_cells, entries)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(each: Standing) -> list[str]:
    loud = [f"**{count}**" if count else "0" for count in (each.silent, each.hung, each.other_must)]
    quiet = [str(count) for count in (each.should, each.known, each.unsupported)]
    name, dialects = code(f"{each.system} {each.version}"), ", ".join(map(_word, each.dialects))
    if each.upstream:
        dialects = f"{_word(each.upstream)} → {dialects}"
    return [name, _word(each.language), dialects, f"{each.must_passed}/{each.must_judged}", *loud, *quiet]


def _word(text: str) -> str:
    """A name of ours or of an adapter's, without anything that could be markup."""
    return re.sub(r"[^\w .+-]", "", text)


def write_table(run: Run, path: Path) -> None:
    """Puts the table between the marks of a file; raises what `around_table` raises."""
    before, after = around_table(path)
    table = table_markdown(standings(build_matrix([run])))
    path.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def around_table(path: Path) -> tuple[str, str]:
    """What stands before and after the marks of a file. Raises ValueError where they are not there, and OSError."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no {BEGIN} … {END} to put the table between")
    return before, after
