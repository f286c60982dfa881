"""A reader as the search takes it: fed from a response as httpx would give it, and told by what its user gets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from harness.events import AnyEvent, ErrorInfo, Failure
from harness.fuzz.outcome import Outcome
from harness.fuzz.stream import Stream
from harness.systems.base import Description
from harness.transcript import Assembler
from harness.wire.response import WireResponse
from tests.mutants.decoders.pipeline import Broken, Reader

SPELLED: dict[str, Callable[[str], str]] = {"lower": str, "title": str.title, "upper": str.upper}


class ReaderSubject:
    """A `Subject` (harness.fuzz.subject) that is one reader."""

    def __init__(self, name: str, reader: Reader) -> None:
        self.spec = name
        self.description = Description(name, "0", "python", (reader.dialect,))
        self._reader = reader

    def takes(self, stream: Stream) -> bool:
        """It reads one dialect."""
        return stream.dialect == self._reader.dialect

    def outcome(self, stream: Stream, response: WireResponse) -> Outcome:
        """What its user gets."""
        given = response.accepted_by("gzip")
        return outcome_of(self._reader.dialect, lambda: self._events(given))

    def outcomes(self, stream: Stream, responses: Sequence[WireResponse]) -> list[Outcome]:
        """One after the other: nothing waits."""
        return [self.outcome(stream, response) for response in responses]

    def close(self) -> None:
        """Nothing was started."""

    def _events(self, response: WireResponse) -> Iterator[AnyEvent]:
        if response.status != 200:
            raise Broken(f"HTTP {response.status}")
        spelled = SPELLED[response.header_case]
        return self._reader.read({spelled(name): value for name, value in response.headers}, reads_of(response))


def outcome_of(dialect: str, ask: Callable[[], Iterable[AnyEvent]]) -> Outcome:
    """What the user of a client gets; whatever it raises is how the user learns that it failed."""
    assembler = Assembler(dialect)
    error: ErrorInfo | None = None
    try:
        for event in ask():
            assembler.feed([event])
    except Exception as raised:  # whatever a broken reader raises, its user sees an exception
        error = ErrorInfo("protocol", f"{type(raised).__name__}: {raised}")
        assembler.feed([Failure(error)])
    shown = {**assembler.close().to_dict(), "status": "failed" if error else "completed"}
    return Outcome(shown, "error" if error else "completed", error)


def reads_of(response: WireResponse) -> Iterator[bytes]:
    """The body, one read a chunk; then how the connection ended, as httpx tells it."""
    for chunk in response.chunks:
        if chunk.data:
            yield chunk.data
    if response.ending != "clean":
        raise ConnectionError(f"the connection ended: {response.ending}")
