"""The rules about what a gateway's client gets: only gateways have such a side."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harness.catalogue.checks.differences import excerpt
from harness.catalogue.checks.ending import error_differences
from harness.catalogue.checks.facts import Breach, Facts
from harness.catalogue.models import FrontExpectation
from harness.catalogue.observation import Attempt
from harness.dialects import dialect
from harness.dialects.base import Dialect
from harness.events import End, ErrorInfo, Failure, Start, Warning
from harness.stack.body import BodyReader
from harness.wire.response import WireResponse

SILENCE_S = 1.0
"""What comes after so long a silence and says nothing is a heartbeat."""
_STREAMS = ("text/event-stream", "application/x-ndjson")
_SILENT = (Start, Warning, End)
_ENDS_SHORT = frozenset(
    {
        "block-left-open",
        "call-left-open",
        "done-missing",
        "end-missing",
        "finish-missing",
        "item-left-open",
        "message-stop-missing",
        "part-left-open",
        "step-left-open",
    }
)
"""Rules that an answer breaks by being cut off: where the client is told so, that is how it is told."""


def front_status(facts: Facts) -> Iterator[Breach]:
    """The client gets the status that it should."""
    wanted, answer = _front(facts).status, _first_answer(facts)
    if wanted is None or answer is None or _told_in_stream(facts, answer):
        return
    if answer.status not in wanted:
        seen = answer.status if answer.head else "no status line"
        yield Breach("wrong-error", f"the client got {seen}", list(wanted), seen)


def front_error(facts: Facts) -> Iterator[Breach]:
    """The client learns of the error in its own dialect."""
    wanted, answer = _front(facts).error, _first_answer(facts)
    if wanted is None or answer is None:
        return
    expected = wanted.model_dump(mode="json", exclude_defaults=True)
    seen = _error_in(answer, dialect(facts.dialect))
    if seen is None:
        message = "no error in the client's dialect reached it"
        yield Breach("silent-error", message, expected, _beginning(answer), silent=answer.head and answer.status < 400)
    elif differing := [name for name, differs in error_differences(wanted, seen, facts.features) if differs]:
        message = f"the client's error is another one: {', '.join(differing)}"
        yield Breach("wrong-error", message, expected, msgspec.to_builtins(seen))


def _error_in(answer: WireResponse, spoken: Dialect) -> ErrorInfo | None:
    """What the answer says of an error, in the client's dialect: by its status, or within it."""
    headers = dict(answer.headers)
    if not answer.head:
        return None
    if answer.status >= 400:
        return spoken.read_error(answer.status, headers, answer.body)
    reader = BodyReader(spoken, headers)
    events = [*reader.feed(answer.body), *reader.close()]
    return next((event.error for event in events if isinstance(event, Failure)), None)


def _told_in_stream(facts: Facts, answer: WireResponse) -> bool:
    """Whether the client had to be told by a stream that had begun, and was, where that will do."""
    begun = answer.head and answer.status == 200 and (answer.header("content-type") or "").startswith(_STREAMS)
    return _front(facts).or_in_stream and begun and _error_in(answer, dialect(facts.dialect)) is not None


def front_headers(facts: Facts) -> Iterator[Breach]:
    """The answer to the client has the headers that it should, and none that it should not."""
    answer = _first_answer(facts)
    if answer is None or _told_in_stream(facts, answer):
        return
    for name, wanted in _front(facts).headers.items():
        seen = answer.header(name.lower())
        if wanted is None and seen is not None:
            yield Breach("leak", f"the header {name} must not reach the client", None, seen)
        elif wanted is not None and seen is None:
            yield Breach("loss", f"the header {name} did not reach the client", wanted, None)
        elif wanted is not None and not _same_header(wanted, seen or ""):
            yield Breach("corruption", f"the header {name} is another one", wanted, seen)


def _same_header(wanted: str, seen: str) -> bool:
    return wanted == seen or (";" not in wanted and wanted == seen.partition(";")[0].strip())


def front_contains(facts: Facts) -> Iterator[Breach]:
    """What the client must be told stands in the answer."""
    answer = _first_answer(facts)
    for text in _front(facts).contains if answer is not None else ():
        assert answer is not None
        if text.encode() not in answer.body:
            yield Breach("loss", "what the client must be told is not there", text, _beginning(answer))


def front_hides(facts: Facts) -> Iterator[Breach]:
    """What is none of the client's business reaches it neither in a header nor in a body."""
    for attempt in facts.observation.front if facts.upstream is not None else ():
        answer = attempt.response
        for text in _front(facts).hides if answer is not None else ():
            assert answer is not None
            said = [f"{name}: {value}" for name, value in answer.headers if text in value]
            if not said and text.encode() in answer.body:
                body = answer.body.decode("utf-8", "replace")
                said = [excerpt(body, max(0, body.find(text)))]
            if said:
                message = "what is none of the client's business reached it"
                yield Breach("leak", message, f"no {text!r}", said[0], attempt=attempt.number)


def front_heartbeats(facts: Facts) -> Iterator[Breach]:
    """While the upstream is silent, its client is told every now and then that the connection is alive."""
    wanted = _front(facts).heartbeats
    attempt = _first_attempt(facts)
    if wanted is None or attempt is None:
        return
    seen = heartbeats(attempt, dialect(facts.dialect))
    if seen not in wanted:
        few = seen < wanted.at_least
        message = f"the client got {'only ' if few else ''}{seen} signs of life, not {wanted}"
        yield Breach("late" if few else "duplicate", message, str(wanted), seen)


def heartbeats(attempt: Attempt, spoken: Dialect) -> int:
    """The reads that came after a second of silence at least and brought nothing to tell."""
    if attempt.response is None:
        return 0
    decoder = spoken.decoder()
    count, before = 0, attempt.at_s
    for at_s, chunk in zip(attempt.sent_s, attempt.response.chunks, strict=False):
        events = decoder.feed(chunk.data)
        count += at_s - before >= SILENCE_S and all(isinstance(event, _SILENT) for event in events)
        before = at_s
    return count


def front_well_formed(facts: Facts) -> Iterator[Breach]:
    """What the client gets is well-formed in its dialect: each rule that an answer breaks, once."""
    if not _front(facts).well_formed or facts.upstream is None:
        return
    cut_off = "completed" not in facts.expectation.ending and facts.outcome != "completed"
    seen_rules: set[str] = set(_ENDS_SHORT if cut_off else ())
    for attempt in facts.observation.front:
        for fault in attempt.faults:
            if fault.rule not in seen_rules:
                seen_rules.add(fault.rule)
                message = f"the answer to the client is not well-formed: {fault.message}"
                place = f"{fault.rule} at {fault.where}" if fault.where else fault.rule
                yield Breach("corruption", message, f"a well-formed {facts.dialect} answer", place, silent=False)


def _front(facts: Facts) -> FrontExpectation:
    return facts.expectation.front


def _first_attempt(facts: Facts) -> Attempt | None:
    """What passed first between a gateway and its client; None for all other systems, and where nothing did."""
    return facts.observation.front[0] if facts.upstream is not None and facts.observation.front else None


def _first_answer(facts: Facts) -> WireResponse | None:
    attempt = _first_attempt(facts)
    return attempt.response if attempt is not None else None


def _beginning(answer: WireResponse) -> str:
    return excerpt(answer.body.decode("utf-8", "replace"), 0)
