"""Our own translation of streams, fed directly: each stream into every dialect at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import __version__
from harness.catalogue.models import FEATURES, GATEWAY_FEATURES
from harness.dialects import dialect, dialect_names
from harness.dialects.base import steps_of
from harness.fuzz.outcome import EXACT, ORDER, Outcome
from harness.fuzz.stream import Stream
from harness.fuzz.subjects.decoders import CODINGS, order_of, outcome_of, reads
from harness.stack.translate.stream import StreamWriter
from harness.systems.base import Description
from harness.transcript import Assembler
from harness.wire.response import WireResponse

TRANSLATION = "translation"


class TranslationSubject:
    """The translation of a stream's dialect into every dialect, called `translation`.

    Of each target, the outcome has what its frames amount to, and for other cuts the frames and what was lost.
    """

    spec = TRANSLATION
    exact = True
    """Whether nothing at all may differ where only the cutting does."""

    def __init__(self, targets: Sequence[str] | None = None) -> None:
        self.description = Description(
            TRANSLATION, __version__, "python", dialect_names(), frozenset(FEATURES) - GATEWAY_FEATURES
        )
        self._targets = tuple(targets or dialect_names())

    def takes(self, stream: Stream) -> bool:
        """Whether there is a decoder for it, and it is in no content coding that only HTTP clients unpack."""
        return stream.dialect in dialect_names() and stream.response.header("content-encoding") in CODINGS

    def outcome(self, stream: Stream, response: WireResponse) -> Outcome:
        """What the stream amounts to, and what it becomes in each dialect."""
        source = dialect(stream.dialect)
        read, decoder = Assembler(stream.dialect), source.decoder()
        batches = [events for data in reads(response) for events in steps_of(decoder, data)]
        batches.append(decoder.close())
        for batch in batches:
            read.feed(batch)
        extra: dict[str, Any] = {EXACT: {}}  # of an unknown member it is right to say that it is lost
        for target in self._targets:
            writer = StreamWriter(source, dialect(target))
            frames = b"".join(frame for batch in batches for frame in writer.feed(batch))
            extra[f"in {target}"] = _amounts(target, frames)
            extra[EXACT][f"frames in {target}"] = frames.decode("utf-8", "replace")
            extra[EXACT][f"losses in {target}"] = sorted({each.what for each in writer.losses})
        return outcome_of(read.close(), extra)

    def outcomes(self, stream: Stream, responses: Sequence[WireResponse]) -> list[Outcome]:
        """The same for many, one after another."""
        return [self.outcome(stream, response) for response in responses]

    def close(self) -> None:
        """There is nothing to stop."""


def _amounts(target: str, frames: bytes) -> dict[str, Any]:
    """What a reader of the target makes of its frames."""
    assembler, decoder = Assembler(target), dialect(target).decoder()
    assembler.feed(decoder.feed(frames))
    assembler.feed(decoder.close())
    transcript = assembler.close()
    said = transcript.to_dict()
    kept = ("status", "text", "reasoning", "refusal", "tool_calls", "finish", "usage", "error", "other_choices")
    return {**{key: said[key] for key in kept}, ORDER: order_of(transcript)}
