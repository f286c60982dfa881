"""Targets: their keys, and when another one may take over."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects import UnknownDialect
from harness.events import ErrorInfo, ErrorKind
from harness.stack.fallback import Target, falls_back

from .fakes import FAKE, fake_dialect

KEYED = fake_dialect("keyed", key_variable="FAKE_API_KEY")
URL = "https://api.example"


def test_a_given_key_stands() -> None:
    assert Target(KEYED, URL, "sk-1").key({"FAKE_API_KEY": "sk-2"}) == "sk-1"


def test_the_environment_is_asked_next() -> None:
    assert Target(KEYED, URL).key({"FAKE_API_KEY": " sk-2\n"}) == "sk-2"
    assert Target(KEYED, URL, key_variable="MINE").key({"FAKE_API_KEY": "sk-2", "MINE": "sk-3"}) == "sk-3"


@pytest.mark.parametrize("environment", [{}, {"FAKE_API_KEY": ""}, {"FAKE_API_KEY": "  "}])
def test_a_missing_key_names_its_variable(environment: dict[str, str]) -> None:
    error = Target(KEYED, URL).key(environment)
    assert isinstance(error, ErrorInfo)
    assert error.kind == "auth"
    assert "FAKE_API_KEY" in error.message
    assert not error.retryable


def test_a_key_may_be_left_out_on_purpose() -> None:
    assert Target(KEYED, URL, "").key({}) == ""
    assert Target(FAKE, URL).key({}) == ""


def test_an_optional_key_is_used_where_there_is_one() -> None:
    optional = fake_dialect("optional", key_variable="FAKE_API_KEY", key_optional=True)
    assert Target(optional, URL).key({}) == ""
    assert Target(optional, URL).key({"FAKE_API_KEY": "sk"}) == "sk"


def test_the_place_is_shown_without_password() -> None:
    assert Target(FAKE, "https://me:secret@api.example:8443/x").place == "https://api.example:8443/x"
    assert Target(FAKE, URL).place == URL


@pytest.mark.parametrize(
    "url", ["api.example", "ftp://api.example", "http://", "", "http://host:port", "file:///etc/x"]
)
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        Target(FAKE, url)


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(UnknownDialect, match="nonsense"):
        Target("nonsense", URL)


@pytest.mark.parametrize(
    "kind", ["rate_limit", "overloaded", "quota", "server", "timeout", "connection", "protocol", "unknown"]
)
def test_what_this_provider_cannot_do_another_may(kind: ErrorKind) -> None:
    assert falls_back(ErrorInfo(kind, "no"))


@pytest.mark.parametrize("kind", ["context_overflow", "auth", "not_found", "invalid_request", "content_filter"])
def test_what_is_the_callers_to_mend_stays_here(kind: ErrorKind) -> None:
    assert not falls_back(ErrorInfo(kind, "no"))


def test_a_missing_key_is_no_refused_one() -> None:
    missing: Any = Target(KEYED, URL).key({})
    assert falls_back(missing)
