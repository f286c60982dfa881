"""Whether findings that were written as scenarios fail for the system that they are about, and for nobody else."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from harness.catalogue.findings import Verdict
from harness.catalogue.loader import Catalogue
from harness.catalogue.models import Scenario
from harness.fuzz.saving import Saved
from harness.fuzz.subjects import OWN
from harness.runner.case import LaneName
from harness.runner.results import Run
from harness.runner.session import REFERENCE, Listeners, Settings, run_session


def check_saved(saved: Sequence[Saved], *, in_process: bool) -> list[str]:
    """What became of each finding, in words.

    A file that its system passes is deleted, for it would say nothing of what was found; so is one that the reference
    does not pass, unless the finding is about our own readers.
    """
    return [_words(each, "in-process" if in_process else "sockets") for each in saved]


def _words(saved: Saved, lane: LaneName) -> str:
    finding = f"{saved.search.system} {saved.search.stream} ({saved.search.dialect}), {saved.finding.words}"
    if saved.scenario is None or saved.path is None:
        return f"not saved: {finding}: {saved.why_not}"
    spec = _spec(saved)
    if spec in OWN:
        return f"saved: {saved.path}; {_verdict(saved.scenario, REFERENCE, 'in-process')} for the reference"
    verdict, reference = _verdict(saved.scenario, spec, lane), _verdict(saved.scenario, REFERENCE, "in-process")
    if verdict == "pass":
        return _dropped(
            saved, f"{finding}: as a scenario, without what came before it, {saved.search.system} passes it"
        )
    if reference != "pass":
        return _dropped(saved, f"{finding}: what is demanded then is more than a scenario can say")
    return f"saved: {saved.path}; {verdict} for {saved.search.system}, {reference} for the reference"


def _dropped(saved: Saved, why: str) -> str:
    if saved.path is not None:
        saved.path.unlink()
    return f"not saved: {why}"


def _spec(saved: Saved) -> str:
    """What the user called the system, as the command has it that plays the finding again."""
    words = shlex.split(saved.finding.reproduce)
    return words[words.index("--system") + 1]


def _verdict(scenario: Scenario, spec: str, lane: LaneName) -> Verdict:
    catalogue = Catalogue((scenario,), "saved", {scenario.id: scenario})
    settings = Settings((spec,), (scenario,), catalogue, lane=lane, isolated=False)
    run: Run = run_session(settings, Listeners(_unheard, _unheard, _unheard))
    return next((result.verdict for result in run.results), "unsupported")


def _unheard(_: object) -> None:
    """Nobody listens."""
