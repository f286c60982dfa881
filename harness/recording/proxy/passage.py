"""One exchange on its way through the proxy, watched: what is relayed does not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import h11

from harness.recording.cassette import RecordedRequest
from harness.recording.proxy.events import Recorded
from harness.recording.proxy.intake import HEAD_LIMIT, RECORD_LIMIT, Intake
from harness.recording.tape import Tape, transfer_of
from harness.wire.response import Ending, Transfer


class Keeper(Protocol):
    """What becomes of a passage."""

    def begin(self, request: RecordedRequest) -> Tape:
        """A tape for the answer to a request; the clock runs from here."""

    def keep(self, tape: Tape, outcome: Recorded, missing_bytes: int, note: str | None) -> None:
        """The answer has ended: file it, and tell of it."""

    def lose(self, method: str, url: str, problem: str) -> None:
        """The exchange cannot be kept: say so."""


class Passage:
    """Watches one answer through a parser of its own, and fills its tape. `over`: nothing more belongs to it."""

    def __init__(self, intake: Intake, keeper: Keeper, on_over: Callable[[], None]) -> None:
        self.over = False
        self.begun = False
        """Whether anything of the answer has come."""
        self.keeps = False
        """Once it is over: whether both sides may go on with another request."""
        self.left_by_reader = False
        """Whether nothing but the end of the body is still of interest."""
        self._intake = intake
        self._keeper = keeper
        self._on_over = on_over
        self._tape: Tape | None = None
        self._parser = _parser_for(intake.method)
        self._status = 0
        self._transfer: Transfer = "close"
        self._length = 0
        self._received = 0

    def sent(self) -> None:
        """The whole request has gone out: the clock runs."""
        if self._tape is None:
            self._tape = self._keeper.begin(self._intake.recorded)

    def came(self, data: bytes) -> str | None:
        """Bytes of the answer came. Gives what is wrong with them, if anything is; the passage is over then."""
        self.begun = True
        try:
            self._parser.receive_data(data)
            while not self.over and self._take(self._parser.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            problem = f"the answer is no HTTP from here on: {error}"
            self._end(self._cut_short(), problem)
            return problem
        if self.over and self._parser.trailing_data[0]:
            self.keeps = False
            return "more came than the answer"
        return None

    def closed(self, *, reset: bool) -> None:
        """The upstream closed the connection."""
        if reset:
            self._end("reset")
        elif self._status and self._transfer == "close":
            self._end("clean")
        else:
            self._end(self._cut_short())

    def read_to_its_last(self) -> None:
        """The client wants no more: from now on only an end that comes at once is the server's."""
        self.left_by_reader = True

    def left(self) -> None:
        """The client hung up, or the proxy is told to stop."""
        if self._tape is not None:  # a request that was never whole is no exchange
            self._end("cancelled")
        self.over = True

    def _take(self, event: object) -> bool:
        """Whether more may follow at once."""
        match event:
            case h11.InformationalResponse():
                pass
            case h11.Response() as head:
                self._head(head)
            case h11.Data() if self.left_by_reader:
                self.left()
            case h11.Data(data=data):
                self._received += len(data)
                if self._tape is not None and self._received <= RECORD_LIMIT:
                    self._tape.read(bytes(data))
            case h11.EndOfMessage():
                self.keeps = self._parser.their_state is h11.DONE and not self._intake.last
                self._end("clean")
            case _:  # it needs more, or is paused behind the end
                return False
        return True

    def _head(self, head: h11.Response) -> None:
        self.sent()  # some answer before they have the whole request
        assert self._tape is not None
        fields = [(name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers.raw_items()]
        self._status = head.status_code
        self._transfer = transfer_of(fields)
        if self._transfer == "length":  # which the parser has seen to be a number
            self._length = int(next(value for name, value in fields if name.lower() == "content-length").split(",")[0])
        self._tape.head(head.status_code, fields, head.reason.decode("latin-1"), self._transfer)

    def _cut_short(self) -> Ending:
        if not self._status:
            return "clean"  # as it is called before any head
        return "short_length" if self._transfer == "length" else "no_last_chunk"

    def _end(self, ending: Ending, note: str | None = None) -> None:
        if self.over:
            return
        self.over = True
        self.sent()
        assert self._tape is not None
        request = self._intake.recorded
        if max(self._received, self._intake.body_size) > RECORD_LIMIT:
            self._tape.drop()
            problem = f"a body of it has more than {RECORD_LIMIT} bytes, which no cassette may have"
            self._keeper.lose(request.method, request.url, problem)
        else:
            missing = self._length - self._received if ending == "short_length" else 0
            outcome = Recorded(request.method, request.url, self._status, self._received, ending)
            self._keeper.keep(self._tape, outcome, missing, note)
        self._on_over()


def _parser_for(method: bytes) -> h11.Connection:
    """A parser of the answer to a request: whether it has a body depends on the method."""
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
    parser.send(h11.Request(method=method, target="/", headers=[("host", "upstream")]))
    parser.send(h11.EndOfMessage())
    return parser
