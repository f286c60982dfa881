"""The whole answers that we write are accepted by the vendors' own SDKs, and say there what they should say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects import dialect
from harness.dialects.base import Answer
from harness.events import AnyEvent, End, Failure, Finish, Start, Text, Usage
from harness.stack.translate.table import losses
from harness.stack.translate.whole import whole_answer
from harness.transcript import Transcript, fold

from ..said import DIALECTS
from ..test_answers import DOCUMENTS
from .test_streams import answers, every_dialect, sample, sdk
from .wanted import differences, in_convention


def objections(name: str, answer: Answer, wanted: Transcript, *, own_words: bool = False) -> list[str]:
    """What the SDK's types say against the document, and where its reading differs."""
    faults = [] if own_words else sdk(name).document_problems(answer.body)
    return [*faults, *differences(name, sdk(name).whole(answer.body), wanted, own_words=own_words)]


def written(name: str, said: list[AnyEvent]) -> Answer | None:
    """The document, None for an answer that can be none."""
    try:
        return dialect(name).write_answer(said)
    except ValueError:
        return None


@every_dialect
def test_answers_of_all_scenarios_are_accepted_as_documents(name: str) -> None:
    found, count = [], 0
    for scenario, said in answers():
        answer = written(name, said)
        failed = any(isinstance(event, Failure) for event in said)
        if answer is None:
            continue
        count += 1
        found += [f"{scenario}: {objection}" for objection in objections(name, answer, fold(name, said))]
        assert not failed
    assert found == []
    assert count > 200


@every_dialect
@pytest.mark.parametrize("source", DIALECTS)
def test_recordings_are_accepted_as_documents_of_every_dialect(source: str, name: str) -> None:
    found, count = [], 0
    for recording, said in sample(source):
        transcript = fold(source, said)
        if transcript.status != "completed":
            continue
        try:
            answer = whole_answer(dialect(source), dialect(name), said)
        except ValueError as error:
            assert "no object" in str(error) or "parsing tool call" in str(error)
            continue
        count += 1
        found += [
            f"{recording.id}: {loss.what} is in no table" for loss in answer.losses if loss.what not in losses(name)
        ]
        wanted = in_convention(source, name, transcript)
        seen = objections(name, answer, wanted, own_words=source == name)
        found += [f"{recording.id}: {objection}" for objection in seen]
    assert found == []
    assert count >= 2


@every_dialect
def test_the_sdk_reads_a_document_as_we_do(name: str) -> None:
    body = json.dumps(DOCUMENTS[name]).encode()
    ours = fold(name, dialect(name).read_answer(body))
    assert differences(name, sdk(name).whole(body), ours, own_words=False) == []
    assert ours.text == "Hé"


def test_counts_are_the_targets_own() -> None:
    said: list[AnyEvent] = [Start("i", "m"), Text("Hi"), Finish("stop"), Usage(10, 7, 2, 30, 5), End("completed")]

    def counted(source: str, target: str) -> dict[str, Any]:
        found: dict[str, Any] = sdk(target).whole(whole_answer(dialect(source), dialect(target), said).body).usage
        return found

    inclusive = {"input_tokens": 45, "output_tokens": 7, "reasoning_tokens": 2, "cache_read_tokens": 30}
    assert counted("anthropic-messages", "openai-chat") == inclusive
    assert counted("anthropic-messages", "openai-responses") == inclusive
    assert counted("anthropic-messages", "gemini") == {**inclusive, "output_tokens": 5}
    assert counted("gemini", "openai-chat")["output_tokens"] == 9
