"""The probes of the project, what a check sees in an answer, and what a file of probes may not say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.endpoints.data_file import BadDataFile
from harness.endpoints.probes import Check, UnknownProbe, load_probes, probes_named
from harness.events import AnyEvent, End, ErrorInfo, Failure, Finish, Reasoning, Refusal, Text, ToolCall, Usage
from harness.transcript import fold
from harness.wire.response import WireResponse

NAMES = [
    "text",
    "non-ascii",
    "reasoning",
    "tool-call",
    "parallel-tool-calls",
    "length",
    "stop-sequence",
    "usage",
    "refusal",
    "over-long",
    "bad-model",
    "bad-key",
    "bad-request",
    "cancel",
]


def missing(check: dict[str, Any], *events: AnyEvent, status: int = 200, ending: Any = "clean") -> tuple[str, ...]:
    ended = () if any(type(event) is End for event in events) else (End("completed"),)
    seen = fold("openai-chat", [*events, *ended])
    return Check.model_validate(check).missing(seen, WireResponse(status, (), (), ending))


def failed(kind: Any, status: int | None = None) -> tuple[AnyEvent, ...]:
    return Failure(ErrorInfo(kind, "because", status=status)), End("failed")


def call(name: str = "f", arguments: str = "{}", index: int = 0) -> ToolCall:
    return ToolCall(index, id=f"c{index}", name=name, arguments=arguments)


def test_everything_is_asked() -> None:
    assert [probe.name for probe in load_probes()] == NAMES


def test_every_answer_is_limited() -> None:
    limits = [probe.asked("m").max_output_tokens or 0 for probe in load_probes()]
    assert min(limits) >= 16
    assert max(limits) <= 4096


def test_probes_are_given_in_the_order_of_the_file() -> None:
    assert [probe.name for probe in probes_named(["usage", "text"])] == ["text", "usage"]
    with pytest.raises(UnknownProbe, match="unknown probe 'tool-cal'; did you mean 'tool-call'"):
        probes_named(["tool-cal"])


def test_only_what_is_to_be_refused_provokes_an_error() -> None:
    assert [probe.name for probe in load_probes() if probe.provokes_error] == [
        "over-long",
        "bad-model",
        "bad-key",
        "bad-request",
    ]


@pytest.mark.parametrize(
    ("check", "events"),
    [
        ({"text": True, "finish": ["stop"]}, (Text("Hello"), Finish("stop"))),
        ({"text_has": "[^\\x00-\\x7f]"}, (Text("ü"),)),
        ({"text_has": "[1-6]", "text_lacks": "7"}, (Text("1, 2"),)),
        ({"reasoning": True}, (Reasoning("hm"),)),
        ({"reasoning": True}, (Text("x"), Usage(1, 9, reasoning_tokens=8))),
        ({"refusal": True}, (Refusal("no"),)),
        ({"refusal": True}, (Finish("content_filter"),)),
        ({"usage": True}, (Usage(1, 1),)),
        ({"tool_calls": {"least": 2, "names": ["f"]}}, (call(), call(index=1))),
        ({"status": "failed", "error": {"kind": ["auth"]}}, failed("auth", 401)),
        ({"status": "cancelled"}, (Text("x"), End("cancelled"))),
        ({"any_of": [{"refusal": True}, {"status": "failed"}]}, failed("content_filter")),
    ],
)
def test_an_answer_that_shows_it(check: dict[str, Any], events: tuple[AnyEvent, ...]) -> None:
    assert missing(check, *events) == ()


@pytest.mark.parametrize(
    ("check", "events", "said"),
    [
        ({"text": True}, (Text("  "),), "there is no text"),
        ({"finish": ["length"]}, (Text("x"), Finish("stop")), "its stop reason is stop, not length"),
        ({"finish": ["length"]}, (Text("x"),), "its stop reason is not there, not length"),
        ({"text_has": "ü"}, (Text("u"),), "the text has nothing that fits ü"),
        ({"text_lacks": "7"}, (Text("7"),), "the text has something that fits 7"),
        ({"reasoning": True}, (Text("x"), Usage(1, 9, reasoning_tokens=0)), "there is no reasoning"),
        ({"refusal": True}, (Text("No."), Finish("stop")), "it refuses nothing"),
        ({"usage": True}, (Usage(3, 0),), "the tokens are not counted"),
        ({"tool_calls": {"least": 2}}, (call(),), "there are 1 tool calls, not 2 or more"),
        ({"tool_calls": {"most": 1}}, (call(), call(index=1)), "there are 2 tool calls, not 1 or fewer"),
        ({"tool_calls": {"names": ["g"]}}, (call(),), "the tool 'f' is called, which is not on offer"),
        ({"tool_calls": {}}, (call(arguments='{"a'),), "the arguments of 'f' are no JSON object"),
        (
            {"text": True},
            failed("server", 500),
            "it failed (server, HTTP 500: because), where it should have ended well",
        ),
        ({"status": "failed"}, (Text("x"),), "it ended well, where it should have failed"),
        ({"status": "failed", "error": {"kind": ["auth"]}}, failed("server"), "the error is server, not auth"),
        ({"status": "failed", "error": {"status": [401]}}, failed("auth"), "the HTTP status is 200, not 401"),
        ({"ending": "cancelled"}, (Text("x"),), "the connection ended clean, not cancelled"),
    ],
)
def test_an_answer_that_does_not(check: dict[str, Any], events: tuple[AnyEvent, ...], said: str) -> None:
    assert missing(check, *events) == (said,)


def test_where_no_way_is_shown_the_nearest_one_is_named() -> None:
    ways = {"any_of": [{"refusal": True}, {"status": "failed", "error": {"kind": ["auth"]}}]}
    assert missing(ways, Text("No."), Finish("stop")) == ("it refuses nothing",)
    assert missing(ways, *failed("server")) == ("the error is server, not auth",)
    assert missing(ways, Text("N"), End("truncated")) == ("it broke off, where it should have ended well",)


PROBE = (
    "{name: p, title: P, request: {messages: [{role: user, content: Hi}], max_output_tokens: 9}, check: {text: true}}"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("probes: []", "at least 1"),
        (f"probes: [{PROBE}, {PROBE}]", "there are two probes named 'p'"),
        (f"probes: [{PROBE.replace('name: p', 'name: P P')}]", "'P P' is no name"),
        (f"probes: [{PROBE.replace(', max_output_tokens: 9', '')}]", "max_output_tokens keeps the answer"),
        (f"probes: [{PROBE.replace('role: user', 'role: boss')}]", r"request: .*boss"),
        (f"probes: [{PROBE.replace('messages:', 'model: m, messages:')}]", "the endpoint says the model"),
        (f"probes: [{PROBE.replace('text: true', 'text_has: (')}]", "is no regular expression"),
        (f"probes: [{PROBE.replace('text: true', 'txt: true')}]", "unknown key 'txt'; did you mean 'text'"),
        (f"probes: [{PROBE.replace('check:', 'cannot: {olama: no}, check:')}]", "unknown dialect 'olama'"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "probes.yaml"
    path.write_text(text)
    with pytest.raises(BadDataFile, match=said) as refused:
        load_probes(path)
    assert str(refused.value).startswith(f"{path}:1: ")
