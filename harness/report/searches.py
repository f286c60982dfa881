"""Searches for changes of a stream that a reader does not stand: counted, grouped by what happened, and row by row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from harness.report.marks import Mark
from harness.report.names import file_name
from harness.report.visible import counted
from harness.runner.results import FuzzFinding, FuzzResult, pair_words

KINDS = ("cuts", "neutral", "damage")
KIND_DEMANDS = {
    "cuts": "the same bytes in other reads: the outcome must be the same",
    "neutral": "the same message written otherwise: the outcome must be the same",
    "damage": "a broken stream: it must not pass for a whole one",
}
PROOF_WORDS = {"complete": "proof complete", "sampled": "sampled", "": ""}


@dataclass(frozen=True, slots=True)
class SearchCounts:
    """Counts over searches. `inputs`: changed streams that were tried; `complete`: searches whose proof is complete.

    Every finding is counted once: as `silent`, else as a hang, else by its level. `known` counts those that are listed
    as known, however they fail; `broken` the searches that fail the run.
    """

    searches: int
    streams: int
    inputs: int
    complete: int
    findings: int
    silent: int
    hung: int
    must: int
    other: int
    known: int
    broken: int
    errors: int
    unsupported: int


@dataclass(frozen=True, slots=True)
class SearchGroup:
    """The searches for one kind of change in one system and dialect."""

    system: str
    version: str
    pair: str
    kind: str
    searches: tuple[FuzzResult, ...]
    counts: SearchCounts


@dataclass(frozen=True, slots=True)
class SearchCell:
    """One search; `href` is empty where it found nothing, and has no page."""

    result: FuzzResult
    mark: Mark
    href: str

    @property
    def inputs(self) -> int:
        """How many changed streams were tried."""
        return sum(self.result.tried.values())


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One stream in one system: a search for each kind of change, None where there was none."""

    pair: str
    stream: str
    provider: str
    size: int
    cells: tuple[SearchCell | None, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Findings of one system that fail in the same way by the same family of changes; the smallest input first."""

    kind: str
    family: str
    mark: Mark
    found: tuple[tuple[SearchCell, FuzzFinding], ...]

    @property
    def smallest(self) -> FuzzFinding:
        """The finding with the smallest input."""
        return self.found[0][1]


@dataclass(frozen=True, slots=True)
class SearchedSystem:
    """One system in one version, with all that was searched in it."""

    name: str
    version: str
    href: str
    groups: tuple[SearchGroup, ...]
    rows: tuple[StreamRow, ...]
    alike: tuple[Alike, ...]
    unmeasured: tuple[FuzzResult, ...]
    counts: SearchCounts


def search_counts(searches: Iterable[FuzzResult]) -> SearchCounts:
    """The counts over these searches."""
    searches = list(searches)
    found = [finding for each in searches for finding in each.findings]
    marks = [finding_mark(finding) for finding in found]
    return SearchCounts(
        searches=len(searches),
        streams=len({(each.source, each.stream, each.upstream or each.dialect) for each in searches}),
        inputs=sum(sum(each.tried.values()) for each in searches),
        complete=sum(each.proof == "complete" for each in searches),
        findings=len(found),
        silent=sum(each.state == "silent" for each in marks),
        hung=sum(each.state == "hang" for each in marks),
        must=sum(each.state == "fail" and each.level == "must" for each in marks),
        other=sum(each.state == "fail" and each.level != "must" for each in marks),
        known=sum(bool(finding.known) for finding in found),
        broken=sum(each.nonconformant for each in searches),
        errors=sum(each.verdict == "error" for each in searches),
        unsupported=sum(each.verdict == "unsupported" for each in searches),
    )


def finding_mark(finding: FuzzFinding) -> Mark:
    """How grave a finding is."""
    return Mark("silent" if finding.silent else "hang" if finding.kind == "hang" else "fail", finding.level)


def search_mark(search: FuzzResult) -> Mark:
    """What became of a search: its gravest finding, or that there is none."""
    if search.findings:
        return min(map(finding_mark, search.findings), key=lambda each: each.rank)
    return Mark(search.verdict if search.verdict != "fail" else "error", "must")


def search_pair(search: FuzzResult) -> str:
    """In words what the system speaks."""
    return pair_words(search.dialect, search.upstream)


def search_groups(searches: Iterable[FuzzResult]) -> list[SearchGroup]:
    """The searches by system, dialect and kind, in the order of their names."""
    ordered = sorted(searches, key=_group_key)
    groups = []
    for (system, version, pair, _), group in groupby(ordered, key=_group_key):
        own = tuple(sorted(group, key=lambda each: each.stream))
        groups.append(SearchGroup(system, version, pair, own[0].kind, own, search_counts(own)))
    return groups


def _group_key(search: FuzzResult) -> tuple[str, str, str, int]:
    return search.system, search.system_version, search_pair(search), KINDS.index(search.kind)


def searched_systems(searches: Iterable[FuzzResult]) -> list[SearchedSystem]:
    """What the pages of each system show, in the order of the systems' names."""
    groups = search_groups(searches)
    return [
        _searched(name, version, tuple(own))
        for (name, version), own in groupby(groups, key=lambda each: (each.system, each.version))
    ]


def _searched(name: str, version: str, groups: tuple[SearchGroup, ...]) -> SearchedSystem:
    searches = [search for group in groups for search in group.searches]
    cells = [_cell(search) for search in searches]
    return SearchedSystem(
        name=name,
        version=version,
        href=f"searches/{file_name(f'{name} {version}')}",
        groups=groups,
        rows=tuple(_rows(cells)),
        alike=tuple(_alike(cells)),
        unmeasured=tuple(each for each in searches if each.verdict in ("error", "unsupported")),
        counts=search_counts(searches),
    )


def _cell(search: FuzzResult) -> SearchCell:
    words = (search.system, search.system_version, search.upstream or "", search.dialect, search.kind, search.stream)
    href = f"searches/{file_name(' '.join((*words, search.source)))}" if search.findings else ""
    return SearchCell(search, search_mark(search), href)


def _rows(cells: Sequence[SearchCell]) -> list[StreamRow]:
    rows: dict[tuple[str, str, str], dict[str, SearchCell]] = {}
    for cell in cells:
        result = cell.result
        rows.setdefault((search_pair(result), result.stream, result.source), {})[result.kind] = cell
    found = []
    for (pair, stream, _), own in sorted(rows.items(), key=lambda item: item[0]):
        any_of = next(iter(own.values())).result
        found.append(StreamRow(pair, stream, any_of.provider, any_of.size, tuple(map(own.get, KINDS))))
    return found


def _alike(cells: Iterable[SearchCell]) -> list[Alike]:
    """Findings that are alike, the gravest first, and of those what most streams show."""
    groups: dict[tuple[str, str, Mark, str], list[tuple[SearchCell, FuzzFinding]]] = {}
    for cell in cells:
        for finding in cell.result.findings:
            key = (finding.kind, f"{cell.result.kind}/{finding.family}", finding_mark(finding), finding.known or "")
            groups.setdefault(key, []).append((cell, finding))
    alike = [
        Alike(kind, family, mark, tuple(sorted(found, key=lambda each: _size(each[1]))))
        for (kind, family, mark, _), found in groups.items()
    ]
    return sorted(alike, key=lambda each: (each.mark.rank, -len(each.found), each.kind, each.family))


def _size(finding: FuzzFinding) -> tuple[int, int]:
    return len(finding.body_b64), sum(map(len, finding.body_b64))


def searches_line(searches: Sequence[FuzzResult]) -> str:
    """All searches in one sentence."""
    counts = search_counts(searches)
    systems = counted(len({(each.system, each.system_version) for each in searches}), "system")
    made = f"{counted(counts.inputs, 'input')} made of {counted(counts.streams, 'stream')}"
    if not counts.findings:
        found = "nothing was found"
    else:
        silent = f", {counts.silent:,} of them silent" if counts.silent else ""
        known = f", {counts.known:,} known" if counts.known else ""
        found = f"{counted(counts.findings, 'finding')}{silent}{known}"
    cuts = [each for each in searches if each.kind == "cuts" and each.proof]
    proof = f"; the proof of cuts is complete for {counts.complete:,} of {len(cuts):,}" if counts.complete else ""
    missing = f"; {counted(counts.errors, 'search', 'searches')} not measured" if counts.errors else ""
    return f"{made}, in {systems}: {found}{proof}{missing}."


def tried_words(search: FuzzResult) -> str:
    """How many inputs were tried, by family: the largest families first."""
    families = sorted(search.tried.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{family} {count:,}" for family, count in families)


def gravest_first(search: FuzzResult) -> list[FuzzFinding]:
    """The findings of a search; those that are known come behind those as grave that are not."""
    return sorted(search.findings, key=lambda each: (finding_mark(each).rank, bool(each.known), _size(each)))
