"""What a name in a text says of what stands behind it."""

from __future__ import annotations

import json

import pytest

from harness.recording.secrets.fields import named_secrets

VALUE = "vQ8xR5nB1cJ6hT3kM9wZ"


def found(text: str) -> list[tuple[str, str]]:
    raw = text.encode()
    return [(one.rule, raw[one.start : one.end].decode()) for one in named_secrets(raw)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (json.dumps({"api_key": VALUE}), "secret-field"),
        (json.dumps({"myApiKey": VALUE}), "secret-field"),
        (json.dumps({"client_secret": VALUE}), "secret-field"),
        (json.dumps({"refresh_token": [VALUE]}), "secret-field"),
        (json.dumps({"refresh_token": [VALUE]}, indent=2), "secret-field"),
        (f"headers:\n  x-api-key:\n    - {VALUE}\n", "header-name"),
        (json.dumps({"x-api-key": VALUE}), "header-name"),
        (json.dumps({"Authorization": f"Bearer {VALUE}"}), "header-name"),
        (json.dumps({"token": VALUE}), "secret-field"),
        (json.dumps({"name": "x-auth-token", "value": VALUE}), "header-name"),
        (f"https://h.invalid/v1?alt=sse&key={VALUE}", "query-parameter"),
        (f"curl -H 'Authorization: Bearer {VALUE}' https://h.invalid", "header-name"),
        (f"OPENAI_API_KEY={VALUE}", "assignment"),
        (f'client = OpenAI(api_key="{VALUE}")', "assignment"),
        (f"postgres://user:{VALUE}@h.invalid/db", "url-userinfo"),
        ("authorization: Basic dXNlcjpwYXNzd29yZA==", "header-name"),
    ],
)
def test_a_named_secret_is_found(text: str, rule: str) -> None:
    assert rule in {name for name, _ in found(text)}
    assert {secret for _, secret in found(text)} <= {VALUE, "dXNlcjpwYXNzd29yZA=="}


@pytest.mark.parametrize(
    "text",
    [
        '{"api_key": "<your key>"}',
        '{"api_key": "${OPENAI_API_KEY}"}',
        '{"api_key": "REDACTED"}',
        '{"api_key": null, "max_tokens": 4096}',
        '{"token": "Hello"}',
        '{"key": "city", "value": "Oslo"}',
        f'{{"next_page_token": "{VALUE}"}}',
        f'{{"prompt_cache_key": "{VALUE}"}}',
        f'{{"idempotency_key": "{VALUE}"}}',
        f'{{"public_key": "{VALUE}"}}',
        f'{{"signature": "{VALUE}"}}',
        '{"finish_reason": "stop", "tokens": "prompt_tokens"}',
        "The password is a word that nobody knows.",
        "token = tokens[index]",
        "api_key: str = os.environ['OPENAI_API_KEY']",
        "Bearer of good news, tell me more",
        "see http://127.0.0.1:8080/v1",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert found(text) == []
