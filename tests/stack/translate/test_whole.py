"""Whole answers of one dialect as the document of another: the same as the translated stream."""

from __future__ import annotations

import json

import pytest

from harness.dialects import dialect
from harness.events import AnyEvent, End, Finish, Reasoning, Signature, Start, Text, ToolCall, Usage, Warning
from harness.stack.translate.stream import StreamWriter
from harness.stack.translate.whole import whole_answer
from harness.transcript import fold

NAMES = ("anthropic-messages", "gemini", "ollama", "openai-chat", "openai-responses")
SAID: list[AnyEvent] = [
    Start("id-1", "m-1"),
    Reasoning("Hm."),
    Signature("c2ln"),
    Text("Let me "),
    Text("look."),
    ToolCall(0, "call_1", "f", '{"a":'),
    ToolCall(0, arguments=" 1}"),
    ToolCall(1, None, "g", "{}"),
    Usage(10, 7, 2, 3),
    Finish("tool_calls"),
    End("completed"),
]


@pytest.mark.parametrize("source", NAMES)
@pytest.mark.parametrize("target", NAMES)
def test_a_document_says_what_the_stream_says(source: str, target: str) -> None:
    writer = StreamWriter(dialect(source), dialect(target))
    decoder = dialect(target).decoder()
    streamed = fold(target, [*decoder.feed(b"".join(writer.feed(SAID))), *decoder.close()]).to_dict()
    answer = whole_answer(dialect(source), dialect(target), SAID)
    document = fold(target, dialect(target).read_answer(answer.body)).to_dict()
    for call in (*streamed["tool_calls"], *document["tool_calls"]):
        del call["arguments"]  # an object in some documents
    assert document == streamed
    assert {loss.what for loss in answer.losses} == {loss.what for loss in writer.losses}
    assert document["text"] == "Let me look."


def test_an_answer_gets_the_id_and_the_model_that_it_is_given() -> None:
    said = [event for event in SAID if not isinstance(event, Start)]
    answer = whole_answer(dialect("ollama"), dialect("openai-chat"), said, answer=Start("id-2", "m-2"))
    body = json.loads(answer.body)
    assert (body["id"], body["model"], body["object"]) == ("id-2", "m-2", "chat.completion")


def test_ids_that_are_made_differ_by_their_salt() -> None:
    pair = dialect("gemini"), dialect("openai-chat")
    ids = [
        [call["id"] for call in json.loads(answer.body)["choices"][0]["message"]["tool_calls"]]
        for answer in (whole_answer(*pair, SAID, salt=salt) for salt in ("a_", "b_"))
    ]
    assert ids[0][0] == ids[1][0] == "call_1"
    assert ids[0][1] != ids[1][1]


@pytest.mark.parametrize("ending", ["truncated", "failed", "cancelled"])
def test_what_did_not_end_well_is_no_document(ending: str) -> None:
    with pytest.raises(ValueError, match="did not end well"):
        whole_answer(dialect("gemini"), dialect("openai-chat"), [Text("So far"), End(ending)])  # type: ignore[arg-type]


@pytest.mark.parametrize("target", ["anthropic-messages", "gemini", "ollama"])
def test_a_call_whose_arguments_could_not_be_read_is_in_no_document(target: str) -> None:
    unread = Warning("frame-not-json", "the frame is not a JSON object")
    said = [Start("a", "m"), ToolCall(0, "call_1", "f"), unread, Finish("tool_calls"), End("completed")]
    with pytest.raises(ValueError, match="could not be read"):
        whole_answer(dialect("openai-chat"), dialect(target), said)
