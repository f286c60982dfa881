"""`harness fuzz`: streams cut, respelled and damaged, until a system reads something else out of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, NoReturn

import typer

from harness.cli import completion
from harness.cli.cassettes import Cassettes
from harness.cli.exits import COULD_NOT_RUN, INTERRUPTED, fail, mendable
from harness.cli.runs import (
    AS_JSON,
    CATALOGUE,
    DIALECT,
    FAMILY,
    ISOLATE,
    JUNIT,
    KNOWN,
    QUIET,
    REPORT,
    RESULTS,
    SHARD,
    VERBOSE,
    File,
    Files,
    Names,
    Voice,
    known_lists,
    make_room,
    results_path,
    shard_of,
    show,
    voice,
)

if TYPE_CHECKING:
    from harness.cli.given_streams import GivenStreams
    from harness.fuzz.campaign import Campaign
    from harness.fuzz.variant import Kind
    from harness.runner.results import Run
    from harness.systems.known_lists import KnownLists

EXAMPLE = "Example: harness fuzz --system my_adapter.py --family framing --cuts --save scenarios"
DECODERS = "decoders"

SYSTEM = typer.Option(
    "--system",
    "-s",
    metavar="NAME",
    help="What replay takes, or our own decoders or translation, which is the default and needs no HTTP.",
    show_default=DECODERS,
    autocompletion=completion.searched_systems,
)
SCENARIO = typer.Option(
    "--scenario",
    metavar="NAME",
    help="Only these streams; patterns such as canary/* will do.",
    autocompletion=completion.scenarios,
)
CASSETTE = typer.Option(
    "--cassette", metavar="PATH", help="The exchanges in this cassette or folder instead of scenarios."
)
RECORDINGS = typer.Option(
    "--recordings", metavar="PATH", help="The recorded streams in this folder instead of scenarios."
)
CUTS = typer.Option("--cuts", help="Only other cuts: what is said must stay the same.")
NEUTRAL = typer.Option("--neutral", help="Only other spellings of the same: what is said must stay the same.")
DAMAGE = typer.Option("--damage", help="Only damage: it must not pass for a whole answer.")
EXAMPLES = typer.Option(
    "--examples", "-n", metavar="NUMBER", min=0, help="Inputs made at random, for each stream and kind."
)
EXHAUSTIVE = typer.Option(
    "--exhaustive",
    metavar="NUMBER",
    help="At most so many of the inputs that are made one by one, for each stream and kind; or all.",
)
SEED = typer.Option("--seed", metavar="NUMBER", min=0, help="The same seed makes the same inputs.")
MINUTES = typer.Option(
    "--minutes", metavar="NUMBER", min=0.01, help="Go on with the next seeds until the time is over."
)
JOBS = typer.Option(
    "--jobs", "-j", metavar="NUMBER", min=1, help="Processes that search.", show_default="one for each core"
)
SAVE = typer.Option("--save", metavar="PATH", help="Write each finding as a scenario into this folder.")
DATABASE = typer.Option(
    "--database", metavar="PATH", help="Keep inputs that failed in this folder, and try them first."
)
PLAN = typer.Option(
    "--plan", metavar="JSON", help="Play this one input only, as a finding names it, and show what becomes of it."
)
FRONT = typer.Option(
    "--front",
    metavar="NAME",
    help="Of gateways: only with a client of this dialect in front of them.",
    autocompletion=completion.dialects,
)
IN_PROCESS = typer.Option("--in-process", help="Without sockets; for systems that run in this process.")


def fuzz(
    system: Annotated[Names, SYSTEM] = None,
    scenario: Annotated[Names, SCENARIO] = None,
    family: Annotated[Names, FAMILY] = None,
    dialect: Annotated[Names, DIALECT] = None,
    catalogue: Annotated[File, CATALOGUE] = None,
    cassette: Annotated[Cassettes, CASSETTE] = None,
    recordings: Annotated[File, RECORDINGS] = None,
    cuts: Annotated[bool, CUTS] = False,
    neutral: Annotated[bool, NEUTRAL] = False,
    damage: Annotated[bool, DAMAGE] = False,
    examples: Annotated[int, EXAMPLES] = 20,
    exhaustive: Annotated[str, EXHAUSTIVE] = "100",
    seed: Annotated[int, SEED] = 0,
    minutes: Annotated[float | None, MINUTES] = None,
    jobs: Annotated[int | None, JOBS] = None,
    shard: Annotated[str | None, SHARD] = None,
    save: Annotated[File, SAVE] = None,
    database: Annotated[File, DATABASE] = None,
    plan: Annotated[str | None, PLAN] = None,
    front: Annotated[str | None, FRONT] = None,
    in_process: Annotated[bool, IN_PROCESS] = False,
    isolate: Annotated[bool, ISOLATE] = True,
    report: Annotated[File, REPORT] = None,
    results: Annotated[File, RESULTS] = None,
    junit: Annotated[File, JUNIT] = None,
    known: Annotated[Files, KNOWN] = None,
    as_json: Annotated[bool, AS_JSON] = False,
    verbose: Annotated[bool, VERBOSE] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Search for ways of cutting, respelling or damaging a stream that a system does not stand."""
    told = voice(quiet=quiet, as_json=as_json, verbose=verbose)
    given = _given(scenario, family, dialect, catalogue, cassette, recordings)
    effort = (examples, exhaustive, seed, minutes, jobs, shard, database)
    asked = _Asked(system, _kinds(cuts, neutral, damage), *effort, front, in_process, isolate, known_lists(known))
    campaign = _campaign(given, asked, results_path(results, report))
    if plan is not None:
        _play(campaign, plan, as_json=as_json, quiet=quiet)
    _search(campaign, save, report, junit, told)


class _Asked(NamedTuple):
    """What was asked for, but for the streams."""

    systems: Names
    kinds: tuple[Kind, ...]
    examples: int
    exhaustive: str
    seed: int
    minutes: float | None
    jobs: int | None
    shard: str | None
    database: Path | None
    front: str | None
    in_process: bool
    isolated: bool
    known: KnownLists


def _campaign(given: GivenStreams, asked: _Asked, results: Path | None) -> Campaign:
    """The campaign; what cannot be understood ends the command."""
    from harness.fuzz.campaign import Campaign
    from harness.fuzz.searcher import Effort

    return Campaign(
        systems=tuple(dict.fromkeys(asked.systems or [DECODERS])),
        streams=given.streams,
        catalogue=given.version,
        kinds=asked.kinds,
        effort=Effort(asked.examples, _exhaustive(asked.exhaustive)),
        seed=asked.seed,
        minutes=asked.minutes,
        jobs=asked.jobs or os.cpu_count() or 1,
        shard=shard_of(asked.shard),
        database=asked.database,
        front=asked.front,
        in_process=asked.in_process,
        isolated=asked.isolated,
        known=asked.known,
        results=results,
    )


def _search(campaign: Campaign, save: Path | None, report: Path | None, junit: Path | None, told: Voice) -> NoReturn:
    """Carries it out, writes what was asked for, and ends the command with its status."""
    make_room(campaign.results, report and report / "index.html", junit, save and save / "fuzz" / "scenario.yaml")
    run = _carry_out(campaign, told)
    if save is not None:
        _save(run, campaign, save, said=told.summary)
    show(run, report, junit, said=told.summary)


def _kinds(cuts: bool, neutral: bool, damage: bool) -> tuple[Kind, ...]:
    """The kinds that were asked for; all where none was."""
    from harness.fuzz.variant import KINDS

    asked = {"cuts": cuts, "neutral": neutral, "damage": damage}
    return tuple(kind for kind in KINDS if asked[kind]) or KINDS


def _exhaustive(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal():
        fail(f"--exhaustive is a number of inputs, or the word all, not {text!r}")
    return int(text)


def _given(
    scenario: Names, family: Names, dialect: Names, catalogue: File, cassette: Cassettes, recordings: File
) -> GivenStreams:
    """The streams that were asked for; what cannot be found ends the command."""
    from harness.catalogue.loader import CatalogueError
    from harness.catalogue.render import Unrenderable
    from harness.cli.given_streams import Wanted, given_streams
    from harness.dialects import UnknownDialect
    from harness.runner.recordings import UnreadableRecordings

    given = [name for name, value in _places(catalogue, cassette, recordings).items() if value]
    if len(given) > 1:
        fail(f"{' and '.join(given)} each say where the streams come from; give one of them")
    if family and (cassette or recordings):
        fail(f"--family is about scenarios; with {given[0]} name streams with --scenario")
    wanted = Wanted(scenario, family, dialect, catalogue, tuple(cassette or ()), recordings)
    with mendable(Unrenderable, status=COULD_NOT_RUN), mendable(CatalogueError, UnknownDialect, UnreadableRecordings):
        return given_streams(wanted)


def _places(catalogue: File, cassette: Cassettes, recordings: File) -> dict[str, object]:
    return {"--catalogue": catalogue, "--cassette": cassette, "--recordings": recordings}


def _carry_out(campaign: Campaign, told: Voice) -> Run:
    """Runs it, shown on stderr; what goes wrong ends the command with its exit status."""
    from harness.cli.progress import Progress
    from harness.fuzz.campaign import run_campaign
    from harness.runner.lineup import WrongRun
    from harness.systems.known_files import UnreadableKnownFailures
    from harness.systems.manifest import UnreadableManifest
    from harness.systems.registry import UnknownSystem

    ours = mendable(UnreadableKnownFailures, status=COULD_NOT_RUN)
    theirs = mendable(WrongRun, UnknownSystem, UnreadableManifest)
    try:
        with Progress(**told._asdict(), what="searches") as progress, ours, theirs:
            return run_campaign(campaign, progress.listeners)
    except KeyboardInterrupt:
        kept = f"; what it found so far lies in {campaign.results}" if campaign.results else ""
        fail(f"the search was interrupted{kept}", INTERRUPTED)


def _save(run: Run, campaign: Campaign, folder: Path, *, said: bool) -> None:
    """Writes findings as scenarios, and tries whether those fail for whom they are about."""
    from harness.fuzz.saved_verdicts import check_saved
    from harness.fuzz.saving import save_findings

    with mendable(status=COULD_NOT_RUN):
        saved = save_findings(run.searches, campaign.streams, folder)
        words = check_saved(saved, in_process=campaign.in_process)
    if said:
        typer.echo("\n".join(words))


def _play(campaign: Campaign, plan: str, *, as_json: bool, quiet: bool) -> NoReturn:
    from harness.cli.fuzz_plan import play_plan

    play_plan(campaign, plan, as_json=as_json, quiet=quiet)
