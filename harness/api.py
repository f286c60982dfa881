"""The functions of the Python API that belong to no single room: bytes in, transcript or other bytes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from harness.dialects import dialect as dialect_record
from harness.dialects.base import Decoder, HttpRequest
from harness.transcript import Assembler, Transcript

if TYPE_CHECKING:
    from harness.stack.translate.translation import Translation


def decoder(dialect: str, *, think_tags: bool = False) -> Decoder:
    """The incremental decoder of `dialect`: `feed(bytes)` and `close()`, both giving a list of events.

    With `think_tags`, inline `<think>` blocks become reasoning. Raises `UnknownDialect`, a ValueError.
    """
    plain = dialect_record(dialect).decoder()
    if not think_tags:
        return plain
    from harness.stack.think_tags import ThinkingDecoder

    return ThinkingDecoder(plain)


def transcript_of(dialect: str, incremental: Decoder, chunks: Iterable[bytes]) -> Transcript:
    """Feeds a fresh decoder with chunks, closes it, and folds its events as they come."""
    assembler = Assembler(dialect)
    for chunk in chunks:
        assembler.feed(incremental.feed(chunk))
    assembler.feed(incremental.close())
    return assembler.close()


def decode(
    dialect: str, chunks: bytes | bytearray | memoryview | Iterable[bytes], *, think_tags: bool = False
) -> Transcript:
    """What a recorded stream amounts to.

    `chunks` is the body as `bytes`, or any iterable of `bytes`, one network read each; the result does not depend on
    the cutting. It never raises for what the bytes say: a broken stream has the status `truncated` or `failed`.
    Raises `UnknownDialect`, a ValueError.
    """
    reads = (bytes(chunks),) if isinstance(chunks, bytes | bytearray | memoryview) else chunks
    return transcript_of(dialect, decoder(dialect, think_tags=think_tags), reads)


def translate(
    source: str, target: str, chunks: bytes | bytearray | memoryview | Iterable[bytes], *, think_tags: bool = False
) -> Translation:
    """A stream of the dialect `source` in the dialect `target`: iterate over the result for its frames, once.

    `chunks` is the body as `bytes`, or any iterable of `bytes`, one network read each; frames come as they are read.
    `Translation.losses` then says by name what the target could not say. A stream that is cut off or fails ends with
    the target's error, never with its end marker. Raises `UnknownDialect`, a ValueError.
    """
    from harness.stack.translate.translation import Translation

    read, written = dialect_record(source), dialect_record(target)
    reads = (bytes(chunks),) if isinstance(chunks, bytes | bytearray | memoryview) else chunks
    return Translation(read, written, decoder(source, think_tags=think_tags), reads)


def translate_request(
    source: str, target: str, path: str, headers: Mapping[str, str], body: bytes, *, api_key: str | None = None
) -> HttpRequest:
    """An HTTP request of the dialect `source` in the dialect `target`, with its history mended for that vendor.

    `headers` have lower-case names; `path` is below the base URL, query included. `HttpRequest.losses` says by name
    what the target could not say, what nobody read, and what was mended (docs/requests.md). Never raises for what the
    request says. Raises `UnknownDialect`, a ValueError.
    """
    from harness.stack.translate.requests import translate_request as translated

    return translated(dialect_record(source), dialect_record(target), path, headers, body, api_key)
