"""What a gateway's client must see: what is expected in the upstream's dialect, up to what its own has no words for."""

from __future__ import annotations

from typing import Any

import pytest

from harness.catalogue.across import expectation_of, expresses_request, without_gates
from harness.catalogue.expectations import AnyValue, CallExpectation, Expectation, PartialText
from harness.catalogue.render import RenderedScenario, render

from .checks.build import scenario

CHAT, RESPONSES, ANTHROPIC, GEMINI, OLLAMA = (
    "openai-chat",
    "openai-responses",
    "anthropic-messages",
    "gemini",
    "ollama",
)
EVERY = (CHAT, RESPONSES, ANTHROPIC, GEMINI, OLLAMA)


def across(upstream: str, served: str, expect: dict[str, Any], *events: dict[str, Any], **fields: Any) -> Expectation:
    """What that client must see of these events."""
    responses = fields.pop("responses", [{"events": list(events)}])
    return expectation_of(scenario(expect, responses=responses, **fields), served, upstream)


def only_call(expectation: Expectation) -> CallExpectation:
    assert not isinstance(expectation.tool_calls, AnyValue)
    [call] = expectation.tool_calls
    return call


def test_a_client_of_no_gateway_sees_what_the_scenario_says() -> None:
    made = scenario({"text": "a", "refusal": "b", "finish": "refusal"}, expect_in={GEMINI: {"text": "c"}})
    assert expectation_of(made, GEMINI, None) == made.expectation_in(GEMINI)
    assert expectation_of(made, OLLAMA, None).text == "a"


def test_the_upstreams_own_expectation_is_the_one_that_counts() -> None:
    assert across(GEMINI, OLLAMA, {"text": "a"}, expect_in={GEMINI: {"text": "b"}, OLLAMA: {"text": "c"}}).text == "b"


@pytest.mark.parametrize("served", EVERY)
def test_what_every_dialect_has_words_for_stays(served: str) -> None:
    expect = {"text": "Hello", "reasoning": "Hm.", "finish": "length", "attempts": 1, "order": ["reasoning", "text"]}
    seen = across(CHAT, served, expect)
    assert (seen.text, seen.reasoning, seen.finish) == ("Hello", "Hm.", ("length",))
    assert (seen.ending, seen.order, str(seen.attempts)) == (("completed",), ("reasoning", "text"), "1")


@pytest.mark.parametrize(
    ("upstream", "served", "given", "arrives"),
    [
        (ANTHROPIC, CHAT, "pause", {"pause", "stop"}),
        (ANTHROPIC, CHAT, "refusal", {"refusal", "content_filter"}),
        (ANTHROPIC, CHAT, "context_overflow", {"context_overflow", "length"}),
        (ANTHROPIC, RESPONSES, "pause", {"pause", "stop"}),
        (CHAT, ANTHROPIC, "content_filter", {"content_filter", "refusal"}),
        (ANTHROPIC, GEMINI, "pause", {"pause"}),
        (ANTHROPIC, GEMINI, "context_overflow", {"context_overflow", "length"}),
        (CHAT, OLLAMA, "content_filter", {"content_filter", "other"}),
        (CHAT, OLLAMA, "length", {"length"}),
        (CHAT, RESPONSES, "stop", {"stop"}),
        (CHAT, ANTHROPIC, "stop", {"stop"}),
    ],
)
def test_a_stop_reason_arrives_as_what_the_clients_dialect_has(
    upstream: str, served: str, given: str, arrives: set[str]
) -> None:
    assert set(across(upstream, served, {"finish": given}).finish or ()) == arrives


def test_a_response_that_is_completed_by_calls_or_a_refusal_is_read_off_its_output() -> None:
    called = across(CHAT, RESPONSES, {"finish": "stop", "tool_calls": ["f"]})
    refused = across(CHAT, RESPONSES, {"finish": "stop", "refusal": "No."})
    assert set(called.finish or ()) == {"stop", "tool_calls"}
    assert {"stop", "refusal"} <= set(refused.finish or ()) <= {"stop", "refusal", "content_filter"}


@pytest.mark.parametrize("served", [ANTHROPIC, GEMINI, OLLAMA])
def test_a_refusal_is_text_where_there_is_no_place_for_one(served: str) -> None:
    seen = across(CHAT, served, {"text": "Well. ", "refusal": "I cannot.", "order": ["text", "refusal"]})
    assert (seen.text, seen.refusal, seen.order) == ("Well. I cannot.", "", ("text",))


@pytest.mark.parametrize("served", [CHAT, RESPONSES])
def test_a_refusal_is_one_where_there_is_a_place_for_it(served: str) -> None:
    seen = across(RESPONSES, served, {"refusal": "I cannot."})
    assert (seen.text, seen.refusal) == ("", "I cannot.")


@pytest.mark.parametrize(
    ("text", "refusal", "joined"),
    [
        ("Well. ", {"prefix_of": "No way."}, PartialText(prefix_of="Well. No way.", at_least="Well. ")),
        ({"prefix_of": "Well.", "at_least": "We"}, "No.", PartialText(prefix_of="Well.No.", at_least="We")),
        ({"any": True}, "No.", AnyValue(any=True)),
    ],
)
def test_a_refusal_of_which_a_beginning_is_known_joins_the_text_as_one(text: Any, refusal: Any, joined: Any) -> None:
    assert across(CHAT, GEMINI, {"text": text, "refusal": refusal}).text == joined


@pytest.mark.parametrize(("served", "kept"), [(CHAT, ("b",)), (GEMINI, ("b",)), (RESPONSES, None), (OLLAMA, None)])
def test_only_the_first_choice_arrives_where_there_is_one(served: str, kept: tuple[str, ...] | None) -> None:
    assert across(GEMINI, served, {"other_choices": ["b"]}).other_choices == kept


@pytest.mark.parametrize(
    ("served", "verbatim"), [(CHAT, True), (RESPONSES, True), (ANTHROPIC, True), (GEMINI, False), (OLLAMA, False)]
)
def test_arguments_that_are_an_object_on_the_wire_are_compared_by_value(served: str, verbatim: bool) -> None:
    expect = {"tool_calls": [{"name": "f", "arguments": '{"a":  1}', "verbatim": True}]}
    call = only_call(across(CHAT, served, expect))
    assert (call.arguments, call.verbatim, call.executable) == ('{"a":  1}', verbatim, True)


def test_a_call_whose_arguments_are_no_object_may_be_missing_where_it_has_no_place() -> None:
    expect = {"finish": "tool_calls", "tool_calls": [{"name": "f", "arguments": '{"a": 1'}]}
    to_gemini = only_call(across(CHAT, GEMINI, expect))
    to_chat = only_call(across(CHAT, CHAT, expect))
    assert (to_gemini.executable, to_gemini.arguments) == (False, None)
    assert (to_chat.executable, to_chat.arguments) == (True, '{"a": 1')
    assert "other" in (across(CHAT, GEMINI, expect).finish or ())
    assert across(CHAT, OLLAMA, expect).ending == ("completed", "failed")


def test_a_whole_call_does_not_excuse_an_answer_that_fails() -> None:
    expect = {"finish": "tool_calls", "tool_calls": [{"name": "f", "arguments": '{"a": 1}'}]}
    assert across(CHAT, OLLAMA, expect).ending == ("completed",)
    assert "other" not in (across(CHAT, GEMINI, expect).finish or ())


def test_a_number_that_no_double_holds_is_not_compared_where_arguments_are_objects() -> None:
    expect = {"tool_calls": [{"name": "f", "arguments": '{"far": 1e400}'}]}
    to_gemini = only_call(across(CHAT, GEMINI, expect))
    to_anthropic = only_call(across(CHAT, ANTHROPIC, expect))
    assert (to_gemini.arguments, to_anthropic.arguments) == (None, '{"far": 1e400}')


@pytest.mark.parametrize(("served", "counted"), [(CHAT, True), (GEMINI, True), (ANTHROPIC, False), (OLLAMA, False)])
def test_an_answer_that_fails_has_counted_where_counts_come_before_the_end(served: str, counted: bool) -> None:
    expect = {"ending": ["truncated", "failed"], "usage": {"output_tokens": 9}}
    assert (across(CHAT, served, expect, sent(output_tokens=9)).usage is not None) is counted


def sent(**counts: int) -> dict[str, Any]:
    return {"usage": counts}


@pytest.mark.parametrize(
    ("upstream", "served", "expected", "converted"),
    [
        (
            ANTHROPIC,
            CHAT,
            {"input_tokens": 10, "cache_read_tokens": 5, "cache_write_tokens": 2},
            {"input_tokens": (17,), "cache_read_tokens": (5,), "cache_write_tokens": (2,)},
        ),
        (
            CHAT,
            ANTHROPIC,
            {"input_tokens": 17, "cache_read_tokens": 5},
            {"input_tokens": (12,), "cache_read_tokens": (5,)},
        ),
        (ANTHROPIC, ANTHROPIC, {"input_tokens": 10, "cache_read_tokens": 5}, {"input_tokens": (10,)}),
        (
            GEMINI,
            CHAT,
            {"output_tokens": 4, "reasoning_tokens": 6},
            {"output_tokens": (10,), "reasoning_tokens": (6,)},
        ),
        (CHAT, GEMINI, {"output_tokens": 10, "reasoning_tokens": 6}, {"output_tokens": (4,), "reasoning_tokens": (6,)}),
        (GEMINI, GEMINI, {"output_tokens": 4, "reasoning_tokens": 6}, {"output_tokens": (4,)}),
        (GEMINI, OLLAMA, {"output_tokens": 4, "reasoning_tokens": 6}, {"output_tokens": (10,)}),
        (
            ANTHROPIC,
            GEMINI,
            {"input_tokens": 10, "cache_read_tokens": 5, "cache_write_tokens": 2},
            {"input_tokens": (17,), "cache_read_tokens": (5,)},
        ),
        (ANTHROPIC, OLLAMA, {"input_tokens": 10, "output_tokens": 3}, {"input_tokens": (10,), "output_tokens": (3,)}),
        (CHAT, ANTHROPIC, {"input_tokens": [17, 12], "cache_read_tokens": 5}, {"input_tokens": (12, 7)}),
    ],
)
def test_counts_follow_the_convention_of_the_clients_dialect(
    upstream: str, served: str, expected: dict[str, Any], converted: dict[str, tuple[int, ...]]
) -> None:
    usage = across(upstream, served, {"usage": expected}).usage or {}
    assert {name: usage[name] for name in converted} == converted
    assert served != OLLAMA or set(usage) <= {"input_tokens", "output_tokens"}


def test_counts_that_are_not_expected_are_those_that_were_sent() -> None:
    events = [sent(input_tokens=10, cache_read_tokens=5), {"finish": "stop"}]
    assert across(ANTHROPIC, CHAT, {"usage": {"input_tokens": 10}}, *events).usage == {"input_tokens": (15,)}


def test_a_count_that_rests_on_unknown_ones_is_not_compared() -> None:
    literal = [{"frames": [{"usage": {"prompt_tokens": 300}}]}]
    expect = {"usage": {"input_tokens": 300, "output_tokens": 9}}
    seen = across(CHAT, ANTHROPIC, expect, responses=literal, dialects=[CHAT])
    assert seen.usage == {"output_tokens": (9,)}
    assert across(CHAT, RESPONSES, expect, responses=literal).usage == {"input_tokens": (300,), "output_tokens": (9,)}


@pytest.mark.parametrize(
    ("form", "kept_in"),
    [
        ({"form": "signature"}, {ANTHROPIC, GEMINI, CHAT}),
        ({"form": "redacted"}, {ANTHROPIC}),
        ({"form": "encrypted"}, {RESPONSES, CHAT}),
        ({"form": "signature", "tool_index": 0}, {GEMINI, CHAT}),
    ],
)
def test_signatures_are_compared_where_their_form_has_a_place(form: dict[str, Any], kept_in: set[str]) -> None:
    source = {"encrypted": RESPONSES, "redacted": ANTHROPIC}.get(form["form"], GEMINI if len(form) > 1 else ANTHROPIC)
    signature = {"signature": {"data": "c2lnbmF0dXJl", **form}}
    seen = {
        served for served in EVERY if across(source, served, {"signatures": ["c2lnbmF0dXJl"]}, signature).signatures
    }
    assert seen == kept_in


def test_a_signature_that_is_no_base64_has_no_place_in_gemini() -> None:
    signature = {"signature": {"data": "not base64!"}}
    assert across(ANTHROPIC, GEMINI, {"signatures": ["not base64!"]}, signature).signatures is None
    assert across(ANTHROPIC, CHAT, {"signatures": ["not base64!"]}, signature).signatures == ("not base64!",)


def test_signatures_whose_form_nobody_knows_are_not_compared() -> None:
    assert across(ANTHROPIC, GEMINI, {"signatures": ["c2ln"]}, responses=[{"body": "x"}]).signatures is None


def test_the_kind_of_an_error_survives_and_the_vendors_own_status_and_words_need_not() -> None:
    error = {"kind": "rate_limit", "status": 429, "retryable": True, "retry_after_s": 7, "message_contains": "slow"}
    seen = across(CHAT, ANTHROPIC, {"ending": "failed", "error": error}, responses=[{"error": "rate_limit"}]).error
    assert seen is not None
    assert (seen.kind, seen.retryable, seen.retry_after_s) == (("rate_limit",), True, 7)
    assert (seen.status, seen.message_contains) == (None, None)


def test_an_upstream_that_broke_down_is_the_gateways_trouble_by_whatever_name() -> None:
    seen = across(CHAT, ANTHROPIC, {"ending": "failed", "error": "connection"}, responses=[{"connection": "reset"}])
    assert seen.error is not None
    assert {"connection", "server", "timeout", "overloaded"} <= set(seen.error.kind)
    assert not {"rate_limit", "auth", "invalid_request", "quota", "context_overflow"} & set(seen.error.kind)


@pytest.mark.parametrize("served", EVERY)
@pytest.mark.parametrize("kind", ["context_overflow", "quota"])
def test_errors_that_ask_for_something_else_than_patience_stay_what_they_are(served: str, kind: str) -> None:
    seen = across(CHAT, served, {"ending": "failed", "error": kind}, responses=[{"error": kind}]).error
    assert seen is not None
    assert seen.kind == (kind,)


def test_how_long_to_wait_has_no_place_once_the_stream_has_begun() -> None:
    error = {"ending": "failed", "error": {"kind": "rate_limit", "retry_after_s": 7}}
    in_stream = across(GEMINI, ANTHROPIC, error, {"failure": {"kind": "rate_limit"}}).error
    before = across(GEMINI, ANTHROPIC, error, responses=[{"error": {"kind": "rate_limit", "retry_after_s": 7}}]).error
    assert in_stream is not None
    assert before is not None
    assert (in_stream.retry_after_s, before.retry_after_s) == (None, 7)


def test_an_odd_word_on_repeating_is_not_carried_over() -> None:
    error = {"ending": "failed", "error": {"kind": "rate_limit", "retryable": False}}
    seen = across(CHAT, GEMINI, error, responses=[{"error": {"kind": "rate_limit", "retryable": False}}]).error
    assert seen is not None
    assert seen.retryable is None


SIGNED = [
    {"type": "reasoning", "text": "Hm.", "signature": "c2ln"},
    {"type": "reasoning", "redacted": "cmVk"},
    {"type": "reasoning", "encrypted": "ZW5j"},
    {"type": "tool_call", "id": "c1", "name": "f", "arguments": "{}", "signature": "Y2Fs"},
]


@pytest.mark.parametrize(
    ("upstream", "served", "comes_back"),
    [
        (ANTHROPIC, ANTHROPIC, ["c2ln", "cmVk", None, None]),
        (ANTHROPIC, GEMINI, ["c2ln", None, None, "Y2Fs"]),
        (ANTHROPIC, CHAT, [None, None, None, "Y2Fs"]),
        (ANTHROPIC, OLLAMA, [None, None, None, None]),
        (RESPONSES, RESPONSES, [None, None, "ZW5j", None]),
        (GEMINI, ANTHROPIC, ["c2ln", "cmVk", None, None]),
    ],
)
def test_of_signed_reasoning_comes_back_what_our_client_can_send_back(
    upstream: str, served: str, comes_back: list[str | None]
) -> None:
    wanted = [{"attempt": 2, "last_messages": [{"role": "assistant", "content": SIGNED}]}]
    [request] = across(upstream, served, {"requests": wanted}).requests
    first, second, third, call = request.last_messages[0].content
    assert [first.signature, second.redacted, third.encrypted, call.signature] == comes_back
    assert (first.text, call.name) == ("Hm.", "f")


@pytest.mark.parametrize(("served", "wanted"), [(CHAT, "Hm."), (OLLAMA, "Hm."), (ANTHROPIC, None), (RESPONSES, None)])
def test_unsigned_reasoning_comes_back_where_our_client_can_send_it(served: str, wanted: str | None) -> None:
    [request] = across(CHAT, served, {"requests": [{"attempt": 2, "reasoning": "Hm."}]}).requests
    assert request.reasoning == wanted


def test_a_pair_that_cannot_express_the_request_is_not_run() -> None:
    image = {"role": "user", "content": [{"type": "image", "media_type": "image/png", "data": "aGk="}]}
    assert all(expresses_request(scenario({}, request={"messages": [image]}), name) for name in EVERY)
    one_at_a_time = scenario({}, request={"tools": ["search"], "parallel_tool_calls": False})
    assert [name for name in EVERY if expresses_request(one_at_a_time, name)] == [CHAT, RESPONSES, ANTHROPIC]
    only = scenario({}, subjects="gateway", serves=[GEMINI])
    assert [name for name in EVERY if expresses_request(only, name)] == [GEMINI]


GATED = [
    {
        "events": [{"tool_call": {"name": "f", "arguments": ['{"a"', ": 1}"]}}, {"finish": "tool_calls"}],
        "faults": [{"gate": {"after_events": 1, "until_events": 1}}],
    }
]


@pytest.mark.parametrize(("served", "gated"), [(CHAT, True), (ANTHROPIC, True), (GEMINI, False), (OLLAMA, False)])
def test_pieces_of_a_call_are_waited_for_where_there_are_any(served: str, gated: bool) -> None:
    made = scenario({"tool_calls": [{"name": "f", "input": {"a": 1}}]}, responses=GATED)
    rendered = render(made, CHAT)
    assert isinstance(rendered, RenderedScenario)
    [response] = without_gates(rendered, made, served).responses
    assert any(chunk.gate is not None for chunk in response.chunks) is gated
