from __future__ import annotations

import json
from dataclasses import replace

import msgspec

from harness.dialects import dialect
from harness.origin.case import Answer, CasePlan, PlanScript, ReceivedRequest
from harness.wire.response import WireResponse

from .wire import CHAT, response

FIRST, SECOND, FALLBACK = response(b"first"), response(b"second"), response(b"fallback")


def ask(path: str = "/api/chat", body: bytes = CHAT, method: str = "POST") -> ReceivedRequest:
    return ReceivedRequest(method, path, (("content-type", "application/json"),), body)


def said(answer: Answer) -> dict[str, str]:
    """What the origin says in its own name."""
    parsed: dict[str, dict[str, str]] = msgspec.json.decode(answer.response.body)
    return parsed["harness_origin"]


def played(script: PlanScript, *requests: ReceivedRequest) -> list[WireResponse]:
    return [script.answer(request).response for request in requests]


def test_the_last_response_answers_all_further_attempts() -> None:
    script = PlanScript(CasePlan("c", "ollama", (FIRST, SECOND)))
    assert played(script, *[ask()] * 4) == [FIRST, SECOND, SECOND, SECOND]


def test_a_request_gets_the_coding_that_it_accepts() -> None:
    packed = response(b"packed")
    script = PlanScript(CasePlan("c", "ollama", (replace(FIRST, codings=(("gzip", packed),)),)))
    accepting = ReceivedRequest("POST", "/api/chat", (("accept-encoding", "deflate, gzip"),), CHAT)
    assert [each.body for each in played(script, accepting, ask())] == [b"packed", b"first"]


def test_the_second_provider_has_its_own_responses() -> None:
    script = PlanScript(CasePlan("c", "ollama", (FIRST, SECOND), (FALLBACK,)))
    assert played(script, ask(), ask("/fallback/api/chat"), ask()) == [FIRST, FALLBACK, SECOND]
    assert script.answer(ask("/fallback/api/chat")).fallback


def test_a_request_that_the_vendor_would_refuse_gets_its_400_and_costs_no_response() -> None:
    script = PlanScript(CasePlan("c", "ollama", (FIRST, SECOND)))
    refused = script.answer(ask(body=b'{"messages":[]}'))
    assert refused.response.status == 400
    assert not refused.planned
    assert [fault.where for fault in refused.faults] == ["model"]
    vendor = dialect("ollama").read_error(400, dict(refused.response.headers), refused.response.body)
    assert vendor.kind == "invalid_request"
    assert "model" in vendor.message
    assert played(script, ask()) == [FIRST]


def test_a_second_provider_that_there_is_not_is_an_attempt_at_a_wrong_address() -> None:
    answer = PlanScript(CasePlan("c", "ollama", (FIRST,))).answer(ask("/fallback/api/chat"))
    assert answer.response.status == 404
    assert answer.fallback
    assert [fault.rule for fault in answer.faults] == ["no-such-endpoint"]
    assert "no second provider" in said(answer)["problem"]


def test_a_post_to_another_path_is_an_attempt_with_a_fault() -> None:
    answer = PlanScript(CasePlan("c", "ollama", (FIRST,))).answer(ask("/api/chatter"))
    assert answer.response.status == 404
    assert not answer.stray
    assert [fault.rule for fault in answer.faults] == ["no-such-endpoint"]
    assert said(answer)["problem"] == "POST /api/chatter: that is no streaming endpoint: this case speaks ollama"


def test_the_endpoint_of_another_dialect_is_named() -> None:
    answer = PlanScript(CasePlan("c", "ollama", (FIRST,))).answer(ask("/v1/messages"))
    assert "endpoint of anthropic-messages, but this case speaks ollama" in said(answer)["problem"]


def test_a_look_around_is_no_attempt() -> None:
    script = PlanScript(CasePlan("c", "ollama", (FIRST,)))
    assert script.answer(ask("/v1/models", b"", "GET")).stray
    assert script.answer(ask("/", b"", "HEAD")).stray
    assert played(script, ask()) == [FIRST]


def test_what_we_say_in_our_own_name_looks_like_no_vendors_error() -> None:
    answer = PlanScript(CasePlan("c", "ollama", (FIRST,))).answer(ask("/nowhere"))
    assert set(json.loads(answer.response.body)) == {"harness_origin"}
    assert ("x-harness-origin", "no-such-endpoint") in answer.response.headers
