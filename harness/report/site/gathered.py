"""Results of a few scenarios with all their evidence, out of runs whose evidence may be larger than the memory."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import msgspec

from harness.report.matrix import ColumnKey, cell_key
from harness.runner.results import Line, Result, Run, UnreadableResults

_SCENARIO = re.compile(rb'"scenario"\s*:\s*"([^"\\]*)"')
_HEAD = 2_000
"""Bytes of a line among which the scenario is named; where it is not, the whole line is read."""


def gathered(runs: Sequence[Run], scenarios: Collection[str]) -> dict[tuple[str, ColumnKey], Result]:
    """By cell, the results of these scenarios with their evidence; where two have the same case, the later one.

    Lines of other scenarios are not decoded. Raises UnreadableResults or OSError.
    """
    return {cell_key(result): result for run in runs for result in _of(run, frozenset(scenarios))}


def _of(run: Run, scenarios: frozenset[str]) -> Iterator[Result]:
    if run.evidence_in is None:
        yield from (result for result in run.results if result.scenario in scenarios)
        return
    wanted = {scenario.encode() for scenario in scenarios}
    decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
    with run.evidence_in.open("rb") as file:
        for number, line in enumerate(file, 1):
            named = _SCENARIO.search(line, 0, _HEAD)
            if named is not None and named[1] not in wanted:
                continue
            try:
                found = decoder.decode(line)
            except msgspec.DecodeError as error:
                raise UnreadableResults(f"{run.evidence_in}: line {number}: {error}") from None
            if isinstance(found, Result) and found.scenario in scenarios:
                yield found
