"""What a gateway serves besides errors: whole answers, signs of life, conversations, lists, ids and its log."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from harness.dialects import dialect, dialect_names
from harness.events import End, Finish, Start, Text, ToolCall, Usage
from harness.stack.fallback import Target
from harness.stack.gateway import AsgiTransport, GatewaySettings
from harness.transcript import fold

from ..fakes import Answer, error_answer
from .behind import HELLO, PATHS, TALKS, frames, run
from .inside import Inside, stream

CHAT = "openai-chat"
WHOLE = {**PATHS, "gemini": "/v1beta/models/test-model:generateContent"}
every_dialect = pytest.mark.parametrize("served", dialect_names())
every_upstream = pytest.mark.parametrize("upstream", dialect_names())


def asking_for_no_stream(served: str) -> dict[str, Any]:
    return TALKS[served] if served == "gemini" else {**TALKS[served], "stream": False}


@every_dialect
@every_upstream
def test_a_request_for_no_stream_gets_a_whole_answer(upstream: str, served: str) -> None:
    document = dialect(upstream).write_answer([*HELLO, End("completed")]).body
    inside = Inside(upstream, Answer([document], headers={"content-type": "application/json"}))
    response = inside.ask("POST", WHOLE[served], json=asking_for_no_stream(served))
    answer = fold(served, dialect(served).read_answer(response.content))
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert (answer.status, answer.text, answer.usage.output_tokens) == ("completed", "Hello", 4)


def test_whole_answers_count_tokens_as_the_client_does() -> None:
    events = [Start("r1", "m1"), Text("Hi"), Usage(5, 2, cache_read_tokens=100), Finish("stop"), End("completed")]
    document = dialect("anthropic-messages").write_answer(events).body
    inside = Inside("anthropic-messages", Answer([document], headers={"content-type": "application/json"}))
    response = inside.ask("POST", PATHS[CHAT], json=asking_for_no_stream(CHAT))
    assert response.json()["usage"]["prompt_tokens"] == 105


def test_a_gemini_client_that_does_not_ask_for_sse_gets_an_array() -> None:
    path = "/v1beta/models/test-model:streamGenerateContent"
    response = Inside(CHAT, stream(CHAT)).ask("POST", path, json=TALKS["gemini"])
    contents = [each["candidates"][0]["content"] for each in response.json() if "candidates" in each]
    assert "".join(part["text"] for content in contents for part in content.get("parts", [])) == "Hello"
    assert response.headers["content-type"].startswith("application/json")


def test_an_array_that_fails_is_still_one() -> None:
    path = "/v1beta/models/test-model:streamGenerateContent"
    response = Inside(CHAT, Answer(frames(CHAT)[:2])).ask("POST", path, json=TALKS["gemini"])
    assert "error" in response.json()[-1]


@every_dialect
def test_a_silent_stream_shows_signs_of_life_that_nobody_takes_for_content(served: str) -> None:
    spoken = frames(CHAT)
    slow = Answer([*spoken[:2], 50.0, *spoken[2:]])
    quick = Answer(spoken)
    slowly = Inside(CHAT, slow).ask("POST", PATHS[served], json=TALKS[served])
    quickly = Inside(CHAT, quick).ask("POST", PATHS[served], json=TALKS[served])
    decoder = dialect(served).decoder()
    heard = fold(served, [*decoder.feed(slowly.content), *decoder.close()])
    assert (heard.status, heard.text, heard.warnings) == ("completed", "Hello", ())
    extra = len(slowly.content) - len(quickly.content)
    assert extra > 0 and extra % 3 == 0  # after 15, 30 and 45 seconds


def test_a_stream_that_has_not_begun_shows_life_too_and_fails_in_the_stream_then() -> None:
    busy = error_answer(400, "no such thing")
    busy.before_head = 20.0
    inside = Inside(CHAT, busy)
    response = inside.ask("POST", PATHS[CHAT], json=TALKS[CHAT])
    sign, *_, error = response.text.strip().split("\n\n")
    assert (response.status_code, sign[0]) == (200, ":")
    assert json.loads(error.removeprefix("data: "))["error"]["message"] == "no such thing"
    assert inside.clock.now() == 20.0


def test_no_signs_of_life_are_sent_where_none_are_wanted() -> None:
    late = Answer(frames(CHAT), before_head=100.0)
    response = Inside(CHAT, late, heartbeat_s=0).ask("POST", PATHS[CHAT], json=TALKS[CHAT])
    assert response.text.startswith("data: ")


def test_a_call_that_seems_whole_is_let_go_in_a_silence() -> None:
    """Gemini's calls are whole: what is held in case more follows comes once nothing does."""
    spoken = frames(CHAT, (Start("r1", "m1"), ToolCall(0, "c1", "f", '{"a":1}'), Finish("tool_calls")))
    inside = Inside(CHAT, Answer([*spoken[:2], 10.0, *spoken[2:]]))

    async def first_call_at() -> float:
        transport = AsgiTransport(inside.app, clock=inside.clock)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=None) as client,
            client.stream("POST", PATHS["gemini"], json=TALKS["gemini"]) as response,
        ):
            async for line in response.aiter_lines():
                if "functionCall" in line:
                    return inside.clock.now()
        return -1.0

    assert 0.0 <= run(first_call_at()) < 1.0


def test_a_conversation_is_continued_by_the_id_of_its_last_answer() -> None:
    inside = Inside(CHAT, stream(CHAT))
    first = inside.ask("POST", PATHS["openai-responses"], json={**TALKS["openai-responses"], "instructions": "Terse."})
    decoder = dialect("openai-responses").decoder()
    answer_id = fold("openai-responses", [*decoder.feed(first.content), *decoder.close()]).id
    more = {"model": "test-model", "stream": True, "input": "And now?", "previous_response_id": answer_id}
    assert inside.ask("POST", PATHS["openai-responses"], json=more).status_code == 200
    said = [(message["role"], message["content"]) for message in inside.network.bodies[1]["messages"]]
    assert said == [("user", "Hello"), ("assistant", "Hello"), ("user", "And now?")]


@pytest.mark.parametrize("reason", ["never there", "not to be stored", "no room"])
def test_an_answer_that_is_not_known_cannot_be_continued(reason: str) -> None:
    inside = Inside(CHAT, stream(CHAT), stored_responses=0 if reason == "no room" else 10)
    id_ = "resp_1"
    if reason != "never there":
        first = inside.ask("POST", PATHS["openai-responses"], json={**TALKS["openai-responses"], "store": False})
        id_ = json.loads(first.text.partition("data: ")[2].partition("\n")[0])["response"]["id"]
    more = {**TALKS["openai-responses"], "previous_response_id": id_}
    response = inside.ask("POST", PATHS["openai-responses"], json=more)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "previous_response_not_found"
    assert response.json()["error"]["param"] == "previous_response_id"


def test_models_are_listed_in_the_form_of_whoever_asks() -> None:
    inside = Inside(CHAT, models={"fast": "gpt-fast"})
    assert inside.ask("GET", "/v1/models").json()["data"][0]["id"] == "fast"
    assert inside.ask("GET", "/v1/models", headers={"anthropic-version": "2023-06-01"}).json()["first_id"] == "fast"
    assert inside.ask("GET", "/v1beta/models").json()["models"][0]["name"] == "models/fast"
    assert inside.ask("GET", "/api/tags").json()["models"][0]["name"] == "fast"
    assert inside.ask("GET", "/v1/models/fast").json()["object"] == "model"
    assert inside.ask("GET", "/v1/models/slow").status_code == 404


def test_an_alias_is_what_the_upstream_calls_it() -> None:
    inside = Inside(CHAT, stream(CHAT), models={"test-model": "gpt-fast"})
    inside.ask("POST", PATHS[CHAT], json=TALKS[CHAT])
    assert inside.network.bodies[0]["model"] == "gpt-fast"


def test_health_needs_no_token() -> None:
    inside = Inside(CHAT, token="right")
    assert inside.ask("GET", "/health").json() == {"status": "ok", "streams": 0}
    assert inside.ask("GET", "/v1/models").status_code == 401


def test_every_answer_has_an_id_and_keeps_a_harmless_one() -> None:
    inside = Inside(CHAT, stream(CHAT))
    given = inside.ask("POST", PATHS[CHAT], json=TALKS[CHAT], headers={"x-request-id": "abc-1"})
    made = inside.ask("POST", PATHS["anthropic-messages"], json={}, headers={"x-request-id": "two words"})
    assert given.headers["x-request-id"] == "abc-1"
    assert made.headers["x-request-id"].startswith("req_")
    assert made.json()["request_id"] == made.headers["request-id"] == made.headers["x-request-id"]


def test_what_is_lost_is_told_in_a_header_and_in_the_log() -> None:
    inside = Inside("anthropic-messages", stream("anthropic-messages"))
    response = inside.ask("POST", PATHS[CHAT], json={**TALKS[CHAT], "logit_bias": {"1": 2}, "seed": 3})
    lost = response.headers["x-harness-losses"].split(", ")
    assert "unread-logit_bias" in lost and len(lost) >= 2
    assert all(loss in inside.lines[0] for loss in lost)


def test_the_log_has_a_line_for_each_request_and_no_secret() -> None:
    inside = Inside(CHAT, stream(CHAT), token="right-token")
    inside.ask("POST", f"{PATHS[CHAT]}?key=right-token", json={**TALKS[CHAT], "model": "a\nb"})
    inside.ask("GET", "/nothing%20here%0A")
    assert [line.split()[:3] for line in inside.lines] == [
        ["POST", "/v1/chat/completions", "200"],
        ["GET", "/nothing?here?", "404"],
    ]
    assert "outcome=completed" in inside.lines[0] and "model=a?b" in inside.lines[0]
    assert "right-token" not in "".join(inside.lines) and "\n" not in "".join(inside.lines)


def test_think_tags_become_reasoning_where_it_is_asked_for() -> None:
    events = (Start("r1", "m1"), Text("<think>Hm.</think>Yes"), Finish("stop"))
    response = Inside(CHAT, stream(CHAT, events), think_tags=True).ask("POST", PATHS[CHAT], json=TALKS[CHAT])
    decoder = dialect(CHAT).decoder()
    answer = fold(CHAT, [*decoder.feed(response.content), *decoder.close()])
    assert (answer.reasoning, answer.text) == ("Hm.", "Yes")


def test_a_gateway_that_closes_tells_its_clients_and_takes_no_more() -> None:
    inside = Inside(CHAT, Answer([*frames(CHAT)[:2], 1000.0]))

    async def told() -> tuple[str, int]:
        transport = AsgiTransport(inside.app, clock=inside.clock)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=None) as client:
            async with client.stream("POST", PATHS[CHAT], json=TALKS[CHAT]) as response:
                chunks = response.aiter_text()
                text = await anext(chunks)
                inside.gateway.close()
                text += "".join([chunk async for chunk in chunks])
            refused = await client.post(PATHS[CHAT], json=TALKS[CHAT])
            return text, refused.status_code

    text, status = run(told())
    assert "the gateway is shutting down" in text and "[DONE]" not in text
    assert status == 503


def test_an_upstream_in_a_dialect_that_no_model_speaks_is_refused() -> None:
    with pytest.raises(ValueError, match="no model is asked in ai-sdk-ui"):
        GatewaySettings((Target("ai-sdk-ui", "http://upstream.example"),))
    with pytest.raises(ValueError, match="needs an upstream"):
        GatewaySettings(())
    with pytest.raises(ValueError, match="empty token"):
        GatewaySettings((Target(CHAT, "http://upstream.example"),), token="")


def test_nothing_goes_on_behind_an_answer() -> None:
    inside = Inside(CHAT, stream(CHAT))

    async def left_over() -> set[str]:
        transport = AsgiTransport(inside.app, clock=inside.clock)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=None) as client:
            await client.post(PATHS[CHAT], json=TALKS[CHAT])
        return {task.get_name() for task in asyncio.all_tasks()} - {asyncio.current_task().get_name()}  # type: ignore[union-attr]

    assert len(run(left_over())) <= 1  # the task that limits the test's time


@pytest.mark.parametrize("served", ["anthropic-messages", "ollama"])
def test_a_whole_answer_that_no_document_can_hold_is_an_error(served: str) -> None:
    said = (ToolCall(0, "call_1", "f", '{"city": "Os'), Finish("tool_calls"))
    answer = Inside(CHAT, stream(CHAT, said)).ask("POST", WHOLE[served], json=asking_for_no_stream(served))
    assert answer.status_code >= 500
    error = dialect(served).read_error(answer.status_code, dict(answer.headers), answer.content)
    assert "the arguments of f are no object" in error.message
