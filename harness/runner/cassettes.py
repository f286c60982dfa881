"""Exchanges of cassettes beside their golden transcripts, and the cases that they are: the two halves of a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harness.api import decode
from harness.catalogue.recorded import Unjudged, exchange_id
from harness.recording.cassette import Exchange
from harness.recording.folder import NamedCassette
from harness.recording.golden import Undecoded, asked_in, decoded, golden_differences
from harness.runner.recordings import RecordedStream, recuttings
from harness.runner.results import RecordingResult
from harness.transcript import Transcript

NO_GOLDEN = "it has no golden transcript"


def check_golden(
    cassettes: Sequence[NamedCassette],
    unjudged: Sequence[Unjudged],
    *,
    system: str,
    wanted: Callable[[str], bool] = lambda _: True,
) -> Iterator[RecordingResult]:
    """A result for each exchange whose id is wanted: whether it still amounts to what was reviewed.

    A difference from the golden transcript fails; an exchange that has none, or no known dialect, is `unsupported`.
    `unjudged`: the exchanges that are no cases, for the results to tell.
    """
    reasons = {each.id: each.reason for each in unjudged}
    for named in cassettes:
        for number, exchange in enumerate(named.cassette.exchanges):
            name = exchange_id(named.name, number)
            if wanted(name):
                source = f"{named.cassette.path}#{number}"
                yield _check(name, source, exchange, system, reasons.get(name, ""))


def _check(name: str, source: str, exchange: Exchange, system: str, no_case: str) -> RecordingResult:
    now = decoded(exchange)
    asked = asked_in(exchange)
    dialect = asked.dialect.name if asked else "no known dialect"
    provider = exchange.provider or "unknown"
    body = exchange.response.body
    if isinstance(now, Undecoded):
        return RecordingResult(
            *(system, name, dialect, provider, source, len(body), 0, 0, "not decoded", None),
            *("unsupported", [now.reason], []),
            golden=True,
        )
    cuttings, problems = _recut(name, source, exchange, dialect) if _is_plain_stream(exchange) else (0, [])
    if exchange.transcript is not None:
        problems = [*map(str, golden_differences(exchange.transcript, now)), *problems]
    missing = [NO_GOLDEN] if exchange.transcript is None and not problems else []
    return RecordingResult(
        *(system, name, dialect, provider, source, len(body)),
        frames=len(asked.dialect.split_frames(body)) if asked and _is_plain_stream(exchange) else 0,
        cuttings=cuttings,
        status=now.status,
        finish=now.finish,
        verdict="fail" if problems else "unsupported" if missing else "pass",
        problems=[*problems, *missing],
        warnings=sorted({warning.rule for warning in now.warnings}),
        golden=True,
        no_case="" if missing else no_case,
    )


def _is_plain_stream(exchange: Exchange) -> bool:
    """Whether the body is a stream as the decoder reads it."""
    response = exchange.response
    asked = asked_in(exchange)
    good = response.head and 200 <= response.status < 300 and not response.header("content-encoding")
    return bool(good and asked is not None and asked.request.stream)


def _recut(name: str, source: str, exchange: Exchange, dialect: str) -> tuple[int, list[str]]:
    """How many cuttings there are besides the recorded one, and in which of them the body amounts to something else."""
    lengths = tuple(len(chunk.data) for chunk in exchange.response.chunks)
    stream = RecordedStream(name, dialect, dialect, "", source, exchange.response.body, lengths, None)
    whole = decode(dialect, stream.body)
    count, problems = 0, []
    for how, pieces in recuttings(stream):  # each is to be read before the next is asked for
        count += 1
        found = golden_differences(whole.to_dict(), decode(dialect, pieces))
        problems += [f"cut {how}: {each.field} is {each.now}, and {each.golden} when fed whole" for each in found]
    return count, problems


def summary(transcript: Transcript) -> str:
    """A transcript in one line, for a person who is to say whether it is right."""
    said = [
        f"{kind} {words[:80]!r}{'…' if len(words) > 80 else ''}"
        for kind, words in (("reasoning", transcript.reasoning), ("text", transcript.text))
        if words
    ]
    calls = [f"call of {call.name}({call.arguments[:80]})" for call in transcript.tool_calls]
    error = [f"{transcript.error.kind}: {transcript.error.message[:120]!r}"] if transcript.error else []
    finish = [f"finish {transcript.finish}"] if transcript.finish else []
    odd = [f"warnings {', '.join(sorted({each.rule for each in transcript.warnings}))}"] if transcript.warnings else []
    return ", ".join([transcript.status, *finish, *said, *calls, *error, *odd])
