"""Our client goes on from the answer to its first request, by that answer's id, and names the gateway's own model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from harness.catalogue.observation import FrontLog
from harness.events import AnyEvent, Text
from harness.systems.base import Case
from harness.systems.front import FrontClient


class Numbering(httpx.AsyncBaseTransport):
    """Answers with the ids resp_1, resp_2, …, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(json.loads(await request.aread()))
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=_Answer(len(self.asked)))


class _Answer(httpx.AsyncByteStream):
    def __init__(self, number: int) -> None:
        self._response = {"id": f"resp_{number}", "model": "m", "status": "completed", "output": []}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for event in (
            {"type": "response.created", "response": {**self._response, "status": "in_progress"}},
            {
                "type": "response.output_text.delta",
                "output_index": 0,
                "content_index": 0,
                "delta": self._response["id"],
            },
            {"type": "response.completed", "response": self._response},
        ):
            yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def test_the_second_request_names_the_first_answer_and_the_gateways_model() -> None:
    server = Numbering()
    front = {"continued": True, "body": {"openai-responses": '{"model": "test-model", "input": "I am Ada."}'}}
    events = asyncio.run(_run(server, front))
    assert [event.text for event in events if isinstance(event, Text)] == ["resp_2"]
    first, second = server.asked
    assert first == {"model": "slot-3", "input": "I am Ada."}
    assert (second["model"], second["previous_response_id"]) == ("slot-3", "resp_1")
    assert json.dumps(second["input"]).count("Who am I?") == 1


async def _run(server: Numbering, front: dict[str, Any]) -> list[AnyEvent]:
    request = {"model": "test-model", "messages": [{"role": "user", "content": "Who am I?"}], "stream": True}
    options = {"max_retries": 0, "timeout_s": 30.0, "think_tags": False, "compaction": False, "tool_results": {}}
    case = Case("c1", "openai-responses", "", "sk-1", request, options, front=FrontLog(), front_request=front)
    events: list[AnyEvent] = []
    await FrontClient("http://gateway.test", "sk-1", server, model="slot-3").run(case, events.append)
    return events
