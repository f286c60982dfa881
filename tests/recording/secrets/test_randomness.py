"""What a machine drew at random is told from words, names and stand-ins."""

from __future__ import annotations

import pytest

from harness.recording.secrets.randomness import entropy, is_plausible, is_random, is_stand_in


@pytest.mark.parametrize(
    "text", ["", "****", "xxxx", "REDACTED", "<your key>", "${API_KEY}", "%KEY%", "your-api-key", "example_key", "0000"]
)
def test_a_stand_in_is_no_secret(text: str) -> None:
    assert is_stand_in(text.encode())


@pytest.mark.parametrize("text", ["vQ8xR5nB1cJ6", "hunter22", "a-real-one"])
def test_anything_else_may_be_one(text: str) -> None:
    assert not is_stand_in(text.encode())


def test_random_letters_are_told_from_names() -> None:
    assert is_random(b"vQ8xR5nB1cJ6hT3kM9wZ")
    assert is_random(b"0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    assert not is_random(b"gpt-5-mini-2025-08-07")
    assert not is_random(b"vQ8xR5nB1cJ6")
    assert not is_random(b"an ordinary sentence of words")
    assert not is_random(b"aaaaaaaaaaaaaaaa1111111111111")


def test_a_plausible_key_is_one_word_of_some_length() -> None:
    assert is_plausible(b"hunter22")
    assert is_plausible(b"MixedCase")
    assert not is_plausible(b"hunter2")
    assert not is_plausible(b"two words 22")
    assert not is_plausible(b"production")
    assert not is_plausible("schlüssel22".encode())


def test_entropy_is_that_of_shannon() -> None:
    assert entropy(b"aaaa") == 0
    assert entropy(b"abab") == 1
    assert entropy(bytes(range(256))) == 8
