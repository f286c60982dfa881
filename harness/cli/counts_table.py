"""A table of counts as it suits the screen: lines of a name, a part of it, and numbers.

Where there is room, name and part stand in one line with the counts; else the name has a line of its own above them.
On a terminal, columns in which nothing is counted are left out. Elsewhere every line says everything, for programs that
look for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from harness.report.visible import plain


@dataclass(frozen=True, slots=True)
class CountColumn:
    """A column: its heading, a shorter one, and its colour where the count is not 0."""

    head: str
    short: str
    style: str
    always: bool = False
    """Whether it stands there even if nothing is counted in it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line: what it is about, and a count for each column."""

    name: str
    part: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CountsTable:
    """The lines, with the headings of the first two columns and of the counts."""

    heads: tuple[str, str]
    columns: tuple[CountColumn, ...]
    rows: Sequence[Row]

    def print(self, console: Console) -> None:
        """The table in the form that the console has room for."""
        for line in self._as_fits(console.width) if console.is_terminal else self._in_one_line(repeat=True):
            console.print(line)

    def _as_fits(self, width: int) -> list[Text]:
        """The roomiest form that is no wider than that, or the narrowest."""
        counted = [
            at for at, each in enumerate(self.columns) if each.always or any(row.counts[at] for row in self.rows)
        ]
        table = CountsTable(
            self.heads,
            tuple(self.columns[at] for at in counted),
            [Row(row.name, row.part, tuple(row.counts[at] for at in counted)) for row in self.rows],
        )
        drawn: list[Text] = []
        for form in (table._in_one_line, table._in_two_lines):
            for short in (False, True):
                drawn = form(short=short)
                if max(map(len, drawn)) <= width:
                    return drawn
        return drawn

    def _in_one_line(self, *, short: bool = False, repeat: bool = False) -> list[Text]:
        name, part = self._name_width, self._part_width
        lines = [self._head(f"{self.heads[0]:<{name}}  {self.heads[1]:<{part}}", short)]
        before = ""
        for row in self.rows:
            shown = plain(row.name) if repeat or row.name != before else ""
            before = row.name
            line = Text.assemble((f"{shown:<{name}}", "bold"), f"  {plain(row.part):<{part}}")
            lines.append(self._counted(line, row, short))
        return lines

    def _in_two_lines(self, *, short: bool = False) -> list[Text]:
        part = self._part_width
        lines = [self._head(f"  {self.heads[1]:<{part}}", short)]
        before = ""
        for row in self.rows:
            if row.name != before:
                lines.append(Text(plain(row.name), "bold"))
            before = row.name
            lines.append(self._counted(Text(f"  {plain(row.part):<{part}}"), row, short))
        return lines

    def _head(self, beginning: str, short: bool) -> Text:
        words = (f"{self._title(at, short):>{self._width(at, short)}}" for at in range(len(self.columns)))
        return Text("  ".join([beginning, *words]), "dim")

    def _counted(self, line: Text, row: Row, short: bool) -> Text:
        for at, (column, count) in enumerate(zip(self.columns, row.counts, strict=True)):
            line.append("  ").append(f"{count:>{self._width(at, short)}}", column.style if count else "dim")
        return line

    @property
    def _name_width(self) -> int:
        return max(len(self.heads[0]), *(len(plain(row.name)) for row in self.rows))

    @property
    def _part_width(self) -> int:
        return max(len(self.heads[1]), *(len(plain(row.part)) for row in self.rows))

    def _title(self, at: int, short: bool) -> str:
        return self.columns[at].short if short else self.columns[at].head

    def _width(self, at: int, short: bool) -> int:
        return max(len(self._title(at, short)), *(len(str(row.counts[at])) for row in self.rows))
