"""Streams to lint, out of files of any form that can be imported: cassettes, archives, bodies, recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from harness.lint.corrections import Corrections, correction_of
from harness.lint.finding import Finding
from harness.lint.linter import Linter
from harness.recording.cassette import Exchange
from harness.recording.content_coding import UnpackedTooLarge, unpacked
from harness.recording.golden import Asked, asked_in
from harness.recording.importers.imported import REBUILT_FRAMES, UnreadableImport, Wishes
from harness.recording.importers.recognise import import_file

SUFFIXES = frozenset({".yaml", ".yml", ".json", ".har", ".sse", ".ndjson", ".jsonl", ".gz", ".txt", ".bin", ".zip"})
"""Of files that are looked at where a folder was named; a file that was named is looked at whatever it is called."""
UNFINISHED = frozenset({"cancelled", "timeout"})
"""Endings that are the recorder's doing: that such a stream does not come to its end is no fault of its server's."""
OF_FRAMING = frozenset({"event-name", "event-name-missing", "frame-unterminated", "done-missing"})
"""Rules that say nothing of a stream whose recorder kept the payloads alone, and whose framing is rebuilt."""
NO_PROVIDER = "unknown"
AGAIN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "anthropic-messages": frozenset({"frame-after-end"}),
        "openai-chat": frozenset({"id-changed", "finish-twice"}),
        "openai-responses": frozenset({"frame-after-end"}),
    }
)
"""Rules that are all broken where one stream follows another: of payloads alone, which some recorders file together."""
_NOTHING: Corrections = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LintedStream:
    """One stream and what is wrong with it. `number` counts the exchanges of its file from 0."""

    file: Path
    number: int
    dialect: str
    provider: str
    body: bytes
    """What was linted: without content coding."""
    findings: tuple[Finding, ...]
    note: str = ""
    """What its recorder says of it: `imported from …`."""
    whole: bool = True
    """Whether it came to an end of its own; False where its recorder left."""
    headers: tuple[tuple[str, str], ...] | None = None
    """Those of its response, where it came from the wire itself."""

    @property
    def rebuilt(self) -> bool:
        """Whether the recorder kept the payloads alone, so that the frames around them are not the server's."""
        return REBUILT_FRAMES in self.note


@dataclass(frozen=True, slots=True)
class NotLinted:
    """An exchange, or a file in a folder, that is no stream to lint, and why; `number` None: the whole file."""

    file: Path
    number: int | None
    reason: str


def lint_files(
    paths: Iterable[Path], dialect: str | None = None, corrections: Corrections = _NOTHING
) -> Iterator[LintedStream | NotLinted]:
    """Every stream in those files and folders, in their order; with `dialect` only those of it.

    A body without a request is of `dialect`, or of the one that its frames show. Raises UnreadableImport for a file
    that was named and cannot be read; one in a folder is told of instead.
    """
    for path in paths:
        if not path.is_dir():
            yield from _in_file(path, dialect, corrections)
            continue
        files = [file for file in sorted(path.rglob("*")) if file.suffix in SUFFIXES and file.is_file()]
        if not files:
            raise UnreadableImport(f"{path}: no recording lies there; name a file, or a folder that holds some")
        for file in files:
            try:
                yield from _in_file(file, dialect, corrections)
            except UnreadableImport as error:
                yield NotLinted(file, None, str(error).removeprefix(f"{file}: "))


def _in_file(file: Path, dialect: str | None, corrections: Corrections) -> Iterator[LintedStream | NotLinted]:
    for number, exchange in enumerate(import_file(file, Wishes(dialect=dialect)).exchanges):
        known = correction_of(corrections, file, number, exchange.note or "")
        if known and known.left_out:
            yield NotLinted(file, number, known.left_out)
        else:
            named = replace(exchange, provider=known.provider) if known else exchange
            yield lint_exchange(named, file, number)


def lint_exchange(exchange: Exchange, file: Path, number: int) -> LintedStream | NotLinted:
    """What is wrong with the stream that an exchange is; or why it is none. Never raises for what it holds."""
    asked = asked_in(exchange)
    response = exchange.response
    body: bytes | None = None
    if asked is None:
        return NotLinted(file, number, "its address is that of no known dialect")
    if reason := _no_stream(exchange, asked):
        return NotLinted(file, number, reason)
    try:
        body = unpacked(response.body, response.header("content-encoding") or "")
    except UnpackedTooLarge as error:
        return NotLinted(file, number, str(error))
    if body is None:
        return NotLinted(file, number, f"its body is packed as {response.header('content-encoding')!r}")
    if body[:1] == b"\0":
        return NotLinted(file, number, "it is in AWS's own framing, which has no rules here")
    whole = response.ending not in UNFINISHED
    findings = lint_body(asked.dialect.name, body, whole=whole)
    note = exchange.note or ""
    if REBUILT_FRAMES in note:
        if AGAIN.get(asked.dialect.name, frozenset({""})) <= {each.rule for each in findings}:
            return NotLinted(file, number, "its recorder put several streams into one")
        findings = [each for each in findings if each.rule not in OF_FRAMING]
    provider = exchange.provider or NO_PROVIDER
    return LintedStream(file, number, asked.dialect.name, provider, body, tuple(findings), note, whole)


def _no_stream(exchange: Exchange, asked: Asked) -> str:
    if not exchange.response.head:
        return "there was no answer"
    if not 200 <= exchange.response.status < 300:
        return f"it was answered with status {exchange.response.status}"
    if not asked.request.stream:
        return "no stream was asked for"
    return ""


def lint_body(dialect: str, body: bytes, *, whole: bool = True) -> list[Finding]:
    """The findings in a body; `whole` False: its reader left, and nothing is said of where it ends."""
    linter = Linter(dialect)
    found = linter.feed(body)
    return [*found, *linter.close()] if whole else found
