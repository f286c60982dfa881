"""The readers that a campaign is about: who of them runs in this process, and how each is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.fuzz.subject import Subject
from harness.fuzz.subjects import OWN, SystemSubject, open_subject
from harness.runner.lineup import WrongRun
from harness.systems.base import Description, SystemBroken
from harness.systems.known import KnownFailures
from harness.systems.known_lists import KnownLists, Listed
from harness.systems.registry import InProcessSpec, SystemSpec, prepare, resolve


def runs_here(spec: str) -> bool:
    """Whether that reader runs in this process, with or without HTTP. Raises UnknownSystem, UnreadableManifest."""
    return spec in OWN or isinstance(resolve(spec), InProcessSpec)


def prepared(systems: Sequence[str], *, in_process: bool) -> dict[str, SystemBroken]:
    """Builds what has to be built while there is a network; gives what could not be, by its name.

    Raises UnknownSystem, UnreadableManifest, and WrongRun for a system that cannot run in process.
    """
    specs: list[SystemSpec] = [resolve(name) for name in systems if name not in OWN]
    if in_process and (outside := [each.name for each in specs if not isinstance(each, InProcessSpec)]):
        raise WrongRun(f"{', '.join(outside)} cannot run in process, only over sockets: leave --in-process out")
    return prepare(specs)


def start(spec: str, unbuilt: Mapping[str, SystemBroken], *, in_process: bool) -> Subject:
    """Starts that reader. Raises SystemBroken where it cannot be, or is among those that could not be built."""
    if spec not in OWN and (broken := unbuilt.get(resolve(spec).name)):
        raise broken
    return open_subject(spec, lane="in-process" if in_process else "sockets")


def fronts_of(subject: Subject) -> tuple[str | None, ...]:
    """The dialects of the clients that a gateway serves; of anything else, nothing but None."""
    return (subject.fronts if isinstance(subject, SystemSubject) else ()) or (None,)


def behind(subject: Subject, front: str | None) -> Subject:
    """A gateway as a client of that dialect meets it; anything else as it is."""
    return subject.serving(front) if front is not None and isinstance(subject, SystemSubject) else subject


def listed(spec: str, description: Description) -> Listed:
    """A reader as lists of known failures may name it."""
    return Listed((spec if spec in OWN else resolve(spec).name, spec, description.name), description.version)


def known_of(spec: str, description: Description, lists: KnownLists) -> KnownFailures:
    """What is known of that version of a reader. Raises UnreadableKnownFailures."""
    return lists.of(listed(spec, description))
