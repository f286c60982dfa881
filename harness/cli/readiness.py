"""`harness readiness`: will this client work with this server?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.exits import FAILED, fail, mendable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.report.mending import ClientReadiness, Mend
    from harness.report.readiness import Pairing
    from harness.report.served import Server

EXAMPLE = "Example: harness readiness results.jsonl --client openai-python --servers lint.json"
FILES = typer.Argument(help="Results files, such as `harness replay --results FILE` writes.", metavar="FILE...")
CLIENT = typer.Option(
    "--client", "-c", metavar="NAME", help="Say all of this client: what to mend first, and every server."
)
SERVERS = typer.Option(
    "--servers", help="Streams of servers of your own: what `harness lint --json` wrote, recordings, or cassettes."
)
SERVER = typer.Option("--server", "-s", metavar="NAME", help="Look at this server alone. May be given again.")
FAIL_ON = typer.Option(
    "--fail-on", metavar="LEVEL", help="`not-ready` or `limits`: exit 1 where a client is that, or worse."
)
GRAVE = {"not-ready": ("not ready",), "limits": ("not ready", "limits")}
SHOWN = 10
"""How many failures and gaps the terminal lists."""


def readiness(
    results: Annotated[list[Path], FILES],
    client: Annotated[str | None, CLIENT] = None,
    servers: Annotated[list[Path] | None, SERVERS] = None,
    server: Annotated[list[str] | None, SERVER] = None,
    fail_on: Annotated[str | None, FAIL_ON] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say which clients of a run work with which servers: ready, with limits, not ready, or not known.

    Each stream that a server was seen to send is held against what the client was shown to read. Servers are those of
    published recordings, the gateways of the run, and your own. What nothing shows is said to be not known.
    """
    if fail_on is not None and fail_on not in GRAVE:
        fail(f"--fail-on {fail_on}: say not-ready or limits")
    found = _found(results, [*(servers or [])], server or [])
    chosen = _chosen(found, client)
    if as_json:
        from harness.report.outputs.readiness_json import readiness_json

        typer.echo(readiness_json(chosen), nl=False)
    elif client is not None:
        for each in chosen:
            _print_client(each)
    else:
        _print_clients(chosen)
    if fail_on and any(each.verdict in GRAVE[fail_on] for one in chosen for each in one.pairings):
        raise typer.Exit(FAILED)


def _found(results: Sequence[Path], servers: Sequence[Path], only: Sequence[str]) -> tuple[ClientReadiness, ...]:
    from harness.report.matrix import build_matrix
    from harness.report.mending import readiness_of
    from harness.report.served import recorded_servers
    from harness.runner.results import UnreadableResults, read_run

    with mendable(UnreadableResults):
        runs = [read_run(path, evidence=False) for path in results]
        every = [*recorded_servers(), *_given(servers)]
        return readiness_of(build_matrix(runs), runs, every, only=frozenset(only))


def _given(paths: Sequence[Path]) -> Iterable[Server]:
    """Servers in what lint wrote, and in files that lint can read."""
    from harness.lint.record import UnreadableLint, read_lint
    from harness.lint.standing import lint_record
    from harness.lint.streams import lint_files
    from harness.recording.importers.imported import UnreadableImport
    from harness.report.served import linted_servers

    with mendable(UnreadableLint, UnreadableImport):
        for path in paths:
            linted = path.suffix == ".json" and b'"harness-lint/' in path.read_bytes()[:200]
            yield from linted_servers(read_lint(path) if linted else lint_record(lint_files([path])))


def _chosen(found: Sequence[ClientReadiness], client: str | None) -> list[ClientReadiness]:
    if not found:
        fail(
            "no client of this run speaks a dialect in which such a server was seen; `--server` takes names of servers"
        )
    chosen = [each for each in found if client in (None, each.system)]
    if not chosen:
        fail(f"--client {client}: no such client in this run; there are {', '.join(each.system for each in found)}")
    return chosen


def _print_clients(clients: Sequence[ClientReadiness]) -> None:
    width = max(len(each.system) for each in clients)
    for each in clients:
        first = f"; mend first: {_mend_words(each.mends[0])}" if each.mends else ""
        typer.echo(f"{each.system:{width}}  {_counts(each)}{first}")


def _counts(client: ClientReadiness) -> str:
    from harness.report.readiness import VERDICT_WORDS, Verdict

    order: tuple[Verdict, ...] = ("ready", "limits", "not ready", "not known")
    return ", ".join(f"{len(client.having(each))} {VERDICT_WORDS[each]}" for each in order)


def _mend_words(mend: Mend) -> str:
    from harness.lint.traits import trait_words

    loudly = "token counts are lost" if mend.aspect == "counts" else "fails silently" if mend.silent else "fails"
    return f"{loudly} where {' and '.join(trait_words(mend.dialect, trait) for trait in mend.traits)} ({mend.dialect})"


def _print_client(client: ClientReadiness) -> None:
    from harness.lint.traits import trait_words
    from harness.report.mending import WHY_WORDS

    typer.echo(f"{client.system} {client.version}: {_counts(client)}")
    for suspect in client.suspects:
        typer.echo(f"  its canary fails in {suspect.column.dialect}: nothing is said of it there")
    for number, mend in enumerate(client.mends[:SHOWN], 1):
        hits = ", ".join(f"{hit.pairing.server.name} {hit.streams}/{hit.pairing.every}" for hit in mend.hits[:5])
        typer.echo(f"mend {number}: {_mend_words(mend)}")
        typer.echo(f"  shown by {', '.join(each.cell.result.scenario for each in mend.shown_by[:3])}; spoils {hits}")
    for gap in client.gaps[:SHOWN]:
        words = trait_words(gap.dialect, gap.trait)
        typer.echo(f"not known: {words} ({gap.dialect}, {gap.streams} streams): {WHY_WORDS[gap.why]}")
    for pairing in sorted(client.pairings, key=_order):
        typer.echo(_server_line(pairing))


def _order(pairing: Pairing) -> tuple[int, str, str]:
    from harness.report.readiness import VERDICTS

    return VERDICTS.index(pairing.verdict), pairing.server.dialect, pairing.server.name


def _server_line(pairing: Pairing) -> str:
    from harness.report.readiness import OUTCOME_WORDS, OUTCOMES, VERDICT_WORDS
    from harness.report.visible import counted, plain

    server = pairing.server
    name = f"{server.name} over {server.upstream}" if server.upstream else server.name
    told = [f"{count} {OUTCOME_WORDS[each]}" for each in OUTCOMES if (count := pairing.streams(each))]
    streams = counted(pairing.every, "stream")
    return f"{VERDICT_WORDS[pairing.verdict]:17}  {server.dialect} {plain(name)}: {streams}, {', '.join(told)}"
