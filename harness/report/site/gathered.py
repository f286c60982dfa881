"""Results of a few scenarios with all their evidence, out of runs whose evidence may be larger than the memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing

from msgspec import structs

from harness.report.matrix import ColumnKey, cell_key
from harness.runner.evidence_index import EvidenceIndex
from harness.runner.results import Result, Run


def gathered(runs: Sequence[Run], scenarios: Collection[str]) -> dict[tuple[str, ColumnKey], Result]:
    """By cell, the results of these scenarios with their evidence; where two have the same case, the later one.

    The evidence of other scenarios is not read. Raises UnreadableResults or OSError.
    """
    found = {cell_key(result): result for run in runs for result in run.results if result.scenario in scenarios}
    with closing(EvidenceIndex.over(runs)) as index:
        return {key: structs.replace(result, evidence=index.of(result)) for key, result in found.items()}
