"""Headers and URLs say by their names and places what is a secret."""

from __future__ import annotations

import pytest

from harness.recording.secrets.headers import header_hits, url_hits
from harness.recording.secrets.search import masked

RANDOM = "vQ8xR5nB1cJ6hT3kM9wZ"


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("Authorization", "Bearer short", "Bearer *****"),
        ("authorization", "opensesame", "**********"),
        ("proxy-authorization", "Basic dTpw", "Basic ****"),
        ("X-Api-Key", "k", "*"),
        ("x-goog-api-key", "abc", "***"),
        ("my-service-api-key", "abc", "***"),
        ("cookie", "a=12; b=34", "a=**; b=**"),
        ("set-cookie", "sid=abcd; Path=/; HttpOnly", "sid=****; Path=/; HttpOnly"),
        ("x-session-id", "7", "7"),
        ("x-session-key", RANDOM, "*" * 20),
        ("x-session-key", "plain", "plain"),
        ("idempotency-key", RANDOM, RANDOM),
        ("x-ratelimit-remaining-tokens", "149984", "149984"),
        ("authorization", "Bearer ${KEY}", "Bearer ${KEY}"),
        ("authorization", "Bearer ****", "Bearer ****"),
        ("x-request-id", RANDOM, RANDOM),
    ],
)
def test_a_header_is_masked_by_its_name(name: str, value: str, kept: str) -> None:
    assert masked(value.encode(), header_hits(name, value.encode())) == kept.encode()


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://h.invalid/v1?key=abc&alt=sse", "https://h.invalid/v1?key=***&alt=sse"),
        ("https://h.invalid/v1?alt=sse&ACCESS_TOKEN=abc#x", "https://h.invalid/v1?alt=sse&ACCESS_TOKEN=***#x"),
        ("https://h.invalid/v1?%6bey=abc", "https://h.invalid/v1?%6bey=***"),
        ("https://u:p@h.invalid/v1", "https://*:*@h.invalid/v1"),
        ("https://token@h.invalid/v1", "https://*****@h.invalid/v1"),
        ("https://h.invalid/a@b/v1?keyword=abc", "https://h.invalid/a@b/v1?keyword=abc"),
        ("https://h.invalid/v1?key=&x=1", "https://h.invalid/v1?key=&x=1"),
    ],
)
def test_a_url_is_masked_by_the_place(url: str, kept: str) -> None:
    assert masked(url.encode(), url_hits(url.encode())) == kept.encode()
