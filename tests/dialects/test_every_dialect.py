"""What holds for every dialect alike."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dialects import UnknownDialect, dialect, dialect_names, stream_names
from harness.dialects.base import HttpRequest
from harness.events import ERROR_KINDS, AnyEvent, End, ErrorInfo, ErrorKind, Failure, Start, Text, ToolCall
from harness.request import Request
from harness.transcript import Transcript, fold

from .canonical import TOOL_ROUND, WEATHER, request
from .decoded import encoded, events, every_cut, single_bytes, transcript
from .odd_values import ODD_VALUES, places
from .said import CAN_REFUSE_IN_WORDS, DIALECTS, FULL, HAS_NO_ID, STOP_REASON_OF_FULL, STREAMS, answers

EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
every_dialect = pytest.mark.parametrize("name", DIALECTS)
every_stream = pytest.mark.parametrize("name", STREAMS)
BODIES = {name: encoded(name, FULL) for name in STREAMS}


def gist(result: Transcript) -> dict[str, Any]:
    """What must survive a dialect.

    Arguments count by value, since some dialects send objects, and a count of zero is none, since some send all counts.
    """
    return {
        "status": result.status,
        "text": result.text,
        "reasoning": result.reasoning,
        "refusal": result.refusal,
        "calls": [(call.id, call.name, call.input) for call in result.tool_calls],
        "finish": result.finish,
        "usage": {name: getattr(result.usage, name) or None for name in result.usage.__struct_fields__},
        "error": result.error,
        "id": result.id,
        "model": result.model,
    }


def test_these_are_all_dialects() -> None:
    assert set(DIALECTS) <= set(dialect_names())
    assert set(STREAMS) - set(DIALECTS) <= set(stream_names()) - set(dialect_names())
    assert [dialect(name).name for name in STREAMS] == list(STREAMS)


def test_an_unknown_dialect_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownDialect, match=r"the dialects are .*openai-responses; did you mean 'openai-chat'\?$"):
        dialect("openai-chatt")
    with pytest.raises(UnknownDialect, match=r"unknown dialect 'smoke-signals'; the dialects are .*gemini"):
        dialect("smoke-signals")


@every_stream
@EXAMPLES
@given(data=st.data())
def test_what_is_encoded_is_decoded_as_it_was(name: str, data: st.DataObject) -> None:
    said = data.draw(answers(name))
    encoder = dialect(name).encoder()
    body = b"".join([frame for event in said for frame in encoder.feed(event)] + encoder.close())
    assert encoder.losses == []
    assert gist(transcript(name, body)) == gist(fold(name, [*said, End("completed")]))


@every_stream
def test_a_full_answer_survives_without_a_warning(name: str) -> None:
    said = [Start(None, "test-model") if isinstance(event, Start) and name in HAS_NO_ID else event for event in FULL]
    result = transcript(name, BODIES[name])
    assert gist(result) == gist(fold(name, [*said, End("completed")]))
    assert result.warnings == ()


@every_stream
def test_every_single_cut_gives_the_same_transcript(name: str) -> None:
    whole = transcript(name, BODIES[name])
    assert transcript(name, single_bytes(BODIES[name])) == whole
    assert all(transcript(name, pieces) == whole for pieces in every_cut(BODIES[name]))


@every_stream
@EXAMPLES
@given(data=st.data())
def test_any_answer_may_be_cut_anywhere(name: str, data: st.DataObject) -> None:
    body = encoded(name, data.draw(answers(name)))
    edges = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    pieces = [body[start:end] for start, end in zip([0, *edges], [*edges, len(body)], strict=True)]
    assert transcript(name, pieces) == transcript(name, body)


def broken_promises(name: str, body: bytes) -> list[str]:
    """What holds whatever the bytes are, and does not hold for these."""
    seen = events(name, body)
    promises = {
        "there is one End, which is last": [event for event in seen if isinstance(event, End)] == seen[-1:],
        "small pieces give the same transcript": transcript(name, [body[at : at + 7] for at in range(0, len(body), 7)])
        == fold(name, seen),
        "the frames joined are the body": b"".join(dialect(name).split_frames(body)) == body,
    }
    return [promise for promise, kept in promises.items() if not kept]


@every_stream
@EXAMPLES
@given(body=st.binary(max_size=200) | st.text(alphabet='data: {}[]":,\\\r\n\ufeff\x00é', max_size=120).map(str.encode))
def test_arbitrary_bytes_never_raise(name: str, body: bytes) -> None:
    assert broken_promises(name, body) == []


@every_stream
@EXAMPLES
@given(data=st.data())
def test_damaged_bytes_never_raise(name: str, data: st.DataObject) -> None:
    body = BODIES[name]
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 40)))
    assert broken_promises(name, body[:start] + data.draw(st.binary(max_size=10)) + body[end:]) == []


def payloads(name: str) -> list[tuple[bytes, Any]]:
    """The frames of the full answer as what stands before the JSON, and the JSON."""
    found = []
    for frame in dialect(name).split_frames(BODIES[name]):
        before, brace, _ = frame.partition(b"{")
        found.append((before, json.loads(frame[len(before) :]) if brace else None))
    return found


@every_stream
@EXAMPLES
@given(data=st.data())
def test_payloads_with_values_of_another_type_never_raise(name: str, data: st.DataObject) -> None:
    frames = payloads(name)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from([place for _, value in frames for place in places(value)]))
        holder[key] = deepcopy(data.draw(ODD_VALUES))
    end = b"\n" if name == "ollama" else b"\n\n"
    body = b"".join(before + (json.dumps(value).encode() + end if value else b"") for before, value in frames)
    assert broken_promises(name, body) == []
    said = transcript(name, body).to_dict()
    assert json.loads(json.dumps(said, ensure_ascii=False).encode()) == said


@every_stream
def test_a_body_is_split_into_its_frames(name: str) -> None:
    frames = dialect(name).split_frames(BODIES[name])
    assert b"".join(frames) == BODIES[name]
    assert len(frames) > 4
    assert dialect(name).split_frames(b"") == []


@every_stream
def test_every_piece_of_content_goes_out_with_its_event(name: str) -> None:
    encoder, decoder = dialect(name).encoder(), dialect(name).decoder()
    for word in ("a", "b", "c"):
        frames = encoder.feed(Text(word))
        assert Text(word) in [event for frame in frames for event in decoder.feed(frame)]


@every_stream
def test_a_stream_cut_before_its_stop_reason_is_never_completed(name: str) -> None:
    body = BODIES[name]
    stop = body.rindex(STOP_REASON_OF_FULL[name])
    for end in range(stop):
        assert transcript(name, body[:end]).status == "truncated", end
    assert transcript(name, body).status == "completed"


@every_stream
@EXAMPLES
@given(data=st.data())
def test_an_answer_whose_last_frames_are_missing_is_never_completed(name: str, data: st.DataObject) -> None:
    said = data.draw(answers(name))[:-2]  # without the finish and the usage
    encoder = dialect(name).encoder()
    body = b"".join(frame for event in said for frame in encoder.feed(event))
    assert transcript(name, body).status == "truncated"


@every_stream
def test_a_call_that_is_cut_off_never_looks_executable(name: str) -> None:
    body = BODIES[name]
    for end in range(len(body)):
        result = transcript(name, body[:end])
        inputs = [call.input for call in result.tool_calls]
        assert all(value in (None, {"city": "Oslo"}, {"n": 12345678901234567890123}) for value in inputs), end


@every_stream
@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_an_error_in_the_stream_fails_it_and_keeps_what_came(name: str, kind: ErrorKind) -> None:
    said: list[AnyEvent] = [Start("r", "m"), Text("so far"), Failure(ErrorInfo(kind, "it broke", 500))]
    encoder = dialect(name).encoder()
    body = b"".join(frame for event in said for frame in encoder.feed(event))
    for ending in (b"", b"".join(encoder.close())):
        result = transcript(name, body + ending)
        assert (result.status, result.text) == ("failed", "so far")
        assert result.error is not None
        assert "it broke" in result.error.message


@every_stream
def test_an_error_before_anything_else_fails_the_stream(name: str) -> None:
    encoder = dialect(name).encoder()
    body = b"".join(encoder.feed(Failure(ErrorInfo("overloaded", "busy", 503))))
    assert transcript(name, body).status == "failed"


@every_stream
def test_an_error_that_is_a_json_document_fails_the_stream(name: str) -> None:
    body = dialect(name).write_error(ErrorInfo("overloaded", "we are overloaded")).body
    result = transcript(name, single_bytes(body))
    assert result.error is not None
    assert (result.status, result.error.kind, result.error.message) == ("failed", "overloaded", "we are overloaded")


@every_stream
def test_what_a_dialect_has_no_words_for_is_a_loss(name: str) -> None:
    encoder = dialect(name).encoder()
    for event in FULL:
        encoder.feed(event)
    assert encoder.losses == []
    encoder = dialect(name).encoder()
    encoder.feed(Text("a", choice=1))
    assert (encoder.losses == []) == (name in ("openai-chat", "gemini"))
    assert (name in CAN_REFUSE_IN_WORDS) == (name.startswith("openai"))


KINDS_WITH_WORDS: dict[ErrorKind, str] = {
    "rate_limit": "Rate limit reached, too many requests",
    "quota": "You exceeded your current quota, please check your plan and billing details.",
    "overloaded": "overloaded",
    "context_overflow": "This model's maximum context length is 8192 tokens, however you requested 9000 tokens",
    "auth": "invalid api key",
    "not_found": "model not found",
    "invalid_request": "messages must not be empty",
    "server": "internal error",
}


@every_stream
@pytest.mark.parametrize("kind", KINDS_WITH_WORDS)
def test_an_error_response_is_read_as_it_was_written(name: str, kind: ErrorKind) -> None:
    record = dialect(name)
    info = ErrorInfo(kind, KINDS_WITH_WORDS[kind], retry_after_s=7.0)
    written = record.write_error(info)
    read = record.read_error(written.status, written.headers, written.body)
    assert (read.kind, read.message, read.retry_after_s) == (kind, info.message, 7.0)
    assert all(key == key.lower() for key in written.headers)


@every_stream
@pytest.mark.parametrize("kind", ["rate_limit", "quota", "overloaded", "context_overflow", "not_found", "server"])
def test_an_error_keeps_its_kind_though_its_words_do_not_say_it(name: str, kind: ErrorKind) -> None:
    record = dialect(name)
    written = record.write_error(ErrorInfo(kind, "it broke"))
    read = record.read_error(written.status, written.headers, written.body)
    assert (read.kind, read.message[-8:]) == (kind, "it broke")


@every_stream
@pytest.mark.parametrize("kind", ["rate_limit", "overloaded", "context_overflow", "server"])
def test_an_error_in_the_stream_keeps_its_kind_though_its_words_do_not_say_it(name: str, kind: ErrorKind) -> None:
    frames = dialect(name).encoder().feed(Failure(ErrorInfo(kind, "it broke")))
    error = transcript(name, b"".join(frames)).error
    assert error is not None
    assert (error.kind, error.message[-8:]) == (kind, "it broke")


@every_stream
@EXAMPLES
@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "content-type"]), st.text(max_size=9)),
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["error", "message", "type", "code", "status", "details"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)
def test_any_error_response_is_read(name: str, status: int, headers: dict[str, str], body: bytes) -> None:
    info = dialect(name).read_error(status, headers, body)
    assert info.kind in ERROR_KINDS


REQUESTS: list[Request] = [
    request(),
    request(system="Be terse.", max_output_tokens=256, temperature=0, top_p=0.5, stop=["END"]),
    request(tools=[WEATHER], tool_choice="required", parallel_tool_calls=False),
    request(tools=[WEATHER], tool_choice={"name": "get_weather"}, reasoning={"effort": "low", "budget_tokens": 1024}),
    request(tools=[WEATHER], messages=TOOL_ROUND),
    request(tools=[WEATHER], messages=[*TOOL_ROUND, {"role": "assistant", "content": "3 °C."}, TOOL_ROUND[0]]),
    request(
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image", "media_type": "image/png", "data": "aGk="},
                ],
            }
        ]
    ),
]


@every_dialect
@pytest.mark.parametrize("asked", REQUESTS)
def test_what_is_built_matches_and_is_valid(name: str, asked: Request) -> None:
    record = dialect(name)
    built: HttpRequest = record.build_request(asked, "sk-test")
    assert record.matches(built.method, built.path)
    assert [other for other in DIALECTS if dialect(other).matches(built.method, built.path)] == [name]
    assert record.validate(built.path, built.headers, built.body) == []


@every_dialect
@EXAMPLES
@given(body=st.binary(max_size=40) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([
        "parts", "model", "messages", "role", "content", "input", "type", "text", "tools", "name", "function",
        "contents", "max_tokens", "system", "tool_calls", "tool_call_id", "tool_choice", "id", "image_url", "source"]),
        inner, max_size=4),
    max_leaves=12).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_request_is_judged_without_raising(name: str, body: bytes) -> None:
    record = dialect(name)
    path = record.build_request(request(), None).path
    found = record.validate(path, {}, body)
    assert found or name == "ollama"  # none of these is a whole request, but Ollama takes a model alone
    assert all(fault.rule and fault.message for fault in found)


@every_stream
def test_a_tool_call_event_is_never_given_twice(name: str) -> None:
    named = [event.name for event in events(name, BODIES[name]) if isinstance(event, ToolCall) and event.name]
    assert named == ["get_weather", "add"]
