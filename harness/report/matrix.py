"""The matrix: results of one or several runs laid out by scenario (down) and by system and dialect (across).

A gateway has a column for each dialect that it serves, and gateways stand behind all clients.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias, TypeVar

from harness.catalogue.models import Level
from harness.report.marks import LEVELS, Mark, mark, worst
from harness.report.names import cell_address, column_address, file_name
from harness.report.score import Tally, tally
from harness.report.visible import moment
from harness.runner.merge import join_searches, missing_parts
from harness.runner.results import (
    FuzzResult,
    Header,
    RecordingResult,
    Result,
    Run,
    ScenarioNote,
    SystemNote,
    pair_words,
)

CANARY_FAMILY = "canary"
REFERENCE = "reference"
"""Our own stack is the first column: it is the yardstick."""


@dataclass(frozen=True, slots=True)
class Column:
    """One system, in one version, in one dialect. `number` counts from 0 across the matrix."""

    number: int
    system: str
    version: str
    dialect: str
    upstream: str
    """Of a gateway: the dialect that it reads; empty for all other systems."""
    tally: Tally
    canary: Mark | None
    """The canary's mark where it is no pass: the harness or the adapter is the first suspect then."""

    @property
    def pair(self) -> str:
        """The dialect; of a gateway those on both of its sides, its client's last."""
        return pair_words(self.dialect, self.upstream or None)

    @property
    def address(self) -> str:
        """How the addresses of its cells name it."""
        return column_address(self.system, self.version, self.dialect, self.upstream)


@dataclass(frozen=True, slots=True)
class Cell:
    """One result with its place in the matrix."""

    result: Result
    column: int
    content: Mark
    ending: Mark
    href: str

    @property
    def worst(self) -> Mark:
        """The graver half."""
        return min(self.content, self.ending, key=lambda each: each.rank)


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario across all columns; None where it did not run."""

    scenario: str
    title: str
    level: Level
    note: ScenarioNote
    href: str
    cells: tuple[Cell | None, ...]

    @property
    def present(self) -> tuple[Cell, ...]:
        """The cells that ran."""
        return tuple(cell for cell in self.cells if cell is not None)

    @property
    def slug(self) -> str:
        """The scenario's name within its family."""
        return self.scenario.partition("/")[2] or self.scenario


@dataclass(frozen=True, slots=True)
class Family:
    """A group of scenarios, with the counts of each column."""

    name: str
    rows: tuple[Row, ...]
    tallies: tuple[Tally, ...]

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that its scenarios have."""
        return tuple(level for level in LEVELS if any(row.level == level for row in self.rows))


@dataclass(frozen=True, slots=True)
class SystemEntry:
    """One system in one version, with its columns."""

    number: int
    name: str
    version: str
    note: SystemNote | None
    href: str
    columns: tuple[Column, ...]
    tally: Tally


@dataclass(frozen=True, slots=True)
class Matrix:
    """Everything that the report shows, in order."""

    headers: tuple[Header, ...]
    systems: tuple[SystemEntry, ...]
    columns: tuple[Column, ...]
    families: tuple[Family, ...]
    tally: Tally
    recordings: tuple[RecordingResult, ...]
    searches: tuple[FuzzResult, ...]
    """One for each system, dialect, stream and kind of change."""
    unfinished: tuple[str, ...]
    """What is missing from the runs, in words."""
    repeated: int
    """How many results a later one replaced."""
    dialects: tuple[str, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all families."""
        return tuple(row for family in self.families for row in family.rows)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells that ran, row by row."""
        return tuple(cell for row in self.rows for cell in row.present)


def build_matrix(runs: Sequence[Run]) -> Matrix:
    """The matrix of these runs. Where two have the same case of the same version, the later one stands."""
    every = [result for run in runs for result in run.results]
    results = {cell_key(result): result for result in every}
    columns = _columns(results.values())
    systems = _systems(columns, results.values(), _merged(run.header.described for run in runs))
    rows = _rows(results, columns, _merged(run.header.scenarios for run in runs))
    return Matrix(
        headers=tuple(run.header for run in runs),
        systems=systems,
        columns=columns,
        families=_families(rows, columns),
        tally=tally(results.values()),
        recordings=tuple(recording for run in runs for recording in run.recordings),
        searches=join_searches(search for run in runs for search in run.searches),
        unfinished=tuple(_missing_of(runs)),
        repeated=len(every) - len(results),
        dialects=tuple(sorted({column.dialect for column in columns})),
    )


ColumnKey: TypeAlias = tuple[str, str, str, str]
Note = TypeVar("Note")


def cell_key(result: Result) -> tuple[str, ColumnKey]:
    """Which cell of the matrix a result is for."""
    return result.scenario, _column_key(result)


def _column_key(result: Result) -> ColumnKey:
    return result.system, result.system_version, result.dialect, result.upstream or ""


def _merged(maps: Iterable[dict[str, Note]]) -> dict[str, Note]:
    return {name: note for each in maps for name, note in each.items()}


def _columns(results: Iterable[Result]) -> tuple[Column, ...]:
    groups: dict[ColumnKey, list[Result]] = {}
    for result in results:
        groups.setdefault(_column_key(result), []).append(result)
    keys = sorted(groups, key=lambda key: (key[0] != REFERENCE, key[3] != "", key))
    return tuple(Column(number, *key, tally(groups[key]), _canary(groups[key])) for number, key in enumerate(keys))


def _canary(results: Iterable[Result]) -> Mark | None:
    marks = [worst(result) for result in results if result.family == CANARY_FAMILY]
    bad = [each for each in marks if each.failing or each.state == "error"]
    return min(bad, key=lambda each: each.rank) if bad else None


def _systems(
    columns: Sequence[Column], results: Iterable[Result], notes: dict[str, SystemNote]
) -> tuple[SystemEntry, ...]:
    results = list(results)
    entries = []
    for number, ((name, version), group) in enumerate(groupby(columns, key=lambda each: (each.system, each.version))):
        own = [result for result in results if (result.system, result.system_version) == (name, version)]
        href = f"systems/{file_name(f'{name} {version}')}"
        entries.append(SystemEntry(number, name, version, notes.get(name), href, tuple(group), tally(own)))
    return tuple(entries)


def _rows(
    results: dict[tuple[str, ColumnKey], Result], columns: Sequence[Column], notes: dict[str, ScenarioNote]
) -> list[Row]:
    heads: dict[str, Result] = {}
    for result in results.values():
        heads.setdefault(result.scenario, result)
    places = [
        ((column.system, column.version, column.dialect, column.upstream), column.number, column.address)
        for column in columns
    ]
    return [
        Row(
            scenario=scenario,
            title=head.title,
            level=head.level,
            note=notes.get(scenario, ScenarioNote()),
            href=f"scenarios/{file_name(scenario)}",
            cells=tuple(_cell(results.get((scenario, key)), number, address) for key, number, address in places),
        )
        for scenario, head in heads.items()
    ]


def _cell(result: Result | None, column: int, address: str) -> Cell | None:
    if result is None:
        return None
    href = cell_address(result.scenario, address)
    return Cell(result, column, mark(result, "content"), mark(result, "ending"), href)


def _families(rows: Iterable[Row], columns: Sequence[Column]) -> tuple[Family, ...]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.scenario.partition("/")[0], []).append(row)
    names = sorted(groups, key=lambda name: (name != CANARY_FAMILY, name))
    return tuple(_family(name, groups[name], columns) for name in names)


def _family(name: str, rows: Iterable[Row], columns: Sequence[Column]) -> Family:
    ordered = tuple(sorted(rows, key=lambda row: (LEVELS.index(row.level), row.scenario)))
    cells = [cell for row in ordered for cell in row.present]
    tallies = tuple(tally(cell.result for cell in cells if cell.column == column.number) for column in columns)
    return Family(name, ordered, tallies)


def missing_words(run: Run) -> str:
    """What a run lacks, in words; empty for a whole one."""
    return " ".join(_missing_of([run]))


def _missing_of(runs: Sequence[Run]) -> Iterator[str]:
    """What these runs lack together, a sentence each."""
    yield from filter(None, map(_cut_short, runs))
    if parts := missing_parts([run.header for run in runs]):
        yield f"{parts[0].upper()}{parts[1:]}."


def _cut_short(run: Run) -> str:
    """What does not say that the run came to its end; empty where it did."""
    footer = run.footer
    started = moment(run.header.started)
    if footer is None:
        return f"The run of {started} did not come to its end: results may be missing."
    if footer.interrupted:
        return f"The run of {started} was interrupted: results are missing."
    there = len(run.results) + len(run.recordings) + len(run.searches)
    if footer.results not in (there, len(run.results)):
        return f"The run of {started} says that it had {footer.results:,} results, but {there:,} are there."
    return ""
