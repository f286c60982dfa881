"""The results file: JSON lines with a header, one line a result, and a footer that says that the run is whole.

Everything else (HTML, JUnit, comparison of runs) is a view of these lines.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import structs

from harness.catalogue.findings import FailureKind, Finding, Verdict
from harness.catalogue.models import Level

FORMAT = 1


class ChunkRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One chunk of a response as it was sent: when (seconds into the case; None if never), and its bytes."""

    sent_s: float | None
    data_b64: str

    @property
    def data(self) -> bytes:
        """The bytes."""
        return base64.b64decode(self.data_b64)


class AttemptRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request and what was played in answer; `status` None: there was no status line."""

    number: int
    at_s: float
    method: str
    path: str
    request_headers: list[tuple[str, str]]
    request_body: str
    request_faults: list[str]
    status: int | None = None
    headers: list[tuple[str, str]] = []
    chunks: list[ChunkRecord] = []
    how_ended: str | None = None
    ended_s: float | None = None
    client_left: bool = False
    fallback: bool = False
    given_up: list[int] = []
    """Chunks, counted from 0, whose gate opened only because it gave up."""


class EventRecord(msgspec.Struct, frozen=True):
    """One event as the caller got it."""

    at_s: float
    event: dict[str, Any]


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the verdict rests on: expectation, what the caller saw, what the wire saw."""

    expected: dict[str, Any] = {}
    seen: dict[str, Any] = {}
    """The transcript of the caller's events, and under `end` how the caller learnt that it was over."""
    events: list[EventRecord] = []
    wire: list[AttemptRecord] = []
    """What the origin saw; of a gateway, its upstream side."""
    front: list[AttemptRecord] = []
    """Of a gateway: what our client in front of it sent and got; `sent_s` of a chunk says when it was read."""
    stderr: str = ""
    left_out_bytes: int = 0
    """How long the answer was, where the case passed and its answer was too long to be kept."""


class ScenarioNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a reader of the results must know of a scenario, so that the file explains itself."""

    why: str = ""
    incidents: list[str] = []
    needs: list[str] = []


class SystemNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a system said of itself."""

    language: str = ""
    kind: str = "client"
    dialects: list[str] = []
    features: list[str] = []
    upstream: str | None = None
    """Of a gateway: the dialect that it reads; it serves `dialects`."""


class Header(msgspec.Struct, frozen=True, tag_field="record", tag="header"):
    """The first line: what ran, on what."""

    format: int
    harness: str
    catalogue: str
    started: str
    lane: Literal["sockets", "in-process"]
    python: str
    platform: str
    systems: dict[str, str] = {}
    scenarios: dict[str, ScenarioNote] = {}
    """By scenario id; a scenario that is not here is shown without its reason."""
    described: dict[str, SystemNote] = {}
    """By system name."""
    left_out: dict[str, str] = {}
    """By system name: why it does not take part though one might look for it."""
    shard: str = ""
    """Which parts of a run that was spread over machines this is, as `2/4` or `1/4, 3/4`; empty: all of it."""


def pair_words(dialect: str, upstream: str | None) -> str:
    """In words what a system speaks: `gemini`, or `openai-chat → gemini` for a gateway that reads the first."""
    return dialect if upstream is None else f"{upstream} → {dialect}"


class Result(msgspec.Struct, frozen=True, tag_field="record", tag="result"):
    """The verdict of one (system, dialect, scenario)."""

    system: str
    system_version: str
    dialect: str
    scenario: str
    family: str
    title: str
    level: Level
    verdict: Verdict
    content: Verdict
    ending: Verdict
    failures: list[Finding]
    attempts: int
    duration_s: float
    reproduce: str
    note: str = ""
    upstream: str | None = None
    """Of a gateway: the dialect that it reads; `dialect` is then that of its client."""
    known: str | None = None
    """Why this failure is known and does not fail the run; a known failure that passes is stale, and does."""
    known_proof: str = ""
    """Where a known failure is shown: the id of a test, a place in the documents, or an address."""
    known_until: str = ""
    """The last day on which the entry stands, such as `2027-01-31`; empty: as long as it fails."""
    known_place: str = ""
    """Where the entry is written: the file and the line."""
    flaky: bool = False
    """Whether it is known that the verdict may be either; `known` says why."""
    expired: str = ""
    """Why this failure was known until a day that is over: `known` is empty then, and the entry fails the run."""
    evidence: Evidence | None = None

    @property
    def pair(self) -> str:
        """The dialect; of a gateway those on both of its sides, its client's last."""
        return pair_words(self.dialect, self.upstream)

    @property
    def silent(self) -> bool:
        """Whether the caller had no way to notice one of the failures."""
        return any(failure.silent for failure in self.failures)

    def without_evidence(self) -> Result:
        """The same verdict without what it rests on, save a broken system's last words: it is small."""
        if self.evidence is None:
            return self
        return structs.replace(self, evidence=Evidence(stderr=self.evidence.stderr) if self.evidence.stderr else None)

    @property
    def stale(self) -> bool:
        """Whether it is listed as a known failure, and passes."""
        return bool(self.known) and not self.flaky and self.verdict == "pass"

    @property
    def nonconformant(self) -> bool:
        """Only a `must` that fails is non-conformance; so is an entry as a known failure that is stale or expired."""
        if self.expired:
            return self.verdict in ("pass", "fail")
        if self.known:
            return self.stale
        return self.level == "must" and self.verdict == "fail"


class RecordingResult(msgspec.Struct, frozen=True, tag_field="record", tag="recording"):
    """What became of one real recorded stream: decoded whole, and again in other cuttings.

    `problems` says in words what does not hold, or, where `verdict` is `unsupported`, why it was not decoded or not
    compared. `cuttings` counts the ways in which the stream was cut besides whole.
    """

    system: str
    id: str
    dialect: str
    provider: str
    source: str
    size: int
    frames: int
    cuttings: int
    status: str
    finish: str | None
    verdict: Verdict
    problems: list[str]
    warnings: list[str]
    golden: bool = False
    """An exchange of a cassette, which is compared with its golden transcript as well."""
    no_case: str = ""
    """Of an exchange: why no system was run through it."""


class Alteration(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place at which a changed stream has other bytes than the intact one: from `start` to before `end` of its body.

    `was_b64` is what the intact one has there, or the beginning of it; `was_size` how many bytes that are.
    """

    start: int
    end: int
    was_b64: str = ""
    was_size: int = 0


class FuzzFinding(msgspec.Struct, frozen=True, omit_defaults=True):
    """The smallest input found that breaks a reader in one way.

    `words` say what was done to the stream, `plan` is that as data; `body_b64` are the chunks as they were played.
    `differences` say what was wrong then; `expected` and `seen` are transcripts, of the intact stream and of this one.
    """

    family: str
    level: Level
    words: str
    plan: dict[str, Any]
    kind: FailureKind
    silent: bool
    differences: list[str]
    body_b64: list[str]
    status: int
    headers: list[tuple[str, str]]
    how_ended: str
    expected: dict[str, Any]
    seen: dict[str, Any]
    reproduce: str
    altered: list[Alteration] = []
    """Where the body differs from the intact one; empty for cuts, and for a body in a content coding."""
    rule: str = ""
    """Of damage: what is demanded of a reader then."""
    known: str | None = None
    known_proof: str = ""
    known_until: str = ""
    known_place: str = ""
    expired: str = ""
    """Why this was known until a day that is over; `known` is empty then."""

    @property
    def nonconformant(self) -> bool:
        """Whether a `must` is broken that was not known to be, or what was known is no longer excused."""
        return not self.known and (self.level == "must" or bool(self.expired))


class FuzzResult(msgspec.Struct, frozen=True, tag_field="record", tag="fuzz", omit_defaults=True):
    """What a search for one kind of change in one stream found in one system.

    `tried` counts the inputs by family. `proof` says of cuts whether every cutting is covered: `complete`, or
    `sampled` where only those that were tried are; `proof_note` says what was shown, in words.
    """

    system: str
    system_version: str
    dialect: str
    stream: str
    source: str
    size: int
    kind: Literal["cuts", "neutral", "damage"]
    tried: dict[str, int]
    verdict: Verdict
    findings: list[FuzzFinding]
    seed: int
    examples: int
    duration_s: float
    reproduce: str
    upstream: str | None = None
    provider: str = ""
    proof: Literal["complete", "sampled", ""] = ""
    proof_note: str = ""
    note: str = ""
    """Why there is no verdict, where it is `error` or `unsupported`."""

    @property
    def silent(self) -> bool:
        """Whether the caller had no way to notice one of the findings."""
        return any(finding.silent for finding in self.findings)

    @property
    def nonconformant(self) -> bool:
        """Only a `must` that is broken, and was not known to be, is non-conformance."""
        return any(finding.nonconformant for finding in self.findings)


class Footer(msgspec.Struct, frozen=True, tag_field="record", tag="footer"):
    """The last line: how many results there are, and how long the run took."""

    results: int
    duration_s: float
    interrupted: bool = False
    note: str = ""
    """What did not come to its turn, and why."""


Line: TypeAlias = Header | Result | RecordingResult | FuzzResult | Footer


@dataclass(frozen=True, slots=True)
class Run:
    """What a results file says. `footer` None: the run did not end, results may be missing."""

    header: Header
    results: tuple[Result, ...]
    recordings: tuple[RecordingResult, ...]
    footer: Footer | None
    evidence_in: Path | None = None
    """The results file that holds the evidence, where `results` are without it."""
    searches: tuple[FuzzResult, ...] = ()

    def complete_results(self) -> Iterator[Result]:
        """The results with all their evidence, one in memory at a time where they have to be read for it.

        Raises UnreadableResults or OSError.
        """
        if self.evidence_in is None:
            yield from self.results
        else:
            yield from (line for line in read_lines(self.evidence_in) if isinstance(line, Result))


class UnreadableResults(ValueError):
    """The file is no results file; the message names the file, the line and what is wrong there."""


def encode_line(line: Line) -> bytes:
    """One line of the file, with its line end. Halves of surrogate pairs, which UTF-8 cannot say, become escapes."""
    try:
        return msgspec.json.encode(line) + b"\n"
    except UnicodeEncodeError:
        return msgspec.json.encode(_sayable(msgspec.to_builtins(line))) + b"\n"


def _sayable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case list():
            return [_sayable(item) for item in value]
        case dict():
            return {_sayable(key): _sayable(item) for key, item in value.items()}
    return value


def read_run(path: Path, *, evidence: bool = True) -> Run:
    """Reads a results file; raises UnreadableResults or OSError.

    Without `evidence` the results stay small, and the run says where their evidence is.
    """
    lines: list[Line] = []
    for line in read_lines(path):
        lines.append(line.without_evidence() if isinstance(line, Result) and not evidence else line)
    if not lines or not isinstance(lines[0], Header):
        raise UnreadableResults(f"{path}: line 1: a results file begins with a header line")
    footer = next((line for line in lines if isinstance(line, Footer)), None)
    results = tuple(line for line in lines if isinstance(line, Result))
    recordings = tuple(line for line in lines if isinstance(line, RecordingResult))
    searches = tuple(line for line in lines if isinstance(line, FuzzResult))
    return Run(lines[0], results, recordings, footer, None if evidence else path, searches)


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a results file, one at a time, whatever their order; raises UnreadableResults or OSError."""
    decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError as error:
                raise UnreadableResults(f"{path}: line {number}: {error}") from None


def write_run(path: Path, lines: Iterable[Line]) -> None:
    """Writes a whole results file at once."""
    path.write_bytes(b"".join(encode_line(line) for line in lines))
