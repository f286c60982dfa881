"""The stream writer: what leaves when, how it ends, and what a target is never sent."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dialects import dialect, dialect_names, stream_names
from harness.events import (
    FINISH_REASONS,
    AnyEvent,
    End,
    ErrorInfo,
    Failure,
    Finish,
    Other,
    Reasoning,
    Refusal,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.stack.translate.stream import StreamWriter
from harness.transcript import Transcript, fold
from tests.dialects.decoded import events as decoded
from tests.dialects.decoded import transcript

NAMES = dialect_names()
PAIRS = list(itertools.product(NAMES, stream_names()))
every_pair = pytest.mark.parametrize(("source", "target"), PAIRS)
every_target = pytest.mark.parametrize("target", stream_names())
START = Start("answer-1", "model-1")
DONE = End("completed")


def written(source: str, target: str, *events: AnyEvent) -> tuple[bytes, list[str]]:
    """The body, every event fed alone, and the names of what was lost."""
    writer = StreamWriter(dialect(source), dialect(target))
    body = b"".join(frame for event in events for frame in writer.feed([event]))
    return body, [loss.what for loss in writer.losses]


def read(source: str, target: str, *events: AnyEvent) -> Transcript:
    return transcript(target, written(source, target, *events)[0])


@every_pair
@pytest.mark.parametrize(
    ("event", "seen"),
    [
        (Text("Hello"), b"Hello"),
        (Reasoning("Hmm"), b"Hmm"),
        (Refusal("Sorry"), b"Sorry"),
        (ToolCall(0, "call_a", "get_weather", '{"city":"Oslo"}'), b"Oslo"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else type(value).__name__,
)
def test_what_the_target_can_say_leaves_at_once(source: str, target: str, event: AnyEvent, seen: bytes) -> None:
    writer = StreamWriter(dialect(source), dialect(target))
    writer.feed([START])
    assert seen in b"".join(writer.feed([event]))


@pytest.mark.parametrize("target", ["openai-chat", "openai-responses", "anthropic-messages", "ai-sdk-ui"])
def test_fragments_of_arguments_leave_one_by_one(target: str) -> None:
    writer = StreamWriter(dialect("openai-chat"), dialect(target))
    writer.feed([START])
    assert b"get_weather" in b"".join(writer.feed([ToolCall(0, "call_a", "get_weather")]))
    assert b"city" in b"".join(writer.feed([ToolCall(0, arguments='{"city":')]))
    assert b"Oslo" in b"".join(writer.feed([ToolCall(0, arguments='"Oslo"}')]))


@pytest.mark.parametrize("target", ["gemini", "ollama"])
def test_a_call_leaves_with_the_fragment_that_makes_it_whole(target: str) -> None:
    writer = StreamWriter(dialect("openai-chat"), dialect(target))
    assert writer.feed([ToolCall(0, "call_a", "get_weather", '{"city":')]) == []
    assert b"Oslo" in b"".join(writer.feed([ToolCall(0, arguments='"Oslo"}')]))
    assert writer.feed([ToolCall(1, "call_b", "now", "{}")]) == []  # more might follow
    assert b"now" in b"".join(writer.settle())


@pytest.mark.parametrize("target", ["gemini", "ollama"])
def test_an_empty_object_that_goes_on_is_never_a_call(target: str) -> None:
    events = [
        START,
        ToolCall(0, "call_a", "rm", "{}"),
        ToolCall(0, arguments='{"path":"/"}'),
        Finish("tool_calls"),
        DONE,
    ]
    body, losses = written("openai-chat", target, *events)
    assert transcript(target, body).tool_calls == ()
    assert "tool-arguments-not-object" in losses


def test_a_call_that_cannot_be_sent_is_not_passed_over_in_silence() -> None:
    broken = [ToolCall(0, "call_a", "rm", '{"path":'), Finish("tool_calls"), DONE]
    assert read("openai-chat", "gemini", START, *broken).finish_raw == "MALFORMED_FUNCTION_CALL"
    assert read("openai-chat", "ollama", START, *broken).status == "failed"


@every_pair
def test_a_completed_stream_ends_as_the_target_ends(source: str, target: str) -> None:
    result = read(source, target, START, Text("Hi"), Finish("stop"), Usage(9, 4), DONE)
    assert (result.status, result.text, result.finish, result.warnings) == ("completed", "Hi", "stop", ())
    assert result.usage.output_tokens == 4


@every_pair
@pytest.mark.parametrize("finish", [(), (Finish("stop"),)], ids=["no-stop-reason", "after-the-stop-reason"])
def test_a_stream_that_is_cut_off_never_ends_well(source: str, target: str, finish: tuple[AnyEvent, ...]) -> None:
    body, _ = written(source, target, START, Text("Half"), *finish, End("truncated"))
    marker = dialect(target).facts["end_marker"]
    result = transcript(target, body)
    assert (result.status, result.text) == ("failed", "Half")
    assert target == "ai-sdk-ui" or not marker or marker.encode() not in body


@every_pair
def test_an_error_is_told_once_and_last(source: str, target: str) -> None:
    error = ErrorInfo("overloaded", "busy", 529, "overloaded_error", True, 7.0)
    body, losses = written(
        source, target, START, Text("Half"), Failure(error), Text("more"), Failure(error), Finish("stop"), End("failed")
    )
    result = transcript(target, body)
    assert result.error is not None
    assert (result.status, result.text, result.error.kind) == ("failed", "Half", "overloaded")
    assert b"more" not in body
    assert "after-error" in losses
    assert ("error-kind" in losses) == (target != "ai-sdk-ui")  # which alone keeps every field


@every_target
def test_a_cancelled_stream_gets_no_end(target: str) -> None:
    body, _ = written("openai-chat", target, START, Text("Half"), End("cancelled"))
    result = transcript(target, body)
    assert result.status in ("truncated", "cancelled")
    assert result.text.startswith("Half")


@every_target
def test_nothing_follows_the_end(target: str) -> None:
    writer = StreamWriter(dialect("openai-chat"), dialect(target))
    writer.feed([START, Text("Hi"), Finish("stop"), DONE])
    assert writer.feed([End("completed")]) == []
    assert (writer.settle(), writer.keep_alive()) == ([], b"")


@pytest.mark.parametrize(
    ("source", "target", "given", "wanted"),
    [
        ("openai-chat", "anthropic-messages", Usage(100, 10, 3, 60, 20), Usage(20, 10, 3, 60, 20)),
        ("anthropic-messages", "openai-chat", Usage(20, 10, 3, 60, 20), Usage(100, 10, 3, 60, 20)),
        ("anthropic-messages", "openai-responses", Usage(20, 10, 3, 60, 20), Usage(100, 10, 3, 60, 20)),
        ("gemini", "openai-chat", Usage(100, 7, 3, 60), Usage(100, 10, 3, 60)),
        ("openai-chat", "gemini", Usage(100, 10, 3, 60), Usage(100, 7, 3, 60)),
        ("gemini", "anthropic-messages", Usage(100, 7, 3, 60), Usage(40, 10, 3, 60)),
        ("anthropic-messages", "gemini", Usage(40, 10, 3, 60), Usage(100, 7, 3, 60)),
        ("openai-chat", "gemini", Usage(100, 5, 300), Usage(100, 5, 300)),  # whose reasoning is no part of its output
        ("anthropic-messages", "anthropic-messages", Usage(20, 10, 3, 60, 20), Usage(20, 10, 3, 60, 20)),
    ],
)
@pytest.mark.parametrize("late", [False, True], ids=["before-the-stop", "after-the-stop"])
def test_counts_are_told_as_the_target_counts(
    source: str, target: str, given: Usage, wanted: Usage, late: bool
) -> None:
    ending: list[AnyEvent] = [Finish("stop"), given] if late else [given, Finish("stop")]
    early = Usage(given.input_tokens, 1)  # what was counted before the answer was made
    assert read(source, target, START, early, Text("Hi"), *ending, DONE).usage == wanted


@pytest.mark.parametrize("target", ["openai-chat", "openai-responses", "anthropic-messages", "ai-sdk-ui"])
def test_every_call_has_an_id_of_its_own(target: str) -> None:
    calls = [ToolCall(0, "same", "f", "{}"), ToolCall(1, "same", "g", "{}"), ToolCall(2, None, "h", "{}")]
    body, losses = written("openai-chat", target, START, *calls, Finish("tool_calls"), DONE)
    result = transcript(target, body)
    ids = [call.id for call in result.tool_calls]
    assert [call.name for call in result.tool_calls] == ["f", "g", "h"]
    assert ids[0] == "same" and len(set(ids)) == 3 and all(ids)
    assert "tool-call-id-made" in losses
    assert result.warnings == ()


def test_ids_that_are_made_differ_from_answer_to_answer() -> None:
    def id_of(salt: str, answer: str | None) -> str:
        writer = StreamWriter(dialect("ollama"), dialect("openai-chat"), salt=salt)
        events: list[AnyEvent] = [Start(answer, "m"), ToolCall(0, "call_made_0", "f", "{}"), Finish("tool_calls"), DONE]
        return transcript("openai-chat", b"".join(writer.feed(events))).tool_calls[0].id

    ids = [id_of("", None), id_of("", "answer-1"), id_of("", "answer-2"), id_of("x9_", None)]
    assert len(set(ids)) == 4
    assert all(id.startswith("call_made_") for id in ids) and ids[3] == "call_made_x9_0"


def test_an_id_that_comes_late_is_waited_for_until_arguments_come() -> None:
    named = ToolCall(0, name="f")
    body, losses = written("openai-chat", "anthropic-messages", START, named, ToolCall(0, "late", arguments="{}"), DONE)
    assert transcript("anthropic-messages", body).tool_calls[0].id == "late"
    assert "tool-call-id-made" not in losses
    events = [START, named, ToolCall(0, arguments="{"), ToolCall(0, "late", arguments="}"), DONE]
    body, losses = written("openai-chat", "anthropic-messages", *events)
    assert transcript("anthropic-messages", body).tool_calls[0].id.startswith("call_made_")
    assert {"tool-call-id-made", "tool-call-id-late"} <= set(losses)


@pytest.mark.parametrize("target", ["openai-responses", "anthropic-messages"])
def test_interleaved_calls_come_in_turn(target: str) -> None:
    fragments = [
        ToolCall(0, "a", "f", '{"n"'), ToolCall(1, "b", "g", '{"m"'), ToolCall(0, arguments=":1}"),
        ToolCall(1, arguments=":2}"),
    ]  # fmt: skip
    body, _ = written("openai-chat", target, START, *fragments, Finish("tool_calls"), DONE)
    result = transcript(target, body)
    assert [(call.id, call.input) for call in result.tool_calls] == [("a", {"n": 1}), ("b", {"m": 2})]
    ended = b"response.output_item.done" if target == "openai-responses" else b"content_block_stop"
    assert body.index(ended) < body.index(b'"b"')


def test_a_text_does_not_shift_the_index_of_a_call() -> None:
    body, _ = written("anthropic-messages", "openai-chat", START, Text("Hi"), ToolCall(0, "a", "f", "{}"), DONE)
    assert b'"tool_calls":[{"index":0,' in body


@every_target
def test_nothing_comes_between_the_stop_reason_and_the_end_of_a_message(target: str) -> None:
    result = read("openai-chat", target, START, Text("Hi"), Finish("stop"), Text(" there"), Usage(9, 4), DONE)
    assert result.text == "Hi there"
    assert result.status == "completed"
    if target in ("anthropic-messages", "openai-responses", "ollama"):
        assert result.warnings == ()


@every_target
def test_half_a_character_waits_for_its_other_half(target: str) -> None:
    result = read("openai-chat", target, START, Text("Hi \ud83d"), Text("\ude00!"), Finish("stop"), DONE)
    assert (result.text, result.warnings) == ("Hi 😀!", ())


def test_what_a_vendor_adds_is_kept_in_its_own_dialect_and_named_in_others() -> None:
    cited = Other("citation", {"type": "char_location", "cited_text": "x"})
    search = Other(
        "server_tool_use", {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"q": "x"}}
    )
    said = [START, search, Text("Hi"), cited, Finish("stop"), DONE]
    body, losses = written("anthropic-messages", "anthropic-messages", *said)
    assert transcript("anthropic-messages", body).others == (search, cited)
    assert losses == []
    assert written("anthropic-messages", "openai-chat", *said)[1] == ["extras"]


def test_encrypted_reasoning_keeps_the_id_that_it_is_checked_against() -> None:
    said = [START, Reasoning("Hm", summary=True), Signature("e30=", "encrypted", id="rs_1"), Text("Hi"), DONE]
    result = read("openai-responses", "openai-responses", *said)
    assert [part.signature for part in result.parts if part.signature] == [Signature("e30=", "encrypted", id="rs_1")]


@every_target
def test_an_answer_that_names_neither_id_nor_model_gets_those_that_it_is_given(target: str) -> None:
    writer = StreamWriter(dialect("ollama"), dialect(target), answer=Start("made-1", "asked-for"))
    said = [Start(None, "real"), Text("Hi"), Finish("stop"), DONE]
    result = transcript(target, b"".join(writer.feed(said)))
    wanted = {"ollama": (None, "real"), "ai-sdk-ui": ("made-1", result.model)}.get(target, ("made-1", "real"))
    assert (result.id, result.model) == wanted


# --- whatever comes

_WORDS = st.text(min_size=0, max_size=6)
_IDS = st.none() | st.sampled_from(["a", "b", "", "call_made_0"])
_EVENTS: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(Start, _IDS, _IDS),
    st.builds(Text, _WORDS, st.integers(0, 1)),
    st.builds(Reasoning, _WORDS, st.integers(0, 1), st.booleans()),
    st.builds(Refusal, _WORDS, st.integers(0, 1)),
    st.builds(
        Signature, _WORDS, st.sampled_from(["signature", "redacted", "encrypted"]), st.integers(0, 1),
        st.none() | st.integers(0, 2), _IDS,
    ),
    st.builds(
        ToolCall, st.integers(0, 2), _IDS, st.none() | st.sampled_from(["f", "fg"]),
        st.sampled_from(["", "{}", '{"n"', ":1}", '{"n":1}', "x", " "]), st.integers(0, 1),
    ),
    st.builds(Usage, *[st.none() | st.integers(0, 99)] * 5),
    st.builds(Finish, st.sampled_from(FINISH_REASONS), _IDS, st.integers(0, 1)),
    st.builds(
        Other, st.sampled_from(["citation", "logprobs", "ping", "odd"]), st.none() | st.dictionaries(_WORDS, _WORDS)
    ),
    st.builds(Failure, st.builds(ErrorInfo, st.sampled_from(["server", "quota"]), _WORDS)),
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    pair=st.sampled_from(PAIRS),
    said=st.lists(_EVENTS, max_size=14),
    status=st.sampled_from(["completed", "truncated", "failed", "cancelled"]),
    alone=st.booleans(),
)
def test_whatever_comes_nothing_raises_and_the_end_is_true(
    pair: tuple[str, str], said: list[AnyEvent], status: str, alone: bool
) -> None:
    writer = StreamWriter(dialect(pair[0]), dialect(pair[1]))
    events: list[AnyEvent] = [*said, End(status)]  # type: ignore[arg-type]
    batches = [[event] for event in events] if alone else [events]
    body = b"".join(frame for batch in batches for frame in (*writer.feed(batch), *writer.settle()))
    result = transcript(pair[1], body)
    failed = any(isinstance(event, Failure) for event in said)
    if failed or status in ("truncated", "failed"):
        assert result.status == "failed"
    elif status == "cancelled":
        assert result.status != "completed" or any(isinstance(event, Finish) for event in said)
    else:
        assert result.status == "completed" or "tool-arguments-not-object" in {loss.what for loss in writer.losses}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pair=st.sampled_from(PAIRS), cuts=st.lists(st.integers(1, 40), max_size=60), data=st.data())
def test_a_source_that_is_cut_anywhere_says_the_same_in_the_target(
    pair: tuple[str, str], cuts: list[int], data: st.DataObject
) -> None:
    source, target = pair
    said = data.draw(st.lists(_EVENTS.filter(lambda event: not isinstance(event, Failure)), max_size=10))
    encoder = dialect(source).encoder()
    body = b"".join([frame for event in said for frame in encoder.feed(event)] + encoder.close())
    ends = [0, *itertools.accumulate(cuts)]
    pieces = [body[start:end] for start, end in itertools.pairwise([*ends, max(len(body), ends[-1])])]
    decoder, writer = dialect(source).decoder(), StreamWriter(dialect(source), dialect(target))
    streamed = b"".join(frame for piece in pieces for frame in writer.feed(decoder.feed(piece)))
    streamed += b"".join(writer.feed(decoder.close()))
    whole = StreamWriter(dialect(source), dialect(target))
    at_once = b"".join(whole.feed(decoded(source, body)))
    assert comparable(target, streamed) == comparable(target, at_once)
    assert {loss.what for loss in writer.losses} == {loss.what for loss in whole.losses}


def comparable(name: str, body: bytes) -> object:
    return {**fold(name, decoded(name, body)).to_dict(), "warnings": None}


UNREAD = Warning("frame-not-json", "the frame is not a JSON object: '{\"cho'", 200)
CUT = Warning("last-frame-cut", "the body ends within a frame", 200)


@pytest.mark.parametrize("warning", [UNREAD, CUT])
@pytest.mark.parametrize("target", ["anthropic-messages", "gemini", "ollama", "ai-sdk-ui"])
def test_a_call_whose_arguments_could_not_be_read_is_not_sent_with_none(target: str, warning: Warning) -> None:
    result = read("openai-chat", target, START, ToolCall(0, "call_a", "f"), warning, Finish("tool_calls"), DONE)
    assert (result.status, [call.input for call in result.tool_calls if call.input is not None]) == ("failed", [])
    assert result.error is not None and "could not be read" in result.error.message


@pytest.mark.parametrize("target", ["anthropic-messages", "gemini", "ollama", "ai-sdk-ui"])
def test_what_could_not_be_read_is_no_failure_where_every_call_has_arguments(target: str) -> None:
    result = read("openai-chat", target, START, UNREAD, ToolCall(0, "call_a", "f", "{}"), Finish("tool_calls"), DONE)
    assert (result.status, [call.input for call in result.tool_calls]) == ("completed", [{}])


@pytest.mark.parametrize("target", ["anthropic-messages", "gemini", "ollama", "ai-sdk-ui"])
def test_arguments_that_come_behind_the_stop_reason_are_not_lost(target: str) -> None:
    late = [START, ToolCall(0, "call_a", "f"), Finish("tool_calls"), ToolCall(0, arguments='{"a": 1}'), DONE]
    result = read("openai-chat", target, *late)
    assert (result.status, [call.input for call in result.tool_calls]) == ("completed", [{"a": 1}])


@pytest.mark.parametrize("target", ["gemini", "ollama"])
def test_words_that_come_in_one_read_with_a_whole_call_go_out_behind_it(target: str) -> None:
    events = [START, ToolCall(0, "a", "f", '{"x": 1}'), Text("then"), Finish("tool_calls"), DONE]
    writer = StreamWriter(dialect("openai-chat"), dialect(target))
    at_once = writer.feed(events)
    assert "call-order" not in [loss.what for loss in writer.losses]
    assert [b'"name":"f"' in frame for frame in at_once[:2]] == [True, False]
    one_by_one = StreamWriter(dialect("openai-chat"), dialect(target))
    assert [frame for event in events for frame in one_by_one.feed([event])] == at_once
