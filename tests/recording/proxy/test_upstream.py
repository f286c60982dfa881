from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from harness.recording.proxy.upstream import Upstream


@pytest.mark.parametrize(
    ("url", "authority", "asked", "target", "whole"),
    [
        ("https://api.openai.com", "api.openai.com", "/v1/x?a=b", "/v1/x?a=b", "https://api.openai.com/v1/x?a=b"),
        ("https://api.openai.com:443/", "api.openai.com", "/v1/x", "/v1/x", "https://api.openai.com/v1/x"),
        ("http://127.0.0.1:8080/p/q/", "127.0.0.1:8080", "/v1/x", "/p/q/v1/x", "http://127.0.0.1:8080/p/q/v1/x"),
        ("http://[::1]:80", "[::1]", "/", "/", "http://[::1]/"),
        ("http://[::1]:81", "[::1]:81", "*", "*", "http://[::1]:81/*"),
        ("https://bücher.example", "xn--bcher-kva.example", "/a", "/a", "https://xn--bcher-kva.example/a"),
    ],
)
def test_an_upstream_knows_what_it_is_asked_for(url: str, authority: str, asked: str, target: str, whole: str) -> None:
    upstream = Upstream.of(url)
    assert upstream.authority == authority
    assert upstream.target(asked) == target
    assert upstream.url_of(target) == whole


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("api.openai.com", "is no base URL; give one like https://api.openai.com"),
        ("ftp://api.openai.com", "is no base URL"),
        ("https://", "is no base URL"),
        ("https://api.openai.com/v1?key=1", "has a query or a fragment"),
        ("https://api.openai.com:99999", "names no server"),
        ("https://api.openai.com/a b", "must be percent-encoded"),
        ("https://api.openai.com/é", "must be percent-encoded"),
    ],
)
def test_what_is_no_base_url_is_refused(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as raised:
        Upstream.of(url)
    assert url in str(raised.value)


def test_credentials_in_a_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="holds credentials") as raised:
        Upstream.of("https://me:hunter2@api.openai.com")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://api.openai.com/v1", True),
        ("https://api.openai.com:443/v1", True),
        ("http://api.openai.com/v1", False),
        ("https://api.openai.com:99999/v1", False),
        ("https://other.example/v1", False),
    ],
)
def test_an_absolute_url_names_the_upstream_or_another(url: str, named: bool) -> None:
    assert Upstream.of("https://api.openai.com").names(urlsplit(url)) is named
