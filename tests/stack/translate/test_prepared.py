"""Fitting a request to its vendor: names, ids, signatures, media and settings, each by a literal."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from harness.dialects import dialect
from harness.events import Text, ToolCall
from harness.folders import data_folder
from harness.request import Request, read_request
from harness.stack.translate.request_table import page
from harness.stack.translate.requests import Prepared, prepared, translate_request

LONG = "mcp__a_server_with_a_very_long_name__and_a_tool_with_a_longer_one__read"
PNG = {"type": "image", "media_type": "image/png", "data": "aGk="}
HELLO = {"role": "user", "content": "Hello"}


def asked(*messages: Any, **more: Any) -> Request:
    return read_request({"model": "m", "messages": list(messages) or [HELLO], **more})


def round_of(id: str, name: str = "f", **more: Any) -> list[Any]:
    return [
        HELLO,
        {"role": "assistant", "content": [{"type": "tool_call", "id": id, "name": name, "arguments": "{}", **more}]},
        {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": id, "content": "ok"}]},
    ]


def names(ready: Prepared) -> list[str]:
    return [loss.what for loss in ready.losses]


def content(ready: Prepared, place: int) -> Any:
    return msgspec.to_builtins(ready.request.messages[place].content)


def test_names_that_are_refused_are_others_on_the_way_and_themselves_again_in_the_answer() -> None:
    tools = [{"name": LONG}, {"name": f"{LONG}s"}, {"name": "plain"}]
    ready = prepared(asked(*round_of("c1", LONG), tools=tools, tool_choice={"name": LONG}), dialect("openai-chat"))
    sent = [tool.name for tool in ready.request.tools or []]
    assert [len(name) for name in sent] == [64, 64, 5] and len({*sent}) == 3
    assert sent[0].startswith("mcp__a_server_with_a_very_long_name__and_a_tool_with_")
    assert content(ready, 1)[0]["name"] == sent[0] and msgspec.to_builtins(ready.request.tool_choice) == {
        "name": sent[0]
    }
    events = [Text("a"), ToolCall(0, "c2", sent[1], "{}"), ToolCall(0, arguments="x"), ToolCall(1, "c3", "plain")]
    assert ready.restored(events) == [
        *(Text("a"), ToolCall(0, "c2", f"{LONG}s", "{}"), ToolCall(0, arguments="x"), ToolCall(1, "c3", "plain")),
    ]
    assert names(ready) == ["tool-renamed"]


def test_a_name_is_the_same_in_each_request_of_a_talk() -> None:
    first = prepared(asked(tools=[{"name": "files.read"}]), dialect("anthropic-messages"))
    second = prepared(asked(tools=[{"name": "x"}, {"name": "files.read"}]), dialect("anthropic-messages"))
    assert [tool.name[:-8] for tool in first.request.tools or []] == ["files_read_"]
    assert (first.request.tools or [])[0] == (second.request.tools or [])[1]


@pytest.mark.parametrize(
    ("target", "id", "is_kept"),
    [
        ("anthropic-messages", "toolu_1", True),
        ("anthropic-messages", "functions.Bash:0", False),
        ("openai-chat", "c" * 40, True),
        ("openai-chat", "c" * 41, False),
        ("openai-responses", "c" * 64, True),
        ("openai-responses", "c" * 65, False),
        ("gemini", "functions.Bash:0", True),
        ("ollama", "c" * 99, True),
    ],
)
def test_ids_that_are_refused_are_others_in_call_and_result(target: str, id: str, is_kept: bool) -> None:
    ready = prepared(asked(*round_of(id)), dialect(target))
    sent = content(ready, 1)[0]["id"]
    assert (sent == id, content(ready, 2)[0]["tool_call_id"]) == (is_kept, sent)
    assert names(ready) == ([] if is_kept else ["call-id-renamed"])


def test_calls_that_come_without_ids_get_some_that_the_talk_has_not() -> None:
    ready = prepared(asked(*round_of("call_made_3")), dialect("gemini"))
    first = ready.restored([ToolCall(0, None, "f", "{"), ToolCall(1, "own", "g")])
    assert first == [ToolCall(0, "call_made_4", "f", "{"), ToolCall(1, "own", "g")]
    assert ready.restored([ToolCall(0, arguments="}"), ToolCall(2, None, "h")]) == [
        *(ToolCall(0, arguments="}"), ToolCall(2, "call_made_5", "h")),
    ]
    assert prepared(asked(), dialect("openai-chat")).restored([ToolCall(0, None, "f")]) == [ToolCall(0, None, "f")]


def test_signatures_stay_with_their_vendor() -> None:
    signed = {"type": "reasoning", "text": "Hm.", "signature": "c2ln"}
    talk = asked(HELLO, {"role": "assistant", "content": [signed, {"type": "text", "text": "Hi"}]})
    gemini, anthropic, chat = map(dialect, ("gemini", "anthropic-messages", "openai-chat"))
    assert content(prepared(talk, gemini), 1)[0] == signed
    assert content(prepared(talk, gemini, source=anthropic), 1)[0] == {"type": "reasoning", "text": "Hm."}
    assert names(prepared(talk, gemini, source=anthropic)) == ["reasoning-signature"]
    assert content(prepared(talk, anthropic, source=chat), 1)[0] == signed
    assert content(prepared(talk, anthropic, source=gemini), 1) == [{"type": "text", "text": "Hi"}]
    assert names(prepared(talk, anthropic, source=gemini)) == ["reasoning-signature", "reasoning-unsigned"]
    assert content(prepared(talk, chat), 1)[0] == {"type": "reasoning", "text": "Hm."}


def test_gemini_3_gets_its_own_stand_in_on_the_first_call_of_a_turn_that_has_no_signature() -> None:
    two = round_of("c1")
    two[1]["content"].append({"type": "tool_call", "id": "c2", "name": "g", "arguments": "{}"})
    ready = prepared(msgspec.structs.replace(asked(*two), model="gemini-3-pro"), dialect("gemini"))
    signatures = [part.get("signature") for part in content(ready, 1)]
    assert signatures == ["skip_thought_signature_validator", None]
    assert "tool-call-signature-made" in names(ready)
    older = prepared(msgspec.structs.replace(asked(*two), model="gemini-2.5-pro"), dialect("gemini"))
    assert "signature" not in content(older, 1)[0]
    signed = msgspec.structs.replace(asked(*round_of("c1", signature="Cg==")), model="gemini-3-pro")
    own = prepared(signed, dialect("gemini"))
    assert content(own, 1)[0]["signature"] == "Cg=="


def test_what_a_tool_gave_follows_all_results_of_its_turn_where_results_hold_texts_alone() -> None:
    talk = [
        HELLO,
        {
            "role": "assistant",
            "content": [{"type": "tool_call", "id": id, "name": "f", "arguments": "{}"} for id in "ab"],
        },
        {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "a", "content": "", "media": [PNG]}]},
        {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "b", "content": "ok"}]},
    ]
    ready = prepared(asked(*talk), dialect("openai-chat"))
    assert content(ready, 2) == [
        {"type": "tool_result", "tool_call_id": "a", "content": "(What the tool gave follows.)"}
    ]
    assert [message.role for message in ready.request.messages] == ["user", "assistant", "tool", "tool", "user"]
    assert (content(ready, 4), names(ready)) == ([PNG], ["tool-result-media"])
    kept = prepared(asked(*talk), dialect("anthropic-messages"))
    assert (content(kept, 2)[0]["media"], names(kept)) == ([PNG], [])


@pytest.mark.parametrize(
    ("target", "part", "loss"),
    [
        ("anthropic-messages", {**PNG, "media_type": "image/bmp"}, "image-type"),
        ("gemini", {"type": "image", "url": "https://example.org/a.png"}, "image-url"),
        ("ollama", {"type": "image", "url": "https://example.org/a.png"}, "image-url"),
        ("openai-chat", {**PNG, "data": "no base64"}, "image-unreadable"),
        ("ollama", {"type": "file", "media_type": "application/pdf", "data": "aGk="}, "file-type"),
        ("openai-chat", {"type": "file", "url": "https://example.org/a.pdf"}, "file-url"),
        ("openai-responses", {"type": "file", "media_type": "text/plain", "data": "-"}, "file-unreadable"),
    ],
)
def test_media_that_a_vendor_does_not_take_are_left_out_by_name(target: str, part: Any, loss: str) -> None:
    ready = prepared(asked({"role": "user", "content": [part, {"type": "text", "text": "What?"}]}), dialect(target))
    assert (content(ready, 0), names(ready)) == ([{"type": "text", "text": "What?"}], [loss])


@pytest.mark.parametrize(
    ("target", "changes", "kept", "loss"),
    [
        ("anthropic-messages", {"temperature": 1.5}, {"temperature": 1}, "temperature"),
        ("openai-chat", {"temperature": 1.5}, {"temperature": 1.5}, None),
        ("openai-chat", {"top_p": -1.0}, {"top_p": 0}, "top-p"),
        ("openai-responses", {"max_output_tokens": 8}, {"max_output_tokens": 16}, "max-output-tokens"),
        ("openai-chat", {"stop": list("abcdef")}, {"stop": list("abcd")}, "stop"),
        ("anthropic-messages", {"stop": [" ", "END"]}, {"stop": ["END"]}, "stop"),
        ("openai-chat", {"choices": 500}, {"choices": 128}, "choices"),
        ("gemini", {"top_k": 0}, {"top_k": None}, "top-k"),
        ("gemini", {"reasoning": {"budget_tokens": -1}}, {"reasoning": {}}, "reasoning-budget"),
        ("openai-chat", {"tool_choice": "required"}, {"tool_choice": None}, "tool-choice"),
        ("openai-chat", {"tool_choice": {"name": "g"}, "tools": [{"name": "f"}]}, {"tool_choice": None}, "tool-choice"),
        ("gemini", {"tools": [{"name": "f"}, {"name": "f"}]}, {"tools": [{"name": "f"}]}, "tool-repeated"),
        ("openai-chat", {"parallel_tool_calls": False}, {"parallel_tool_calls": None}, "parallel-tool-calls"),
    ],
)
def test_settings_are_brought_within_what_the_vendor_takes(
    target: str, changes: Any, kept: dict[str, Any], loss: str | None
) -> None:
    ready = prepared(asked(**changes), dialect(target))
    assert {name: msgspec.to_builtins(getattr(ready.request, name)) for name in kept} == kept
    assert names(ready) == ([loss] if loss else [])


def test_arguments_that_are_no_object_become_the_value_of_one_where_objects_are_wanted() -> None:
    talk = round_of("c1")
    talk[1]["content"][0]["arguments"] = '{"city": "Os'
    ready = prepared(asked(*talk), dialect("ollama"))
    assert json.loads(content(ready, 1)[0]["arguments"]) == {"arguments": '{"city": "Os'}
    assert names(ready) == ["tool-arguments"]
    assert content(prepared(asked(*talk), dialect("openai-chat")), 1)[0]["arguments"] == '{"city": "Os'


def test_an_http_request_of_one_dialect_becomes_one_of_another() -> None:
    body = {
        "model": "m",
        "max_tokens": 100,
        "system": "Be terse.",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello", "cache_control": {"type": "x"}}]}],
        "top_k": 5,
    }
    source, target = dialect("anthropic-messages"), dialect("openai-chat")
    there = translate_request(source, target, "/v1/messages", {}, json.dumps(body).encode(), "sk")
    assert json.loads(there.body) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Hello"}],
        "max_completion_tokens": 100,
    }
    assert [loss.what for loss in there.losses] == ["unread-cache_control", "top-k"]
    assert (there.path, there.headers["authorization"]) == ("/v1/chat/completions", "Bearer sk")


def test_thinking_is_off_in_a_round_of_tools_that_began_without_it() -> None:
    target = dialect("anthropic-messages")
    ready = prepared(asked(*round_of("c1"), reasoning={"effort": "high"}), target)
    built = target.build_request(ready.request, None)
    assert "thinking" not in json.loads(built.body)
    assert [loss.what for loss in built.losses] == ["reasoning-unsigned"]


def test_the_page_about_requests_is_that_of_the_table() -> None:
    written = (data_folder("specs").parent / "docs" / "requests.md").read_text(encoding="utf-8")
    assert written == page(), "run python -m harness.stack.translate.request_table > docs/requests.md"
