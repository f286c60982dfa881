"""The streams in a run's evidence: those that scenarios send to clients, and those that gateways made of them.

Of most results no evidence is read: all clients of a dialect are sent the same stream by one scenario, so that it is
looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TypeAlias

from harness.lint.linter import lint
from harness.lint.spec import spec, spec_names
from harness.lint.traits import stream_traits
from harness.recording.content_coding import UnpackedTooLarge, unpacked
from harness.report.names import cell_address, column_address
from harness.report.served import Counting, Server
from harness.runner.evidence_index import EvidenceIndex, case_key
from harness.runner.results import AttemptRecord, Evidence, Result, Run

StreamKey: TypeAlias = tuple[str, str]
"""A dialect, a scenario."""
Traits: TypeAlias = dict[str, int]

LONGEST = 2 * 1024 * 1024
"""Bytes above which a stream is not looked at."""
OF_A_GATEWAY = 24
"""How many streams of a gateway are looked at in each of its dialects: spread over all scenarios by their names."""
LONGEST_OF_A_GATEWAY = 256 * 1024
"""Bytes above which a gateway's stream is not looked at."""
WHOLE = "clean"
PAUSE_S = 2.0
"""Seconds of silence that some clients do not wait out."""


@dataclass(frozen=True, slots=True)
class Played:
    """A stream that a scenario sends, whole and at the first try.

    `counts_judged`: the scenario says what the token counts are. `good`: no rule of level must is broken, and there is
    no error in it, so that it is what an upstream ordinarily sends.
    """

    traits: frozenset[str]
    counts_judged: bool
    good: bool


@dataclass(slots=True)
class Streams:
    """What the evidence of some runs holds."""

    played: dict[StreamKey, Played] = field(default_factory=dict)
    gateways: tuple[Server, ...] = ()


GatewayKey: TypeAlias = tuple[str, str, str, str]
Fetch: TypeAlias = Callable[[], Evidence | None]
"""Reads one result's evidence."""


def streams_of(runs: Iterable[Run]) -> Streams:
    """All streams in the evidence of these runs. Raises OSError, and UnreadableResults where a file has changed."""
    runs = list(runs)
    standing = {case_key(result): result for run in runs for result in run.results}
    with closing(EvidenceIndex.over(runs)) as index:
        reader = _Reader()
        for result in standing.values():
            reader.see(result, partial(index.of, result))
        return Streams(reader.played(), reader.gateways())


class _Reader:
    def __init__(self) -> None:
        self._played: dict[StreamKey, Played | None] = {}  # None: the scenario sends no such stream
        self._gateways: dict[GatewayKey, dict[str, Fetch]] = {}

    def see(self, result: Result, fetch: Fetch) -> None:
        if result.verdict not in ("pass", "fail") or result.dialect not in spec_names():
            return
        if result.upstream is not None:
            key = (result.system, result.system_version, result.dialect, result.upstream)
            self._gateways.setdefault(key, {})[result.scenario] = fetch
        on_wire = (result.upstream or result.dialect, result.scenario)
        if on_wire not in self._played and result.attempts == 1 and (evidence := fetch()) is not None:
            self._play(on_wire, evidence)

    def _play(self, on_wire: StreamKey, evidence: Evidence) -> None:
        dialect, _ = on_wire
        if _never_whole(evidence):
            self._played[on_wire] = None
        elif (found := _traits(dialect, evidence.wire, evidence)) is not None:
            traits, broken = found
            good = not broken and "error-in-stream" not in traits and "failed" not in traits
            self._played[on_wire] = Played(frozenset(traits), "usage" in evidence.expected, good)

    def played(self) -> dict[StreamKey, Played]:
        """The streams that scenarios send."""
        return {key: stream for key, stream in self._played.items() if stream is not None}

    def gateways(self) -> tuple[Server, ...]:
        """The gateways by what they make of good streams; of one that relays its own dialect, what it adds."""
        return tuple(self._gateway(key, self._gateways[key]) for key in sorted(self._gateways))

    def _gateway(self, key: GatewayKey, cases: Mapping[str, Fetch]) -> Server:
        system, version, dialect, upstream = key
        counting = Counting(system, dialect, "gateway")
        played = self.played()
        good = sorted(name for name in cases if (stream := played.get((upstream, name))) and stream.good)
        for scenario in _spread(good, OF_A_GATEWAY):
            evidence = cases[scenario]()
            found = None if evidence is None else _traits(dialect, evidence.front, evidence, LONGEST_OF_A_GATEWAY)
            if found is not None:
                relayed = played[upstream, scenario].traits if upstream == dialect else frozenset()
                traits = {name: at for name, at in found[0].items() if name not in relayed}
                href = cell_address(scenario, column_address(system, version, dialect, upstream))
                counting.count(traits, scenario, href)
        return counting.server(version=version, upstream=upstream)


def _spread(names: Sequence[str], most: int) -> list[str]:
    """So many of the names, as far apart as can be."""
    return [names[place * len(names) // most] for place in range(most)] if len(names) > most else list(names)


def _never_whole(evidence: Evidence) -> bool:
    """Whether the scenario itself sends something else than one whole stream, whoever asks."""
    due = evidence.expected.get("attempts") or {}
    sent = evidence.wire[0] if evidence.wire else None
    return due.get("at_most", 1) != 1 or (sent is not None and sent.status != 200)


def _traits(
    dialect: str, attempts: Sequence[AttemptRecord], evidence: Evidence, longest: int = LONGEST
) -> tuple[Traits, bool] | None:
    """Those of the one stream among these attempts, and whether it breaks a must; None where none came whole."""
    body = _whole_body(dialect, attempts, evidence, longest)
    if body is None:
        return None
    attempt = attempts[0]
    packed = any(name.lower() == "content-encoding" for name, _ in attempt.headers)
    reads = [] if packed else [len(chunk.data) for chunk in attempt.chunks]
    findings = lint(dialect, body)
    if any(finding.rule == "not-a-stream" for finding in findings):
        return None
    traits = stream_traits(dialect, body, findings, headers=attempt.headers, reads=reads)
    if _pauses(attempt):
        traits["pause"] = 0
    return traits, any(finding.level == "must" for finding in findings)


def _pauses(attempt: AttemptRecord) -> bool:
    times = [attempt.at_s, *(chunk.sent_s for chunk in attempt.chunks if chunk.sent_s is not None)]
    return any(later - sooner >= PAUSE_S for sooner, later in pairwise(times))


def _whole_body(
    dialect: str, attempts: Sequence[AttemptRecord], evidence: Evidence, longest: int = LONGEST
) -> bytes | None:
    """The body of the one answer, without content coding; None where there was none, or it did not come whole."""
    if len(attempts) != 1 or evidence.left_out_bytes:
        return None
    attempt = attempts[0]
    whole = attempt.status == 200 and attempt.how_ended == WHOLE and not attempt.client_left and not attempt.given_up
    if not whole or (spec(dialect).framing == "ndjson" and '"stream":false' in attempt.request_body.replace(" ", "")):
        return None
    coding = next((value for name, value in attempt.headers if name.lower() == "content-encoding"), "")
    body = b"".join(chunk.data for chunk in attempt.chunks)
    try:
        return unpacked(body, coding) if len(body) <= longest else None
    except UnpackedTooLarge:
        return None
