"""A campaign: many streams, in many systems, for every kind of change, spread over all cores.

It is made of searches, one for each (system, stream, kind). What each of them does follows from its seed alone; how
long a campaign may take decides only how many of them there are, and the results say which did not come to their turn.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from msgspec.structs import replace as replace_fields

from harness.fuzz.readers import listed, prepared, runs_here
from harness.fuzz.result_lines import Asked, unsearched_line
from harness.fuzz.searcher import Described, Effort, Searcher, Task, Told
from harness.fuzz.stream import Stream
from harness.fuzz.subjects import OWN
from harness.fuzz.variant import KINDS, Kind
from harness.fuzz.workers import BrokeDown, Workers
from harness.runner.case import LaneName
from harness.runner.journal import Journal, header
from harness.runner.lineup import NOT_STARTED, WrongRun
from harness.runner.merge import join_searches
from harness.runner.results import FuzzResult, Header, Run, write_run
from harness.runner.session import Listeners
from harness.runner.shard import Shard
from harness.systems.base import Description
from harness.systems.isolation import isolate
from harness.systems.known_lists import KnownLists


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is to be searched. `jobs`: processes; `minutes` None: one round, else rounds until the time is over."""

    systems: tuple[str, ...]
    streams: tuple[Stream, ...]
    catalogue: str
    """The version of the catalogue, or of what else the streams are of."""
    kinds: tuple[Kind, ...] = KINDS
    effort: Effort = field(default_factory=Effort)
    seed: int = 0
    minutes: float | None = None
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    shard: Shard | None = None
    database: Path | None = None
    front: str | None = None
    """Of gateways: only with a client of this dialect in front of them."""
    in_process: bool = False
    isolated: bool = True
    known: KnownLists = field(default_factory=KnownLists)
    results: Path | None = None

    @property
    def lane(self) -> LaneName:
        """The lane, as results name it; our own readers are fed in this process."""
        own = all(spec in OWN for spec in self.systems)
        return "in-process" if self.in_process or own else "sockets"


def run_campaign(campaign: Campaign, listeners: Listeners) -> Run:
    """Carries it out.

    Raises UnknownSystem, UnreadableManifest, UnreadableKnownFailures or WrongRun before anything was searched. What a
    search or its process breaks down of is a line with the verdict `error`.
    """
    if not campaign.streams:
        raise WrongRun("nothing to search: there is no stream among what was asked for")
    unbuilt = prepared(campaign.systems, in_process=campaign.in_process)
    if campaign.isolated and not all(map(runs_here, campaign.systems)):
        isolation = isolate()
        if not isolation.active:
            listeners.note(f"systems are not cut off from the network: {isolation.why_not}")
    searcher = Searcher(
        campaign.streams, campaign.effort, campaign.database, campaign.in_process, unbuilt, campaign.known
    )
    journal: Journal | None = None
    try:
        with Workers[Task, Told](campaign.jobs, searcher.serve) as workers:
            described = _describe(campaign, workers)
            _tell_known(campaign, described, listeners)
            with Journal(_header(campaign, described), campaign.results, listeners.line) as journal:
                _search(campaign, workers, described, journal, listeners)
    except BaseException:
        if journal is not None:
            _together(journal.run())
        raise
    return _together(journal.run())


def _together(run: Run) -> Run:
    """The run with one line for each search, however many rounds there were; its file too."""
    searches = join_searches(run.searches)
    if len(searches) == len(run.searches) or run.footer is None:
        return run
    run = replace(run, searches=searches, footer=replace_fields(run.footer, results=len(searches)))
    if run.evidence_in is not None and run.footer is not None:
        write_run(run.evidence_in, [run.header, *searches, run.footer])
    return run


def _describe(campaign: Campaign, workers: Workers[Task, Told]) -> dict[str, Described]:
    """Who the systems say that they are, and which of the streams they take. Raises WrongRun where two are the same."""
    asked = [(spec, Task(spec)) for spec in campaign.systems]
    described: dict[str, Described] = {}
    for task, told in workers.carry_out(asked):
        described[task.spec] = told if isinstance(told, Described) else Described(None, {}, _why(told))
    names = [f"{each.description.name} {each.description.version}" for each in described.values() if each.description]
    for name in names:
        if names.count(name) > 1:
            raise WrongRun(f"{name} is asked for under two names, and its results could not be told apart")
    if not any(any(each.taken.values()) or each.why_not for each in described.values()):
        raise WrongRun("nothing to search: no system that was asked for reads a stream that was asked for")
    return described


def _tell_known(campaign: Campaign, described: dict[str, Described], listeners: Listeners) -> None:
    """Says what in the user's lists of known failures has no effect here, whatever they say of scenarios."""
    named = [listed(spec, each.description) for spec, each in described.items() if each.description]
    for words in campaign.known.remarks(named, ()):
        listeners.note(words)


def _why(told: Told | BrokeDown) -> str:
    return told.why if isinstance(told, BrokeDown) else "it could not be started"


def _header(campaign: Campaign, described: dict[str, Described]) -> Header:
    systems = [described[spec].description or _unknown(spec) for spec in campaign.systems]
    scenarios = {stream.planned.scenario.id: stream.planned.scenario for stream in campaign.streams}
    first = header(campaign.catalogue, campaign.lane, systems, scenarios.values())
    return replace_fields(first, shard=str(campaign.shard) if campaign.shard else "")


def _search(
    campaign: Campaign,
    workers: Workers[Task, Told],
    described: dict[str, Described],
    journal: Journal,
    listeners: Listeners,
) -> None:
    for spec, each in described.items():
        if each.description is None:
            listeners.note(f"{spec} could not be started: {each.why_not}")
            for kind in campaign.kinds:
                journal.add(_unsearched(campaign, Task(spec, 0, kind, campaign.seed), described, each.why_not))
    tasks = _tasks(campaign, described)
    until = None if campaign.minutes is None else time.monotonic() + 60 * campaign.minutes
    for number, seed in enumerate(_seeds(campaign)):
        listeners.planned(len(tasks))
        now = [(each.spec, each.of(seed, number)) for each in tasks]
        begun = _round(campaign, workers, now, until, described, journal)
        if until is None or time.monotonic() >= until:
            break
    if number == 0 and begun < len(tasks):
        journal.remark(f"the time was over after {begun} of {len(tasks)} searches")
    elif number:
        journal.remark(f"{number + 1} rounds, with the seeds {campaign.seed} to {seed}")


def _seeds(campaign: Campaign) -> Iterator[int]:
    """The seed of each round."""
    seed = campaign.seed
    while True:
        yield seed
        seed += 1


def _round(
    campaign: Campaign,
    workers: Workers[Task, Told],
    tasks: Sequence[tuple[str, Task]],
    until: float | None,
    described: dict[str, Described],
    journal: Journal,
) -> int:
    """How many of the searches were begun."""
    begun = 0
    for task, told in workers.carry_out(tasks, until=until):
        begun += 1
        if isinstance(told, FuzzResult):
            journal.add(told)
        elif isinstance(told, BrokeDown):
            journal.add(_unsearched(campaign, task, described, told.why))
    return begun


def _unsearched(campaign: Campaign, task: Task, described: dict[str, Described], why: str) -> FuzzResult:
    """The line of a search of which nothing is known."""
    kind, effort, stream = task.kind or KINDS[0], campaign.effort, campaign.streams[task.stream]
    asked = Asked(
        *(task.spec, stream, kind, task.seed, effort.examples, effort.exhaustive, campaign.in_process), front=task.front
    )
    return unsearched_line(asked, described[task.spec].description or _unknown(task.spec), why)


def _unknown(spec: str) -> Description:
    return Description(spec, NOT_STARTED, "unknown", ())


def _tasks(campaign: Campaign, described: dict[str, Described]) -> list[Task]:
    """All searches of this shard: the long ones first, so that no core is idle in the end; where the time is limited
    the short ones, so that there are more of them."""
    tasks = [
        Task(spec, at, kind, front=front)
        for spec in campaign.systems
        for front, taken in described[spec].taken.items()
        if campaign.front is None or front in (None, campaign.front)
        for at in taken
        for kind in campaign.kinds
        if _is_here(campaign, spec, front, campaign.streams[at], kind)
    ]
    sign = -1 if campaign.minutes is None else 1
    size: Callable[[Task], int] = lambda task: sign * len(campaign.streams[task.stream].body)  # noqa: E731
    return sorted(tasks, key=size)


def _is_here(campaign: Campaign, spec: str, front: str | None, stream: Stream, kind: Kind) -> bool:
    return campaign.shard is None or campaign.shard.holds(spec, front or "", stream.dialect, stream.id, kind)
