"""Decoding of output items, their four copies of the same words, endings and errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dialects.openai_responses.decode import Decoder
from harness.events import End, Finish, Other, Reasoning, Refusal, Signature, Start, Text, ToolCall, Usage
from harness.transcript import Transcript

from .. import decoded

NAME = "openai-responses"
CREATED = {"type": "response.created", "response": {"id": "resp_1", "model": "gpt", "status": "in_progress"}}
USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 1},
    "output_tokens": 4,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 13,
}


def added(item: dict[str, Any] | None, place: int | None = 0) -> dict[str, Any]:
    return at(place, {"type": "response.output_item.added", "item": item})


def done(item: Any, place: int | None = 0) -> dict[str, Any]:
    return at(place, {"type": "response.output_item.done", "item": item})


def at(place: int | None, payload: dict[str, Any]) -> dict[str, Any]:
    return payload if place is None else {**payload, "output_index": place}


def delta(words: str, place: int | None = 0, item: str = "msg_1", kind: str = "output_text") -> dict[str, Any]:
    return at(place, {"type": f"response.{kind}.delta", "item_id": item, "content_index": 0, "delta": words})


def arguments(piece: str, place: int | None = 0, item: str = "fc_1") -> dict[str, Any]:
    return at(place, {"type": "response.function_call_arguments.delta", "item_id": item, "delta": piece})


def summary(words: str, part: int = 0) -> dict[str, Any]:
    kind = "response.reasoning_summary_text.delta"
    return {"type": kind, "item_id": "rs_1", "output_index": 0, "summary_index": part, "delta": words}


def completed(*output: dict[str, Any], **fields: Any) -> dict[str, Any]:
    response = {"id": "resp_1", "model": "gpt", "status": "completed", "output": list(output), **fields}
    return {"type": "response.completed", "response": response}


def incomplete(reason: str | None, *output: dict[str, Any]) -> dict[str, Any]:
    details = {"reason": reason} if reason else None
    response = {"id": "resp_1", "status": "incomplete", "incomplete_details": details, "output": list(output)}
    return {"type": "response.incomplete", "response": response}


def message(words: str, name: str = "msg_1") -> dict[str, Any]:
    return {"type": "message", "id": name, "role": "assistant", "content": [{"type": "output_text", "text": words}]}


def call(spelled: str = "", name: str = "f", item: str = "fc_1", call_id: str | None = "call_1") -> dict[str, Any]:
    found = {"type": "function_call", "id": item, "name": name, "arguments": spelled}
    return found if call_id is None else {**found, "call_id": call_id}


def body(*payloads: dict[str, Any] | bytes) -> bytes:
    return b"".join(one if isinstance(one, bytes) else sse(one) for one in payloads)


def sse(payload: dict[str, Any]) -> bytes:
    return f"event: {payload.get('type')}\ndata: {json.dumps(payload)}\n\n".encode()


def read(*payloads: dict[str, Any] | bytes) -> Transcript:
    return decoded.transcript(NAME, body(*payloads))


def calls(result: Transcript) -> list[tuple[str, str, str]]:
    return [(one.id, one.name, one.arguments) for one in result.tool_calls]


def rules(result: Transcript) -> list[str]:
    return [warning.rule for warning in result.warnings]


HELLO = (
    CREATED,
    added({"type": "message", "id": "msg_1", "content": []}),
    {"type": "response.content_part.added", "output_index": 0, "part": {"type": "output_text", "text": ""}},
    delta("Hel"),
    delta("lo"),
    {"type": "response.output_text.done", "item_id": "msg_1", "output_index": 0, "content_index": 0, "text": "Hello"},
    {"type": "response.content_part.done", "output_index": 0, "part": {"type": "output_text", "text": "Hello"}},
    done(message("Hello")),
    completed(message("Hello"), usage=USAGE),
)  # fmt: skip
THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Hm — ok"}],
    "encrypted_content": "ENC",
}
EVERYTHING = body(
    CREATED,
    added({"type": "reasoning", "id": "rs_1", "summary": []}),
    summary("Hm — "),
    summary("ok"),
    done(THOUGHT),
    b": comment\n\n",
    added({"type": "message", "id": "msg_1", "content": []}, 1),
    delta("Grüße, 世界 🙂", 1),
    done(message("Grüße, 世界 🙂"), 1),
    added(call(), 2),
    arguments('{"city": "Os', 2),
    arguments('lo"}', 2),
    done(call('{"city": "Oslo"}'), 2),
    completed(message("Grüße, 世界 🙂"), call('{"city": "Oslo"}'), usage=USAGE),
)  # fmt: skip


class TestPlainAnswer:
    def test_gives_the_events_in_order_and_every_word_once(self) -> None:
        assert decoded.events(NAME, body(*HELLO)) == [
            Start("resp_1", "gpt"),
            Text("Hel"),
            Text("lo"),
            Usage(9, 4, 2, 3, 1),
            Finish("stop", "completed"),
            End("completed"),
        ]

    @pytest.mark.parametrize(
        "kept", [[0, 3, 4, 8], [0, 5, 8], [0, 6, 8], [0, 7, 8], [0, 8], [8], [0, 3, 8], [0, 3, 5, 8]]
    )
    def test_some_of_its_events_are_enough(self, kept: list[int]) -> None:
        result = read(*(HELLO[index] for index in kept))
        assert (result.text, result.status, rules(result)) == ("Hello", "completed", [])

    def test_an_empty_final_output_takes_nothing_back(self) -> None:
        assert read(*HELLO[:-1], completed()).text == "Hello"
        assert read(*HELLO[:-1], completed(output=None)).text == "Hello"

    def test_indexes_may_be_missing(self) -> None:
        bare = [{name: value for name, value in one.items() if not name.endswith("_index")} for one in HELLO]
        assert read(*bare).to_dict() == read(*HELLO).to_dict()

    def test_item_ids_may_change_from_event_to_event(self) -> None:
        deltas = [delta("Hel", item="a"), delta("lo", item="b")]
        result = read(
            CREATED, added(message("", "x")), *deltas, done(message("Hello", "y")), completed(message("Hello", "z"))
        )
        assert (result.text, rules(result)) == ("Hello", [])

    def test_items_that_share_a_place_are_kept_apart(self) -> None:
        result = read(
            CREATED,
            added(message("", "a")),
            delta("One.", item="a"),
            added(message("", "b")),
            delta("Two.", item="b"),
            done(message("One.", "a")),
            done(message("Two.", "b")),
            completed(message("One.", "a"), message("Two.", "b")),
        )
        assert (result.text, rules(result)) == ("One.Two.", [])

    def test_a_later_item_of_the_final_output_that_was_not_streamed_counts(self) -> None:
        assert read(*HELLO[:-1], completed(message("Hello"), message(" World", "msg_2"))).text == "Hello World"

    def test_text_in_the_announcement_counts_only_where_nothing_else_brings_it(self) -> None:
        part = {
            "type": "response.content_part.added",
            "output_index": 0,
            "part": {"type": "output_text", "text": "Hello"},
        }
        assert read(CREATED, part, delta("Hello"), completed()).text == "Hello"
        assert read(CREATED, part, completed()).text == "Hello"

    def test_what_contradicts_the_deltas_is_a_warning(self) -> None:
        result = read(*HELLO[:5], done(message("Goodbye")), completed(message("Goodbye")))
        assert (result.text, rules(result)) == ("Hello", ["snapshot-differs"])

    def test_annotations_and_logprobs_are_evidence_once(self) -> None:
        note = {"type": "url_citation", "url": "https://example.org"}
        noted = message("Hello")
        noted["content"][0]["annotations"] = [note]
        event = {
            "type": "response.output_text.annotation.added",
            "item_id": "msg_1",
            "output_index": 0,
            "annotation": note,
        }
        logprobs = [{"token": "Hello", "logprob": -0.1}]
        result = read(CREATED, {**delta("Hello"), "logprobs": logprobs}, event, done(noted), completed(noted))
        assert result.others == (Other("logprobs", logprobs), Other("annotation", note))
        assert read(CREATED, completed(noted)).others == (Other("annotation", note),)


class TestRefusal:
    def test_a_refusal_alone_is_the_finish(self) -> None:
        refused = {"type": "message", "id": "msg_1", "content": [{"type": "refusal", "refusal": "No."}]}
        result = read(CREATED, delta("No", kind="refusal"), done(refused), completed(refused))
        assert (result.refusal, result.text, result.finish) == ("No.", "", "refusal")

    def test_beside_text_the_finish_is_stop(self) -> None:
        assert read(CREATED, delta("x"), delta("No", kind="refusal"), completed()).finish == "stop"

    def test_only_when_done(self) -> None:
        payload = {"type": "response.refusal.done", "output_index": 0, "content_index": 0, "refusal": "No."}
        assert Refusal("No.") in decoded.events(NAME, body(payload))


class TestReasoning:
    def test_summaries_are_marked_and_their_encrypted_form_follows(self) -> None:
        assert decoded.events(NAME, EVERYTHING)[1:4] == [
            Reasoning("Hm — ", summary=True),
            Reasoning("ok", summary=True),
            Signature("ENC", "encrypted", id="rs_1"),
        ]

    def test_the_encrypted_form_comes_from_the_item_that_is_done_and_once(self) -> None:
        def item(data: str) -> dict[str, Any]:
            return {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": data}

        result = read(CREATED, added(item("half")), done(item("whole")), completed(item("anew")))
        assert [part.signature.data for part in result.parts if part.signature] == ["whole"]

    def test_reasoning_text_is_no_summary(self) -> None:
        item = {"type": "reasoning", "id": "rs_1", "content": [{"type": "reasoning_text", "text": "Hm"}]}
        assert Reasoning("Hm") in decoded.events(NAME, body(CREATED, done(item), completed(item)))

    def test_only_in_done_events(self) -> None:
        text_done = {"type": "response.reasoning_summary_text.done", "item_id": "rs_1", "output_index": 0, "summary_index": 0, "text": "Hm"}  # fmt: skip # noqa: E501
        assert read(CREATED, text_done, completed()).reasoning == "Hm"

    def test_several_parts_are_put_together(self) -> None:
        parts = [{"type": "summary_text", "text": text} for text in ("One.", "Two.")]
        item = {"type": "reasoning", "id": "rs_1", "summary": parts}
        result = read(CREATED, summary("One."), summary("Two.", 1), done(item), completed(item))
        assert (result.reasoning, rules(result)) == ("One.Two.", [])

    def test_the_same_in_two_channels_counts_once(self) -> None:
        pieces = [
            one
            for word in ("The ", "user ")
            for one in (delta(word, item="rs_1", kind="reasoning_text"), summary(word))
        ]
        result = read(CREATED, *pieces, completed())
        assert (result.reasoning, rules(result)) == ("The user ", ["reasoning-doubled"])

    def test_another_text_in_the_other_channel_counts_too(self) -> None:
        result = read(CREATED, delta("Long. ", item="rs_1", kind="reasoning_text"), summary("Short."), completed())
        assert result.reasoning == "Long. Short."


class TestCalls:
    def test_a_call_is_announced_and_its_arguments_are_put_together(self) -> None:
        events = [event for event in decoded.events(NAME, EVERYTHING) if isinstance(event, ToolCall)]
        assert events == [
            ToolCall(0, "call_1", "f"),
            ToolCall(0, arguments='{"city": "Os'),
            ToolCall(0, arguments='lo"}'),
        ]

    def test_arguments_only_when_done_count(self) -> None:
        whole = {
            "type": "response.function_call_arguments.done",
            "item_id": "fc_1",
            "output_index": 0,
            "arguments": "{}",
        }
        assert calls(read(CREATED, added(call()), whole, completed(call("{}")))) == [("call_1", "f", "{}")]

    def test_the_tail_that_was_never_streamed_is_added(self) -> None:
        result = read(CREATED, added(call()), arguments('{"a"'), completed(call('{"a":1}')))
        assert calls(result) == [("call_1", "f", '{"a":1}')]

    @pytest.mark.parametrize("place", [0, None])
    def test_a_call_known_by_any_of_its_names_is_one_call(self, place: int | None) -> None:
        result = read(
            CREATED,
            added(call(), place),
            arguments('{"a"', place, item="call_1"),
            arguments(":1}", place, item="fc_1"),
            done(call('{"a":1}'), place),
            done(call('{"a":1}'), place),
            completed(call('{"a":1}')),
        )
        assert (calls(result), rules(result)) == ([("call_1", "f", '{"a":1}')], [])

    def test_interleaved_calls_are_kept_apart(self) -> None:
        result = read(
            CREATED,
            added(call(item="fc_1", call_id="a"), 0),
            added(call(item="fc_2", call_id="b"), 1),
            arguments('{"x"', 0),
            arguments('{"y"', 1, "fc_2"),
            arguments(":1}", 0),
            arguments(":2}", 1, "fc_2"),
            completed(),
        )
        assert calls(result) == [("a", "f", '{"x":1}'), ("b", "f", '{"y":2}')]

    def test_interleaved_calls_without_places_are_kept_apart_by_their_ids(self) -> None:
        result = read(
            CREATED,
            added(call(item="fc_1", call_id="a"), None),
            added(call(item="fc_2", call_id="b"), None),
            arguments('{"x"', None),
            arguments('{"y"', None, "fc_2"),
            arguments(":1}", None),
            arguments(":2}", None, "fc_2"),
            completed(),
        )
        assert calls(result) == [("a", "f", '{"x":1}'), ("b", "f", '{"y":2}')]

    def test_arguments_may_come_before_the_announcement(self) -> None:
        result = read(CREATED, arguments('{"a":1}'), added(call()), done(call('{"a":1}')), completed())
        assert calls(result) == [("call_1", "f", '{"a":1}')]

    def test_other_ids_in_the_final_output_make_no_second_call(self) -> None:
        renamed = call('{"a":1}', item="fc_9", call_id="call_9")
        result = read(CREATED, added(call()), arguments('{"a":1}'), done(call('{"a":1}')), completed(renamed))
        assert calls(result) == [("call_1", "f", '{"a":1}')]

    def test_the_item_id_stands_in_for_a_missing_call_id(self) -> None:
        item = call("{}", call_id=None)
        assert calls(read(CREATED, added(item), done(item), completed(item))) == [("fc_1", "f", "{}")]

    def test_custom_tools_are_calls_with_free_text(self) -> None:
        item = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "patch", "input": ""}
        piece = {"type": "response.custom_tool_call_input.delta", "item_id": "ctc_1", "output_index": 0, "delta": "***"}
        result = read(CREATED, added(item), piece, done({**item, "input": "*** End"}), completed())
        assert (calls(result), result.finish) == ([("call_1", "patch", "*** End")], "tool_calls")

    def test_events_of_the_wrong_family_are_understood(self) -> None:
        piece = {"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "{}"}
        assert calls(read(CREATED, added(call()), piece, completed())) == [("call_1", "f", "{}")]

    def test_an_object_as_arguments_is_spelled_compactly(self) -> None:
        item = {**call(), "arguments": {"a": 1}}
        assert calls(read(CREATED, done(item), completed())) == [("call_1", "f", '{"a":1}')]

    def test_arguments_in_the_announcement_alone_count_at_the_end(self) -> None:
        assert calls(read(CREATED, added(call('{"a":1}')), completed())) == [("call_1", "f", '{"a":1}')]
        assert read(CREATED, added(call('{"a":1}'))).tool_calls[0].input is None

    def test_hosted_tools_are_evidence_once_and_not_calls(self) -> None:
        item = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
        result = read(CREATED, added(item), done(item), completed(item, message("x")))
        assert (result.others, result.tool_calls, result.finish) == ((Other("web_search_call", item),), (), "stop")


class TestEnding:
    @pytest.mark.parametrize(
        ("reason", "finish", "raw"),
        [
            ("max_output_tokens", "length", "max_output_tokens"),
            ("content_filter", "content_filter", "content_filter"),
            ("steered", "other", "steered"),
            (None, "other", "incomplete"),
        ],
    )
    def test_an_incomplete_response_is_completed_with_its_reason(self, reason: str, finish: str, raw: str) -> None:
        result = read(CREATED, delta("Hel"), incomplete(reason, message("Hel")))
        assert (result.status, result.finish, result.finish_raw, result.text) == ("completed", finish, raw, "Hel")

    def test_a_status_of_incomplete_counts_whatever_the_event_is_called(self) -> None:
        payload = completed(status="incomplete", incomplete_details={"reason": "max_output_tokens"})
        assert read(CREATED, payload).finish == "length"

    @pytest.mark.parametrize("end", [[], [b"data: [DONE]\n\n"], [{"type": "response.done", "response": {}}]])
    def test_nothing_else_completes(self, end: list[Any]) -> None:
        result = read(*HELLO[:-1], *end)
        assert (result.status, result.finish, result.text) == ("truncated", None, "Hello")

    def test_done_after_the_end_is_ignored(self) -> None:
        result = read(*HELLO, b"data: [DONE]\n\n")
        assert (result.status, rules(result)) == ("completed", ["frame-after-end"])

    def test_an_empty_response_is_completed(self) -> None:
        result = read(CREATED, completed(usage=None))
        assert (result.status, result.finish, result.text, result.usage) == ("completed", "stop", "", Usage())

    def test_usage_under_the_names_of_chat_completions(self) -> None:
        usage = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 3}}
        assert read(CREATED, completed(usage=usage)).usage == Usage(9, 4, None, 3, None)


SLOW_DOWN = {"code": "rate_limit_exceeded", "message": "Slow down."}


class TestErrors:
    @pytest.mark.parametrize(
        "payload",
        [
            {"type": "error", **SLOW_DOWN},
            {"type": "error", "error": {"type": "requests", **SLOW_DOWN}},
            {"type": "response.failed", "response": {"status": "failed", "error": SLOW_DOWN}},
            {"type": "response.completed", "response": {"status": "failed", "error": SLOW_DOWN}},
            {"error": SLOW_DOWN},
        ],
    )  # fmt: skip
    def test_every_shape_fails_the_stream(self, payload: dict[str, Any]) -> None:
        result = read(CREATED, delta("Hel"), payload)
        assert result.error is not None
        assert (result.status, result.text) == ("failed", "Hel")
        assert (result.error.kind, result.error.code, result.error.message) == (
            *("rate_limit", "rate_limit_exceeded", "Slow down."),
        )

    def test_an_overflow_keeps_its_kind(self) -> None:
        error = {"code": "context_length_exceeded", "message": "Your input exceeds the context window of this model."}
        result = read(CREATED, {"type": "response.failed", "response": {"error": error}})
        assert result.error and (result.error.kind, result.error.retryable) == ("context_overflow", False)

    @pytest.mark.parametrize("response", [None, {}, {"status": "failed", "error": None}])
    def test_a_failure_without_a_cause_is_one_all_the_same(self, response: Any) -> None:
        result = read(CREATED, {"type": "response.failed", "response": response})
        assert result.error and (result.status, result.error.kind) == ("failed", "unknown")

    def test_the_first_error_stands(self) -> None:
        failed = {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "second"}}}
        result = read(CREATED, {"type": "error", "error": {"code": "server_error", "message": "first"}}, failed)
        assert result.error and result.error.message == "first"


class TestFraming:
    def test_event_lines_may_be_missing(self) -> None:
        bare = b"".join(b"data: " + json.dumps(payload).encode() + b"\n\n" for payload in HELLO)
        assert decoded.transcript(NAME, bare).to_dict() == read(*HELLO).to_dict()

    def test_unknown_events_are_skipped_wherever_they_stand(self) -> None:
        keepalive = {"type": "keepalive", "sequence_number": 7}
        result = read({"type": "codex.rate_limits"}, *HELLO[:4], keepalive, b"event: x\ndata: y\n\n", *HELLO[4:])
        assert (result.text, rules(result)) == ("Hello", [])

    @pytest.mark.parametrize(
        "payload", [delta("x") | {"delta": 7}, added([]), done(None), completed() | {"response": "x"}]
    )  # type: ignore[arg-type, list-item]
    def test_a_known_event_that_cannot_be_read_is_a_warning(self, payload: dict[str, Any]) -> None:
        assert rules(read(CREATED, payload, completed())) == ["payload-malformed"]

    def test_a_final_event_that_cannot_be_read_does_not_complete(self) -> None:
        result = read(CREATED, completed() | {"response": "x"})
        assert result.error and (result.status, result.error.kind) == ("failed", "protocol")

    @pytest.mark.parametrize("payload", [added(None), delta(""), arguments("")])
    def test_empty_events_are_nothing(self, payload: dict[str, Any]) -> None:
        assert read(CREATED, payload, completed()).to_dict() == read(CREATED, completed()).to_dict()


class TestEveryCut:
    whole = decoded.transcript(NAME, EVERYTHING)

    def test_single_bytes(self) -> None:
        assert decoded.transcript(NAME, decoded.single_bytes(EVERYTHING)) == self.whole

    def test_every_cut(self) -> None:
        for pieces in decoded.every_cut(EVERYTHING):
            assert decoded.transcript(NAME, pieces) == self.whole

    def test_every_beginning_is_truncated_and_its_calls_are_not_executable(self) -> None:
        for cut in range(0, EVERYTHING.index(b"response.completed"), 7):
            result = decoded.transcript(NAME, EVERYTHING[:cut])
            assert result.status == "truncated"
            assert self.whole.text.startswith(result.text)
            assert all(self.whole.tool_calls[0].arguments.startswith(one.arguments) for one in result.tool_calls)


TYPES = st.sampled_from([
    "response.created", "response.output_item.added", "response.output_item.done", "response.content_part.added",
    "response.content_part.done", "response.output_text.delta", "response.output_text.done", "response.completed",
    "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.failed", "error",
    "response.reasoning_summary_text.delta", "response.reasoning_text.delta", "response.incomplete",
    "response.output_text.annotation.added",
])  # fmt: skip
FIELDS = st.sampled_from([
    "item", "part", "delta", "text", "output_index", "content_index", "item_id", "response", "output", "content", "id",
    "summary", "arguments", "usage", "error", "type", "call_id", "name", "encrypted_content",
])  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "b", "message", "function_call", "{}"])
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5))


@settings(deadline=None)
@given(
    st.lists(st.builds(lambda kind, fields: {**fields, "type": kind}, TYPES, st.dictionaries(FIELDS, JSON)), max_size=6)
)
def test_payloads_of_any_shape_never_raise(payloads: list[dict[str, Any]]) -> None:
    assert isinstance(decoded.events(NAME, body(*payloads))[-1], End)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=5))
def test_arbitrary_bytes_never_raise(chunks: list[bytes]) -> None:
    decoder = Decoder()
    events = [event for chunk in chunks for event in decoder.feed(b"data: " + chunk)] + decoder.close()
    assert isinstance(events[-1], End)


STREAMED = st.lists(st.tuples(st.sampled_from(["text", "call"]), st.integers(0, 2), st.text(max_size=3)), max_size=8)


@settings(deadline=None)
@given(STREAMED, st.booleans(), st.booleans())
def test_whatever_copies_come_every_word_counts_once(
    streamed: list[tuple[str, int, str]], items: bool, final: bool
) -> None:
    pieces: dict[tuple[str, int], str] = {}
    payloads: list[dict[str, Any]] = [CREATED]
    for kind, number, words in streamed:
        place = number if kind == "text" else number + 3
        pieces[kind, place] = pieces.get((kind, place), "") + words
        payloads.append(delta(words, place, f"i{place}") if kind == "text" else arguments(words, place, f"i{place}"))
    output = [
        message(words, f"i{place}") if kind == "text" else call(words, item=f"i{place}", call_id=f"c{place}")
        for (kind, place), words in pieces.items()
        if words
    ]
    if items:
        payloads += [done(item, int(item["id"][1:])) for item in output]
    result = read(*payloads, completed(*(output if final else [])))
    assert sorted(result.text) == sorted("".join(words for (kind, _), words in pieces.items() if kind == "text"))
    spelled = sorted(words for (kind, _), words in pieces.items() if kind == "call" and words)
    assert sorted(one.arguments for one in result.tool_calls) == spelled
    assert rules(result) == [] or not (items or final)


def test_words_that_no_frame_could_repeat_are_forgotten_and_not_said_twice() -> None:
    decoder = Decoder()
    delta = b'{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"%b"}'
    said = 0
    for _ in range(20):
        frame = b"data: " + delta % (b"x" * 1_000_000) + b"\n\n"
        said += sum(len(event.text) for event in decoder.feed(frame) if isinstance(event, Text))
    done = {"type": "response.output_text.done", "item_id": "m", "output_index": 0, "content_index": 0, "text": "x" * 9}
    completed = {"type": "response.completed", "response": {"id": "r", "status": "completed", "output": []}}
    rest = [*decoder.feed(b"".join(b"data: %b\n\n" % json.dumps(each).encode() for each in (done, completed)))]
    assert said == 20_000_000
    assert not [event for event in [*rest, *decoder.close()] if isinstance(event, Text)]
    assert sum(item.remembered() for item in decoder._items.all) < 4_000_000


ONE = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f"}
TWO = {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "g"}


def names(result: Transcript) -> list[tuple[str, str]]:
    return [(call.id, call.arguments) for call in result.tool_calls]


def test_calls_come_in_the_order_of_the_output_though_the_second_is_announced_first() -> None:
    result = read(
        CREATED,
        added({**TWO, "arguments": ""}, 1),
        arguments('{"y":2}', 1, "fc_2"),
        added({**ONE, "arguments": ""}, 0),
        arguments('{"x":1}', 0),
        completed(),
    )
    assert names(result) == [("call_1", '{"x":1}'), ("call_2", '{"y":2}')]


def test_a_call_that_waits_for_one_before_it_comes_with_its_announcement() -> None:
    decoder = Decoder()
    assert decoder.feed(body(CREATED, added(TWO, 1), arguments("{}", 1, "fc_2")))[1:] == []
    assert decoder.feed(body(added(ONE, 0))) == [
        ToolCall(0, "call_1", "f"),
        ToolCall(1, "call_2", "g"),
        ToolCall(1, arguments="{}"),
    ]


@pytest.mark.parametrize(
    "end", [[], [completed()], [completed({**ONE, "arguments": "{}"}, {**TWO, "arguments": "[]"})]]
)
def test_a_call_that_waits_in_vain_is_not_lost(end: list[dict[str, Any]]) -> None:
    result = read(CREATED, added(TWO, 1), arguments("[]", 1, "fc_2"), *end)
    assert names(result)[-1] == ("call_2", "[]")
    assert len(result.tool_calls) == (2 if end and end[0]["response"]["output"] else 1)


@pytest.mark.parametrize(("status", "read_as"), [("completed", "completed"), ("in_progress", "truncated")])
def test_a_whole_response_in_the_place_of_a_stream_is_read(status: str, read_as: str) -> None:
    message = {"type": "message", "id": "m", "content": [{"type": "output_text", "text": "Hello"}]}
    whole = {"object": "response", "id": "resp_1", "model": "gpt", "status": status, "output": [message]}
    result = decoded.transcript(NAME, json.dumps(whole, indent=1).encode())
    assert (result.status, result.text) == (read_as, "Hello" if status == "completed" else "")
