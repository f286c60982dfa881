"""What `harness lint --json` writes and a report reads: each endpoint's standing, each stream's findings.

The document is one JSON object, a LintRecord. Text in it is what servers sent: hostile, and to be escaped by who shows
it. Bytes are base64.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from harness.lint.finding import Level

Format: TypeAlias = Literal["harness-lint/1"]
EXCERPT = 200
"""How many bytes of a body an excerpt has at most."""


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """Some bytes of a body: those of the frame that breaks a rule, or the last ones where the end is what is wrong."""

    at: int
    """The place of the first of them in the body."""
    data: bytes
    text: str
    """The same, as text; bytes that are no UTF-8 as backslash escapes."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rule was broken: a file, the number of the exchange in it from 0, a byte of its body."""

    file: str
    exchange: int
    offset: int
    excerpt: Excerpt


class BrokenRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that some streams of an endpoint broke."""

    rule: str
    level: Level
    message: str
    """What was said at the first place."""
    streams: int
    """How many streams broke it."""
    times: int
    judged: int
    """How many streams could have broken it: not those whose recorder kept too little to tell."""
    first: Place


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one provider's streams in one dialect."""

    provider: str
    dialect: str
    streams: int
    clean: int
    """Streams that broke no rule of any level."""
    rebuilt: int = 0
    """Streams of which the recorder kept the payloads alone; nothing is said of their framing."""
    broken: tuple[BrokenRule, ...] = ()
    """Those of `must` first, and what most streams broke before the rest."""


class StreamFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A broken rule of one stream, and the byte of its body."""

    rule: str
    level: Level
    offset: int
    message: str


class StreamRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One stream that was linted."""

    file: str
    exchange: int
    dialect: str
    provider: str
    bytes: int
    note: str
    findings: tuple[StreamFinding, ...]
    traits: dict[str, int] = {}
    """What the stream does, as `harness.lint.traits` names it, each with the byte at which it was first seen."""


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange that is no stream to lint, or a file (`exchange` null), and why."""

    file: str
    exchange: int | None
    reason: str


class LintRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The document."""

    format: Format = "harness-lint/1"
    endpoints: tuple[Endpoint, ...] = ()
    """By dialect and then by provider."""
    streams: tuple[StreamRecord, ...] = ()
    others: tuple[LeftOut, ...] = ()

    def findings(self) -> Iterator[StreamFinding]:
        """Those of all streams."""
        return (finding for each in self.streams for finding in each.findings)


class UnreadableLint(ValueError):
    """The file is none that `harness lint --json` writes; the message names it and says what to do."""


def excerpt(body: bytes, offset: int) -> Excerpt:
    """The bytes at a place of the body."""
    at = offset if offset < len(body) else max(0, len(body) - EXCERPT)
    data = body[at : at + EXCERPT]
    return Excerpt(at=at, data=data, text=data.decode("utf-8", "backslashreplace"))


def lint_json(record: LintRecord) -> str:
    """The document as text."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode()


def read_lint(path: Path) -> LintRecord:
    """The document in a file; raises UnreadableLint."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableLint(f"{path}: cannot be read: {error.strerror}; give the path of a file") from error
    try:
        if msgspec.json.decode(data, type=_Told).format is None:
            raise msgspec.ValidationError("Object missing required field `format`")
        return msgspec.json.decode(data, type=LintRecord)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableLint(f"{path}: {error}; `harness lint FILES --json` writes such a file") from None


class _Told(msgspec.Struct, frozen=True):
    """What any document says of itself."""

    format: Format | None = None
