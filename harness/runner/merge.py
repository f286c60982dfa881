"""Several results files made one: shards of a run, on other machines or other days.

The files are read twice, line by line, so that runs whose evidence fills gigabytes can be joined too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from msgspec.structs import replace

from harness.catalogue.findings import Verdict
from harness.runner.results import (
    Footer,
    FuzzFinding,
    FuzzResult,
    Header,
    Line,
    RecordingResult,
    Result,
    Run,
    UnreadableResults,
    encode_line,
    pair_words,
    read_lines,
    read_run,
)
from harness.runner.shard import UnknownShard, read_shard

Key: TypeAlias = tuple[str, ...]
Place: TypeAlias = tuple[int, int]
"""A file, and a line in it, both counted from 0."""

_WORSE: dict[Verdict, int] = {"pass": 0, "unsupported": 1, "error": 2, "fail": 3}
SHOWN = 5
"""Names that a remark lists of those that it is about."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the files: the run, and remarks on what does not go together, in words."""

    run: Run
    remarks: tuple[str, ...]


@dataclass(slots=True)
class _Chosen:
    """Which lines are kept. Of a case that several files have, the worse verdict counts."""

    places: dict[Key, tuple[Place, Verdict]] = field(default_factory=dict)
    searches: dict[Key, FuzzResult] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    contradicted: list[str] = field(default_factory=list)

    def add(self, place: Place, line: Result | RecordingResult) -> None:
        key = _key(line)
        before = self.places.get(key)
        if before is not None:
            self.twice.append(_name(key))
            if before[1] != line.verdict:
                self.contradicted.append(_name(key))
        if before is None or _WORSE[line.verdict] > _WORSE[before[1]]:
            self.places[key] = (place, line.verdict)

    def add_search(self, line: FuzzResult) -> None:
        key = _key(line)
        before = self.searches.get(key)
        if before is not None and before.seed == line.seed:
            self.twice.append(_name(key))
        self.searches[key] = line if before is None else joined(before, line)


def merge_results(paths: Sequence[Path], out: Path) -> Merged:
    """Writes one results file of several; a file that is read may be the one that is written.

    Raises UnreadableResults or OSError, and then nothing has been written.
    """
    chosen, runs = _Chosen(), []
    for number, path in enumerate(paths):
        runs.append(_without_lines(read_run(path, evidence=False)))
        for at, line in enumerate(read_lines(path)):
            match line:
                case Result() | RecordingResult():
                    chosen.add((number, at), line)
                case FuzzResult():
                    chosen.add_search(line)
    header = _header([run.header for run in runs])
    footer = _footer(runs, len(chosen.places) + len(chosen.searches))
    partial = out.with_name(f".{out.name}.partial")
    try:
        with partial.open("wb") as file:
            for line in (header, *_kept(paths, chosen), *chosen.searches.values(), footer):
                file.write(encode_line(line))
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return Merged(read_run(out, evidence=False), tuple(_remarks(paths, runs, chosen)))


def join_runs(runs: Sequence[Run]) -> Run:
    """These runs as one, for views without evidence; where two have the same case, the later one stands.

    The one of several whose evidence lies in files says nothing of where; raises ValueError where there is none.
    """
    if len(runs) == 1:
        return runs[0]
    if not runs:
        raise ValueError("there is no run to join")
    results = {_key(line): line for run in runs for line in run.results}
    recordings = {_key(line): line for run in runs for line in run.recordings}
    searches = join_searches(line for run in runs for line in run.searches)
    return Run(
        _header([run.header for run in runs]),
        tuple(results.values()),
        tuple(recordings.values()),
        _footer(runs, len(results) + len(recordings) + len(searches)),
        searches=searches,
    )


def join_searches(searches: Iterable[FuzzResult]) -> tuple[FuzzResult, ...]:
    """One line for each system, dialect, stream and kind, whatever the number of rounds, in the order of the first."""
    chosen = _Chosen()
    for each in searches:
        chosen.add_search(each)
    return tuple(chosen.searches.values())


def joined(one: FuzzResult, other: FuzzResult) -> FuzzResult:
    """What two searches for the same kind of change in the same stream found together; twice the same counts once."""
    if one == other:
        return one
    tried = Counter(one.tried) + Counter(other.tried) if one.seed != other.seed else Counter(one.tried)
    proof = max(one.proof, other.proof, key=["", "sampled", "complete"].index)
    worse = one if _WORSE[one.verdict] >= _WORSE[other.verdict] else other
    return replace(
        one,
        tried=dict(tried),
        verdict=worse.verdict,
        findings=_together(one.findings, other.findings),
        examples=one.examples + (other.examples if one.seed != other.seed else 0),
        duration_s=round(one.duration_s + other.duration_s, 3),
        proof=proof,
        proof_note=one.proof_note if one.proof == proof else other.proof_note,
        note=worse.note,
    )


def _together(one: Sequence[FuzzFinding], other: Sequence[FuzzFinding]) -> list[FuzzFinding]:
    """Findings apart by how they fail and in which family; of two the smaller input."""
    found: dict[Key, FuzzFinding] = {}
    for each in (*one, *other):
        key = (each.kind, each.family)
        before = found.get(key)
        if before is None or _size(each) < _size(before):
            found[key] = each
    return list(found.values())


def _size(finding: FuzzFinding) -> tuple[int, int]:
    return len(finding.body_b64), len(str(finding.plan))


def _key(line: Result | RecordingResult | FuzzResult) -> Key:
    match line:
        case Result():
            return "case", line.system, line.system_version, line.pair, line.scenario
        case RecordingResult():
            return "recording", line.system, "", line.dialect, line.id
    return "search", line.system, line.system_version, pair_words(line.dialect, line.upstream), line.stream, line.kind


def _name(key: Key) -> str:
    return " ".join(part for part in (key[1], *key[3:]) if part)


def _without_lines(run: Run) -> Run:
    return Run(run.header, (), (), run.footer, run.evidence_in)


def _kept(paths: Sequence[Path], chosen: _Chosen) -> Iterator[Line]:
    """The chosen lines with their evidence, one in memory at a time."""
    places = {place for place, _ in chosen.places.values()}
    for number, path in enumerate(paths):
        yield from (line for at, line in enumerate(read_lines(path)) if (number, at) in places)


def _header(headers: Sequence[Header]) -> Header:
    first = headers[0]
    return replace(
        first,
        harness=_both(each.harness for each in headers),
        catalogue=_both(each.catalogue for each in headers),
        started=min(each.started for each in headers),
        python=_both(each.python for each in headers),
        platform=_both(each.platform for each in headers),
        systems=_united(each.systems for each in headers),
        scenarios=_united(each.scenarios for each in headers),
        described=_united(each.described for each in headers),
        left_out=_united(each.left_out for each in headers),
        shard=", ".join(_shards(headers)) if _missing_shards(headers) else "",
    )


def _both(values: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(values))


def _united(mappings: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for mapping in mappings for name, value in mapping.items()}


def _footer(runs: Sequence[Run], count: int) -> Footer:
    footers = [run.footer for run in runs if run.footer is not None]
    return Footer(
        count,
        round(sum(footer.duration_s for footer in footers), 3),
        interrupted=len(footers) < len(runs) or any(footer.interrupted for footer in footers),
        note="; ".join(dict.fromkeys(footer.note for footer in footers if footer.note)),
    )


def _remarks(paths: Sequence[Path], runs: Sequence[Run], chosen: _Chosen) -> Iterator[str]:
    yield from what_differs([run.header for run in runs])
    if chosen.twice:
        yield f"{_some(chosen.twice)} {_are(chosen.twice)} there more than once; each counts once"
    if chosen.contradicted:
        yield f"{_some(chosen.contradicted)} did not come out the same each time; the worse verdict counts"
    for path, run in zip(paths, runs, strict=True):
        if run.footer is None or run.footer.interrupted:
            yield f"{path} is not whole: its run did not come to its end, results may be missing"
    if missing := missing_parts([run.header for run in runs]):
        yield missing


def what_differs(headers: Sequence[Header]) -> Iterator[str]:
    """What runs that are made one do not have in common though they should, a remark each."""
    for what, values in (
        ("versions of the harness", [each.harness for each in headers]),
        ("versions of the catalogue", [each.catalogue for each in headers]),
        ("lanes", [each.lane for each in headers]),
    ):
        if len(set(values)) > 1:
            yield f"these are of different {what}: {', '.join(sorted(set(values)))}"
    for name in sorted({name for each in headers for name in each.systems}):
        versions = sorted({each.systems[name] for each in headers if name in each.systems})
        if len(versions) > 1:
            yield f"{name} is there in different versions: {', '.join(versions)}"


def missing_parts(headers: Sequence[Header]) -> str:
    """Which parts of a run that was spread over machines are nowhere, in words; empty where none is missing.

    Raises UnreadableResults where a header names a part that is none.
    """
    missing = _missing_shards(headers)
    return f"not all parts of the run are here: {', '.join(missing)} {_are(missing)} missing" if missing else ""


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _shards(headers: Sequence[Header]) -> list[str]:
    return sorted({name for each in headers for name in each.shard.split(", ") if name})


def _missing_shards(headers: Sequence[Header]) -> list[str]:
    """Parts that are nowhere, of the runs that were spread over several."""
    here: dict[int, set[int]] = {}
    for name in _shards(headers):
        try:
            shard = read_shard(name)
        except UnknownShard as error:
            raise UnreadableResults(f"a header names a part of a run that is none: {error}") from None
        here.setdefault(shard.count, set()).add(shard.number)
    return [f"{number}/{count}" for count, seen in here.items() for number in range(1, count + 1) if number not in seen]
