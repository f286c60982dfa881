"""Any system of the registry, in either lane: over real sockets, or in process through a transport.

An in-process system gets a transport of httpx in its case; one that says `http = "httpx2"` gets one of httpx2. Of a
gateway each dialect that it serves is a reader of its own, over the same processes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from harness.catalogue.across import expresses_request, without_gates
from harness.catalogue.checks import judge, missing_features
from harness.catalogue.observation import Observation
from harness.catalogue.render import RenderedScenario
from harness.fuzz.outcome import ORDER, Ended, Outcome
from harness.fuzz.stream import Stream
from harness.fuzz.subjects.decoders import order_of
from harness.origin.server import Origin
from harness.runner.case import InProcessLane, Lane, LaneName, SocketLane
from harness.runner.plan import PlannedCase
from harness.systems.base import PARSER_FAMILIES, Description, Driver
from harness.systems.in_process import InProcessDriver
from harness.systems.registry import InProcessSpec, SystemSpec, load_system, open_driver
from harness.transcript import Transcript, fold
from harness.wire.response import WireResponse

DEADLINE_S = 10.0
"""After this a stream that should have been over in a moment has hung."""
CHUNK_S = 0.005
"""How much longer each chunk may take over sockets."""
PATIENCE_S = 3.0
"""How long a system is told to wait for a server that falls silent, where that is what is tried."""
JOBS = 16
"""Streams that one system reads at once over sockets."""

SILENT_ENDINGS = ("stall", "timeout", "cancelled")
MADE = "(made)"
"""Stands for an id of a call that the system made up, which may be another one each time."""


@dataclass(slots=True)
class _Started:
    """A started system with what was started for it."""

    runner: asyncio.Runner
    lane: Lane
    driver: Driver
    origin: Origin | None = None
    closed: bool = False

    def close(self) -> None:
        """Stops all of it, once."""
        if self.closed:
            return
        self.closed = True
        try:
            self.runner.run(self.driver.close())
        finally:
            _leave(self.runner, self.origin)


def _leave(runner: asyncio.Runner, origin: Origin | None) -> None:
    try:
        if origin is not None:
            runner.run(origin.__aexit__(None, None, None))
    finally:
        runner.close()


class SystemSubject:
    """A started system. `open` starts one, `close` stops it; isolation from the network is the caller's affair."""

    exact = False

    def __init__(self, spec: str, started: _Started, front: str | None, jobs: int, deadline_s: float) -> None:
        self.spec = spec
        self.description: Description = started.driver.description
        self.front = front
        """Of a gateway: the dialect of the client in front of it."""
        own = self.description.at_once or jobs
        self.at_once = 1 if started.lane.name == "in-process" else min(jobs, own)
        """How many streams it reads side by side."""
        self._started, self._jobs, self._deadline_s = started, jobs, deadline_s

    @classmethod
    def open(
        cls,
        spec: str,
        system: SystemSpec,
        *,
        lane: LaneName = "sockets",
        front: str | None = None,
        jobs: int = JOBS,
        deadline_s: float = DEADLINE_S,
    ) -> SystemSubject:
        """Starts the system. `front`: of a gateway, the dialect of its client; None takes the first that it serves.

        Raises SystemBroken, UnknownSystem or OriginError; RuntimeError where an event loop is running in this thread.
        """
        runner = asyncio.Runner()
        origin: Origin | None = None
        try:
            if lane == "in-process":
                started = _in_process(runner, system)
            else:
                origin = runner.run(Origin().__aenter__())
                driver = runner.run(open_driver(system, origin=origin))
                started = _Started(runner, SocketLane(origin), driver, origin)
        except BaseException:
            _leave(runner, origin)
            raise
        description = started.driver.description
        if description.kind == "gateway" and front is None:
            front = description.dialects[0]
        return cls(spec, started, front, jobs, deadline_s)

    @property
    def fronts(self) -> tuple[str, ...]:
        """Of a gateway: the dialects that it serves; of others none."""
        return self.description.dialects if self.description.kind == "gateway" else ()

    def serving(self, front: str) -> SystemSubject:
        """The same gateway, read by a client of that dialect. Closing either closes both."""
        return SystemSubject(self.spec, self._started, front, self._jobs, self._deadline_s)

    @property
    def lane(self) -> LaneName:
        """Where it is run."""
        return self._started.lane.name

    def takes(self, stream: Stream) -> bool:
        """Whether it speaks the stream's dialect, and claims all that its scenario needs."""
        scenario, description = stream.planned.scenario, self.description
        if description.kind == "gateway":
            if stream.dialect != description.upstream or "gateway" not in scenario.subjects or self.front is None:
                return False
            if not expresses_request(scenario, self.front):
                return False
        elif stream.dialect not in description.dialects or "client" not in scenario.subjects:
            return False
        if description.kind == "parser" and not stream.source and scenario.family not in PARSER_FAMILIES:
            return False
        return not self._missing(stream)

    def _missing(self, stream: Stream) -> frozenset[str]:
        dialect = self.front or stream.dialect
        description = self.description
        claims, documented = description.claims(dialect), description.retries_by_default(dialect)
        return missing_features(stream.planned.scenario, dialect, claims, documented, description.upstream)

    def plays(self, stream: Stream, response: WireResponse) -> bool:
        """Whether anything can be said of it with that response: of silence only where it claims to give up on it."""
        return response.ending not in SILENT_ENDINGS or "timeouts" in self.description.claims(
            self.front or stream.dialect
        )

    def unfit(self, stream: Stream) -> str:
        """Why nothing can be learnt from changes of this stream: the system does not pass it as it is. Empty if not."""
        scenario = stream.planned.scenario
        if not scenario.expect.model_fields_set:
            return ""  # a recording: nobody said what is right
        planned = self._planned(stream, stream.response)
        [observation] = self._observe([planned])
        dialect, description = planned.dialect, self.description
        claims, documented = description.claims(dialect), description.retries_by_default(dialect)
        judgement = judge(planned.scenario, dialect, claims, observation, documented, planned.upstream)
        if judgement.verdict == "pass":
            return ""
        why = judgement.findings[0].message if judgement.findings else judgement.note
        return f"it does not pass {scenario.id} as it is: {why}"

    def outcome(self, stream: Stream, response: WireResponse) -> Outcome:
        """What the system's user gets when `response` is played in the place of the stream's own."""
        [outcome] = self.outcomes(stream, [response])
        return outcome

    def outcomes(self, stream: Stream, responses: Sequence[WireResponse]) -> list[Outcome]:
        """The same for many, `at_once` of them side by side."""
        cases = [self._planned(stream, response) for response in responses]
        observed = self._observe(cases)
        return [_outcome(case.dialect, each, stream.body) for case, each in zip(cases, observed, strict=True)]

    def close(self) -> None:
        """Stops the system and the origin."""
        self._started.close()

    def _planned(self, stream: Stream, response: WireResponse) -> PlannedCase:
        """The stream's case with another response in it, and with less patience."""
        planned, rendered = stream.planned, stream.planned.rendered
        options = planned.scenario.options
        if response.ending in SILENT_ENDINGS:
            options = options.model_copy(update={"timeout_s": min(options.timeout_s, PATIENCE_S)})
        deadline_s = self._deadline_s + CHUNK_S * len(response.chunks)
        scenario = planned.scenario.model_copy(update={"deadline_s": deadline_s, "options": options})
        rendered = _played(stream, response)
        if self.front is None:
            return replace(planned, scenario=scenario, rendered=rendered)
        ungated = without_gates(rendered, scenario, self.front)
        return PlannedCase(scenario, self.front, ungated, self.description.upstream)

    def _observe(self, cases: Sequence[PlannedCase]) -> list[Observation]:
        return self._started.runner.run(_all(self._started, cases, self.at_once))


def _played(stream: Stream, response: WireResponse) -> RenderedScenario:
    """The stream's case with another response in the place of its own.

    A system that asks once more, since it was given a damaged one, gets that again: a whole answer that the scenario
    has for later attempts would make up for the damage. In a talk of several turns the later ones are other answers.
    """
    rendered = stream.planned.rendered
    own = next(at for at, each in enumerate(rendered.responses) if each is stream.response)
    if response is stream.response or stream.planned.scenario.options.tool_results:
        played = tuple(response if at == own else each for at, each in enumerate(rendered.responses))
        return replace(rendered, responses=played)
    later = (response,) * len(rendered.responses[own:])
    return replace(rendered, responses=(*rendered.responses[:own], *later), fallback_responses=())


async def _all(started: _Started, cases: Sequence[PlannedCase], at_once: int) -> list[Observation]:
    places = asyncio.Semaphore(at_once)

    async def observe(planned: PlannedCase) -> Observation:
        async with places:
            return await started.lane.observe(started.driver, planned)

    return list(await asyncio.gather(*map(observe, cases)))


def _in_process(runner: asyncio.Runner, system: SystemSpec) -> _Started:
    if not isinstance(system, InProcessSpec):
        raise ValueError(f"{system.name} cannot run in process, only over sockets: leave --in-process out")
    found = load_system(system.target)
    return _Started(runner, InProcessLane(), InProcessDriver(found))


def _outcome(dialect: str, observation: Observation, intact: bytes) -> Outcome:
    transcript = fold(dialect, (timed.event for timed in observation.events))
    error = observation.end.error if observation.end else None
    said = _without_made_ids(transcript, intact.decode("utf-8", "replace"))
    ended, note = _ended(observation, transcript)
    attempts = max(1, len(observation.attempts))
    return Outcome(said, ended, error or transcript.error, {ORDER: _order(transcript)}, note, attempts)


def _order(transcript: Transcript) -> list[str]:
    """The kinds of the parts, without signatures: those are whole or not as the system's own types have them."""
    return [kind for kind, _ in groupby(name for name in order_of(transcript) if not name.startswith("signature "))]


def _ended(observation: Observation, transcript: Transcript) -> tuple[Ended, str]:
    """How it ended for the system's user, and why nothing is known where that is so."""
    end = observation.end
    if observation.broken is not None:
        return "broken", observation.broken
    if observation.hung:
        return "hung", "nothing had ended by the deadline"
    if end is None:
        return "broken", "the adapter never said how it ended"
    if not any(attempt.response is not None for attempt in observation.attempts):
        return "broken", "the system never asked for the stream"
    if end.status == "completed" and transcript.error is not None:
        return "error", ""
    return end.status, ""


def _without_made_ids(transcript: Transcript, intact: str) -> dict[str, Any]:
    """The transcript's JSON form, in which ids of calls that the intact stream does not have are all alike."""
    said = transcript.to_dict()
    for choice in (said, *said["other_choices"]):
        for call in choice["tool_calls"]:
            if call["id"] not in intact:
                call["id"] = MADE
    return said
