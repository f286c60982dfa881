"""The strict reader over any bytes: it never raises, cuts change nothing, and broken gateways are found out."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness.lint.examples import good_body
from harness.lint.finding import Finding
from harness.lint.linter import EACH, Linter, lint
from harness.lint.spec import spec, spec_names

from ..dialects.odd_values import ODD_VALUES, places

GOOD = {name: good_body(spec(name)) for name in spec_names()}
names = st.sampled_from(spec_names())
EXAMPLES = settings(max_examples=150, deadline=None)


def sse(*payloads: Any, named: bool = False) -> bytes:
    """Events; a text is its own data."""
    out = b""
    for payload in payloads:
        data = payload if isinstance(payload, str) else json.dumps(payload)
        name = f"event: {payload['type']}\n" if named else ""
        out += f"{name}data: {data}\n\n".encode()
    return out


def musts(name: str, body: bytes) -> list[str]:
    return [finding.rule for finding in lint(name, body) if finding.level == "must"]


def in_pieces(name: str, pieces: list[bytes]) -> list[Finding]:
    linter = Linter(name)
    return [finding for piece in pieces for finding in linter.feed(piece)] + linter.close()


@EXAMPLES
@given(
    names, st.binary(max_size=200) | st.text(alphabet='data: {}[]":,\\\r\n\ufeff\x00é', max_size=120).map(str.encode)
)
def test_any_bytes_are_judged(name: str, body: bytes) -> None:
    found = lint(name, body)
    assert found  # none of these is a stream
    assert found == in_pieces(name, [body[at : at + 1] for at in range(len(body))])


@EXAMPLES
@given(names, st.data())
def test_damaged_streams_are_judged_alike_however_they_are_cut(name: str, data: st.DataObject) -> None:
    body = GOOD[name]
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 40)))
    body = body[:start] + data.draw(st.binary(max_size=10)) + body[end:]
    edges = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    pieces = [body[start:end] for start, end in zip([0, *edges], [*edges, len(body)], strict=True)]
    assert in_pieces(name, pieces) == lint(name, body)


@EXAMPLES
@given(names, st.data())
def test_values_of_another_type_are_judged(name: str, data: st.DataObject) -> None:
    payloads = [deepcopy(payload) for payload in spec(name).good if payload != "[DONE]"]
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from([place for payload in payloads for place in places(payload)]))
        holder[key] = deepcopy(data.draw(ODD_VALUES))
    line = b"" if name == "ollama" else b"data: "
    body = b"".join(line + json.dumps(payload).encode() + b"\n\n" for payload in payloads)
    found = lint(name, body)
    assert all(finding.rule in spec(name).rules and finding.message.encode() for finding in found)


@pytest.mark.parametrize("name", spec_names())
def test_findings_come_with_the_frames_that_they_are_about(name: str) -> None:
    linter = Linter(name)
    first = b"hello\n" if name == "ollama" else b"data: hello\n\n"
    assert [finding.rule for finding in linter.feed(first)] == ["frame-not-json"]
    assert linter.feed(b"") == []


def test_one_rule_is_reported_only_so_often() -> None:
    body = sse(*["x"] * 50)
    assert [finding.rule for finding in lint("openai-chat", body)].count("frame-not-json") == EACH == 10


def test_the_public_name_is_the_function_and_stays_it() -> None:
    assert [finding.rule for finding in harness.lint("ollama", b"")] == ["stream-empty"]
    assert [finding.rule for finding in harness.lint("ollama", b"")] == ["stream-empty"]


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def call(index: int, id: str = "", name: str = "", arguments: str = "") -> dict[str, Any]:
    function = {"arguments": arguments, **({"name": name} if name else {})}
    return {"tool_calls": [{"index": index, "function": function, **({"id": id, "type": "function"} if id else {})}]}


TEXT = [chunk({"role": "assistant", "content": "Hi"}), chunk({}, "stop")]
BROKEN_CHAT: list[tuple[str, list[Any], list[str]]] = [
    ("no [DONE]", TEXT, ["done-missing"]),
    ("[DONE] twice", [*TEXT, "[DONE]", "[DONE]"], ["frame-after-end"]),
    ("chunks after [DONE]", [*TEXT, "[DONE]", TEXT[1]], ["frame-after-end"]),
    ("a text shifts the tool index", [TEXT[0], chunk(call(1, "c1", "f", "{}")), chunk({}, "tool_calls"), "[DONE]"],
     ["tool-index-gap"]),
    ("the second call comes first", [TEXT[0], chunk(call(1, "c1", "f", "{}")), chunk(call(0, "c0", "f", "{}")),
      chunk({}, "tool_calls"), "[DONE]"], ["tool-index-gap", "tool-index-gap"]),
    ("fragments without a start", [TEXT[0], chunk(call(0, "", "", "{}")), chunk({}, "tool_calls"), "[DONE]"],
     ["tool-call-incomplete"]),
    ("two stop reasons", [*TEXT, chunk({}, "tool_calls"), "[DONE]"], ["finish-changed"]),
    ("an error, and on it goes", [TEXT[0], {"error": {"message": "busy"}}, TEXT[1], "[DONE]"], ["frame-after-error"]),
    ("an error, and [DONE]", [TEXT[0], {"error": {"message": "busy"}}, "[DONE]"], []),
    ("an error", [TEXT[0], {"error": {"message": "busy"}}], []),
]  # fmt: skip


@pytest.mark.parametrize(("payloads", "broken"), [row[1:] for row in BROKEN_CHAT], ids=[row[0] for row in BROKEN_CHAT])
def test_broken_chat_completions_are_found_out(payloads: list[Any], broken: list[str]) -> None:
    assert musts("openai-chat", sse(*payloads)) == broken


def everything(name: str, *payloads: Any) -> list[str]:
    return [finding.rule for finding in lint(name, sse(*payloads))]


def test_the_same_stop_reason_again_breaks_no_must() -> None:
    assert everything("openai-chat", *TEXT, chunk({}, "stop"), "[DONE]") == ["finish-twice"]


def test_results_of_a_prompt_filter_come_in_a_chunk_of_their_own() -> None:
    filtered = {"choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter_results": [{}]}
    assert everything("openai-chat", filtered, *TEXT, "[DONE]") == ["filter-chunk"]
    assert everything("openai-chat", filtered, "[DONE]") == ["filter-chunk", "stream-empty"]


def test_the_results_of_moderation_may_come_behind_the_usage() -> None:
    counts = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    usage = {**chunk({}), "choices": [], "usage": counts}
    moderated = {**chunk({}), "choices": [], "moderation": {"input": {}}}
    assert everything("openai-chat", *TEXT, usage, moderated, "[DONE]") == []
    assert everything("openai-chat", TEXT[0], usage, TEXT[1], "[DONE]") == ["chunk-after-usage"]


@pytest.mark.parametrize("index", [None, -1])
def test_a_call_without_a_place_is_still_a_call(index: int | None) -> None:
    one = call(0, "c1", "f", "{}")
    if index is None:
        del one["tool_calls"][0]["index"]
    else:
        one["tool_calls"][0]["index"] = index
    rule = "field-missing" if index is None else "field-type"
    assert everything("openai-chat", TEXT[0], chunk(one), chunk({}, "tool_calls"), "[DONE]") == [rule]


def test_a_named_tool_s_call_may_end_with_stop_as_openai_s_own_servers_say_it() -> None:
    assert everything("openai-chat", TEXT[0], chunk(call(0, "c1", "f", "{}")), chunk({}, "stop"), "[DONE]") == []


MESSAGE = spec("anthropic-messages").good
BUSY = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
BROKEN_MESSAGES: list[tuple[str, list[Any], list[str]]] = [
    ("a block is left open", MESSAGE[:8] + MESSAGE[9:], ["block-left-open"]),
    ("no message_stop", MESSAGE[:-1], ["message-stop-missing"]),
    ("cut off within a block", MESSAGE[:7], ["message-stop-missing"]),
    ("cut off, with an error", [*MESSAGE[:7], BUSY], []),
    ("an error, and message_stop", [*MESSAGE[:7], BUSY, MESSAGE[-1]], ["frame-after-error"]),
    ("no stop reason", [*MESSAGE[:9], {**MESSAGE[9], "delta": {"stop_reason": None}}, MESSAGE[10]],
     ["stop-reason-missing"]),
    ("no message_delta", [*MESSAGE[:9], MESSAGE[10]], ["message-delta-missing"]),
    ("a delta for nobody", [*MESSAGE[:2], MESSAGE[3], *MESSAGE[9:]], ["block-unknown"]),
    ("a ping after the end", [*MESSAGE, {"type": "ping"}], ["frame-after-end"]),
    ("a kind of event that is new", [*MESSAGE[:2], {"type": "brand_new"}, *MESSAGE[2:]], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("payloads", "broken"), [row[1:] for row in BROKEN_MESSAGES], ids=[row[0] for row in BROKEN_MESSAGES]
)
def test_broken_messages_are_found_out(payloads: list[Any], broken: list[str]) -> None:
    assert musts("anthropic-messages", sse(*payloads, named=True)) == broken


RESPONSE = spec("openai-responses").good
BROKEN_RESPONSES: list[tuple[str, bytes, list[str]]] = [
    ("[DONE] at the end", sse(*RESPONSE, named=True) + sse("[DONE]"), ["done-marker-stray"]),
    ("no final response", sse(*RESPONSE[:-1], named=True), ["end-missing"]),
    ("frames left out", sse(*RESPONSE[:1], *RESPONSE[-1:], named=True), ["sequence-gap"]),
    ("another name", sse(*RESPONSE, named=True).replace(b"event: response.completed", b"event: done"), ["event-name"]),
    ("an item nobody added", sse(*RESPONSE[:2], RESPONSE[4], *RESPONSE[-1:], named=True),
     ["item-unknown", "part-unknown", "sequence-gap", "sequence-gap"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "broken"), [row[1:] for row in BROKEN_RESPONSES], ids=[row[0] for row in BROKEN_RESPONSES]
)
def test_broken_responses_are_found_out(body: bytes, broken: list[str]) -> None:
    assert musts("openai-responses", body) == broken


def test_a_gap_in_the_sequence_is_told_once() -> None:
    later = [{**payload, "sequence_number": payload["sequence_number"] + 5} for payload in RESPONSE[3:]]
    assert musts("openai-responses", sse(*RESPONSE[:3], *later, named=True)) == ["sequence-gap"]


def test_gemini_may_answer_with_an_array() -> None:
    body = json.dumps(spec("gemini").good).encode()
    assert lint("gemini", body) == []
    assert lint("gemini", body + b"\r\n") == []
    assert musts("gemini", body[:-300]) == ["frame-cut", "finish-missing"]
    assert musts("gemini", body[:-1]) == ["frame-cut"]
    assert musts("gemini", body[:-1] + b",\n") == ["frame-cut"]


def test_a_prompt_that_was_blocked_has_no_finish_reason_and_needs_no_usage() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "m"}
    assert lint("gemini", sse(blocked)) == []
    assert lint("gemini", sse({**blocked, "usageMetadata": {"promptTokenCount": 3}})) == []


def streamed_call(**call: Any) -> dict[str, Any]:
    part = {"functionCall": call}
    return {"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}], "modelVersion": "m"}


def test_of_a_call_whose_arguments_are_streamed_only_the_first_piece_has_the_name() -> None:
    first = streamed_call(name="f", willContinue=True)
    piece = streamed_call(partialArgs=[{"jsonPath": "$.a", "stringValue": "x"}], willContinue=True)
    end = spec("gemini").good[2]
    assert lint("gemini", sse(first, piece, streamed_call(), end)) == []
    assert everything("gemini", piece, streamed_call(), end) == ["field-missing"]
    assert everything("gemini", first, streamed_call(), streamed_call(), end) == ["field-missing"]


def test_a_last_event_without_its_empty_line_is_still_read() -> None:
    body = GOOD["gemini"].removesuffix(b"\n")
    assert [(finding.rule, finding.level) for finding in lint("gemini", body)] == [("frame-unterminated", "should")]


def test_the_place_of_a_finding_is_that_of_its_frame() -> None:
    odd = chunk({"content": "x"})
    odd["choices"][0]["index"] = "0"
    (finding,) = lint("openai-chat", sse(TEXT[0], odd, TEXT[1], "[DONE]"))
    assert (finding.rule, finding.level, finding.offset) == ("field-type", "must", len(sse(TEXT[0])))
    assert finding.message == "chunk: choices[0].index is '0', not count"
