"""The `ai` package itself reads what we write: from every upstream, and whatever happened to the answer."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dialects import dialect, dialect_names
from harness.events import (
    AnyEvent,
    End,
    ErrorInfo,
    Failure,
    Finish,
    Other,
    Reasoning,
    Retry,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
)
from harness.lint.linter import lint
from harness.stack.translate.stream import StreamWriter

from ..decoded import encoded, events, transcript
from ..recorded import recordings
from ..said import FULL
from .front_end import PACKAGES, served, shown, without_states
from .test_encode import ANYTHING, ENDINGS

every_package = pytest.mark.parametrize("package", PACKAGES)
BUSY = Failure(ErrorInfo("overloaded", "busy", 529, retryable=True))
RECORDED = {"openai-chat": "openai-chat", "openai-responses": "openai-responses", "gemini": "gemini"} | {
    "anthropic-messages": "anthropic-messages",
    "ollama": "ollama-chat",
}


def written(said: list[AnyEvent]) -> bytes:
    """The stream of events whose last says how they end."""
    ui = dialect("ai-sdk-ui")
    return b"".join(StreamWriter(ui, ui).feed(said))


def translated(name: str, body: bytes) -> bytes:
    """A whole body of a vendor as a UI message stream."""
    return b"".join(StreamWriter(dialect(name), dialect("ai-sdk-ui")).feed(events(name, body)))


def calls(parts: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(part["type"], part["state"], part.get("input")) for part in parts if part["type"].startswith("tool-")]


@every_package
def test_an_answer_of_every_upstream_is_the_message_that_it_was(package: str) -> None:
    found = shown(package, [translated(name, encoded(name, FULL)) for name in dialect_names()])
    assert [one["errors"] for one in found] == [[]] * 5
    for one in found:
        parts = without_states(one["message"]["parts"])
        assert [part["type"] for part in parts] == [
            *("step-start", "reasoning", "text", "tool-get_weather", "tool-add")
        ]
        assert (parts[1]["text"], parts[1]["state"]) == ("Thinking… é", "done")
        assert (parts[2]["text"], parts[2]["state"]) == ("Héllo 😀", "done")
        assert calls(parts)[0] == ("tool-get_weather", "input-available", {"city": "Oslo"})
        assert one["message"]["metadata"]["model"] == "test-model"
        assert one["message"]["metadata"]["usage"]["inputTokens"] == 9


@every_package
def test_a_talk_with_tools_is_one_message_of_several_steps(package: str) -> None:
    said: list[AnyEvent] = [
        Start("r1", "m1"),
        Reasoning("Add."),
        Signature("c2ln"),
        ToolCall(0, "c1", "add", '{"a": 1}'),
        Finish("tool_calls"),
        Other("tool-output-available", {"toolCallId": "c1", "output": {"sum": 2}}),
        Start("r2", "m1"),
        Text("It is 2."),
        Other("citation", {"url": "https://example.com/", "title": "Sums"}),
        Finish("stop"),
        Usage(9, 4),
        End("completed"),
    ]
    (one,) = shown(package, [written(said)])
    parts = without_states(one["message"]["parts"])
    assert one["errors"] == []
    assert [part["type"] for part in parts] == [
        *("step-start", "reasoning", "tool-add", "step-start", "text", "source-url")
    ]
    assert parts[1]["providerMetadata"] == {"anthropic": {"signature": "c2ln"}}
    assert (parts[2]["state"], parts[2]["input"], parts[2]["output"]) == ("output-available", {"a": 1}, {"sum": 2})
    assert (one["message"]["id"], one["message"]["metadata"]["usage"]["totalTokens"]) == ("r1", 13)


@every_package
def test_errors_aborts_and_retries_reach_the_front_end(package: str) -> None:
    begun: list[AnyEvent] = [Start("r"), Text("so f"), ToolCall(0, "c", "pay", '{"sum": 1}')]
    failed, cut, cancelled, again = shown(
        package,
        [
            written([*begun, BUSY, End("failed")]),
            written([*begun, End("truncated")]),
            written([*begun, End("cancelled")]),
            written([Retry(2, 3, 0.5, "503"), *begun, Finish("tool_calls"), End("completed")]),
        ],
    )
    assert failed["errors"] == ["busy"]
    assert failed["data"] == ["data-error"]
    assert cut["errors"] == ["the upstream's answer ended before it was finished"]
    assert (cancelled["errors"], cancelled["aborted"]) == ([], True)
    assert [part["text"] for part in cancelled["message"]["parts"] if part["type"] == "text"] == [
        "so f",
        "[interrupted]",
    ]
    assert (again["errors"], again["data"]) == ([], ["data-retry"])
    states = [[call[1] for call in calls(one["message"]["parts"])] for one in (failed, cut, cancelled, again)]
    assert states == [["output-error"], ["output-error"], ["output-error"], ["input-available"]]


@every_package
def test_heartbeats_and_odd_cuts_change_nothing(package: str) -> None:
    body = encoded("ai-sdk-ui", FULL)
    alive = dialect("ai-sdk-ui").encoder().keep_alive()
    frames = dialect("ai-sdk-ui").split_frames(body)
    lively = alive + alive.join(frames)
    pieces = [body[at : at + 5] for at in range(0, len(body), 5)]
    plain, beaten, cut = shown(package, [body, lively, pieces])
    assert plain["errors"] == []
    assert plain["message"] == beaten["message"] == cut["message"]


@every_package
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.lists(ANYTHING, max_size=12), st.sampled_from(ENDINGS)), min_size=40, max_size=60))
def test_whatever_happens_the_reader_throws_nothing(
    package: str, answers: list[tuple[list[AnyEvent], AnyEvent]]
) -> None:
    failed = [isinstance(ending, Failure) for _, ending in answers]
    bodies = [written([*said, ending, *([End("failed")] if fails else [])])
              for (said, ending), fails in zip(answers, failed, strict=True)]  # fmt: skip
    found = shown(package, bodies)
    assert [one["errors"] for one in found] == [["busy"] if fails else [] for fails in failed]
    states = [part.get("state", "done") for one in found if one["message"] for part in one["message"]["parts"]]
    assert {"streaming", "input-streaming"}.isdisjoint(states)


@every_package
@pytest.mark.parametrize("name", RECORDED)
def test_real_answers_of_vendors_are_read(package: str, name: str) -> None:
    streams = recordings(RECORDED[name], "stream")
    chosen = random.Random(7).sample(streams, min(25, len(streams)))
    decoded = [events(name, one.body) for one in chosen]
    ended = [seen[-1] == End("completed") for seen in decoded]
    found = shown(package, [translated(name, one.body) for one in chosen])
    assert [one["errors"] == [] for one in found] == ended


@every_package
def test_what_the_packages_own_server_sends_is_read(package: str) -> None:
    text, talk, error = (served(package, situation) for situation in ("text", "talk", "error"))
    assert [lint("ai-sdk-ui", body) for body in (text, talk, error)] == [[], [], []]
    plain = transcript("ai-sdk-ui", text)
    assert (plain.status, plain.text, plain.finish, plain.warnings) == ("completed", "Hello", "stop", ())
    rounds = transcript("ai-sdk-ui", talk)
    assert (rounds.text, rounds.reasoning, rounds.warnings) == ("It is 2.", "Add.", ())
    assert [(call.id, call.name, call.arguments) for call in rounds.tool_calls] == [("c1", "add", '{"a": 1}')]
    assert [(other.kind, other.data["output"]) for other in rounds.others] == [("tool-output-available", {"sum": 2})]
    assert [part.signature for part in rounds.parts if part.signature] == [Signature("c2ln")]
    broken = transcript("ai-sdk-ui", error)
    assert broken.error is not None
    assert (broken.status, broken.text, broken.error.message) == ("failed", "so f", "busy")
