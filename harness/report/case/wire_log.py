"""The wire log of a case: every attempt's request, and the response chunk by chunk beside what our decoder reads in it.

Long bodies are shortened here, in the page; the results keep every byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from markupsafe import Markup

from harness.dialects import dialect as dialect_record
from harness.dialects import stream_names
from harness.report.case.body import BodyView, ChunkRow, Gap, Limits, Played, body_view
from harness.report.case.event_lines import EventLine
from harness.report.case.words import ENDING_WORDS, compact
from harness.report.visible import laid_out, shortened
from harness.runner.results import Alteration, AttemptRecord


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt, ready to be laid out."""

    record: AttemptRecord
    anchor: str
    request_body: Markup
    body: BodyView
    ending: str
    error: str
    """What our stack reads in an HTTP error."""

    @property
    def rows(self) -> tuple[ChunkRow | Gap, ...]:
        """The chunks of the body, in rows."""
        return self.body.rows

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return self.body.size

    @property
    def closing(self) -> tuple[EventLine, ...]:
        """What our decoder says when the body ends."""
        return self.body.closing

    @property
    def decoded(self) -> bool:
        """Whether our decoder could read the body."""
        return self.body.decoded

    @property
    def marked(self) -> frozenset[int]:
        """The offsets of findings that have a mark in the text."""
        return self.body.marked

    @property
    def times(self) -> tuple[float | None, ...]:
        """When the last chunk of each row was sent; None for one that never was."""
        chunks = self.record.chunks
        return tuple(chunks[row.last - 1].sent_s for row in self.rows if isinstance(row, ChunkRow))


def attempt_view(
    record: AttemptRecord,
    dialect: str,
    offsets: Sequence[int],
    limits: Limits,
    *,
    side: str = "a",
    altered: Sequence[Alteration] = (),
) -> AttemptView:
    """An attempt as its page shows it; `offsets` are the places in the body that findings point to.

    `altered` are those in which it differs from an intact one.

    `side` is a letter that tells the attempts of one side of a gateway from those of the other.
    """
    anchor = f"{'f' if record.fallback else side}{record.number}"
    return AttemptView(
        record=record,
        anchor=anchor,
        request_body=_request_body(record.request_body, limits.request_characters),
        body=body_view(
            _played(record, altered), dialect, anchor if offsets else "", tuple(sorted(set(offsets))), limits
        ),
        ending=ENDING_WORDS.get(record.how_ended or "", record.how_ended or "never"),
        error=_error_words(record, dialect),
    )


def _played(record: AttemptRecord, altered: Sequence[Alteration]) -> Played:
    coding = next((value for name, value in record.headers if name.lower() == "content-encoding"), "")
    sent = sum(chunk.sent_s is not None for chunk in record.chunks)
    chunks = tuple(chunk.data_b64 for chunk in record.chunks)
    return Played(chunks, sent, coding, 200 <= (record.status or 0) < 300, tuple(altered))


def _error_words(record: AttemptRecord, dialect: str) -> str:
    if record.status is None or record.status < 400 or dialect not in stream_names():
        return ""
    headers = {name.lower(): value for name, value in record.headers}
    body = b"".join(chunk.data for chunk in record.chunks)
    error: dict[str, object] = msgspec.to_builtins(dialect_record(dialect).read_error(record.status, headers, body))
    return " ".join(f"{name}={compact(value)}" for name, value in error.items() if value is not None)


@lru_cache(maxsize=128)
def _request_body(body: str, limit: int) -> Markup:
    """A JSON body laid out for reading; any other body as it is."""
    try:
        layout = msgspec.json.format(body, indent=1)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return shortened(body, limit)
    return shortened(layout, limit, laid_out)
