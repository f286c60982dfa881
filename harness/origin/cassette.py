"""Plays cassettes instead of a plan: each request gets the answer that was recorded for it."""

from __future__ import annotations

from harness.dialects import dialect
from harness.dialects.base import RequestFault
from harness.origin.case import LOOKING_AROUND, Answer, ReceivedRequest, own_answer
from harness.origin.head import unplayable
from harness.recording.cassette import Cassette
from harness.recording.play import Miss, Player, Recorded, dialect_of, differences
from harness.recording.speed import RECORDED, paced


class CassetteScript:
    """Answers from cassettes, played as one. What a vendor would refuse is logged, and still gets its answer."""

    def __init__(self, *cassettes: Cassette, speed: float = RECORDED) -> None:
        """`speed`: how many times as fast as recorded, infinity for no pauses at all (`harness.recording.speed`).

        Raises ValueError for a cassette with a response that cannot be played; the message says which.
        """
        for cassette in cassettes:
            for number, exchange in enumerate(cassette.exchanges):
                if problem := unplayable(exchange.response):
                    raise ValueError(f"{cassette.path}: interactions[{number}].response cannot be played: {problem}")
        self._paths = " and ".join(str(cassette.path) for cassette in cassettes[:1])
        if len(cassettes) > 1:
            self._paths += f" and {len(cassettes) - 1} more"
        self._player = Player(*cassettes)
        self._speed = speed

    def answer(self, request: ReceivedRequest) -> Answer:
        """The recorded response, or the origin's 404 that says which recording comes nearest and how it differs."""
        match self._player.match(request.method, request.path, request.body, request.headers):
            case Miss() as miss:
                return self._missed(request, miss)
            case exchange:
                notes = differences(exchange, request.method, request.path, request.body, dict(request.headers))
                return Answer(paced(exchange.response, self._speed), faults=_faults(request), notes=notes)

    def unused(self) -> tuple[Recorded, ...]:
        """The exchanges that nothing has asked for so far."""
        return self._player.unused()

    def _missed(self, request: ReceivedRequest, miss: Miss) -> Answer:
        nearest = f"{miss.nearest.request.method} {miss.nearest.request.url}" if miss.nearest else None
        response = own_answer(
            404,
            "not-recorded",
            f"{request.method} {request.path}: {self._paths} has no answer to this request: {miss.problem}",
            "send what was recorded, or record this request too",
            nearest=nearest,
            recorded_in=miss.place or None,
            differences=miss.differences,
        )
        if request.method in LOOKING_AROUND:
            return Answer(response, planned=False, stray=True)
        fault = RequestFault("not-recorded", "", miss.problem)
        notes = (*([f"the nearest is {miss.place}: {nearest}"] if nearest else []), *miss.differences)
        return Answer(response, planned=False, faults=(fault,), notes=notes)


def _faults(request: ReceivedRequest) -> tuple[RequestFault, ...]:
    name = dialect_of(request.method, request.path)
    if name is None:
        return ()
    return tuple(dialect(name).validate(request.path, dict(request.headers), request.body))
