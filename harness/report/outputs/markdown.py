"""Results as a Markdown summary that fits under a pull request.

Foreign words stand in code spans, where no markup, no mention and no reference works.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.report.comparison import Past, compare_with
from harness.report.entries import entry_trouble
from harness.report.marks import by_gravity
from harness.report.matrix import Cell, Column, Matrix, build_matrix
from harness.report.outputs.comparison_text import change_blocks
from harness.report.outputs.search_markdown import search_blocks
from harness.report.outputs.spans import code, short, table_line
from harness.report.recordings import recordings_line
from harness.report.score import Tally
from harness.report.searches import search_counts
from harness.report.visible import counted, moment
from harness.runner.results import Run

LONGEST_LIST = 20
"""Failures that one list spells out."""
COMMENT_LIMIT = 65_536
"""Characters that a comment under a pull request may have."""
CUT = "The summary is cut off here; the report has everything."


def render_markdown(run: Run, before: Past | None = None) -> str:
    """The run in a few paragraphs: a table by system and dialect, then the failures, silent ones first.

    With an earlier run to compare with, what changed since then comes before the failures.
    """
    matrix = build_matrix([run])
    failing = [cell for cell in matrix.cells if cell.worst.failing]
    blocks = [
        f"## LLM streaming compatibility: {_verdict(matrix)}",
        *(f"> **Not whole.** {words}" for words in matrix.unfinished),
        *_canary_warning(matrix),
        *([_table(matrix.columns)] if matrix.columns or not matrix.searches else []),
        *(change_blocks(compare_with(before, [run]), moment(before.started)) if before else []),
        *_listed("Silent failures", [cell for cell in failing if cell.worst.state == "silent"], matrix.columns),
        *_listed("Hangs", [cell for cell in failing if cell.worst.state == "hang"], matrix.columns),
        *_folded("Other must failures", [cell for cell in failing if _is_loud_must(cell)], matrix.columns),
        *_folded("Should and may failures", [cell for cell in failing if _is_loud_other(cell)], matrix.columns),
        *_troubles([cell for cell in matrix.cells if entry_trouble(cell.result)]),
        *_folded("Not measured", [cell for cell in matrix.cells if cell.worst.state == "error"], matrix.columns),
        *search_blocks(matrix.searches),
        *([f"Real recorded streams: {recordings_line(matrix.recordings)}"] if matrix.recordings else []),
    ]
    return _fitting(blocks, _foot(matrix))


def _fitting(blocks: Sequence[str], foot: str) -> str:
    """The blocks as far as a comment takes them, then the foot."""
    whole = "\n\n".join([*blocks, foot]) + "\n"
    if len(whole) <= COMMENT_LIMIT:
        return whole
    end = f"{CUT}\n\n{foot}\n"
    room = COMMENT_LIMIT - len(end) - len("</details>\n\n")
    kept = "\n\n".join(blocks)[:room].rpartition("\n")[0].rstrip()
    closed = "\n\n</details>" if kept.count("<details>") > kept.count("</details>") else ""
    return f"{kept}{closed}\n\n{end}"


def _verdict(matrix: Matrix) -> str:
    if matrix.unfinished:
        return "the run is not whole"
    searches = search_counts(matrix.searches)
    cases, broken = matrix.tally.nonconformant, searches.broken
    if cases or broken:
        told = [counted(cases, "case")] if cases else []
        return f"{' and '.join([*told, *([counted(broken, 'search', 'searches')] if broken else [])])} not conformant"
    if matrix.tally.errors or searches.errors:
        told = [counted(matrix.tally.errors, "case")] if matrix.tally.errors else []
        told += [counted(searches.errors, "search", "searches")] if searches.errors else []
        return f"{' and '.join(told)} not measured"
    if not matrix.tally.must_judged and not any(each.verdict in ("pass", "fail") for each in matrix.searches):
        return "nothing was judged"
    known = sum(bool(cell.result.known) for cell in matrix.cells if cell.result.level == "must") + searches.known
    return f"conformant but for {counted(known, 'known failure')}" if known else "conformant"


def _canary_warning(matrix: Matrix) -> Iterable[str]:
    suspects = [column for column in matrix.columns if column.canary]
    if suspects:
        names = ", ".join(f"{code(column.system)} in {code(column.pair)}" for column in suspects)
        yield f"> **A canary failed** ({names}): suspect the harness or the adapter before the system."


def _table(columns: Iterable[Column]) -> str:
    heads = ("System", "Dialect", "Must", "Silent", "Hangs", "Other must", "Should", "May", "Known", "Not measured")
    lines = [table_line((*heads, "Unsupported")), table_line(["---", "---", *(["---:"] * (len(heads) - 1))])]
    lines += [
        table_line([code(f"{each.system} {each.version}"), code(each.pair), *_counts(each.tally)]) for each in columns
    ]
    return "\n".join(lines)


def _counts(tally: Tally) -> list[str]:
    loud = [f"**{count}**" if count else "0" for count in (tally.silent, tally.hung, tally.must_loud)]
    quiet = [
        str(count) for count in (tally.should_failed, tally.may_failed, tally.known, tally.errors, tally.unsupported)
    ]
    return [f"{tally.must_passed}/{tally.must_judged} ({tally.percent})", *loud, *quiet]


def _is_loud_must(cell: Cell) -> bool:
    return cell.worst.state == "fail" and cell.result.level == "must"


def _is_loud_other(cell: Cell) -> bool:
    return cell.worst.state == "fail" and cell.result.level != "must"


def _listed(heading: str, cells: Sequence[Cell], columns: Sequence[Column]) -> Iterable[str]:
    if cells:
        yield f"### {heading} ({len(cells)})"
        yield _items(cells, columns)


def _folded(heading: str, cells: Sequence[Cell], columns: Sequence[Column]) -> Iterable[str]:
    if cells:
        yield f"<details><summary>{heading} ({len(cells)})</summary>"
        yield _items(cells, columns)
        yield "</details>"


def _troubles(cells: Sequence[Cell]) -> Iterable[str]:
    """Entries of lists of known failures that fail the run themselves: each is mended in the file that it names."""
    if cells:
        words = list(dict.fromkeys(entry_trouble(cell.result) for cell in cells))
        lines = [f"- {code(each)}" for each in words[:LONGEST_LIST]]
        lines += [f"- and {len(words) - LONGEST_LIST} more"] if len(words) > LONGEST_LIST else []
        yield f"### Known failures to look at again ({len(words)})"
        yield "\n".join(lines)


def _items(cells: Sequence[Cell], columns: Sequence[Column]) -> str:
    """One line for what happened alike in several dialects of a system."""
    groups: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        column = columns[cell.column]
        groups.setdefault((_where(cell, column), _what(cell)), []).append(code(column.pair))
    lines = [f"- {where} {', '.join(dialects)}: {what}" for (where, what), dialects in groups.items()]
    more = len(lines) - LONGEST_LIST
    return "\n".join([*lines[:LONGEST_LIST], *([f"- and {more} more"] if more > 0 else [])])


def _where(cell: Cell, column: Column) -> str:
    level = "" if cell.result.level == "must" else f" ({cell.result.level})"
    return f"{code(cell.result.scenario)}{level} {code(f'{column.system} {column.version}')}"


def _what(cell: Cell) -> str:
    if not cell.result.failures:
        return code(short(cell.result.note or "no reason given"))
    gravest = by_gravity(cell.result.failures)[0]
    known = (
        f"; {'flaky' if cell.result.flaky else 'known'}: {code(short(cell.result.known))}" if cell.result.known else ""
    )
    known += f"; no longer excused: {code(short(entry_trouble(cell.result)))}" if cell.result.expired else ""
    return f"**{gravest.kind}**, {code(short(gravest.message))}{known}"


def _foot(matrix: Matrix) -> str:
    header = matrix.headers[0]
    lane = "real sockets" if header.lane == "sockets" else "in process"
    versions = f"harness {code(header.harness)}, catalogue {code(header.catalogue)}"
    return f"{counted(matrix.tally.cases, 'case')}; {versions}, {lane}, {code(moment(header.started))}"
