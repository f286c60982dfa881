"""Small readers with one thing wrong, for tests of the search: what they make of a stream depends on its reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.fuzz.outcome import Ended, Outcome
from harness.fuzz.stream import Stream
from harness.systems.base import Description
from harness.wire.response import WireResponse
from tests.fuzz.given import stream_of

BODY = 'data: {"choices":[{"delta":{"content":"né à Åre"}}]}\n\ndata: [DONE]\n\n'.encode()
STREAM = stream_of(BODY)
E_ACUTE, A_GRAVE, A_RING = 41, 44, 47
"""Where a read may end inside one of the three characters that are two bytes."""


def text_outcome(text: str, ended: Ended = "completed", note: str = "") -> Outcome:
    """The outcome of a reader that knows of nothing but text."""
    return Outcome({"text": text}, ended, note=note)


Read = Callable[[Sequence[bytes]], Outcome]
"""The reads of one stream -> what its reader makes of them."""


class Reader:
    """A reader of chat streams, counted: `asked` are the reads of all streams that it was given."""

    def __init__(self, read: Read, *, at_once: int = 1, spec: str = "reader") -> None:
        self.spec = spec
        self.description = Description(spec, "1", "python", ("openai-chat",))
        self.at_once = at_once
        self.asked: list[tuple[bytes, ...]] = []
        self.together: list[int] = []
        self._read = read

    def takes(self, stream: Stream) -> bool:
        """It reads one dialect."""
        return stream.dialect == "openai-chat"

    def outcome(self, stream: Stream, response: WireResponse) -> Outcome:
        """What it makes of the reads."""
        reads = tuple(chunk.data for chunk in response.chunks)
        self.asked.append(reads)
        return self._read(reads)

    def outcomes(self, stream: Stream, responses: Sequence[WireResponse]) -> list[Outcome]:
        """One after the other."""
        self.together.append(len(responses))
        return [self.outcome(stream, response) for response in responses]

    def close(self) -> None:
        """Nothing was started."""


def careful(reads: Sequence[bytes]) -> Outcome:
    """What the bytes say, however they came."""
    return text_outcome(b"".join(reads).decode())


def per_read(reads: Sequence[bytes]) -> Outcome:
    """Each read decoded by itself."""
    return text_outcome("".join(read.decode("utf-8", "replace") for read in reads))


def three_halves(reads: Sequence[bytes]) -> Outcome:
    """Loses its temper when all three characters are cut, and only then."""
    cut = sum(read[:1] >= b"\x80" and read[:1] < b"\xc0" for read in reads)
    whole = b"".join(reads).decode()
    return text_outcome(whole if cut < 3 else whole.removesuffix("data: [DONE]\n\n"))
