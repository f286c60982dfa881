"""What `replay` and `matrix` share: their options, and how a run is carried out and its files are written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import typer

from harness.cli import completion
from harness.cli.exits import COULD_NOT_RUN, INTERRUPTED, fail, make_parent, mendable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypedDict, Unpack

    from harness.cli.given_cassettes import GivenCassettes
    from harness.runner.case import LaneName
    from harness.runner.results import Run
    from harness.runner.session import Settings
    from harness.runner.shard import Shard
    from harness.systems.known_lists import KnownLists

    class OtherSettings(TypedDict, total=False):
        """What else a run can be told; see `Settings`."""

        recordings: Path | None
        workers: int
        results: Path | None
        left_out: dict[str, str]
        known: KnownLists


Names = list[str] | None
File = Path | None
Files = list[Path] | None
SCENARIO = typer.Option(
    "--scenario",
    metavar="NAME",
    help="Only these scenarios; patterns such as canary/* will do.",
    autocompletion=completion.scenarios,
)
FAMILY = typer.Option("--family", "-f", metavar="NAME", help="Only these families.", autocompletion=completion.families)
DIALECT = typer.Option(
    "--dialect", "-d", metavar="NAME", help="Only these dialects.", autocompletion=completion.dialects
)
CATALOGUE = typer.Option("--catalogue", metavar="PATH", help="A folder of scenarios instead of the built-in one.")
JOBS = typer.Option("--jobs", "-j", metavar="NUMBER", min=1, help="Cases of one system at once.")
AT_ONCE = typer.Option(
    "--systems-at-once", metavar="NUMBER", min=1, help="Systems at once; the others wait until one is through."
)
ISOLATE = typer.Option("--isolate/--no-isolate", help="Cut systems off from every network but loopback.")
REPORT = typer.Option("--report", metavar="PATH", help="Write the HTML report and results.jsonl into this folder.")
SHARD = typer.Option(
    "--shard", metavar="N/M", help="Which part to do here, such as 2/4; harness merge joins the parts."
)
RESULTS = typer.Option("--results", metavar="PATH", help="Write the results file here.")
BASELINE = typer.Option(
    "--baseline", metavar="PATH", help="A results file: only what is not as it was there counts as a failure."
)
HISTORY = typer.Option(
    "--history", metavar="PATH", help="Keep the run in this file, and compare it with the one before it there."
)
JUNIT = typer.Option("--junit", metavar="PATH", help="Write JUnit XML here.")
KNOWN = typer.Option(
    "--known", metavar="PATH", help="A list of your own of known failures and of what is flaky; see docs/ci.md."
)
AS_JSON = typer.Option("--json", help="Print the results file instead of a summary.")
VERBOSE = typer.Option("--verbose", "-v", help="Say on stderr what became of each case, as it ends.")
QUIET = typer.Option("--quiet", "-q", help="Print nothing but errors.")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which scenarios are to run, in which dialects, and where they lie; None is no condition."""

    scenarios: Names
    families: Names
    dialects: Names
    catalogue: File


class Pace(NamedTuple):
    """How much of it is done here, how much of that at once, whether cut off from the network, and in which lane."""

    jobs: int
    systems_at_once: int
    isolated: bool
    shard: Shard | None
    lane: LaneName = "sockets"


class Voice(NamedTuple):
    """How much is said, and in which form."""

    quiet: bool
    as_json: bool
    verbose: bool

    @property
    def summary(self) -> bool:
        """Whether a summary is printed."""
        return not (self.quiet or self.as_json)


def voice(*, quiet: bool, as_json: bool, verbose: bool) -> Voice:
    """How much is to be said; both more and nothing ends the command."""
    if quiet and verbose:
        fail("--quiet says nothing and --verbose says more; give one of them")
    return Voice(quiet, as_json, verbose)


def settings_for(
    systems: Iterable[str],
    chosen: Chosen,
    pace: Pace,
    *,
    cassettes: GivenCassettes | None = None,
    **others: Unpack[OtherSettings],
) -> Settings:
    """The settings of a run, through cassettes where there are any; a catalogue that is wrong ends the command."""
    from harness.catalogue.loader import CatalogueError, load_catalogue
    from harness.runner.session import Settings

    dialects = tuple(chosen.dialects) if chosen.dialects else None
    with mendable(CatalogueError):
        if cassettes is not None:
            scenarios = cassettes.scenarios(chosen.scenarios, chosen.families)
            return Settings(
                systems=tuple(systems) if scenarios else (),  # there may be nothing but golden transcripts
                scenarios=scenarios,
                catalogue=cassettes.cases.catalogue,
                dialects=dialects,
                source=cassettes.source,
                reviewed=cassettes.reviewed(chosen.scenarios, dialects),
                **pace._asdict(),
                **others,
            )
        loaded = load_catalogue(chosen.catalogue)
        return Settings(
            systems=tuple(systems),
            scenarios=loaded.select(ids=chosen.scenarios, families=chosen.families),
            catalogue=loaded,
            dialects=dialects,
            source=("--catalogue", str(chosen.catalogue)) if chosen.catalogue else (),
            **pace._asdict(),
            **others,
        )


def shard_of(text: str | None) -> Shard | None:
    """The part that was asked for; what is none ends the command."""
    from harness.runner.shard import UnknownShard, read_shard

    with mendable(UnknownShard):
        return None if text is None else read_shard(text)


def known_lists(files: Files) -> KnownLists:
    """What systems are known to fail, by these files too; one that is wrong ends the command before anything runs."""
    from harness.systems.known_files import UnreadableKnownFailures
    from harness.systems.known_lists import KnownLists

    with mendable(UnreadableKnownFailures):
        return KnownLists.read(files or ())


def results_path(results: Path | None, report: Path | None) -> Path | None:
    """Where the results file goes; None: nowhere."""
    return results or (report / "results.jsonl" if report else None)


def make_room(*paths: Path | None, history: Path | None = None) -> None:
    """Finds out now, rather than after a long run, that a file cannot be written, or is no history."""
    with mendable():
        for path in filter(None, paths):
            make_parent(path)
    if history is not None:
        from harness.cli.earlier import open_for_use

        open_for_use(history)


def carry_out(settings: Settings, told: Voice, *, times: int = 1) -> list[Run]:
    """Runs it so many times, shown on stderr; what goes wrong ends the command with its exit status."""
    from harness.catalogue.render import Unrenderable
    from harness.cli.progress import Progress
    from harness.dialects import UnknownDialect
    from harness.origin.server import OriginError
    from harness.runner.lineup import WrongRun
    from harness.runner.recordings import UnreadableRecordings
    from harness.runner.session import run_repeatedly
    from harness.systems.known_files import UnreadableKnownFailures
    from harness.systems.manifest import UnreadableManifest
    from harness.systems.registry import UnknownSystem

    wrong_call = (UnknownDialect, UnknownSystem, UnreadableManifest, UnreadableRecordings, WrongRun)
    ours = mendable(UnreadableKnownFailures, Unrenderable, OriginError, status=COULD_NOT_RUN)
    try:
        with Progress(**told._asdict()) as progress, ours, mendable(*wrong_call):
            return run_repeatedly(settings, progress.listeners, times=times)
    except KeyboardInterrupt:
        kept = f"; what it found so far lies in {settings.results}" if settings.results else ""
        fail(f"the run was interrupted{kept}", INTERRUPTED)


def show(
    run: Run,
    report: Path | None,
    junit: Path | None,
    *,
    said: bool,
    baseline: Run | None = None,
    history: Path | None = None,
) -> NoReturn:
    """Writes what was asked for, prints the summary if it is to be `said`, and ends the command with its status.

    With a baseline that is the status of what is not as it was.
    """
    from harness.cli.verdicts import exit_status, print_summary

    write_views(run, report, junit, baseline, history)
    if said:
        print_summary(_beside(run, baseline), report, verdict=baseline is None)
    if baseline is None:
        raise typer.Exit(exit_status(run))
    from harness.cli.compare import print_comparison, run_in_words
    from harness.cli.verdicts import print_against, status_against
    from harness.report.comparison import compare_runs

    comparison = compare_runs(baseline, run)
    status = status_against(comparison, run)
    if said:
        typer.echo("\nagainst the baseline:")
        print_comparison(comparison, run_in_words(baseline), run_in_words(run))
        print_against(status)
    raise typer.Exit(status)


def _beside(run: Run, baseline: Run | None) -> Run:
    """The run as the summary tells it: what fails in the baseline as well counts as known."""
    if baseline is None:
        return run
    from harness.report.excused import excused

    return excused(run, baseline)


def read_baseline(path: Path | None) -> Run | None:
    """The run to compare with; a file that is none ends the command, before anything has run."""
    if path is None:
        return None
    from harness.runner.results import UnreadableResults, read_run

    with mendable(UnreadableResults):
        return read_run(path, evidence=False)


def write_views(
    run: Run, report: Path | None, junit: Path | None, baseline: Run | None = None, history: Path | None = None
) -> None:
    """The files that were asked for besides the results file. What fails in the baseline as well is no failure of the
    JUnit file; the HTML report says what changed since then, or since the run before in the history."""
    from harness.cli.earlier import earlier

    known = earlier([run], history, baseline, lambda words: typer.echo(words, err=True))
    with mendable(status=COULD_NOT_RUN):
        if report is not None:
            from harness.report.site.html import render_report

            render_report([run], report, before=known.before, trend=known.trend)
        if junit is not None:
            from harness.report.outputs.junit import render_junit

            junit.write_bytes(render_junit(run, baseline))
