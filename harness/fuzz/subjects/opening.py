"""Opens a reader by what the user calls it."""

from __future__ import annotations

from harness.fuzz.subject import Subject
from harness.fuzz.subjects.decoders import DECODERS, DecoderSubject
from harness.fuzz.subjects.systems import JOBS, SystemSubject
from harness.fuzz.subjects.translation import TRANSLATION, TranslationSubject
from harness.runner.case import LaneName
from harness.systems.registry import resolve

OWN = (DECODERS, TRANSLATION)
"""The specs of our own readers, which need no lane."""


def open_subject(spec: str, *, lane: LaneName = "sockets", front: str | None = None, jobs: int = JOBS) -> Subject:
    """The reader that `spec` names: `decoders`, `translation`, or whatever names a system. It must be closed.

    `front`: of a gateway, the dialect of the client in front of it. Raises UnknownSystem, UnreadableManifest,
    SystemBroken, OriginError, and ValueError for a system that cannot run in process.
    """
    if spec == DECODERS:
        return DecoderSubject()
    if spec == TRANSLATION:
        return TranslationSubject()
    return SystemSubject.open(spec, resolve(spec), lane=lane, front=front, jobs=jobs)
