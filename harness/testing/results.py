"""The results of marked tests as a results file, which every other view reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from harness.runner.journal import Journal, header
from harness.runner.results import Line, Result
from harness.systems.base import Description
from harness.testing.selection import the_catalogue


def write_results(path: Path, lines: Sequence[tuple[str, bytes]]) -> None:
    """Writes those lines, each with the folder of its catalogue (empty: the built-in one), with a header and a footer.

    Raises OSError.
    """
    decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
    decoded = [(folder, decoder.decode(line)) for folder, line in lines]
    results = [line for _, line in decoded if isinstance(line, Result)]
    results.sort(key=lambda each: (each.system, each.scenario, each.dialect))
    systems = {each.system: each.system_version for each in results}
    dialects = {name: tuple(sorted({each.dialect for each in results if each.system == name})) for name in systems}
    described = [Description(name, version, "python", dialects[name]) for name, version in systems.items()]
    catalogues = [the_catalogue(folder or None) for folder in sorted({folder for folder, _ in decoded})]
    versions = ", ".join(dict.fromkeys(each.version for each in catalogues or [the_catalogue()]))
    names = {each.scenario for each in results}
    ran = [scenario for catalogue in catalogues for scenario in catalogue if scenario.id in names]
    with Journal(header(versions, "sockets", described, ran), path, lambda _: None) as journal:
        for result in results:
            journal.add(result)
