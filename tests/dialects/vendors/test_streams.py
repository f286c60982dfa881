"""Everything that our encoders emit is accepted by the vendors' own SDKs, and says there what it should say."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib import import_module
from typing import Any

import pytest

from harness.catalogue.loader import load_catalogue
from harness.dialects import dialect
from harness.events import ERROR_KINDS, AnyEvent, End, ErrorInfo, ErrorKind, Failure, Start, Text
from harness.stack.translate.stream import StreamWriter
from harness.transcript import Transcript, fold

from ..decoded import events as decoded_events
from ..recorded import Recording, recordings
from ..said import DIALECTS
from .wanted import differences, in_convention

every_dialect = pytest.mark.parametrize("name", DIALECTS)
FILES = {"ollama": "ollama-chat"}
EVERY_NTH = 23
"""Of the recordings, one in so many is translated to every dialect."""


def sdk(name: str) -> Any:
    """The SDK of a dialect's vendor, as a judge."""
    return import_module(f"tests.dialects.vendors.{name.replace('-', '_')}")


@cache
def answers() -> list[tuple[str, list[AnyEvent]]]:
    """The answers of all scenarios that are written in canonical events, with their end."""
    found = []
    for scenario in load_catalogue().scenarios:
        per_dialect = scenario.responses if isinstance(scenario.responses, dict) else {"": scenario.responses}
        for responses in per_dialect.values():
            for response in responses:
                if response.events is not None:
                    failed = any(isinstance(event, Failure) for event in response.events)
                    end = End("failed" if failed else "completed")
                    found.append((scenario.id, [*response.events, end]))
    return found


@cache
def sample(source: str) -> list[tuple[Recording, list[AnyEvent]]]:
    """Some recordings of a dialect, and their events; skips the test where there are none."""
    found = recordings(FILES.get(source, source), "stream")[::EVERY_NTH]
    return [(recording, decoded_events(source, recording.body)) for recording in found]


def cut(body: bytes, luck: random.Random) -> list[bytes]:
    """The body in up to twelve pieces, cut anywhere."""
    edges = sorted(luck.randrange(len(body) + 1) for _ in range(luck.randrange(12)))
    return [body[start:end] for start, end in zip([0, *edges], [*edges, len(body)], strict=True)]


class Plain:
    """The encoder of a dialect by itself, as the origin uses it."""

    def __init__(self, name: str) -> None:
        self._encoder = dialect(name).encoder()
        self.keep_alive = self._encoder.keep_alive

    def feed(self, said: Iterable[AnyEvent]) -> list[bytes]:
        frames = []
        for event in said:
            frames += self._encoder.close() if event == End("completed") else self._encoder.feed(event)
        return frames


def emitted(writer: Plain | StreamWriter, said: list[AnyEvent], *, keep_alive: bool = False) -> bytes:
    """The frames of an answer, with a sign of life before each event if asked for."""
    body = b""
    for event in said:
        body += writer.keep_alive() if keep_alive else b""
        body += b"".join(writer.feed([event]))
    return body


def objections(
    target: str,
    writer: Callable[[], Plain | StreamWriter],
    said: list[AnyEvent],
    wanted: Transcript,
    luck: random.Random,
    *,
    own_words: bool = False,
) -> Iterator[str]:
    """What the SDK's types say against the answer, and where its reading differs, whole and re-cut.

    `own_words`: the answer is repeated in its own dialect, with words of vendors that the SDK's types need not know.
    """
    judge = sdk(target)
    plain, lively = emitted(writer(), said), emitted(writer(), said, keep_alive=True)
    for form, body, pieces in (("whole", plain, [plain]), ("re-cut", lively, cut(lively, luck))):
        faults = [] if own_words else judge.problems(body)[:2]
        found = differences(target, judge.streamed(pieces), wanted, own_words=own_words)
        yield from (f"{form}: {objection}" for objection in [*faults, *found])


LINES = "the SDK cuts lines at U+2028 and U+0085, which is a known failure of it"
EXCUSED = {
    ("ollama", "framing/unicode-line-separators-in-text"): LINES,
}
"""Dialect and scenario: why the SDK reads it otherwise."""


def seen_in(name: str, said: list[AnyEvent], luck: random.Random) -> list[str]:
    """What there is against the answer of a scenario in the encoder's own rendering."""
    try:
        return list(objections(name, lambda: Plain(name), said, fold(name, said), luck))
    except ValueError as error:
        return [f"the SDK cannot read it: {error}"]


@every_dialect
def test_answers_of_all_scenarios_are_accepted(name: str) -> None:
    luck = random.Random(1)
    found, excused = [], set()
    for scenario, said in answers():
        seen = seen_in(name, said, luck)
        if (name, scenario) in EXCUSED and seen:
            excused.add((name, scenario))
        else:
            found += [f"{scenario}: {objection}" for objection in seen]
    assert found == []
    assert excused == {key for key in EXCUSED if key[0] == name}
    assert len(answers()) > 250


def test_a_translated_line_is_one_line_to_the_sdk() -> None:
    said = next(said for scenario, said in answers() if scenario == "framing/unicode-line-separators-in-text")
    body = emitted(StreamWriter(dialect("openai-chat"), dialect("ollama")), said)
    assert sdk("ollama").streamed([body]).text == "a\u2028b\u2029c\u0085d\x0be"


@every_dialect
@pytest.mark.parametrize("source", DIALECTS)
def test_recordings_are_accepted_in_every_dialect(source: str, name: str) -> None:
    luck = random.Random(2)
    found = []
    for recording, said in sample(source):
        if source == name and refuses(name, recording.body):
            continue
        writer = partial(StreamWriter, dialect(source), dialect(name))
        wanted = in_convention(source, name, fold(source, said))
        seen = objections(name, writer, said, wanted, luck, own_words=source == name)
        found += [f"{recording.id}: {objection}" for objection in seen]
    assert found == []
    assert len(sample(source)) >= 3


def refuses(name: str, body: bytes) -> bool:
    """Whether the SDK cannot read even what was recorded."""
    try:
        sdk(name).streamed([body])
    except (AssertionError, AttributeError, RuntimeError, TypeError, ValueError):
        return True
    return False


@every_dialect
@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_an_error_in_a_stream_is_raised_with_its_words(name: str, kind: ErrorKind) -> None:
    said: list[AnyEvent] = [Start("id-1", "m"), Text("So far"), Failure(ErrorInfo(kind, "it broke")), End("failed")]
    body = emitted(StreamWriter(dialect("ollama"), dialect(name)), said, keep_alive=True)
    result = sdk(name).streamed([body])
    assert sdk(name).problems(body) == []
    assert result.text == "So far"
    assert result.error is not None
    assert result.error[1].endswith("it broke")


@every_dialect
def test_an_answer_that_was_cut_off_is_raised(name: str) -> None:
    said: list[AnyEvent] = [Start("id-1", "m"), Text("So far"), End("truncated")]
    result = sdk(name).streamed([emitted(StreamWriter(dialect("gemini"), dialect(name)), said)])
    assert result.error is not None
    assert (result.text, result.error[1]) == ("So far", "the upstream's answer ended before it was finished")


RAISED: dict[str, dict[ErrorKind, str]] = {
    "anthropic-messages": {
        "rate_limit": "RateLimitError 429",
        "overloaded": "OverloadedError 529",
        "auth": "AuthenticationError 401",
        "not_found": "NotFoundError 404",
        "invalid_request": "BadRequestError 400",
        "context_overflow": "BadRequestError 400",
        "server": "InternalServerError 500",
        "timeout": "GatewayTimeoutError 504",
    },
    "gemini": {
        "rate_limit": "ClientError 429",
        "quota": "ClientError 429",
        "overloaded": "ServerError 503",
        "not_found": "ClientError 404",
        "invalid_request": "ClientError 400",
        "server": "ServerError 500",
        "timeout": "ServerError 504",
    },
    "ollama": {
        "rate_limit": "ResponseError 429",
        "overloaded": "ResponseError 503",
        "auth": "ResponseError 401",
        "not_found": "ResponseError 404",
        "invalid_request": "ResponseError 400",
        "server": "ResponseError 500",
    },
    "openai-chat": {
        "rate_limit": "RateLimitError 429",
        "quota": "RateLimitError 429",
        "overloaded": "InternalServerError 503",
        "auth": "AuthenticationError 401",
        "not_found": "NotFoundError 404",
        "invalid_request": "BadRequestError 400",
        "context_overflow": "BadRequestError 400",
        "server": "InternalServerError 500",
        "timeout": "InternalServerError 504",
    },
}
"""The exception and the status that the SDK's users get of an HTTP error."""
RAISED["openai-responses"] = RAISED["openai-chat"]


@every_dialect
@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_an_http_error_is_raised_as_the_vendors_own(name: str, kind: ErrorKind) -> None:
    written = dialect(name).write_error(ErrorInfo(kind, "it broke", retry_after_s=7.0))
    raised, status, message = sdk(name).refusal(written.status, written.headers, written.body)
    assert message.endswith("it broke")
    assert RAISED[name].get(kind, f"{raised} {status}") == f"{raised} {status}"
    assert 400 <= status < 600
