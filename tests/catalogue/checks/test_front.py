"""What a gateway's client gets is judged, and only a gateway's."""

from __future__ import annotations

from typing import Any

import pytest

from harness.catalogue.checks import judge
from harness.catalogue.checks.front import heartbeats
from harness.catalogue.findings import Finding
from harness.catalogue.observation import Attempt
from harness.dialects import dialect
from harness.dialects.base import RequestFault
from harness.wire.response import Chunk

from .build import ALL, attempt, observed, scenario, text, wire

HELLO = text("Hello")


def front(body: bytes = b"", *, status: int = 200, headers: Any = (), **fields: Any) -> Attempt:
    """What our client got in one answer."""
    return attempt(response=wire(body, status=status, headers=tuple(headers)), **fields)


def judged(expect: dict[str, Any], *attempts: Attempt, served: str = "openai-chat") -> list[Finding]:
    """The findings about the client's side; all else is as it should be."""
    made = scenario({"text": "Hello", "front": expect}, subjects="gateway")
    seen = observed(*HELLO, front=attempts)
    return list(judge(made, served, ALL, seen, upstream="gemini").findings)


def kinds(expect: dict[str, Any], *attempts: Attempt, served: str = "openai-chat") -> list[tuple[str, str]]:
    return [(finding.check, finding.kind) for finding in judged(expect, *attempts, served=served)]


def test_a_gateway_that_does_what_it_should_passes() -> None:
    expect = {"status": 401, "error": "auth", "headers": {"x-a": "1"}, "contains": "key", "hides": ["sk-"]}
    body = b'{"error": {"message": "no such key", "type": "invalid_request_error", "code": "invalid_api_key"}}'
    assert kinds(expect, front(body, status=401, headers=[("x-a", "1")]), front(b"fine")) == []


def test_a_client_is_not_judged_by_what_only_gateways_have() -> None:
    made = scenario({"text": "Hello", "front": {"status": 401, "contains": "key", "hides": "Hello"}})
    assert judge(made, "gemini", ALL, observed(*HELLO)).findings == ()
    assert judge(made, "gemini", ALL, observed(*HELLO, front=(front(b"Hello"),))).findings == ()


def test_a_gateway_whose_client_never_asked_has_nothing_to_be_judged_by() -> None:
    assert kinds({"status": 401, "error": "auth", "headers": {"a": "b"}, "contains": "c", "hides": "d"}) == []


@pytest.mark.parametrize(("wanted", "ok"), [(400, True), ([413, 400], True), (401, False)])
def test_the_status_is_one_of_those_expected(wanted: Any, ok: bool) -> None:
    expected = [] if ok else [("front-status", "wrong-error")]
    assert kinds({"status": wanted}, front(b"{}", status=400)) == expected


def test_the_first_answer_is_judged_and_not_those_that_follow() -> None:
    assert kinds({"status": 401}, front(status=401), front(status=200)) == []
    assert kinds({"status": 401}, front(status=200), front(status=401)) == [("front-status", "wrong-error")]


def test_an_answer_without_a_head_has_no_status() -> None:
    [finding] = judged({"status": 503}, attempt(response=wire(status=0, head=False, ending="reset")))
    assert (finding.check, finding.seen) == ("front-status", "no status line")


def test_an_error_of_another_kind_is_a_wrong_error() -> None:
    body = b'{"error": {"message": "slow down", "type": "rate_limit_error", "code": null}}'
    assert kinds({"error": "rate_limit"}, front(body, status=429)) == []
    assert kinds({"error": "auth"}, front(body, status=429)) == [("front-error", "wrong-error")]


def test_an_error_within_the_stream_counts() -> None:
    body = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    assert kinds({"error": "overloaded"}, front(body), served="anthropic-messages") == []


@pytest.mark.parametrize(
    ("body", "media", "ok"),
    [
        (b'data: {"error": {"message": "slow down", "type": "rate_limit_error"}}\n\n', "text/event-stream", True),
        (b'{"error": {"message": "slow down", "type": "rate_limit_error"}}', "application/json", False),
        (b'data: {"choices":[{"index":0,"delta":{"content":"slow"}}]}\n\ndata: [DONE]\n\n', "text/event-stream", False),
        (b"<html>slow down</html>", "text/html", False),
    ],
    ids=["within-the-stream", "a-document", "faked-words", "a-page"],
)
def test_where_that_will_do_a_stream_that_had_begun_may_tell_the_error(body: bytes, media: str, ok: bool) -> None:
    expect = {"status": 429, "headers": {"retry-after": "7"}}
    both = [("front-status", "wrong-error"), ("front-headers", "loss")]
    answer = front(body, headers=[("content-type", media)])
    assert sorted(kinds({**expect, "or_in_stream": True}, answer)) == ([] if ok else sorted(both))
    assert sorted(kinds(expect, answer)) == sorted(both)


def test_an_error_that_nobody_tells_is_silent() -> None:
    body = b'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    [finding] = judged({"error": "server"}, front(body))
    assert (finding.check, finding.kind, finding.silent) == ("front-error", "silent-error", True)


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        ({"retry-after": "7"}, None),
        ({"Retry-After": "7"}, None),
        ({"content-type": "text/event-stream"}, None),
        ({"content-type": "text/event-stream; charset=utf-8"}, None),
        ({"x-internal": None}, None),
        ({"retry-after": "8"}, "corruption"),
        ({"retry-after-ms": "7000"}, "loss"),
        ({"retry-after": None}, "leak"),
    ],
)
def test_headers_are_there_and_not_there(wanted: dict[str, str | None], kind: str | None) -> None:
    headers = [("retry-after", "7"), ("content-type", "text/event-stream; charset=utf-8")]
    assert kinds({"headers": wanted}, front(headers=headers)) == ([] if kind is None else [("front-headers", kind)])


def test_what_must_be_told_stands_in_the_body() -> None:
    assert kinds({"contains": ["a", "b"]}, front(b"ab")) == []
    assert kinds({"contains": ["a", "c"]}, front(b"ab")) == [("front-contains", "loss")]


def test_what_is_to_be_hidden_is_looked_for_in_every_answer() -> None:
    assert kinds({"hides": ["Traceback"]}, front(b"fine"), front(b"Traceback (most")) == [("front-hides", "leak")]
    [finding] = judged({"hides": ["10.0.0.7"]}, front(), front(headers=[("via", "http://10.0.0.7")], number=2))
    assert (finding.seen, finding.attempt) == ("via: http://10.0.0.7", 2)


def test_each_rule_of_a_strict_reader_is_told_once_for_all_answers() -> None:
    odd = RequestFault("block-unclosed", "frame 3", "a block was never closed")
    broken = front(faults=(odd, odd))
    [finding] = judged({"well_formed": True}, broken, broken)
    assert (finding.check, finding.kind, finding.silent) == ("front-well-formed", "corruption", False)
    assert finding.seen == "block-unclosed at frame 3"
    assert kinds({"well_formed": False}, broken) == []


def test_only_a_scenario_that_is_about_form_asks_a_strict_reader() -> None:
    odd = front(faults=(RequestFault("block-unknown", "byte 9", "no such block"),))
    made = scenario({"text": "Hello"})
    assert judge(made, "anthropic-messages", ALL, observed(*HELLO, front=(odd,)), upstream="gemini").verdict == "pass"


@pytest.mark.parametrize(("ending", "excused"), [("truncated", True), ("completed", False)])
def test_an_answer_that_was_cut_off_and_passes_for_that_may_end_short(ending: str, excused: bool) -> None:
    short = front(faults=(RequestFault("message-stop-missing", "byte 9", "it ends"),))
    made = scenario({"text": "Hello", "ending": ["truncated", "failed"], "front": {"well_formed": True}})
    seen = observed(*HELLO, end=ending, front=(short,))  # type: ignore[arg-type]
    found = [finding.check for finding in judge(made, "anthropic-messages", ALL, seen, upstream="gemini").findings]
    assert ("front-well-formed" not in found) is excused


def test_what_is_ill_formed_besides_its_end_is_told_of_a_cut_answer_too() -> None:
    odd = front(faults=(RequestFault("block-unknown", "byte 9", "no such block"),))
    made = scenario({"text": "Hello", "ending": ["truncated", "failed"], "front": {"well_formed": True}})
    seen = observed(*HELLO, end="truncated", front=(odd,))
    [finding] = judge(made, "anthropic-messages", ALL, seen, upstream="gemini").findings
    assert finding.check == "front-well-formed"


def waited(*reads: tuple[float, bytes]) -> Attempt:
    chunks = tuple(Chunk(data) for _, data in reads)
    return attempt(response=wire(chunks=chunks), sent_s=tuple(at_s for at_s, _ in reads))


SAID = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'


def test_heartbeats_are_reads_after_a_silence_that_say_nothing() -> None:
    beating = waited((0.1, SAID), (15.1, b": keep-alive\n\n"), (30.1, b": keep-alive\n\n"), (31.2, SAID))
    assert heartbeats(beating, dialect("openai-chat")) == 2


def test_what_comes_at_once_is_no_heartbeat_nor_is_what_says_something() -> None:
    assert heartbeats(waited((0.1, SAID), (0.2, b": a comment\n\n"), (5.0, SAID)), dialect("openai-chat")) == 0
    assert heartbeats(attempt(response=None), dialect("openai-chat")) == 0


def test_a_ping_and_an_empty_record_are_heartbeats_too() -> None:
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    empty = b'{"model":"m","message":{"role":"assistant","content":""},"done":false}\n'
    assert heartbeats(waited((15.0, ping)), dialect("anthropic-messages")) == 1
    assert heartbeats(waited((15.0, empty)), dialect("ollama")) == 1


def test_heartbeats_are_counted() -> None:
    beating = waited((0.1, SAID), (15.1, b": keep-alive\n\n"))
    assert kinds({"heartbeats": {"at_least": 1}}, beating) == []
    assert kinds({"heartbeats": {"at_least": 2}}, beating) == [("front-heartbeats", "late")]
    assert kinds({"heartbeats": 0}, beating) == [("front-heartbeats", "duplicate")]


def test_a_gateway_that_answers_by_itself_where_it_should_is_no_riddle() -> None:
    made = scenario({"attempts": 0}, subjects="gateway", front={"only": True})
    assert judge(made, "gemini", ALL, observed(attempts=()), upstream="gemini").verdict == "pass"
    silent = judge(scenario({}), "gemini", ALL, observed(attempts=()), upstream="gemini")
    assert (silent.verdict, silent.note) == (
        "error",
        "the system ended well without a single request to the base URL it was given",
    )
