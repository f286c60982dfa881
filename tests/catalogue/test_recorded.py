"""Recorded exchanges as scenarios: what a golden transcript demands of a caller, and what nobody can be asked."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.catalogue.checks import needed_features
from harness.catalogue.expectations import AnyValue, Expectation
from harness.catalogue.models import Scenario
from harness.catalogue.recorded import recorded_cases
from harness.catalogue.render import RenderedScenario, render
from harness.recording.cassette import Cassette, Exchange, RecordedRequest
from harness.recording.folder import NamedCassette
from harness.wire.response import Chunk, Ending, WireResponse

CHAT = "https://api.example.invalid/v1/chat/completions"
GEMINI = "https://g.example.invalid/v1beta/models/m:streamGenerateContent"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
WHOLE: dict[str, object] = {"dialect": "openai-chat", "status": "completed", "finish": "stop", "text": "Hello"}
CUT: dict[str, object] = {
    "dialect": "openai-chat",
    "status": "truncated",
    "text": "Hel",
    "error": {"kind": "connection"},
}
BODY = (Chunk(b"data: a\n\n", 0.5), Chunk(b"data: b\n\n", 40.0))


def exchange(
    golden: Mapping[str, object] | None,
    response: WireResponse | None = None,
    *,
    url: str = CHAT,
    request: object = ASKED,
) -> Exchange:
    sent = RecordedRequest("POST", url, (), json.dumps(request).encode())
    return Exchange(sent, response or WireResponse(200, (), BODY), provider="somebody", transcript=golden)


def cases(*exchanges: Exchange, speed: float = 1.0) -> tuple[Scenario, ...]:
    found = recorded_cases([NamedCassette("a/b", Cassette(Path("b.yaml"), exchanges))], speed=speed)
    assert found.unjudged == ()
    return found.catalogue.scenarios


def case(golden: Mapping[str, object], response: WireResponse | None = None, **more: object) -> Scenario:
    [scenario] = cases(exchange(golden, response, **more))  # type: ignore[arg-type]
    return scenario


def expected(golden: Mapping[str, object], ending: Ending = "clean") -> Expectation:
    return case(golden, WireResponse(200, (), BODY, ending)).expect


def reason(recorded: Exchange) -> str:
    found = recorded_cases([NamedCassette("a/b", Cassette(Path("b.yaml"), (recorded,)))])
    assert len(found.catalogue) == 0
    [unjudged] = found.unjudged
    assert unjudged.id == "cassette/a/b#0"
    return unjudged.reason


def test_a_case_asks_what_was_asked_and_plays_what_was_played() -> None:
    scenario = case(WHOLE)
    assert (scenario.id, scenario.family, scenario.dialects) == ("cassette/a/b#0", "cassette", ("openai-chat",))
    assert scenario.title == "a/b#0: what somebody answered"
    assert (scenario.request.model, scenario.request.stream) == ("m", True)
    rendered = render(scenario, "openai-chat")
    assert isinstance(rendered, RenderedScenario)
    assert rendered.responses == (WireResponse(200, (), BODY),)
    assert scenario.options.timeout_s == 80.0  # it was silent for 40 s
    assert scenario.deadline_s == 141.0


def test_a_case_plays_at_the_speed_that_was_asked_for() -> None:
    [instant] = cases(exchange(WHOLE), speed=math.inf)
    rendered = render(instant, "openai-chat")
    assert isinstance(rendered, RenderedScenario)
    assert [chunk.pause_s for chunk in rendered.responses[0].chunks] == [0.0, 0.0]
    assert (instant.options.timeout_s, instant.deadline_s) == (30.0, 60.0)


def test_a_whole_answer_is_to_arrive_whole() -> None:
    calls = [
        {"id": "call_1", "name": "f", "arguments": '{"a": 1}', "input": {"a": 1}},
        {"id": "call_made_1", "name": "g", "arguments": "{", "input": None},
    ]
    golden = {
        **WHOLE,
        "reasoning": "Well",
        "finish": "tool_calls",
        "tool_calls": calls,
        "other_choices": [{"text": "B"}],
    }
    found = expected(golden)
    assert (found.ending, found.finish) == (("completed",), ("tool_calls",))
    assert (found.text, found.reasoning, found.refusal) == ("Hello", "Well", "")
    assert not isinstance(found.tool_calls, AnyValue)
    assert [(each.name, each.id, each.arguments, each.executable) for each in found.tool_calls] == [
        ("f", "call_1", '{"a": 1}', True),
        ("g", None, "{", True),
    ]
    assert found.other_choices == ("B",)


def test_counts_may_have_their_parts_within_or_beside_them() -> None:
    usage = {"input_tokens": 250, "output_tokens": 5, "reasoning_tokens": None, "cache_read_tokens": 750}
    assert expected({**WHOLE, "usage": usage}).usage == {
        "input_tokens": (250, 1000),
        "output_tokens": (5,),
        "cache_read_tokens": (750, 0),
    }
    thought = {"output_tokens": 348, "reasoning_tokens": 343}
    assert expected({**WHOLE, "usage": thought}).usage == {
        "output_tokens": (348, 691, 5),
        "reasoning_tokens": (343, 0),
    }
    assert expected({**WHOLE, "usage": {"input_tokens": None}}).usage is None


@pytest.mark.parametrize(("in_its_place", "compared"), [(b'"usage":{"prompt_tokens":9},', True), (b"", False)])
def test_counts_in_a_providers_own_extension_are_nobody_elses(in_its_place: bytes, compared: bool) -> None:
    body = b"data: {%b" % in_its_place + b'"x_groq":{"usage":{"prompt_tokens":9}}}\n\ndata: [DONE]\n\n'
    found = case({**WHOLE, "usage": {"input_tokens": 9}}, WireResponse(200, (), (Chunk(body),))).expect
    assert found.usage == ({"input_tokens": (9,)} if compared else None)


def test_think_tags_in_the_text_may_be_read_either_way() -> None:
    found = expected({**WHOLE, "text": "<think>Well</think>Hello"})
    assert isinstance(found.text, AnyValue)
    assert isinstance(found.reasoning, AnyValue)


def test_ids_are_not_compared_where_a_client_may_do_without() -> None:
    golden = {**WHOLE, "dialect": "ollama", "tool_calls": [{"id": "c", "name": "f", "arguments": "{}", "input": {}}]}
    found = case(golden, url="http://127.0.0.1:11434/api/chat").expect
    assert not isinstance(found.tool_calls, AnyValue)
    assert [each.id for each in found.tool_calls] == [None]


@pytest.mark.parametrize("ending", ["clean", "reset", "no_last_chunk", "short_length"])
def test_an_answer_that_was_cut_off_must_not_pass_for_finished(ending: Ending) -> None:
    found = expected({**CUT, "reasoning": "We"}, ending)
    assert found.ending == ("truncated",)
    assert found.error is None
    assert found.model_dump()["text"] == {"prefix_of": "Hel", "at_least": ""}
    assert found.model_dump()["reasoning"] == {"prefix_of": "We", "at_least": ""}
    assert case({**CUT}, WireResponse(200, (), BODY, ending)).level == "must"


def test_a_call_that_was_cut_off_must_not_look_executable() -> None:
    half = {"id": "c", "name": "f", "arguments": '{"a', "input": None}
    found = expected({**CUT, "tool_calls": [half]}).tool_calls
    assert not isinstance(found, AnyValue)
    assert [(each.arguments, each.executable) for each in found] == [('{"a', False)]
    whole = {"id": "d", "name": "g", "arguments": "{}", "input": {}}
    assert isinstance(expected({**CUT, "tool_calls": [whole, half]}).tool_calls, AnyValue)


@pytest.mark.parametrize("ending", ["reset", "no_last_chunk", "short_length", "stall"])
def test_of_a_whole_answer_whose_connection_broke_raising_is_honest_too(ending: Ending) -> None:
    scenario = case(WHOLE, WireResponse(200, (), BODY[:1], ending))
    assert scenario.expect.ending == ("completed", "truncated", "failed")
    assert scenario.expect.text == "Hello"
    assert scenario.level == ("must" if ending == "stall" else "should")
    assert ("timeouts" in scenario.needs) == (ending == "stall")


def refused(
    status: int, kind: str, seconds: float | None = None, headers: tuple[tuple[str, str], ...] = ()
) -> Scenario:
    error = {"kind": kind, "retry_after_s": seconds}
    golden = {"dialect": "openai-chat", "status": "failed", "error": error}
    return case(golden, WireResponse(status, headers, (Chunk(b"{}"),)))


def test_a_refusal_is_to_be_told_as_one_of_its_kind() -> None:
    limited = refused(429, "rate_limit", 7.0, (("retry-after", "7"),)).expect
    assert limited.ending == ("failed",)
    assert limited.error is not None
    assert (limited.error.kind, limited.error.status, limited.error.retry_after_s) == (("rate_limit",), 429, 7.0)
    dated = refused(429, "rate_limit", 7.0, (("retry-after", "Sat, 21 Nov 2026 12:00:30 GMT"),)).expect.error
    assert dated is not None
    assert dated.retry_after_s is None
    key = refused(400, "auth").expect.error
    assert key is not None
    assert (key.kind, key.status) == (("auth", "invalid_request"), None)


def test_a_connection_that_never_answered_failed() -> None:
    golden = {"dialect": "openai-chat", "status": "failed", "error": {"kind": "connection"}}
    scenario = case(golden, WireResponse(0, (), (), "reset", head=False))
    assert scenario.expect.ending == ("failed",)
    assert scenario.expect.error is not None
    assert scenario.expect.error.kind == ("connection", "protocol")


def test_a_refusal_of_a_bad_request_is_played_to_a_good_one() -> None:
    golden = {"dialect": "openai-chat", "status": "failed", "error": {"kind": "invalid_request"}}
    bad = {"model": "m", "messages": [], "stream": True}
    scenario = case(golden, WireResponse(400, (), (Chunk(b"{}"),)), request=bad)
    assert [message.role for message in scenario.request.messages] == ["user"]
    assert "A plain request stands for the recorded one" in scenario.why
    assert "its request is one that the vendor refuses" in reason(exchange(WHOLE, request=bad))


def test_what_a_request_holds_is_what_a_system_must_be_able_to_send() -> None:
    talk = {**ASKED, "messages": [*({"role": role, "content": "x"} for role in ("user", "assistant", "user"))]}
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    image = {**ASKED, "messages": [{"role": "user", "content": [picture]}]}
    assert case(WHOLE, request=talk).needs == ("history",)
    assert case(WHOLE, request=image).needs == ("images",)
    whole = case(WHOLE, request={**ASKED, "stream": False})
    assert needed_features(whole, "openai-chat") == {"whole_answers"}


def test_a_packed_answer_is_for_those_who_accept_it() -> None:
    packed = WireResponse(200, (("content-encoding", "gzip"),), (Chunk(gzip.compress(b"data: a\n\n")),))
    rendered = render(case(WHOLE, packed), "openai-chat")
    assert isinstance(rendered, RenderedScenario)
    [response] = rendered.responses
    assert (response.headers, response.body) == ((), b"data: a\n\n")
    assert response.accepted_by("gzip, br") == packed


def test_a_stream_that_was_left_when_all_of_it_had_come_ends_well() -> None:
    rendered = render(case(WHOLE, WireResponse(200, (), BODY, "cancelled")), "openai-chat")
    assert isinstance(rendered, RenderedScenario)
    assert rendered.responses[0].ending == "clean"


@pytest.mark.parametrize(
    ("recorded", "words"),
    [
        (exchange(None), "it has no golden transcript"),
        (exchange({**WHOLE, "dialect": "gemini"}), "its golden transcript is of gemini, and the address"),
        (exchange({**WHOLE, "status": "fine"}), "its golden transcript is none: Invalid enum value 'fine'"),
        (exchange({**CUT, "status": "cancelled"}, WireResponse(200, (), BODY, "cancelled")), "it was stopped while"),
        (exchange(CUT, WireResponse(200, (), BODY, "timeout")), "its recorder gave up waiting"),
        (exchange(WHOLE, url="https://x.invalid/v1/embeddings"), "is the address of no known dialect"),
        (exchange(WHOLE, WireResponse(200, (("content-encoding", "br"),), BODY)), "is packed as 'br'"),
        (exchange({**WHOLE, "dialect": "gemini"}, url=GEMINI, request={"contents": []}), "asks for a framing"),
        (
            exchange(WHOLE, request={**ASKED, "messages": [{"role": "user", "content": [{"type": "image_url",
                     "image_url": {"url": "data:image/png;base64,A*A"}}]}]}),
            "that was cut or masked",
        ),
    ],
)  # fmt: skip
def test_of_what_nothing_can_be_said_the_reason_is_told(recorded: Exchange, words: str) -> None:
    assert words in reason(recorded)


def test_a_version_names_the_content() -> None:
    def version(*exchanges: Exchange) -> str:
        return recorded_cases([NamedCassette("a", Cassette(Path("a.yaml"), exchanges))]).catalogue.version

    assert version(exchange(WHOLE)) == version(exchange(WHOLE))
    assert version(exchange(WHOLE)) != version(exchange({**WHOLE, "text": "Hallo"}))
    assert version(exchange(WHOLE)).startswith("cassettes+")
