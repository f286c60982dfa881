"""Which names are those of secrets, and whose values are looked for."""

from __future__ import annotations

import pytest

from harness.recording.secrets.names import (
    is_secret_header,
    is_secret_parameter,
    kind_of_name,
    known_values,
    may_be_secret_header,
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Authorization", "header"),
        ("X-API-Key", "header"),
        ("openai_api_key", "plain"),
        ("AWS_SECRET_ACCESS_KEY", "plain"),
        ("clientSecret", "plain"),
        ("token", "vague"),
        ("my.key", "vague"),
        ("next_token", None),
        ("cache_key", None),
        ("tokens", None),
        ("monkey", None),
        ("eos_token", None),
    ],
)
def test_a_name_says_what_stands_behind_it(name: str, kind: str | None) -> None:
    assert kind_of_name(name) == kind


def test_headers_and_parameters_have_names_of_their_own() -> None:
    assert is_secret_header("X-Goog-Api-Key")
    assert not is_secret_header("x-request-id")
    assert may_be_secret_header("x-custom-auth")
    assert not may_be_secret_header("idempotency-key")
    assert is_secret_parameter("KEY")
    assert not is_secret_parameter("alt")


def test_the_values_of_key_variables_are_those_that_can_be_keys() -> None:
    environment = {
        "OPENAI_API_KEY": " vQ8xR5nB1cJ6 ",
        "HF_TOKEN": "short1",
        "ANTHROPIC_API_KEY": "<your key>",
        "AZURE_OPENAI_KEY": "wP2gT9sK5aZ7",
        "KEYBOARD": "wP2gT9sK5aZ8",
        "MY_SECRET": "production",
    }
    assert known_values(environment, None) == ["vQ8xR5nB1cJ6", "wP2gT9sK5aZ7"]
    assert known_values(environment, ["KEYBOARD", "ABSENT"]) == ["wP2gT9sK5aZ8"]
