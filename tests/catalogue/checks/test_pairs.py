"""A gateway is judged in two dialects: what the origin saw in its upstream's, what its client saw in the client's."""

from __future__ import annotations

from typing import Any

import pytest

from harness.catalogue.checks import judge, missing_features, needed_features
from harness.catalogue.observation import Observation
from harness.events import AnyEvent, Finish, Text, ToolCall

from .build import ALL, attempt, observed, scenario, wire

CALLED = b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1"}]}}]}\n\n'
EXPECT = {"tool_calls": [{"id": "call_1", "name": "f", "input": {}}], "finish": "tool_calls"}


def called(*ids: str | None) -> list[AnyEvent]:
    return [*(ToolCall(index, id, "f", "{}") for index, id in enumerate(ids)), Finish("tool_calls")]


def through(*events: AnyEvent, front: bytes = b"", upstream: bytes = CALLED) -> Observation:
    """What came through a gateway whose upstream and client saw these bodies."""
    client_side = (attempt(response=wire(front)),)
    return observed(*events, attempts=(attempt(response=wire(upstream)),), front=client_side)


def checks(expect: dict[str, Any], seen: Observation, served: str, upstream: str | None, **fields: Any) -> list[str]:
    judgement = judge(scenario(expect, **fields), served, ALL, seen, upstream=upstream)
    return [f"{finding.check} {finding.kind}" for finding in judgement.findings]


def test_a_gateway_may_give_its_client_ids_of_its_own_making() -> None:
    seen = through(*called("toolu_9"), front=b'"id":"toolu_9"')
    assert checks(EXPECT, seen, "anthropic-messages", "openai-chat") == []
    assert checks(EXPECT, seen, "openai-chat", None) == ["tool-calls-as-sent corruption"]


def test_an_id_that_never_went_over_the_wire_is_lost_unless_the_dialect_has_none() -> None:
    seen = through(*called("call_made_0"), front=b"no id")
    assert checks(EXPECT, seen, "anthropic-messages", "openai-chat") == ["tool-calls-as-sent loss"]
    assert checks(EXPECT, seen, "gemini", "openai-chat") == []


def test_two_calls_with_one_id_are_not_told_apart() -> None:
    two = [{"id": "call_1", "name": "f", "input": {}}, {"id": "call_2", "name": "f", "input": {}}]
    body = CALLED + CALLED.replace(b"call_1", b"call_2")
    seen = through(*called("x", "x"), front=b'"x"', upstream=body)
    found = checks({"tool_calls": two, "finish": "tool_calls"}, seen, "anthropic-messages", "openai-chat")
    assert found == ["tool-calls-as-sent loss"]


@pytest.mark.parametrize(
    ("upstream", "served", "alike"), [("openai-chat", "ollama", True), ("gemini", "openai-chat", False)]
)
def test_a_word_that_the_clients_dialect_has_for_two_reasons_will_do_for_either(
    upstream: str, served: str, alike: bool
) -> None:
    seen = through(Text("x"), Finish("stop"))
    found = checks({"text": "x", "finish": "tool_calls"}, seen, served, upstream)
    assert found == ([] if alike else ["finish-as-sent corruption"])


def test_the_place_of_a_loss_is_one_in_the_upstreams_body() -> None:
    body = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n' * 2
    seen = through(Text("Hel"), Finish("stop"), upstream=body)
    judgement = judge(scenario({"text": "HelHel"}), "anthropic-messages", ALL, seen, upstream="openai-chat")
    [finding] = judgement.findings
    assert finding.offset == len(body) // 2


def asked(body: bytes, **fields: Any) -> Observation:
    request = attempt(body=body, path="/v1/chat/completions", **fields)
    return observed(Text("x"), Finish("stop"), attempts=(request,))


def test_what_reached_the_upstream_is_read_in_its_dialect() -> None:
    body = b'{"model": "m", "messages": [{"role": "user", "content": "Hi"}], "temperature": 0}'
    expect = {"text": "x", "requests": [{"as_asked": ["messages"], "temperature": 0}]}
    request = {"messages": "Hi"}
    assert checks(expect, asked(body), "anthropic-messages", "openai-chat", request=request) == []
    lost = body.replace(b"Hi", b"Ho")
    assert checks(expect, asked(lost), "anthropic-messages", "openai-chat", request=request) == [
        "requests-as-asked request"
    ]


def test_the_order_within_a_turn_counts_where_both_dialects_have_one() -> None:
    image = "data:image/png;base64,aGk="
    parts = b'[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"image_url","image_url":{"url":"%b"}}]'
    body = b'{"model":"m","messages":[{"role":"user","content":' + parts % image.encode() + b"}]}"
    content = [
        {"type": "text", "text": "a"},
        {"type": "image", "media_type": "image/png", "data": "aGk="},
        {"type": "text", "text": "b"},
    ]
    request = {"messages": [{"role": "user", "content": content}]}
    expect = {"text": "x", "requests": [{"as_asked": ["messages"]}]}
    assert checks(expect, asked(body), "ollama", "openai-chat", request=request) == []
    assert checks(expect, asked(body), "anthropic-messages", "openai-chat", request=request) != []


def test_what_a_pair_loses_a_gateway_need_not_claim() -> None:
    made = scenario({"refusal": "No.", "other_choices": ["b"]})
    assert needed_features(made, "openai-chat") == {"refusals", "parallel_choices"}
    assert needed_features(made, "openai-chat", "openai-chat") == {"refusals", "parallel_choices"}
    assert needed_features(made, "ollama", "openai-chat") == set()
    assert missing_features(made, "gemini", frozenset(), None, "openai-chat") == {"parallel_choices"}


def test_a_wrong_token_says_something_only_of_gateways_that_ask_for_one() -> None:
    made = scenario({}, subjects="gateway", front={"token": "wrong"})
    assert needed_features(made, "gemini", "ollama") == {"tokens"}
