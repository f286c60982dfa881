"""The answers to a gateway's client are read once more by a strict reader, where they are streams that ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.runner.front_side import read_strictly
from harness.wire.response import Chunk
from tests.catalogue.checks.build import attempt, wire

SSE = (("content-type", "text/event-stream; charset=utf-8"),)


def chunk(delta: dict[str, str], finish: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    payload = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


WHOLE = chunk({"role": "assistant", "content": "x"}, None) + chunk({}, "stop")


def rules(body: bytes, *, client_left: bool = False, **fields: Any) -> list[str]:
    response = wire(**{"headers": SSE, "chunks": (Chunk(body),), **fields})
    [read] = read_strictly([attempt(response=response, client_left=client_left)], "openai-chat")
    return [fault.rule for fault in read.faults]


def test_a_well_formed_stream_has_no_faults() -> None:
    assert rules(WHOLE + b"data: [DONE]\n\n") == []


def test_what_a_strict_reader_must_not_find_is_a_fault_with_its_place() -> None:
    response = wire(headers=SSE, chunks=(Chunk(WHOLE + b"data: [DONE]\n\n" + WHOLE),))
    [read] = read_strictly([attempt(response=response)], "openai-chat")
    assert read.faults
    assert read.faults[0].where == f"byte {len(WHOLE) + len(b'data: [DONE]') + 2}"


@pytest.mark.parametrize(
    "fields",
    [
        {"status": 500},
        {"headers": (("content-type", "application/json"),)},
        {"headers": (*SSE, ("content-encoding", "gzip"))},
        {"ending": "reset"},
        {"client_left": True},
    ],
)
def test_what_is_no_stream_or_did_not_end_is_left_alone(fields: dict[str, Any]) -> None:
    assert rules(b"data: {}\n\n", **fields) == []


def test_what_was_wrong_in_an_upstream_of_the_same_dialect_may_be_handed_on() -> None:
    late = attempt(response=wire(headers=SSE, chunks=(Chunk(WHOLE + chunk({"content": "y"}, None)),)))
    [read] = read_strictly([late], "openai-chat", [late])
    [alone] = read_strictly([late], "openai-chat")
    assert (read.faults, bool(alone.faults)) == ((), True)


def test_an_attempt_without_an_answer_is_left_alone() -> None:
    [read] = read_strictly([attempt(response=None)], "openai-chat")
    assert read.faults == ()
