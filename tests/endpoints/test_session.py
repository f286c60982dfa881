"""Recording a provider, with our origin in its place: all probes in all dialects, and all that can go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from harness.endpoints.plan import make_plan
from harness.endpoints.session import LimitExceeded, Limits, Outcome, Recording, Told, Waiting, record
from harness.events import Finish, Text, Usage
from harness.recording.cassette import load_cassette
from harness.recording.golden import decoded, golden_differences
from harness.request import Request
from harness.transcript import Transcript
from harness.wire.response import Chunk, WireResponse

from .vendor import CONTEXT_TOKENS, COUNTED, KEY, Vendor, serving, text_of

DIALECTS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini", "ollama")
ERRORS = {"over-long": 400, "bad-model": 404, "bad-key": 401, "bad-request": 400}


class Patient:
    """A clock on which waiting takes no time; it remembers how long was waited."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def now(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


def recorded(vendor: Vendor, out: Path, *, probes: list[str] | None = None, key: str = KEY, **more: Any) -> Recording:
    """A recording of that vendor as the provider `generic`."""
    with serving({"v": vendor}) as urls:
        plan = make_plan(
            "generic",
            dialects=[vendor.name],
            probes=probes,
            base_url=urls["v"],
            model="m",
            key=key,
            context_tokens=CONTEXT_TOKENS,
        )
        return asyncio.run(record(plan, out, **more))


def the_outcome(recording: Recording) -> Outcome:
    [outcome] = recording.outcomes
    return outcome


def answers(*behaviours: Callable[[Vendor, Request], WireResponse | None]) -> Callable[..., WireResponse | None]:
    """Each answer once, then the right ones."""
    left = list(behaviours)
    return lambda vendor, request: left.pop(0)(vendor, request) if left else None


@dataclass(frozen=True)
class Whole:
    """A recording of every probe in one dialect."""

    dialect: str
    vendor: Vendor
    recording: Recording
    folder: Path


@pytest.fixture(scope="module", params=DIALECTS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp(request.param)
    vendor = Vendor(request.param)
    return Whole(request.param, vendor, recorded(vendor, folder), folder)


def test_every_probe_of_a_dialect_is_recorded_by_one_request(whole: Whole) -> None:
    outcomes, mute = whole.recording.outcomes, whole.dialect == "ollama"  # it has no word for a refusal
    missed = {outcome.probe: outcome.state for outcome in outcomes if outcome.state != "recorded"}
    assert missed == ({"refusal": "not elicited"} if mute else {})
    assert len(outcomes) == (13 if whole.dialect == "openai-responses" else 14)
    assert {outcome.probe: outcome.http_status for outcome in outcomes if outcome.http_status != 200} == ERRORS
    assert [outcome.probe for outcome in outcomes if outcome.ending != "clean"] == ["cancel"]
    assert whole.recording.requests == len(whole.vendor.received) == len(outcomes) + (2 if mute else 0)


def test_each_cassette_holds_its_exchange_its_golden_transcript_and_no_key(whole: Whole) -> None:
    for outcome in whole.recording.outcomes:
        assert outcome.file == whole.folder / whole.dialect / f"{outcome.probe}.yaml"
        assert KEY not in outcome.file.read_text()
        [exchange] = load_cassette(outcome.file).exchanges
        assert (exchange.provider, exchange.scenario) == ("generic", outcome.probe)
        now = decoded(exchange)
        assert isinstance(now, Transcript)
        assert exchange.transcript is not None
        assert list(golden_differences(exchange.transcript, now)) == []


def test_what_is_recorded_is_what_the_probe_is_named_for(whole: Whole) -> None:
    files = {outcome.probe: outcome.file for outcome in whole.recording.outcomes if outcome.file}
    golden = {name: load_cassette(path).exchanges[0].transcript or {} for name, path in files.items()}
    assert golden["non-ascii"]["text"].endswith("こんにちは 👋🏽")
    assert golden["reasoning"]["reasoning"] == "155 it is, surely."
    assert [call["input"]["city"] for call in golden["parallel-tool-calls"]["tool_calls"]] == ["Oslo", "Lima", "Hanoi"]
    assert golden["length"]["finish"] == "length"
    assert golden["usage"]["usage"]["input_tokens"] == 11
    assert golden["over-long"]["error"]["kind"] == "context_overflow"
    assert golden["bad-key"]["error"]["kind"] == "auth"
    assert golden["cancel"]["status"] == "cancelled"


def test_a_probe_that_is_not_shown_is_asked_twice_more_and_kept(tmp_path: Path) -> None:
    vendor = Vendor("openai-chat", lambda vendor, asked: vendor.stream([Text("No."), Finish("stop"), COUNTED]))
    outcome = the_outcome(recorded(vendor, tmp_path, probes=["parallel-tool-calls"]))
    assert (outcome.state, outcome.requests) == ("not elicited", 3)
    assert outcome.why == "there are 0 tool calls, not 2 or more"
    assert outcome.file is not None
    [exchange] = load_cassette(outcome.file).exchanges
    assert exchange.note == "not elicited: there are 0 tool calls, not 2 or more"
    assert len(vendor.received) == 3


def test_the_last_try_is_the_one_that_is_kept(tmp_path: Path) -> None:
    vendor = Vendor("gemini", answers(lambda vendor, asked: vendor.stream([Text("No."), Finish("stop"), COUNTED])))
    outcome = the_outcome(recorded(vendor, tmp_path, probes=["tool-call"]))
    assert (outcome.state, outcome.requests) == ("recorded", 2)
    assert outcome.file is not None
    [exchange] = load_cassette(outcome.file).exchanges
    assert b"get_weather" in exchange.response.body
    assert exchange.note is None


def test_an_error_that_is_to_be_refused_but_is_not_is_asked_once(tmp_path: Path) -> None:
    vendor = Vendor("openai-chat", lambda vendor, asked: vendor.stream([Text("Hello"), Finish("stop"), COUNTED]))
    recording = recorded(vendor, tmp_path, probes=["bad-model", "bad-key", "bad-request", "over-long"])
    assert [(each.state, each.requests) for each in recording.outcomes] == [("not elicited", 1)] * 4


@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limit"), (529, "overloaded"), (503, "server")])
def test_a_server_that_asks_for_patience_is_asked_again(status: int, kind: Any, tmp_path: Path) -> None:
    def busy(vendor: Vendor, asked: Request) -> WireResponse:
        return vendor.error(kind, status, "later", **{"retry-after": "17"})

    clock, told = Patient(), list[Told]()
    vendor = Vendor("anthropic-messages", answers(busy, busy))
    recording = recorded(vendor, tmp_path, probes=["text"], clock=clock, on_event=told.append)
    assert (the_outcome(recording).state, recording.requests) == ("recorded", 3)
    assert clock.waited == [17.0, 17.0]
    assert [each.seconds for each in told if isinstance(each, Waiting)] == [17.0, 17.0]


def test_a_server_that_stays_busy_is_recorded_so(tmp_path: Path) -> None:
    vendor = Vendor("openai-chat", lambda vendor, asked: vendor.error("overloaded", 529, "overloaded"))
    outcome = the_outcome(recorded(vendor, tmp_path, probes=["text"], clock=Patient()))
    assert (outcome.state, outcome.requests, outcome.http_status) == ("not elicited", 3, 529)
    assert outcome.file is not None
    assert load_cassette(outcome.file).exchanges[0].response.status == 529


def test_a_wait_that_is_absurd_is_not_waited(tmp_path: Path) -> None:
    def busy(vendor: Vendor, asked: Request) -> WireResponse:
        return vendor.error("rate_limit", 429, "tomorrow", **{"retry-after": "86400"})

    clock = Patient()
    outcome = the_outcome(recorded(Vendor("openai-chat", busy), tmp_path, probes=["text"], clock=clock))
    assert (outcome.state, outcome.requests, clock.waited) == ("not elicited", 1, [])


def test_a_server_that_falls_over_a_bad_request_shows_that(tmp_path: Path) -> None:
    vendor = Vendor("openai-chat", lambda vendor, asked: vendor.error("server", 500, "float_parsing"))
    outcome = the_outcome(recorded(vendor, tmp_path, probes=["bad-request"], clock=Patient()))
    assert (outcome.state, outcome.requests, outcome.http_status) == ("recorded", 1, 500)


def test_an_error_that_patience_does_not_mend_is_not_asked_again(tmp_path: Path) -> None:
    vendor = Vendor("openai-chat", lambda vendor, asked: vendor.error("invalid_request", 400, "no such effort"))
    outcome = the_outcome(recorded(vendor, tmp_path, probes=["reasoning"]))
    assert (outcome.state, outcome.requests) == ("not elicited", 1)
    assert "no such effort" in (outcome.why or "")


@pytest.mark.parametrize("ending", ["reset", "no_last_chunk"])
def test_a_stream_that_breaks_off_is_recorded_as_it_broke(ending: Any, tmp_path: Path) -> None:
    vendor = Vendor("openai-chat", lambda vendor, asked: vendor.stream([Text("Once "), Text("upon")], ending))
    outcome = the_outcome(recorded(vendor, tmp_path, probes=["text"], clock=Patient()))
    assert (outcome.state, outcome.requests, outcome.ending) == ("not elicited", 3, ending)
    assert outcome.file is not None
    [exchange] = load_cassette(outcome.file).exchanges
    assert exchange.response.ending == ending
    assert exchange.transcript is not None
    assert (exchange.transcript["status"], exchange.transcript["text"]) == ("truncated", "Once upon")


def test_a_server_that_falls_silent_is_given_up_on(tmp_path: Path) -> None:
    vendor = Vendor("openai-chat", lambda vendor, asked: vendor.stream([Text("Once ")], "stall"))
    outcome = the_outcome(recorded(vendor, tmp_path, probes=["text"], clock=Patient(), timeout_s=0.2))
    assert (outcome.state, outcome.ending) == ("not elicited", "timeout")


def test_a_key_that_is_refused_ends_the_recording_of_that_dialect(tmp_path: Path) -> None:
    vendor = Vendor("openai-chat")
    recording = recorded(vendor, tmp_path, probes=["text", "usage", "length"], key="sk-another-key-7d1e")
    assert [outcome.state for outcome in recording.outcomes] == ["not elicited", "not asked", "not asked"]
    assert (recording.outcomes[1].why or "").startswith("the key is refused: auth (HTTP 401)")
    assert recording.requests == 1


def test_a_server_that_is_not_there_is_asked_once_and_nothing_is_written(tmp_path: Path) -> None:
    with serving({"v": Vendor("openai-chat")}) as urls:
        url = urls["v"]
    plan = make_plan("generic", dialects=["openai-chat"], probes=["text", "usage"], base_url=url, model="m")
    recording = asyncio.run(record(plan, tmp_path, clock=Patient()))
    assert [outcome.state for outcome in recording.outcomes] == ["not asked", "not asked"]
    assert all(f"{url} cannot be reached" in (outcome.why or "") for outcome in recording.outcomes)
    assert recording.requests == 1
    assert list(tmp_path.iterdir()) == []


def test_a_recording_that_shows_nothing_does_not_replace_one_that_is_there(tmp_path: Path) -> None:
    recorded(Vendor("openai-chat"), tmp_path, probes=["tool-call"])
    before = (tmp_path / "openai-chat" / "tool-call.yaml").read_bytes()
    vendor = Vendor("openai-chat", lambda vendor, asked: vendor.stream([Text("No."), Finish("stop"), COUNTED]))
    outcome = the_outcome(recorded(vendor, tmp_path, probes=["tool-call"]))
    assert (outcome.state, outcome.file) == ("not elicited", None)
    assert (outcome.why or "").endswith("the older recording stays")
    assert (tmp_path / "openai-chat" / "tool-call.yaml").read_bytes() == before


@pytest.mark.parametrize("dialect", ["openai-chat", "ollama"])
def test_more_requests_than_the_limit_are_refused_before_the_first(dialect: str, tmp_path: Path) -> None:
    vendor = Vendor(dialect)
    with pytest.raises(LimitExceeded, match="2 requests are planned, and --max-requests allows 1"):
        recorded(vendor, tmp_path, probes=["text", "usage"], limits=Limits(max_requests=1))
    assert vendor.received == []


def test_the_limit_holds_for_what_is_asked_again(tmp_path: Path) -> None:
    vendor = Vendor("openai-chat", lambda vendor, asked: vendor.stream([Text("No."), Finish("stop"), COUNTED]))
    recording = recorded(vendor, tmp_path, probes=["tool-call", "usage"], limits=Limits(max_requests=2))
    assert [(each.state, each.requests) for each in recording.outcomes] == [("not elicited", 2), ("not asked", 0)]
    assert recording.outcomes[1].why == "--max-requests 2 is reached"
    assert len(vendor.received) == 2


def priced(vendor: Vendor, out: Path, **more: Any) -> Recording:
    """The same as Anthropic, whose prices are known."""
    with serving({"v": vendor}) as urls:
        plan = make_plan("anthropic", probes=["text", "usage", "length"], base_url=urls["v"], key=KEY)
        return asyncio.run(record(plan, out, **more))


def test_a_plan_that_costs_more_than_the_limit_is_refused_before_the_first_request(tmp_path: Path) -> None:
    vendor = Vendor("anthropic-messages")
    with pytest.raises(LimitExceeded, match=r"the plan costs up to \$0\.\d+, and --max-cost allows \$0\.001"):
        priced(vendor, tmp_path, limits=Limits(max_cost=Decimal("0.001")))
    assert vendor.received == []


def test_what_was_spent_is_counted_by_what_the_answers_say(tmp_path: Path) -> None:
    recording = priced(Vendor("anthropic-messages"), tmp_path)
    # three times 11 tokens in and 7 out, at 1 and 5 dollars for a million
    assert recording.cost == Decimal("0.000138")


def test_the_cost_limit_holds_while_recording(tmp_path: Path) -> None:
    dear = Usage(input_tokens=4000, output_tokens=1000)  # 0.009 dollars, more than all three are planned for
    vendor = Vendor("anthropic-messages", lambda vendor, asked: vendor.stream([Text("Hi"), Finish("stop"), dear]))
    recording = priced(vendor, tmp_path, limits=Limits(max_cost=Decimal("0.0095")))
    assert [(each.probe, each.state, each.requests) for each in recording.outcomes] == [
        ("text", "recorded", 1),
        ("length", "not elicited", 1),  # its 24 tokens might have been paid for; asking again is not allowed any more
        ("usage", "not asked", 0),
    ]
    assert recording.outcomes[2].why == "it might pass --max-cost 0.0095: $0.0180 are spent"


def test_a_cost_limit_is_refused_where_no_price_is_known(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="no price is known for m, so --max-cost cannot be kept"):
        recorded(Vendor("openai-chat"), tmp_path, probes=["text"], limits=Limits(max_cost=Decimal(1)))


def test_the_over_long_prompt_is_longer_than_the_context(tmp_path: Path) -> None:
    vendor = Vendor("openai-chat")
    recorded(vendor, tmp_path, probes=["over-long"])
    [asked] = vendor.asked
    assert len(text_of(asked).split()) > CONTEXT_TOKENS
    assert text_of(asked).endswith("How many foxes were there?")


def test_a_caller_that_stops_keeps_what_was_recorded_before(tmp_path: Path) -> None:
    vendor = Vendor("openai-chat")

    async def main(url: str) -> None:
        plan = make_plan(
            "generic", dialects=["openai-chat"], probes=["text", "usage"], base_url=url, model="m", key=KEY
        )

        def stop(told: Told) -> None:
            if isinstance(told, Outcome):
                task.cancel()

        task = asyncio.ensure_future(record(plan, tmp_path, on_event=stop))
        with pytest.raises(asyncio.CancelledError):
            await task

    with serving({"v": vendor}) as urls:
        asyncio.run(main(urls["v"]))
    assert [path.name for path in (tmp_path / "openai-chat").iterdir()] == ["text.yaml"]
    assert len(load_cassette(tmp_path / "openai-chat" / "text.yaml").exchanges) == 1


def test_an_answer_that_is_no_stream_of_the_dialect_is_kept_as_it_came(tmp_path: Path) -> None:
    page = WireResponse(200, (("content-type", "text/html"),), (Chunk(b"<html>Sign in</html>"),), transfer="length")
    outcome = the_outcome(recorded(Vendor("openai-chat", lambda vendor, asked: page), tmp_path, probes=["text"]))
    assert outcome.state == "not elicited"
    assert outcome.file is not None
    assert load_cassette(outcome.file).exchanges[0].response.body == b"<html>Sign in</html>"
