"""The streams that are searched: catalogue scenarios, exchanges of cassettes, and folders of recordings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path

from harness.catalogue.canonical import read_canonical
from harness.catalogue.expectations import Expectation
from harness.catalogue.models import Response, Scenario
from harness.catalogue.recorded import recorded_cases
from harness.catalogue.render import RenderedScenario, render
from harness.dialects import dialect as dialect_record
from harness.dialects import dialect_names
from harness.recording.folder import NamedCassette
from harness.recording.importers.bodies import content_type_of
from harness.runner.plan import PlannedCase, plan_cases
from harness.runner.recordings import RecordedStream, read_recordings
from harness.wire.response import Chunk, WireResponse

PLAYABLE_ENDINGS = frozenset({"clean", "no_last_chunk", "short_length", "reset"})
"""How a stream may end: one that falls silent takes each reader's whole patience each time."""
RECORDING_DEADLINE_S = 30.0


@dataclass(frozen=True, slots=True)
class Stream:
    """One intact stream, with the case in which a system is given it.

    `id` is that of its scenario (`text/plain`, `cassette/NAME#0`), or of its recording. `source` are the options that
    name where it lies, as the command line takes them: none for the built-in catalogue. `response` is one of
    `planned.rendered.responses` itself, without its pauses: what is changed is played in its place.
    """

    id: str
    dialect: str
    response: WireResponse
    planned: PlannedCase
    source: tuple[str, ...] = ()
    provider: str = ""

    @property
    def body(self) -> bytes:
        """All bytes of the body."""
        return self.response.body


def catalogue_streams(scenarios: Iterable[Scenario], dialects: Sequence[str] | None = None) -> list[Stream]:
    """The streams of those scenarios, in each dialect that can express them (and that is asked for), in a fixed order.

    Of a scenario with several answers it is the first that streams. Raises UnknownDialect, Unrenderable.
    """
    return _streams(plan_cases(scenarios, dialects))


def catalogue_answers(scenarios: Iterable[Scenario], dialects: Sequence[str] | None = None) -> list[Stream]:
    """Every answer of those scenarios that streams, for readers that are fed without a connection.

    Besides `catalogue_streams` these are the second of a scenario and those after it (`multi-turn/one-call@2`), those
    that fall silent or wait for their reader, and those of gateways' upstreams. Raises as `catalogue_streams`.
    """
    found: list[Stream] = []
    for scenario in scenarios:
        for name in dialects or dialect_names():
            if scenario.request.stream and isinstance(rendered := render(scenario, name), RenderedScenario):
                streamed = [at for at, response in enumerate(rendered.responses) if _is_streamed(response)]
                planned = PlannedCase(scenario, name, rendered)
                found += [_at(planned, position, number) for number, position in enumerate(streamed, 1)]
    return sorted(found, key=lambda stream: (stream.id, stream.dialect))


def cassette_streams(cassettes: Sequence[NamedCassette], source: Sequence[str] = ()) -> list[Stream]:
    """The streams among the exchanges of those cassettes that are cases for a system, played without pauses.

    `source`: the options that name the cassettes, `--cassette PATH` for each; of the cassettes' own paths if empty.
    """
    named = tuple(source) or tuple(word for each in cassettes for word in ("--cassette", str(each.cassette.path)))
    providers = {
        f"cassette/{each.name}#{number}": exchange.provider or ""
        for each in cassettes
        for number, exchange in enumerate(each.cassette.exchanges)
    }
    found = _streams(plan_cases(recorded_cases(cassettes).catalogue))
    return [replace(stream, source=named, provider=providers.get(stream.id, "")) for stream in found]


def recording_streams(folder: Path) -> list[Stream]:
    """The streams of a folder of recordings that are of a dialect of ours, each asked for by a plain request.

    Raises UnreadableRecordings.
    """
    source = ("--recordings", str(folder))
    known = dialect_names()
    return [
        Stream(
            each.id,
            each.dialect,
            (planned := recorded_case(each)).rendered.responses[0],
            planned,
            source,
            each.provider,
        )
        for each in read_recordings(folder)
        if each.dialect in known and each.body
    ]


def body_stream(body: bytes, dialect: str, lengths: Sequence[int] = ()) -> Stream:
    """Any body as a stream, called `body`, in one read or in reads of those lengths. Raises UnknownDialect."""
    dialect_record(dialect)
    planned = recorded_case(RecordedStream("body", dialect, dialect, "somebody", "a file", body, tuple(lengths), None))
    return Stream("body", dialect, planned.rendered.responses[0], planned)


def recorded_case(recorded: RecordedStream) -> PlannedCase:
    """A recorded stream as a case: a plain request, answered by it. Nothing is expected of what it says."""
    name = recorded.dialect
    response = WireResponse(200, (("content-type", content_type_of(name, recorded.body)),), _recorded_chunks(recorded))
    scenario = Scenario(
        id=recorded.id,
        title=f"What {recorded.provider} answered",
        why=f"A recorded stream, of {recorded.source}.",
        dialects=(name,),
        request=read_canonical({"model": "test-model", "stream": True}),
        responses={name: (Response(wire=response),)},
        expect=Expectation(),
        deadline_s=RECORDING_DEADLINE_S,
    )
    return PlannedCase(scenario, name, RenderedScenario(recorded.id, name, (response,)))


def _recorded_chunks(recorded: RecordedStream) -> tuple[Chunk, ...]:
    ends = [*accumulate(recorded.chunk_lengths), len(recorded.body)]
    return tuple(Chunk(recorded.body[start:end]) for start, end in pairwise([0, *ends]) if end > start)


def _streams(cases: Iterable[PlannedCase]) -> list[Stream]:
    found = [stream for planned in cases if (stream := _stream(planned)) is not None]
    return sorted(found, key=lambda stream: (stream.id, stream.dialect))


def _stream(planned: PlannedCase) -> Stream | None:
    scenario = planned.scenario
    if not scenario.request.stream or scenario.options.cancel_after_events is not None:
        return None  # where a reader stops may depend on the cutting
    for position, response in enumerate(planned.rendered.responses):
        if _is_streamed(response) and _is_played_alike(response):
            return _at(planned, position)
    return None


def _at(planned: PlannedCase, position: int, number: int = 1) -> Stream:
    """One of the answers of a case, which is so manieth that streams, without its pauses."""
    responses = list(planned.rendered.responses)
    quick = responses[position] = without_pauses(responses[position])
    played = replace(planned, rendered=replace(planned.rendered, responses=tuple(responses)))
    name = planned.scenario.id
    return Stream(name if number == 1 else f"{name}@{number}", planned.dialect, quick, played)


def _is_streamed(response: WireResponse) -> bool:
    return response.head and response.status == 200 and bool(response.body)


def _is_played_alike(response: WireResponse) -> bool:
    """Whether it comes and ends at once, whatever its reader does."""
    forms = (response, *(other for _, other in response.codings))
    return response.ending in PLAYABLE_ENDINGS and all(chunk.gate is None for form in forms for chunk in form.chunks)


def without_pauses(response: WireResponse) -> WireResponse:
    """The same bytes in the same chunks, as fast as they go."""
    return replace(
        response,
        before_head_s=0.0,
        chunks=_quick(response.chunks),
        codings=tuple((coding, without_pauses(other)) for coding, other in response.codings),
    )


def _quick(chunks: Iterable[Chunk]) -> tuple[Chunk, ...]:
    return tuple(Chunk(chunk.data) for chunk in chunks if chunk.data)
