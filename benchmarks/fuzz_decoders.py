"""Coverage-guided fuzzing of every decoder: any bytes, cut anywhere, never raise and always amount to the same.

The first byte of an input chooses the dialect and the second how the rest is cut. Inputs that reach new code are kept
and mutated further; half of the mutations put in words of the dialects. What fails is written to a file by atheris.

    python benchmarks/fuzz_decoders.py -max_total_time=120 [folder with earlier inputs]
"""

from __future__ import annotations

import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["harness"]):
    from harness.dialects import dialect, dialect_names
    from harness.dialects.base import Dialect
    from harness.events import End, Failure, Finish, Reasoning, Signature, Start, Text, ToolCall, Usage
    from harness.transcript import Transcript, fold

    DIALECTS = [dialect(name) for name in dialect_names()]  # imported here, so that they are instrumented too

SEEDS = (
    Start("id-1", "model-1"),
    Reasoning("Hm, "),
    Signature("c2lnbmF0dXJl"),
    Text("Grüße"),
    ToolCall(0, "call_1", "f", '{"x": '),
    ToolCall(0, None, None, "1}"),
    Usage(9, 4, 1, 2, 3),
    Finish("tool_calls"),
)


def seeds() -> list[bytes]:
    """A whole stream of each dialect, as its encoder makes it, behind the two bytes that choose."""
    bodies = []
    for number, one in enumerate(DIALECTS):
        encoder = one.encoder()
        frames = [frame for event in SEEDS for frame in encoder.feed(event)] + encoder.close()
        bodies.append(bytes([number, 7]) + b"".join(frames))
    return bodies


def words() -> list[str]:
    """What mutations put in: every quoted word of the seeds, the frames' own, and values of the wrong type."""
    quoted = {word for body in seeds() for word in body.decode("utf-8", "replace").split('"')[1::2]}
    names = {f'"{word}"' for word in quoted if word.isidentifier()}
    return sorted(
        names | {"data: ", "event: ", "\n\n", "\r\n", "[DONE]", "null", "[]", "{}", "1e9", '"error":', "\\ud83d"}
    )


def read(one: Dialect, chunks: list[bytes]) -> Transcript:
    """What the decoder makes of a body in these reads."""
    decoder = one.decoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()
    ends = [event for event in events if isinstance(event, End)]
    assert ends == events[-1:], "there is one End, and it is last"
    failed = any(isinstance(event, Failure) for event in events)
    assert failed == (ends[0].status == "failed"), "a stream fails where it says so, and nowhere else"
    return fold(one.name, events)


def test_one_input(data: bytes) -> None:
    """One input: whole and in pieces, it must amount to the same."""
    if len(data) < 2:
        return
    one, step, body = DIALECTS[data[0] % len(DIALECTS)], data[1] % 32 + 1, data[2:]
    edges = [*range(0, len(body), step), len(body)]
    whole, pieces = read(one, [body]), read(one, [body[start:end] for start, end in pairwise(edges)])
    # NaN is not itself, so what is compared is what is written
    assert repr(whole) == repr(pieces), f"{one.name} reads a body otherwise in pieces of {step}"


def main() -> None:
    """Runs atheris over the arguments of libFuzzer, with the seeds and the words in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "seeds")
        corpus.mkdir()
        for number, body in enumerate(seeds()):
            (corpus / str(number)).write_bytes(body)
        lines = ['"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"' for word in words()]
        Path(folder, "words").write_text("\n".join(lines))
        atheris.Setup([*sys.argv, f"-dict={folder}/words", str(corpus)], test_one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
