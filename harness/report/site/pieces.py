"""Pieces of a cell's page that many cells have alike: laid out once, and put together again without a template.

In a report of tens of thousands of cells the same bytes are played to every system, the same outcome is expected, and
the same headers are sent. What is kept is bounded. All text in them went through `visible`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from jinja2 import Environment
from markupsafe import Markup, escape

from harness.report.case.body import BodyView, ChunkRow, Gap, size_words
from harness.report.case.event_lines import EventLine
from harness.report.case.evidence import TimedLine
from harness.report.case.outcome import FieldView
from harness.report.case.wire_log import AttemptView
from harness.report.case.words import status_words
from harness.report.marks import Mark
from harness.report.matrix import Cell, Row
from harness.report.visible import counted, laid_out, plain, seconds, shortened, shown

SLOT = "\N{NULL}"
"""Where the time of a row goes. No page has this character: `visible` shows it as an escape."""
KEPT = 64
"""How many laid-out bodies, and rows of outcomes, are kept."""
HEADER = 300
"""Characters of a header that a page shows."""

_UNSENT = ' class="unsent"'
_FAULTS = '<ul class="faults">{}</ul>\n'
_READS = '<ul class="reads">{}</ul>'


class Pieces:
    """What templates of cells use for the parts that make up most of a page."""

    def __init__(self, environment: Environment) -> None:
        """Pieces that look as the templates of this environment say."""
        self._field = environment.get_template("_field.html")
        self._icon: Callable[[str], str] = vars(environment.get_template("_parts.html").module)["icon"]
        self._badges = environment.get_template("_verdicts.html")
        self._about = environment.get_template("_about.html")
        self._verdicts: dict[tuple[Mark, Mark], Markup] = {}
        self._abouts: dict[str, Markup] = {}
        self._fields: dict[FieldView, Markup] = {}
        self._links: dict[str, list[str]] = {}
        self._icons: dict[str, str] = {}

    def verdicts(self, cell: Cell) -> Markup:
        """Both marks of a cell, in words."""
        marks = cell.content, cell.ending
        if marks not in self._verdicts:
            self._verdicts[marks] = Markup(self._badges.render(content=cell.content, ending=cell.ending))
        return self._verdicts[marks]

    def about(self, row: Row) -> Markup:
        """Why there is a row's scenario, and where it happened."""
        if row.scenario not in self._abouts:
            self._abouts.clear()
            self._abouts[row.scenario] = Markup(self._about.render(note=row.note))
        return self._abouts[row.scenario]

    def field(self, field: FieldView) -> Markup:
        """One row of what was expected and seen."""
        if field not in self._fields:
            if len(self._fields) >= KEPT:
                self._fields.clear()
            self._fields[field] = Markup(self._field.render(field=field))
        return self._fields[field]

    def elsewhere(self, row: Row, column: int) -> Markup:
        """Links to the cells of a row, but for that in this column."""
        if row.scenario not in self._links:
            self._links.clear()
            self._links[row.scenario] = [self._other(cell) for cell in row.present]
        links = zip(row.present, self._links[row.scenario], strict=True)
        return Markup("".join(link for cell, link in links if cell.column != column))

    def _other(self, cell: Cell) -> str:
        mark, result = cell.worst, cell.result
        if mark.symbol not in self._icons:
            self._icons[mark.symbol] = self._icon(mark.symbol)
        name = f"{escape(plain(result.system))} · {escape(plain(result.pair))}"
        return (
            f'<li><a class="{mark.state} {mark.level}" href="{escape(cell.href)}">{self._icons[mark.symbol]}'
            f'{name}<span class="vh">: {mark.words}</span></a></li>\n'
        )


def attempt(view: AttemptView) -> Markup:
    """One attempt: its request, the head of the answer, the body chunk by chunk, and how it ended."""
    record, anchor = view.record, view.anchor
    name = f"{'Fallback attempt' if record.fallback else 'Attempt'} {record.number}"
    faults = "".join(f"<li><b>{_refusal(anchor)}</b> {shown(fault)}</li>" for fault in record.request_faults)
    return Markup(
        f'<section class="attempt" id="{anchor}" aria-labelledby="{anchor}-h">\n'
        f'<h3 id="{anchor}-h">{name} <span class="when">at\n{seconds(record.at_s)}\n</span></h3>\n'
        f"{_FAULTS.format(faults) if faults else ''}"
        f'<div class="exchange">\n<details><summary><b>{shown(record.method)}</b> <code>{shown(record.path)}</code>'
        f'</summary>\n<pre class="head">{headers(record.request_headers)}</pre>\n<pre class="body">\n'
        f"{view.request_body}</pre>\n</details>\n{_answer(view)}</div>\n{chunks(view)}{_end(view)}</section>\n"
    )


def _refusal(anchor: str) -> str:
    return "Not well-formed:" if anchor[0] == "g" else "The vendor would refuse this request:"


def _answer(view: AttemptView) -> str:
    """The head of the answer; its body is what the chunks show."""
    record = view.record
    if record.status is None:
        return f'<p class="status">No status line. <span class="dot">·</span> {shown(view.ending)}</p>\n'
    bad = ' class="bad"' if record.status >= 400 else ""
    return (
        f"<details><summary><b{bad}>{record.status}</b> {status_words(record.status)} "
        f'<span class="dot">·</span> {counted(view.size, "byte")} in {counted(len(record.chunks), "chunk")}</summary>\n'
        f'<pre class="head">{headers(record.headers)}</pre>\n</details>\n'
    )


def _end(view: AttemptView) -> str:
    record = view.record
    ended = "never:" if record.ended_s is None else f"at\n{seconds(record.ended_s)}:\n"
    left = "; <strong>the client had left before</strong>" if record.client_left else ""
    error = f"\n<br><b>Our stack reads</b> <code>{shortened(view.error, 600)}</code>" if view.error else ""
    events = ", ".join(f"<code>{shown(event.kind)} {event.words}</code>" for event in view.closing)
    closing = f"\n<br><b>At the end our decoder reads</b> {events}" if events else ""
    return f'<p class="ended"><b>Ended</b> {ended} {shown(view.ending)}{left}.{error}{closing}</p>\n'


def chunks(attempt: AttemptView, timed: bool = True) -> Markup:
    """The chunks of an attempt, in rows, each with its time where they are `timed`."""
    parts = _body(attempt.body, timed)
    if len(parts) == 1:
        return Markup(parts[0])
    rows = [row for row in attempt.rows if isinstance(row, ChunkRow)]
    times = [seconds(time) for row, time in zip(rows, attempt.times, strict=True) if row.sent]
    return Markup("".join(part for pair in zip(parts, [*times, ""], strict=True) for part in pair))


@lru_cache(maxsize=KEPT)
def _body(body: BodyView, timed: bool) -> list[str]:
    """The rows of a body, in parts between which the times go."""
    if not body.rows:
        return [""]
    rows = (_gap(row) if isinstance(row, Gap) else _chunk(row, timed) for row in body.rows)
    return f'<ol class="chunks">\n{"".join(rows)}</ol>\n'.split(SLOT)


def _gap(gap: Gap) -> str:
    words = f"{counted(gap.chunks, 'chunk')}, {counted(gap.size, 'byte')}"
    return f'<li class="gap"><em>… {words}, left out …</em></li>\n'


def _chunk(row: ChunkRow, timed: bool) -> str:
    """A row; its time is in a line of its own, since only that differs from one system to the next."""
    number = f"{row.first:,}" if row.last == row.first else f"{row.first:,}–{row.last:,}"
    time = "<span>not sent</span> " if not row.sent else f"<span>\n{SLOT}\n</span> " if timed else ""
    hexadecimal = f'<pre class="hex">{laid_out(row.hexadecimal)}</pre>' if row.hexadecimal else ""
    cut = f'<span class="cut{" c" if row.in_character else ""}">{row.cut}</span>' if row.cut else ""
    events = "".join(f"<li><b>{shown(event.kind)}</b> {event.words}</li>" for event in row.events)
    return (
        f'<li{"" if row.sent else _UNSENT}><div class="at"><b>{number}</b> {time}<span>@{row.offset:,}</span> '
        f'<span>{size_words(row)}</span></div><div class="bytes"><pre class="text">{row.text}</pre>{hexadecimal}{cut}'
        f"</div>{_READS.format(events) if events else ''}</li>\n"
    )


def headers(pairs: Iterable[Sequence[str]]) -> Markup:
    """Headers, one a line."""
    return _headers(tuple(map(tuple, pairs)))


@lru_cache(maxsize=512)
def _headers(pairs: tuple[tuple[str, str], ...]) -> Markup:
    return Markup("".join(_header(name, value) for name, value in pairs))


@lru_cache(maxsize=4_096)
def _header(name: str, value: str) -> str:
    return f"<span>{shown(name)}:</span> {shortened(value, HEADER)}\n"


def events(lines: Iterable[TimedLine]) -> Markup:
    """The rows of the caller's table of events, each time in a line of its own as well."""
    rows = (("" if each.at_s is None else seconds(each.at_s), _event(each.line)) for each in lines)
    return Markup("".join(f'<tr><td class="n">\n{time}\n</td><td>{event}</td></tr>\n' for time, event in rows))


@lru_cache(maxsize=4_096)
def _event(line: EventLine) -> str:
    return f"<b>{shown(line.kind)}</b> <code>{line.words}</code>"
