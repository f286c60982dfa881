"""What the numbers of a response's events tell of events that were lost."""

from __future__ import annotations

import json

import pytest

from harness.transcript import Transcript

from .. import decoded


def read(*numbers: object) -> Transcript:
    numbered = [{"type": "response.output_text.delta", "delta": "a", "sequence_number": number} for number in numbers]
    frames = [*numbered, {"type": "response.completed", "response": {"status": "completed"}}]
    body = b"".join(b"data: " + json.dumps(frame).encode() + b"\n\n" for frame in frames)
    return decoded.transcript("openai-responses", body)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0, 1, 3, 4, 9), ["event 3 comes where 2 was next: what is between them was lost"]),
        ((5, 8), ["event 8 comes where 6 was next: what is between them was lost"]),
    ],
)
def test_the_first_gap_is_told(numbers: tuple[int, ...], said: list[str]) -> None:
    result = read(*numbers)
    assert [warning.message for warning in result.warnings if warning.rule == "sequence-gap"] == said
    assert (result.status, result.text) == ("completed", "a" * len(numbers))


@pytest.mark.parametrize(
    "numbers",
    [(3, 4, 5), (0, 0, 0), (2, 1, 0), (0, None, 1), ("0", "7"), (None, None), (0, 1, 1, 2), (0, True, 2), ([], {})],
)
def test_odd_numbers_tell_nothing(numbers: tuple[object, ...]) -> None:
    assert [warning.rule for warning in read(*numbers).warnings] == []
