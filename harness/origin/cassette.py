"""Plays a cassette instead of a plan: each request gets the answer that was recorded for it."""

from __future__ import annotations

from harness.dialects import dialect
from harness.dialects.base import RequestFault
from harness.origin.case import LOOKING_AROUND, Answer, ReceivedRequest, own_answer
from harness.origin.head import unplayable
from harness.recording.cassette import Cassette
from harness.recording.play import Miss, Player, dialect_of


class CassetteScript:
    """Answers from a cassette. What a vendor would refuse is logged, and still gets the answer it was recorded with."""

    def __init__(self, cassette: Cassette) -> None:
        """Raises ValueError for a cassette with a response that cannot be played; the message says which."""
        for number, exchange in enumerate(cassette.exchanges):
            if problem := unplayable(exchange.response):
                raise ValueError(f"{cassette.path}: interactions[{number}].response cannot be played: {problem}")
        self._path = cassette.path
        self._player = Player(cassette)

    def answer(self, request: ReceivedRequest) -> Answer:
        """The recorded response, or the origin's 404 that says which recording comes nearest and how it differs."""
        match self._player.match(request.method, request.path, request.body):
            case Miss() as miss:
                return self._missed(request, miss)
            case exchange:
                return Answer(exchange.response, faults=_faults(request))

    def _missed(self, request: ReceivedRequest, miss: Miss) -> Answer:
        nearest = f"{miss.nearest.request.method} {miss.nearest.request.url}" if miss.nearest else None
        response = own_answer(
            404,
            "not-recorded",
            f"{request.method} {request.path}: {self._path} has no answer to this request: {miss.problem}",
            "send what was recorded, or record this request too",
            nearest=nearest,
            differences=miss.differences,
        )
        if request.method in LOOKING_AROUND:
            return Answer(response, planned=False, stray=True)
        fault = RequestFault("not-recorded", "", miss.problem)
        return Answer(response, planned=False, faults=(fault,))


def _faults(request: ReceivedRequest) -> tuple[RequestFault, ...]:
    name = dialect_of(request.method, request.path)
    if name is None:
        return ()
    return tuple(dialect(name).validate(request.path, dict(request.headers), request.body))
