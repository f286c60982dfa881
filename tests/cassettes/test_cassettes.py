"""The committed recordings of real servers: small, clean, and still what they were when they were reviewed."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from harness import lint
from harness.dialects import dialect_names
from harness.origin.cassette import CassetteScript
from harness.origin.server import Origin
from harness.origin.transport_httpx2 import InProcessTransport2
from harness.recording.cassette import Exchange, load_cassette
from harness.recording.golden import decoded
from harness.recording.speed import INSTANT
from harness.transcript import Transcript

FOLDER = Path(__file__).parents[2] / "cassettes"
SERVERS = ("llama-cpp", "llama-cpp-python", "litellm", "transformers")
RECORDINGS = sorted(path for server in SERVERS for path in (FOLDER / server).glob("*/*.yaml"))


def name_of(path: Path) -> str:
    return str(path.relative_to(FOLDER).with_suffix(""))


def exchange(name: str) -> Exchange:
    (found,) = load_cassette(FOLDER / f"{name}.yaml").exchanges
    return found


def transcript(name: str) -> Transcript:
    seen = decoded(exchange(name))
    assert isinstance(seen, Transcript)
    return seen


def broken_rules(name: str) -> set[tuple[str, str]]:
    """What lint finds in a recording: each level and message once."""
    found = lint(name.split("/")[1], exchange(name).response.body)
    return {(finding.level, finding.message) for finding in found}


def test_there_are_recordings_of_every_server_and_all_are_small() -> None:
    assert {name_of(path).split("/")[0] for path in RECORDINGS} == set(SERVERS)
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 1_500_000


@pytest.mark.parametrize("path", RECORDINGS, ids=name_of)
def test_a_recording_amounts_to_its_golden_transcript(path: Path) -> None:
    server, dialect, _ = name_of(path).split("/")
    (recorded,) = load_cassette(path).exchanges
    seen = decoded(recorded)
    assert isinstance(seen, Transcript)
    assert seen.to_dict() == recorded.transcript
    assert (recorded.provider, seen.dialect) == (server, dialect)
    assert dialect in dialect_names()


@pytest.mark.parametrize("path", RECORDINGS, ids=name_of)
def test_a_recording_tells_nothing_of_the_machine_it_was_made_on(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(?:root|home|Users|tmp|work)/|\.cache", text)
    assert set(re.findall(r"https?://([^/:\s\"']+)", text)) <= {"127.0.0.1"}
    assert "sk-local" not in text


def test_a_prompt_that_is_too_long_is_answered_with_nothing_at_all() -> None:
    """llama-cpp-python raises behind the head of the answer, and the body ends well without a word."""
    response = exchange("llama-cpp-python/openai-chat/over-long").response
    assert (response.status, response.body, response.ending) == (200, b"", "clean")
    assert transcript("llama-cpp-python/openai-chat/over-long").status == "truncated"


def test_an_answer_that_gives_way_to_the_next_request_ends_with_done_alone() -> None:
    response = exchange("llama-cpp-python/openai-chat/interrupted").response
    assert response.body.endswith(b"data: [DONE]\n\n")
    assert b'"finish_reason": "' not in response.body
    assert response.ending == "no_last_chunk"
    rules = {warning.rule for warning in transcript("llama-cpp-python/openai-chat/interrupted").warnings}
    assert rules == {"finish-missing", "connection-lost-after-end"}


def test_a_server_that_was_killed_leaves_a_cut_answer() -> None:
    seen = transcript("llama-cpp-python/openai-chat/killed")
    assert (seen.status, seen.finish) == ("truncated", None)
    assert seen.error is not None
    assert seen.error.kind == "connection"
    assert seen.text


def test_a_stream_that_we_left_is_recorded_up_to_there() -> None:
    for name in ("llama-cpp", "llama-cpp-python", "transformers"):
        assert exchange(f"{name}/openai-chat/cancel").response.ending == "cancelled"
        assert transcript(f"{name}/openai-chat/cancel").status == "cancelled"


def test_a_call_has_its_id_and_name_on_every_delta_and_is_said_in_both_forms() -> None:
    payloads = [
        json.loads(line[6:])
        for line in exchange("llama-cpp-python/openai-chat/tool-call").response.body.splitlines()
        if line.startswith(b"data: {")
    ]
    deltas = [choice["delta"] for payload in payloads for choice in payload["choices"]]
    calls = [(delta["function_call"]["name"], *delta["tool_calls"]) for delta in deltas if delta.get("tool_calls")]
    assert len(calls) >= 8
    assert {old_name for old_name, _ in calls} == {"get_weather"}
    assert {call["function"]["name"] for _, call in calls} == {"get_weather"}
    assert len({call["id"] for _, call in calls}) == 1
    (made,) = transcript("llama-cpp-python/openai-chat/tool-call").tool_calls
    assert (made.name, made.input) == ("get_weather", {"city": "Oslo"})


def test_an_answer_cut_at_its_limit_is_completed_in_responses_and_not_in_the_other_dialects() -> None:
    """llama.cpp's server says `response.completed` of the very answer that chat and messages call cut off."""
    assert transcript("llama-cpp/openai-responses/length").finish == "stop"
    assert transcript("llama-cpp/openai-responses/length").usage.output_tokens == 48
    assert transcript("llama-cpp/openai-chat/length").finish == "length"
    assert transcript("llama-cpp/anthropic-messages/length").finish == "length"


def test_the_events_of_llama_cpps_responses_lack_their_places() -> None:
    broken = broken_rules("llama-cpp/openai-responses/text")
    assert {
        ("must", "response.created: response.model is missing"),
        ("must", "response.output_item.added: output_index is missing"),
        ("must", "response.content_part.added: content_index is missing"),
        ("must", "response.output_text.delta: output_index is missing"),
        ("should", "response.output_text.delta: sequence_number is missing"),
    } <= broken


def test_llama_cpps_messages_and_chat_are_well_formed() -> None:
    assert broken_rules("llama-cpp/anthropic-messages/text") == set()
    assert broken_rules("llama-cpp/openai-chat/text") == set()


def test_transformers_ends_without_done_and_says_no_finish_reason_until_there_is_one() -> None:
    assert broken_rules("transformers/openai-chat/text") == {
        ("must", "the stream ends after chunk"),
        ("may", "chunk: choices[0].finish_reason is missing"),
    }
    assert b"[DONE]" not in exchange("transformers/openai-chat/text").response.body


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-responses", "anthropic-messages", "gemini"])
def test_litellm_makes_a_whole_answer_of_nothing_and_does_not_speak_of_keys(dialect: str) -> None:
    seen = transcript(f"litellm/{dialect}/over-long")
    assert (seen.status, seen.finish, seen.text) == ("completed", "stop", "")
    refused = exchange(f"litellm/{dialect}/bad-key").response
    assert (refused.status, b"No connected db." in refused.body) == (400, True)


def test_litellm_makes_ten_calls_of_one_in_messages_and_fails_in_responses() -> None:
    calls = transcript("litellm/anthropic-messages/tool-call").tool_calls
    assert len(calls) == 10
    assert [call.input for call in calls] == [None] * 9 + [{}]  # the last delta had no arguments
    assert calls[0].id is not None  # the others have the same one on the wire, and are given others
    assert exchange("litellm/anthropic-messages/tool-call").response.body.count(calls[0].id.encode()) == 10
    error = transcript("litellm/openai-responses/tool-call").error
    assert error is not None
    assert "Error building chunks" in error.message
    (whole,) = transcript("litellm/openai-chat/tool-call").tool_calls
    assert (whole.name, whole.input) == ("get_weather", {"city": "Oslo"})


def test_a_field_of_the_wrong_type_is_a_server_error() -> None:
    ours = exchange("llama-cpp-python/openai-chat/bad-request").response
    assert (ours.status, b"server/app.py" in ours.body) == (500, True)
    assert exchange("transformers/openai-chat/bad-request").response.body == b"Internal Server Error"
    assert exchange("llama-cpp/openai-chat/bad-request").response.status == 400


def test_a_prompt_that_is_too_long_is_refused_by_llama_cpp_and_answered_by_transformers() -> None:
    for dialect in ("openai-chat", "openai-responses", "anthropic-messages"):
        error = transcript(f"llama-cpp/{dialect}/over-long").error
        assert error is not None
        assert error.kind == "context_overflow"
    assert transcript("transformers/openai-chat/over-long").status == "completed"


READINGS = json.loads((FOLDER / "llama-cpp-python" / "openai-chat" / "readings.json").read_text(encoding="utf-8"))


def sdk(base_url: str, transport: Any) -> openai.AsyncOpenAI:
    http = httpx2.AsyncClient(transport=transport)
    return openai.AsyncOpenAI(base_url=f"{base_url}/v1", api_key="k", max_retries=0, http_client=http)


def asked(name: str) -> dict[str, Any]:
    """What was asked when it was recorded, for the SDK to ask again."""
    body: dict[str, Any] = json.loads(exchange(name).request.body)
    return body


def script(name: str) -> CassetteScript:
    return CassetteScript(load_cassette(FOLDER / f"{name}.yaml"), speed=INSTANT)


async def chunks_read(name: str, base_url: str, transport: Any) -> list[Any]:
    async with sdk(base_url, transport) as client:
        stream = await client.chat.completions.create(**asked(name))
        return [chunk.model_dump(mode="json", exclude_unset=True) async for chunk in stream]


@pytest.mark.parametrize("name", READINGS)
def test_openais_sdk_reads_from_the_cassette_what_it_read_live(name: str) -> None:
    """`readings.json` is what the SDK gave while the cassette was recorded from the real server."""

    recording = f"llama-cpp-python/openai-chat/{name}"

    async def main() -> tuple[list[Any], list[Any]]:
        async with Origin() as origin:
            base_url = origin.mount("again", script(recording))
            over_sockets = await chunks_read(recording, base_url, httpx2.AsyncHTTPTransport())
        playing = InProcessTransport2(script(recording))
        return over_sockets, await chunks_read(recording, playing.base_url, playing)

    over_sockets, in_process = asyncio.run(main())
    assert len(over_sockets) > 10
    assert over_sockets == READINGS[name]
    assert in_process == READINGS[name]


def test_openais_helper_makes_one_long_name_of_a_name_that_is_repeated() -> None:
    recording = "llama-cpp-python/openai-chat/tool-call"
    body = {name: value for name, value in asked(recording).items() if name != "stream"}

    async def main() -> str:
        playing = InProcessTransport2(script(recording))
        async with (
            sdk(playing.base_url, playing) as client,
            client.chat.completions.stream(**body) as stream,
        ):
            async for _ in stream:
                pass
            calls = (await stream.get_final_completion()).choices[0].message.tool_calls or []
        return calls[0].function.name

    assert asyncio.run(main()).startswith("get_weatherget_weatherget_weather")


def test_openais_helper_cannot_read_llama_cpps_responses() -> None:
    recording = "llama-cpp/openai-responses/text"
    body = {name: value for name, value in asked(recording).items() if name != "stream"}

    async def main() -> None:
        playing = InProcessTransport2(script(recording))
        async with (
            sdk(playing.base_url, playing) as client,
            client.responses.stream(**body) as stream,
        ):
            async for _ in stream:
                pass

    with pytest.raises(TypeError, match="list indices must be integers or slices, not NoneType"):
        asyncio.run(main())
