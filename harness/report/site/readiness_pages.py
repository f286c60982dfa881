"""Which clients are ready for which servers: a page for all, and one for each client with what to mend first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.lint.traits import DETECTORS, trait_words
from harness.report.matrix import Cell
from harness.report.mending import WHY_WORDS, ClientReadiness, Gap, Hit, Mend, readiness_of
from harness.report.names import file_name
from harness.report.played import OF_A_GATEWAY
from harness.report.readiness import (
    ENOUGH,
    MUCH,
    MUCH_SILENT,
    MUCH_UNKNOWN,
    OUTCOME_WORDS,
    OUTCOMES,
    SEVERAL,
    VERDICT_WORDS,
    VERDICTS,
    Outcome,
    Pairing,
    Verdict,
)
from harness.report.served import SOURCE_WORDS, Server, linted_servers, recorded_servers
from harness.report.site.pages import asset, write_page
from harness.report.site.site import Site
from harness.report.visible import counted

ASSET = "readiness.css"
MENDS = 20
"""How many failures a client's page spells out."""
GAPS = 15
"""How many things that nobody tried it spells out."""
SHOWN_BY = 3
HITS = 5

VERDICT_MARKS: dict[Verdict, str] = {"ready": "pass", "limits": "should", "not known": "error", "not ready": "fail"}
VERDICT_SIGNS: dict[Verdict, str] = {"ready": "✓", "limits": "△", "not known": "?", "not ready": "✕"}
OUTCOME_MARKS: dict[Outcome, str] = {
    "reads": "pass",
    "counts": "should",
    "unknown": "error",
    "fails": "fail",
    "silent": "silent",
}
VERDICTS_SHOWN: tuple[Verdict, ...] = ("ready", "limits", "not known", "not ready")
"""In the order of bars and tables."""
_UNSAFE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a bar, in percent, with what it stands for."""

    mark: str
    words: str
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Spoiled:
    """What a failure spoils of one server: so many of its streams; `place` is where the first was seen."""

    server: Server
    anchor: str
    streams: int
    every: int
    place: str


@dataclass(frozen=True, slots=True)
class MendView:
    """A failure as a client's page tells it."""

    number: int
    mark: str
    dialect: str
    traits: tuple[str, ...]
    mend: Mend
    cells: tuple[Cell, ...]
    spoiled: tuple[Spoiled, ...]


@dataclass(frozen=True, slots=True)
class GapView:
    """Something that is not known, as a client's page tells it."""

    number: int
    words: str
    why: str
    gap: Gap
    cells: tuple[Cell, ...]
    spoiled: tuple[Spoiled, ...]


@dataclass(frozen=True, slots=True)
class ServerView:
    """A server as a client's page tells it: the verdict and what it comes from."""

    anchor: str
    name: str
    about: str
    pairing: Pairing
    words: str
    mark: str
    bar: tuple[Stretch, ...]
    mends: tuple[tuple[int, int], ...]
    """Numbers of failures, with how many streams each spoils."""
    gaps: tuple[tuple[int, int], ...]
    untold: str
    """What is not known, where none of it is among what the page numbers."""


@dataclass(frozen=True, slots=True)
class ServerList:
    """Servers with one verdict that there is little to say of, in one paragraph."""

    mark: str
    words: str
    why: str
    servers: tuple[ServerView, ...]


@dataclass(frozen=True, slots=True)
class DialectView:
    """The servers of one dialect: those on which the client fails in a table, the others in lists."""

    dialect: str
    count: int
    told: tuple[ServerView, ...]
    lists: tuple[ServerList, ...]


@dataclass(frozen=True, slots=True)
class ClientView:
    """A client on both kinds of pages."""

    client: ClientReadiness
    href: str
    bar: tuple[Stretch, ...]
    first: MendView | None

    @property
    def name(self) -> str:
        """The system's."""
        return self.client.system


@dataclass(frozen=True, slots=True)
class Grid:
    """All clients and servers of one dialect. A row is a server, with a pairing or None for each client."""

    dialect: str
    clients: tuple[ClientView, ...]
    rows: tuple[tuple[Server, str, str, tuple[Pairing | None, ...]], ...]
    """The server, its anchor, what is known of it, and the pairings."""


def has_readiness(site: Site) -> bool:
    """Whether there is a client in a dialect whose streams are told apart."""
    return any(not column.upstream and column.dialect in DETECTORS for column in site.matrix.columns)


def write_readiness(site: Site) -> None:
    """Writes the page of all clients, and one for each; raises OSError, or UnreadableResults for a changed file."""
    if not has_readiness(site):
        return
    write_page(site.folder / "static" / ASSET, asset(ASSET))
    views = []
    given = linted_servers(site.linted) if site.linted else ()
    for client in readiness_of(site.matrix, site.runs, [*recorded_servers(), *given]):
        mends = _mend_views(client)
        href = f"readiness/{file_name(f'{client.system} {client.version}')}"
        view = ClientView(client, href, _verdict_bar(client), mends[0] if mends else None)
        views.append(view)
        _write_client(site, view, mends)
    site.write(
        "readiness.html",
        "readiness.html",
        clients=views,
        grids=_grids(views),
        marks=VERDICT_MARKS,
        verdicts=[(VERDICT_MARKS[each], VERDICT_WORDS[each]) for each in VERDICTS_SHOWN],
        verdict_words=VERDICT_WORDS,
        signs=VERDICT_SIGNS,
        rules=_rules(),
    )


def _write_client(site: Site, view: ClientView, mends: Sequence[MendView]) -> None:
    gaps = _gap_views(view.client)
    site.write(
        "readiness_client.html",
        view.href,
        view=view,
        client=view.client,
        headline=_headline(view.client),
        mends=mends[:MENDS],
        more_mends=max(0, len(mends) - MENDS),
        gaps=gaps[:GAPS],
        more_gaps=max(0, len(gaps) - GAPS),
        dialects=_by_dialect(view.client, mends, gaps),
        rules=_rules(),
    )


def _headline(client: ClientReadiness) -> str:
    every = len(client.pairings)
    told = [
        f"ready for {len(client.having('ready'))} of {counted(every, 'server')}",
        f"with limits for {len(client.having('limits'))}",
        f"not ready for {len(client.having('not ready'))}",
        f"and for {len(client.having('not known'))} nothing can be said",
    ]
    return f"{client.system} is {', '.join(told)}."


def _rules() -> dict[str, str]:
    return {
        "much": f"{MUCH:.0%}",
        "much_silent": f"{MUCH_SILENT:.0%}",
        "much_unknown": f"{MUCH_UNKNOWN:.0%}",
        "several": str(SEVERAL),
        "enough": str(ENOUGH),
        "of_a_gateway": str(OF_A_GATEWAY),
    }


def _verdict_bar(client: ClientReadiness) -> tuple[Stretch, ...]:
    counts = [(VERDICT_MARKS[each], VERDICT_WORDS[each], len(client.having(each))) for each in VERDICTS_SHOWN]
    return _bar(counts, len(client.pairings))


def _bar(counts: Iterable[tuple[str, str, int]], whole: int) -> tuple[Stretch, ...]:
    stretches, start = [], 0.0
    for mark, words, count in counts:
        if count:
            width = 100 * count / whole
            stretches.append(Stretch(mark, words, count, start, width))
            start += width
    return tuple(stretches)


def server_anchor(server: Server) -> str:
    """The id of a server's row on a client's page: the same from one report to the next."""
    given = "given" if server.source == "given" else ""
    names = (server.dialect, server.name, server.version, server.upstream, given)
    return "-".join(filter(None, (_UNSAFE.sub("-", name.lower()).strip("-") for name in names)))


def _about(server: Server) -> str:
    if server.source == "gateway":
        return f"{server.version}, a gateway over {server.upstream}"
    return SOURCE_WORDS[server.source] if server.source != "recorded" else ""


def _mend_views(client: ClientReadiness) -> list[MendView]:
    return [
        MendView(
            number=number,
            mark="should" if mend.aspect == "counts" else "silent" if mend.silent else "fail",
            dialect=mend.dialect,
            traits=tuple(trait_words(mend.dialect, trait) for trait in mend.traits),
            mend=mend,
            cells=tuple(failed.cell for failed in mend.shown_by[:SHOWN_BY]),
            spoiled=tuple(_spoiled(hit, mend.traits) for hit in mend.hits[:HITS]),
        )
        for number, mend in enumerate(client.mends, 1)
    ]


def _gap_views(client: ClientReadiness) -> list[GapView]:
    return [
        GapView(
            number=number,
            words=trait_words(gap.dialect, gap.trait),
            why=WHY_WORDS[gap.why],
            gap=gap,
            cells=gap.cells[:SHOWN_BY],
            spoiled=tuple(_spoiled(hit, [gap.trait]) for hit in gap.hits[:HITS]),
        )
        for number, gap in enumerate(client.gaps, 1)
    ]


def _spoiled(hit: Hit, traits: Sequence[str]) -> Spoiled:
    server = hit.pairing.server
    where = next((server.places[trait] for trait in traits if trait in server.places), None)
    place = f"{where.words}, byte {where.offset:,}" if where else ""
    return Spoiled(server, server_anchor(server), hit.streams, hit.pairing.every, place)


def _by_dialect(client: ClientReadiness, mends: Sequence[MendView], gaps: Sequence[GapView]) -> list[DialectView]:
    spoiling = _numbers((view.number, view.mend.hits) for view in mends[:MENDS])
    unknown = _numbers((view.number, view.gap.hits) for view in gaps[:GAPS])
    others = _numbers((view.number, view.gap.hits) for view in gaps[GAPS:])
    groups: dict[str, list[ServerView]] = {}
    for pairing in sorted(client.pairings, key=_server_order):
        anchor = server_anchor(pairing.server)
        groups.setdefault(pairing.server.dialect, []).append(
            ServerView(
                anchor=anchor,
                name=pairing.server.name,
                about=_about(pairing.server),
                pairing=pairing,
                words=VERDICT_WORDS[pairing.verdict],
                mark=VERDICT_MARKS[pairing.verdict],
                bar=_outcome_bar(pairing),
                mends=tuple(spoiling.get(anchor, ())),
                gaps=tuple(unknown.get(anchor, ())[:3]),
                untold="; ".join(gaps[number - 1].words for number, _ in others.get(anchor, ())[:2]),
            )
        )
    return [_dialect_view(dialect, servers) for dialect, servers in groups.items()]


LISTS: tuple[tuple[Verdict, bool, str], ...] = (
    ("ready", False, "all these streams are read."),
    ("limits", False, "the other streams are read."),
    ("not known", False, "the other streams are read."),
    ("not known", True, "too few streams were seen, and none is shown to fail."),
)
"""Of the lists: the verdict, whether too few streams were seen, and what is said of all in it."""


def _dialect_view(dialect: str, servers: Sequence[ServerView]) -> DialectView:
    told = tuple(each for each in servers if _fails(each.pairing))
    lists = [
        ServerList(
            mark=VERDICT_MARKS[verdict],
            words=VERDICT_WORDS[verdict],
            why=why,
            servers=tuple(
                each
                for each in servers
                if each not in told and each.pairing.verdict == verdict and _few(each.pairing) == few
            ),
        )
        for verdict, few, why in LISTS
    ]
    return DialectView(dialect, len(servers), told, tuple(each for each in lists if each.servers))


def _fails(pairing: Pairing) -> bool:
    return bool(pairing.streams("silent", "fails", "counts")) or pairing.standing.suspect


def _few(pairing: Pairing) -> bool:
    return pairing.every < ENOUGH


def _server_order(pairing: Pairing) -> tuple[str, int, bool, str]:
    server = pairing.server
    return server.dialect, VERDICTS.index(pairing.verdict), server.source == "gateway", server.name


def _numbers(views: Iterable[tuple[int, Iterable[Hit]]]) -> dict[str, list[tuple[int, int]]]:
    """By a server's anchor: the numbers of what concerns it, with its streams."""
    found: dict[str, list[tuple[int, int]]] = {}
    for number, hits in views:
        for hit in hits:
            found.setdefault(server_anchor(hit.pairing.server), []).append((number, hit.streams))
    return found


def _outcome_bar(pairing: Pairing) -> tuple[Stretch, ...]:
    counts = [(OUTCOME_MARKS[each], OUTCOME_WORDS[each], pairing.streams(each)) for each in reversed(OUTCOMES)]
    return _bar(counts, pairing.every)


def _grids(views: Sequence[ClientView]) -> list[Grid]:
    found: dict[str, dict[str, dict[int, Pairing]]] = {}
    servers: dict[str, Server] = {}
    for number, view in enumerate(views):
        for pairing in view.client.pairings:
            anchor = server_anchor(pairing.server)
            servers[anchor] = pairing.server
            found.setdefault(pairing.server.dialect, {}).setdefault(anchor, {})[number] = pairing
    grids = []
    for dialect, rows in sorted(found.items()):
        numbers = sorted({number for row in rows.values() for number in row})
        anchors = sorted(rows, key=lambda anchor: (servers[anchor].source == "gateway", anchor))
        cells = tuple(
            (servers[anchor], anchor, _about(servers[anchor]), tuple(rows[anchor].get(each) for each in numbers))
            for anchor in anchors
        )
        grids.append(Grid(dialect, tuple(views[each] for each in numbers), cells))
    return grids
