"""Endpoints by the rules that their streams keep: a matrix for every dialect, and what each broke, with its bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType

from harness.folders import plain_name
from harness.lint.finding import LEVELS
from harness.lint.record import BrokenRule, Endpoint
from harness.lint.spec import Rule, Spec, spec, spec_names
from harness.lint.streams import OF_FRAMING
from harness.report.names import file_name
from harness.report.site.pages import asset, write_page
from harness.report.site.site import Site
from harness.report.visible import counted, hex_dump, shown_bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """One endpoint and one rule: how many of its streams broke it, of those that could."""

    broken: int
    judged: int
    place: str
    """The address of what is told of it; empty where nothing is broken."""

    @property
    def state(self) -> str:
        """`broken`, `kept`, or `unjudged`: no stream was recorded so that it could be told."""
        return "broken" if self.broken else "kept" if self.judged else "unjudged"

    @property
    def words(self) -> str:
        """What a mark without a number says to whoever cannot see it."""
        return f"all {counted(self.judged, 'stream')} kept it" if self.judged else "not judged"


@dataclass(frozen=True, slots=True)
class Row:
    """One endpoint, with a mark for every rule of the matrix."""

    endpoint: Endpoint
    anchor: str
    marks: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class RuleHead:
    """One rule that some endpoint broke; `says` is empty where these tables do not know it."""

    name: str
    level: str
    says: str
    by: str
    href: str
    """The rule on the dialect's page; empty where there is none."""


@dataclass(frozen=True, slots=True)
class DialectMatrix:
    """The endpoints of one dialect, and the rules that they broke; `kept` are those that all kept."""

    dialect: str
    anchor: str
    href: str
    rules: tuple[RuleHead, ...]
    kept: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def streams(self) -> int:
        """How many there are of all endpoints."""
        return sum(row.endpoint.streams for row in self.rows)

    @property
    def clean(self) -> int:
        """How many broke no rule."""
        return sum(row.endpoint.clean for row in self.rows)


def write_endpoints(site: Site) -> None:
    """Writes the matrix and a page for each dialect, where streams were linted; raises OSError."""
    if site.linted is None:
        return
    write_page(site.folder / "static" / "endpoints.css", asset("endpoints.css"))
    matrices = dialect_matrices(site.linted.endpoints, _rule_pages(site))
    left_out = Counter(each.reason for each in site.linted.others)
    site.write("endpoints.html", "endpoints.html", matrices=matrices, left_out=sorted(left_out.items()))
    for matrix in matrices:
        site.write(
            "endpoint_findings.html",
            matrix.href,
            dialect=matrix,
            endpoints=[row for row in matrix.rows if row.endpoint.broken],
            rules={rule.name: rule for rule in matrix.rules},
            anchor=plain_name,
            place=_place,
            text=lambda broken: shown_bytes(broken.first.excerpt.data),
            hexadecimal=lambda broken: hex_dump(broken.first.excerpt.data, broken.first.excerpt.at),
        )


def dialect_matrices(
    endpoints: Iterable[Endpoint], rule_pages: Mapping[str, str] = MappingProxyType({})
) -> tuple[DialectMatrix, ...]:
    """One matrix for each dialect, by name; `rule_pages` are the pages that list the rules of a dialect."""
    by_dialect: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        by_dialect.setdefault(endpoint.dialect, []).append(endpoint)
    names = sorted(by_dialect)
    anchors = _anchors("in", names)
    return tuple(
        _matrix(name, anchor, by_dialect[name], rule_pages.get(name, ""))
        for name, anchor in zip(names, anchors, strict=True)
    )


def _rule_pages(site: Site) -> dict[str, str]:
    """The pages of dialects that this site has."""
    hrefs = {name: f"dialects/{name}.html" for name in spec_names()}
    return {name: href for name, href in hrefs.items() if (site.folder / href).exists()}


def _matrix(dialect: str, at: str, endpoints: Sequence[Endpoint], page: str) -> DialectMatrix:
    tables = spec(dialect) if dialect in spec_names() else None
    rules = _heads(endpoints, tables, page)
    href = f"endpoints/{file_name(dialect)}"
    broken = {rule.name for rule in rules}
    kept = tuple(name for name in (tables.rules if tables else ()) if name not in broken)
    anchors = _anchors("at", (endpoint.provider for endpoint in endpoints))
    rows = tuple(
        Row(endpoint, anchor, tuple(_mark(endpoint, rule.name, f"{href}#{anchor}") for rule in rules))
        for endpoint, anchor in zip(endpoints, anchors, strict=True)
    )
    return DialectMatrix(dialect, at, href, rules, kept, rows)


def _heads(endpoints: Sequence[Endpoint], tables: Spec | None, page: str) -> tuple[RuleHead, ...]:
    """The rules that were broken: the gravest first, and what most endpoints broke before the rest."""
    by: Counter[str] = Counter(broken.rule for endpoint in endpoints for broken in endpoint.broken)
    levels = {broken.rule: broken.level for endpoint in endpoints for broken in endpoint.broken}
    names = sorted(by, key=lambda name: (LEVELS.index(levels[name]), -by[name], name))
    return tuple(_head(name, levels[name], tables, page) for name in names)


def _head(name: str, level: str, tables: Spec | None, page: str) -> RuleHead:
    rule: Rule | None = tables.rules.get(name) if tables else None
    if tables is None or rule is None:
        return RuleHead(name, level, "", "", "")
    href = f"{page}#rules-{name}" if page else ""
    return RuleHead(name, level, rule.says, tables.authority_of(name).told(), href)


def _mark(endpoint: Endpoint, rule: str, page: str) -> Kept:
    for broken in endpoint.broken:
        if broken.rule == rule:
            return Kept(broken.streams, broken.judged, f"{page}-{plain_name(rule)}")
    return Kept(0, endpoint.streams - (endpoint.rebuilt if rule in OF_FRAMING else 0), "")


def _anchors(prefix: str, names: Iterable[str]) -> list[str]:
    """Each name as an id can be, behind the prefix; the second of two that come out alike gets a number."""
    seen: Counter[str] = Counter()
    anchors: list[str] = []
    for name in names:
        plain = f"{prefix}-{plain_name(name)}"
        seen[plain] += 1
        anchors.append(plain if seen[plain] == 1 else f"{plain}.{seen[plain]}")
    return anchors


def _place(broken: BrokenRule) -> str:
    """Where the first is: the file by its name alone, since its folder is that of whoever linted."""
    first = broken.first
    return f"{PurePath(first.file).name}, exchange {first.exchange}, byte {first.offset:,}"
