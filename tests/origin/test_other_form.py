"""Who asks for a document gets one, and who asks for a stream gets that, where the case has both."""

from __future__ import annotations

import json

from harness.origin.case import CasePlan, PlanScript, ReceivedRequest
from harness.wire.response import Chunk, WireResponse


def response(body: bytes) -> WireResponse:
    return WireResponse(200, (), (Chunk(body),))


def asked(*, stream: bool) -> ReceivedRequest:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
    headers = (("authorization", "Bearer sk"), ("content-type", "application/json"))
    return ReceivedRequest("POST", "/v1/chat/completions", headers, json.dumps(body).encode())


def script(**fields: object) -> PlanScript:
    return PlanScript(CasePlan("c", "openai-chat", (response(b"1"), response(b"2")), **fields))  # type: ignore[arg-type]


def test_each_attempt_has_its_answer_in_the_form_that_it_asks_for() -> None:
    both = script(other_form=(response(b"one"), response(b"two")))
    bodies = [both.answer(asked(stream=stream)).response.body for stream in (False, True, False)]
    assert bodies == [b"one", b"2", b"two"]


def test_a_case_of_documents_has_streams_for_those_who_ask_for_them() -> None:
    documents = script(streams=False, other_form=(response(b"stream"),))
    assert documents.answer(asked(stream=True)).response.body == b"stream"
    assert documents.answer(asked(stream=False)).response.body == b"2"


def test_a_case_of_one_form_gives_it_to_everybody() -> None:
    assert script().answer(asked(stream=False)).response.body == b"1"
