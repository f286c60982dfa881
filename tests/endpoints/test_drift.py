"""What a provider changed: each kind of change is found with its severity and both places, and chance is not."""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from typing import Any

import pytest

from harness.recording.cassette import Exchange
from harness.recording.importers.imported import Source, Wishes
from harness.recording.importers.recordings import import_recordings
from tests.dialects.recorded import FOLDER

from .recorded import chat, chunk, drift, events, exchange, found, shape, the_finding

PLAIN = [exchange(chat()) for _ in range(6)]


def without(data: dict[str, Any], *path: str | int) -> dict[str, Any]:
    copy = json.loads(json.dumps(data))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return dict(copy)


def with_value(data: dict[str, Any], value: Any, *path: str | int) -> dict[str, Any]:
    copy = json.loads(json.dumps(data))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return dict(copy)


def test_the_same_recordings_have_no_drift() -> None:
    assert found(PLAIN, PLAIN) == []


def test_a_field_that_vanished_breaks_with_both_places() -> None:
    now = [exchange(each.response.body.replace(b'"model": "m", ', b"")) for each in PLAIN]
    finding = the_finding(PLAIN, now, "field-vanished")
    assert (finding.severity, finding.where) == ("breaking", "chunk: model")
    assert (finding.before.seen, finding.before.of) == (18, 18)
    assert finding.before.place is not None
    assert finding.before.place.excerpt == '{"model":"m"}'
    assert (finding.before.place.exchange, finding.before.place.offset) == (0, 0)
    assert (finding.now.seen, finding.now.of) == (0, 18)
    assert finding.now.place is not None
    assert finding.now.place.excerpt.startswith('{"id":"c"')
    assert '"model"' not in finding.now.place.excerpt


def test_a_field_that_was_optional_before_is_no_drift() -> None:
    before = [exchange(chat(chunk(), chunk(service_tier="x"))), *PLAIN]
    assert found(before, PLAIN) == []


def test_an_optional_field_that_chance_cannot_have_left_out_is_gone() -> None:
    thinking = {"reasoning_content": "hm", "content": "Hi"}
    before = [exchange(chat(chunk(), chunk(thinking), chunk(thinking))) for _ in range(6)]
    finding = the_finding(before, PLAIN * 2, "field-vanished")
    assert (finding.severity, finding.where) == ("breaking", "chunk: choices[].delta.reasoning_content")


def test_a_field_that_has_another_name_now_is_told_as_one_thing() -> None:
    before = [
        exchange(chat(chunk({"reasoning_content": "hm"}), chunk({"reasoning_content": "so"}), chunk())) for _ in "ab"
    ]
    now = [exchange(chat(chunk({"reasoning": "hm"}), chunk({"reasoning": "so"}), chunk())) for _ in "ab"]
    assert found(before, now) == [("breaking", "field-renamed", "chunk: choices[].delta.reasoning_content")]
    assert "'reasoning' has come instead" in the_finding(before, now, "field-renamed").message


def test_a_type_that_changed_breaks() -> None:
    now = [exchange(chat(chunk({"content": [{"type": "text", "text": "Hi"}]}))) for _ in range(3)]
    finding = the_finding(PLAIN, now, "type-changed")
    assert (finding.severity, finding.where) == ("breaking", "chunk: choices[].delta.content")
    assert finding.message == "it was string, and now also is array"
    assert finding.before.place is not None
    assert finding.before.place.excerpt == '{"content":"Hi"}'


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, "fp_1", [("info", "type-known", "chunk: system_fingerprint")]),
        (1, 1.5, [("notable", "type-wider", "chunk: system_fingerprint")]),
        (1.5, 1, []),
        ("fp_1", None, [("notable", "type-wider", "chunk: system_fingerprint")]),
        (True, "fp_1", [("breaking", "type-changed", "chunk: system_fingerprint")]),
    ],
)
def test_types_are_weighed(before: Any, now: Any, expected: list[tuple[str, str, str]]) -> None:
    old, new = ([exchange(chat(*[chunk(system_fingerprint=each)] * 4))] * 6 for each in (before, now))
    assert found(old, new) == expected


def test_what_gives_back_the_request_has_no_type_of_its_own() -> None:
    old, new = ([exchange(chat(chunk(tool_choice=each)))] * 6 for each in ("auto", {"type": "function"}))
    assert found(old, new) == []


def test_a_new_field_is_only_news() -> None:
    now = [exchange(chat(chunk(service_tier="default")))] * 6
    assert found(PLAIN, now) == [("info", "field-new", "chunk: service_tier")]


def test_a_new_object_is_told_once_and_not_field_by_field() -> None:
    now = [exchange(chat(chunk(timings={"prompt_ms": 1.5, "cache": {"n": 1}})))] * 6
    assert found(PLAIN, now) == [("info", "field-new", "chunk: timings")]


def test_a_field_that_may_be_missing_now_shows_where_it_is() -> None:
    now = [exchange(chat(without(chunk(), "created"), chunk())) for _ in range(6)]
    finding = the_finding(PLAIN, now, "field-optional")
    assert (finding.severity, finding.where) == ("notable", "chunk: created")
    assert finding.now.place is not None
    assert '"created"' not in finding.now.place.excerpt


def test_an_end_marker_that_is_gone_breaks() -> None:
    now = [exchange(chat(end=[])) for _ in range(6)]
    finding = the_finding(PLAIN, now, "end-marker-changed")
    assert finding.severity == "breaking"
    assert finding.message == "streams ended with [DONE], and now with chunk"
    assert ("breaking", "event-vanished", "[DONE]") in found(PLAIN, now)


def test_streams_that_broke_off_say_nothing_about_end_markers() -> None:
    cut = exchange(chat(end=[]), ending="reset")
    assert found(PLAIN, [*PLAIN, cut]) == []


def test_a_new_event_is_notable_and_an_error_is_a_bad_moment() -> None:
    usage = {**chunk(), "choices": [], "usage": {"prompt_tokens": 1}}
    now = [exchange(chat(end=[usage, "[DONE]"])) for _ in range(6)]
    assert ("notable", "event-new", "usage") in found(PLAIN, now)
    failed = [exchange(chat(end=[{"error": {"message": "busy"}}])), *PLAIN]
    assert [each for each in found(PLAIN, failed) if each[0] != "info"] == []


def test_events_lose_their_names() -> None:
    start = {"type": "message_start", "message": {"id": "m"}}
    stop = {"type": "message_stop"}
    before = [exchange(events(start, stop), dialect="anthropic-messages")]
    now = [exchange(events(start, stop, named=False), dialect="anthropic-messages")]
    assert found(before, now) == [
        ("breaking", "event-name-changed", "message_start"),
        ("breaking", "event-name-changed", "message_stop"),
    ]
    assert drift(before, now).findings[0].message == "its SSE event was 'message_start', and now is without a name"


def test_objects_of_a_new_type_are_notable() -> None:
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}
    cited = {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {}}}
    before = [exchange(events(delta), dialect="anthropic-messages")]
    now = [exchange(events(delta, cited), dialect="anthropic-messages")]
    assert found(before, now) == [("notable", "type-tag-new", "content_block_delta: delta<citations_delta>")]


def test_an_order_that_never_was_is_notable_in_the_same_situation() -> None:
    usage = {**chunk(), "choices": [], "usage": {"prompt_tokens": 1}}
    before = [exchange(chat(end=[usage, "[DONE]"]), probe="text") for _ in range(20)]
    now = [exchange(chat(usage, chunk(), end=[usage, "[DONE]"]), probe="text") for _ in range(2)]
    assert found(before, now) == [
        ("notable", "order-new", "(start) → usage"),
        ("notable", "order-new", "usage → chunk"),
    ]
    unknown = [exchange(each.response.body) for each in now]
    assert [each[0] for each in found([exchange(each.response.body) for each in before], unknown)] == ["info", "info"]


def test_an_order_is_not_called_new_where_little_was_seen_before() -> None:
    usage = {**chunk(), "choices": [], "usage": {"prompt_tokens": 1}}
    before = [exchange(chat(end=[usage, "[DONE]"]), probe="text") for _ in range(3)]
    now = [exchange(chat(usage, chunk(), end=[usage, "[DONE]"]), probe="text")]
    assert found(before, now) == []


def test_a_new_value_of_an_enumeration_is_notable_in_the_same_situation() -> None:
    before = [exchange(chat(chunk({}, "stop")), probe="stop-sequence")]
    now = [exchange(chat(chunk({}, "eos")), probe="stop-sequence")]
    finding = the_finding(before, now, "value-new")
    assert (finding.severity, finding.where) == ("notable", "chunk: choices[].finish_reason")
    assert finding.message == "the value 'eos' never came before; there were stop"
    other = [exchange(chat(chunk({}, "length")), probe="length")]
    assert [each for each in found(before, other) if each[1] == "value-new"] == [
        ("info", "value-new", "chunk: choices[].finish_reason")
    ]


def error(status: int, body: dict[str, Any], **more: Any) -> Exchange:
    headers = (("content-type", "application/json"), *more.pop("headers", ()))
    return exchange(json.dumps(body).encode(), status=status, headers=headers, **more)


def test_another_status_in_the_same_situation_breaks_but_not_that_of_a_bad_moment() -> None:
    before = [error(401, {"error": {"message": "no"}}, probe="bad-key")]
    assert found(before, [error(403, {"error": {"message": "no"}}, probe="bad-key")]) == [
        ("breaking", "status-changed", "bad-key")
    ]
    assert found(before, [error(429, {"error": {"message": "slow"}}, probe="bad-key")]) == []


def test_an_error_in_another_form_breaks() -> None:
    before = [error(401, {"error": {"message": "no"}}, probe="bad-key")]
    now = [error(401, {"detail": "no"}, probe="bad-key")]
    assert found(before, now) == [
        ("breaking", "field-vanished", "(error 401): error"),
        ("info", "field-new", "(error 401): detail"),
    ]


def test_errors_of_different_situations_may_differ() -> None:
    before = [error(400, {"error": {"message": "no", "code": 400}}, probe="bad-request")]
    now = [error(400, {"error": {"message": "no", "code": "400"}}, probe="bad-model")]
    assert found(before, now) == [("notable", "type-changed", "(error 400): error.code")]
    bare = [error(400, {"error": {"message": "no"}}, probe="bad-model")]
    assert found(before, bare) == [("notable", "field-vanished", "(error 400): error.code")]


def test_headers_are_compared_by_name() -> None:
    before = [exchange(chat(), headers=(*SSE_PLUS, ("x-old", "1")))] * 6
    now = [exchange(chat(), headers=(*SSE_PLUS, ("x-new", "1")))] * 6
    assert found(before, now) == [("info", "header-vanished", "2xx: x-old"), ("info", "header-new", "2xx: x-new")]
    waits = [error(429, {}, headers=(("retry-after", "1"),), probe="p")] * 6
    assert found(waits, [error(429, {}, probe="p")] * 6) == [("notable", "header-vanished", "429: retry-after")]


SSE_PLUS = (("content-type", "text/event-stream"),)


def test_a_stream_that_is_none_any_more_breaks() -> None:
    document = exchange(json.dumps(chunk()).encode(), headers=(("content-type", "application/json"),), probe="text")
    before = [exchange(chat(), probe="text")]
    finding = the_finding(before, [document], "content-type-changed")
    assert (finding.severity, finding.where) == ("breaking", "2xx text")


def test_lines_that_end_otherwise_are_notable_and_comments_are_not() -> None:
    crlf = [exchange(chat().replace(b"\n", b"\r\n"))] * 6
    assert found(PLAIN, crlf) == [("notable", "framing-new", "lines that end in CRLF")]
    commented = [exchange(b": keepalive\n\n" + chat())] * 6
    assert found(PLAIN, commented) == [("info", "framing-new", "comments")]


def test_how_a_stream_is_cut_is_news() -> None:
    body = chat(*[chunk()] * 6)
    frames = [piece + b"\n\n" for piece in body.split(b"\n\n")[:-1]]
    pairs = [b"".join(frames[at : at + 4]) for at in range(0, len(frames), 4)]
    before, now = [exchange(frames)] * 4, [exchange(pairs)] * 4
    [finding] = [each for each in drift(before, now).findings if "lie" in each.where]
    assert finding.severity == "info"
    assert finding.message == "how frames lie in network reads was a frame a read, and now is several frames a read"


def test_what_was_not_elicited_or_not_recorded_anew_is_not_compared() -> None:
    before = [exchange(chat(), probe="text"), exchange(chat(chunk(x=1)), probe="tool-call")]
    now = [exchange(chat(), probe="text"), exchange(chat(end=[]), probe="tool-call", note="not elicited: no call")]
    compared = drift(before, now)
    assert compared.findings == ()
    assert compared.notes == ("openai-chat: not recorded anew: tool-call",)
    assert (compared.before, compared.now) == (2, 1)


def test_dialects_on_one_side_only_are_said() -> None:
    other = exchange(
        b'{"message":{},"done":true}\n', dialect="ollama", headers=(("content-type", "application/x-ndjson"),)
    )
    assert drift([*PLAIN, other], PLAIN).notes == ("ollama: there are only older recordings",)
    assert drift(PLAIN, [*PLAIN, other]).notes == ("ollama: there are only newer recordings",)


def test_arguments_of_tools_are_the_models_own() -> None:
    block = {"type": "tool_use", "id": "t", "name": "f", "input": {"city": "Oslo"}}
    start = {"type": "content_block_start", "index": 0, "content_block": block}
    before = [exchange(events(start), dialect="anthropic-messages")] * 6
    now = [exchange(events(with_value(start, {"n": 1}, "content_block", "input")), dialect="anthropic-messages")] * 6
    assert found(before, now) == []


def test_hostile_payloads_are_looked_at_and_come_to_an_end() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = {"a": [deep]}
    body = chat({"\x00bad key": 1, "ok": deep, "type": "x y"}, chunk({"content": "\ud800"}))
    [kinds] = [each.kinds for each in shape(exchange(body)).values()]
    assert "*" in kinds["chunk"].fields
    assert max(map(len, kinds["chunk"].fields)) < 100


@pytest.mark.skipif(not FOLDER.is_dir(), reason="there are no harvested recordings here")
def test_halves_of_the_same_harvest_hardly_differ() -> None:
    groups: dict[tuple[str | None, str], list[tuple[str, int, Exchange]]] = defaultdict(list)
    for path in sorted(FOLDER.glob("*.jsonl.gz")):
        with gzip.open(path) as packed:
            lines = [line for line in packed if b'"fidelity": "wire"' in line]
        source = Source(path, b"".join(lines))
        for number, each in enumerate(import_recordings(source, Wishes()).exchanges):
            groups[each.provider, path.name].append((path.name, number, each))
    breaking = compared = 0
    for group in groups.values():
        if len(group) >= 20:
            random.Random(7).shuffle(group)
            half = len(group) // 2
            older, newer = ([each for _, _, each in part] for part in (group[:half], group[half:]))
            breaking += len(drift(older, newer).of("breaking"))
            compared += 1
    assert compared >= 20
    assert breaking <= 3
