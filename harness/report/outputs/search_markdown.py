"""Searches in a Markdown summary: a table by system, dialect and kind of change, then what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.report.outputs.spans import code, short, table_line
from harness.report.searches import Alike, SearchGroup, search_groups, searched_systems, searches_line
from harness.runner.results import FuzzResult

LONGEST_LIST = 20
"""Findings that the list spells out."""
_HEADS = ("System", "Dialect", "Changes", "Streams", "Inputs", "Proof complete", "Silent", "Hangs", "Other must")
_MORE_HEADS = ("Should, may", "Known", "Not measured")


def search_blocks(searches: Sequence[FuzzResult]) -> Iterator[str]:
    """The blocks of a summary; none where nothing was searched."""
    if not searches:
        return
    yield f"### Searches\n\n{searches_line(searches)}"
    heads = (*_HEADS, *_MORE_HEADS)
    marks = ["---"] * 3 + ["---:"] * (len(heads) - 3)
    yield "\n".join([table_line(heads), table_line(marks), *map(_row, search_groups(searches))])
    found = [
        (f"{system.name} {system.version}", each) for system in searched_systems(searches) for each in system.alike
    ]
    found.sort(key=lambda item: (bool(item[1].smallest.known), item[1].mark.rank))
    lines = [_item(system, each) for system, each in found]
    more = len(lines) - LONGEST_LIST
    if lines:
        yield "\n".join([*lines[:LONGEST_LIST], *([f"- and {more} more"] if more > 0 else [])])


def _row(group: SearchGroup) -> str:
    counts = group.counts
    loud = [f"**{count}**" if count else "0" for count in (counts.silent, counts.hung, counts.must)]
    proof = f"{counts.complete:,}" if group.kind == "cuts" else "–"
    return table_line(
        [
            *(code(f"{group.system} {group.version}"), code(group.pair), group.kind),
            *(f"{counts.streams:,}", f"{counts.inputs:,}", proof, *loud),
            *(str(counts.other), str(counts.known), str(counts.errors)),
        ]
    )


def _item(system: str, alike: Alike) -> str:
    """One line for what happened alike in several streams of a system, with the smallest input."""
    cell, smallest = alike.found[0]
    level = "" if alike.mark.level == "must" else f" ({alike.mark.level})"
    streams = code(cell.result.stream) + (f" and {len(alike.found) - 1} more" if len(alike.found) > 1 else "")
    silent = " (silent)" if smallest.silent else ""
    said = "; ".join(code(short(words)) for words in smallest.differences[:1])
    known = f"; known: {code(short(smallest.known))}" if smallest.known else ""
    where = f"{code(alike.family)}{level} {code(system)} in {streams}"
    return f"- {where}: **{alike.kind}**{silent}, {code(short(smallest.words))}: {said}{known}"
