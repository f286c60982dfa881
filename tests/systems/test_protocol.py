"""Whatever a worker says is read as what it says, or refused with its own words; nothing else ever happens."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalogue.observation import CallerEnd
from harness.events import ErrorInfo, Text
from harness.systems.base import Case, Description, SystemBroken
from harness.systems.protocol import BadCase, CaseEnd, CaseEvent, encode_run, read_line

DESCRIBED = {
    "op": "described",
    "protocol": 1,
    "name": "x",
    "version": "1",
    "language": "rust",
    "dialects": ["gemini"],
    "features": ["usage"],
    "features_in": {"gemini": ["reasoning"]},
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_a_description_tells_claims_by_dialect() -> None:
    said = read_line(json.dumps(DESCRIBED).encode())
    assert isinstance(said, Description)
    assert said.claims("gemini") == {"usage", "reasoning"}
    assert said.claims("ollama") == {"usage"}


@pytest.mark.parametrize(
    ("said", "gemini", "ollama"),
    [(2, 2, 2), ({"gemini": 5}, 5, None), (None, None, None)],
)
def test_a_description_tells_the_documented_retries(said: object, gemini: int | None, ollama: int | None) -> None:
    line = {**DESCRIBED, "dialects": ["gemini", "ollama"], "default_retries": said}
    description = read_line(json.dumps(line).encode())
    assert isinstance(description, Description)
    assert (description.retries_by_default("gemini"), description.retries_by_default("ollama")) == (gemini, ollama)


def test_a_parser_says_that_it_is_one() -> None:
    said = read_line(json.dumps({**DESCRIBED, "kind": "parser"}).encode())
    assert isinstance(said, Description)
    assert said.kind == "parser"


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ({"status": "broken", "error": {"message": "NameError at a.py:3"}}, "its client: NameError at a.py:3"),
        ({"status": "broken"}, "it does not say how"),
        ({"status": "broken", "error": 5}, "it does not say how"),
    ],
)
def test_an_adapter_that_breaks_breaks_its_case_and_nothing_else(end: object, message: str) -> None:
    with pytest.raises(BadCase, match="the adapter itself failed") as raised:
        read_line(json.dumps({"case": "c1", "end": end}).encode())
    assert raised.value.case == "c1"
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": ["usages"]}, "claims the unknown feature 'usages'; did you mean 'usage'?"),
        ({"features_in": {"gemini": ["zzz"]}}, "the features are retries, retry_after"),
        ({"dialects": ["openai_chat"]}, "none of the dialects that we know"),
        ({"kind": "gateway"}, "says that it is a 'gateway'"),
        ({"name": 5}, "Expected `str`, got `int`"),
    ],
)
def test_a_wrong_description_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(SystemBroken) as caught:
        read_line(json.dumps({**DESCRIBED, **change}).encode())
    assert message in str(caught.value)


def test_an_end_carries_the_error_as_far_as_it_is_told() -> None:
    line = b'{"case": "c", "end": {"status": "error", "raised": "Oops", "error": {"kind": "server", "status": 500}}}'
    assert read_line(line) == CaseEnd("c", CallerEnd("error", ErrorInfo("server", "", 500), "Oops"))
    assert read_line(b'{"case": "c", "end": {"status": "error"}}') == CaseEnd(
        "c", CallerEnd("error", ErrorInfo("unknown", ""))
    )


def test_text_that_only_the_standard_parser_reads_is_kept() -> None:
    assert read_line(b'{"case": "c", "event": {"type": "text", "text": "\\ud83d"}}') == CaseEvent("c", Text("\ud83d"))


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_read_or_refused(line: bytes) -> None:
    try:
        read_line(line)
    except SystemBroken as error:
        assert str(error)


@given(JSON, st.sampled_from(["text", "tool_call", "usage", "finish", "retry", "failure", "end", "new"]))
def test_any_event_is_read_or_refused(value: object, kind: str) -> None:
    fields = value if isinstance(value, dict) else {"text": value}
    line = json.dumps({"case": "c", "event": {**fields, "type": kind}}).encode()
    try:
        assert isinstance(read_line(line), CaseEvent)
    except BadCase as error:
        assert error.case == "c"


@given(JSON)
def test_any_end_is_read_or_refused(value: object) -> None:
    try:
        assert isinstance(read_line(json.dumps({"case": "c", "end": value}).encode()), CaseEnd)
    except BadCase as error:
        assert error.case == "c"


def test_a_case_is_one_line_with_what_the_system_needs() -> None:
    line = encode_run(Case("c1", "gemini", "http://h/c1", "k", {"model": "é\n"}, {"max_retries": 2}), "c1~1")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "op": "run",
        "case": "c1~1",
        "dialect": "gemini",
        "base_url": "http://h/c1",
        "api_key": "k",
        "request": {"model": "é\n"},
        "options": {"max_retries": 2},
    }
    assert b'"fallback_base_url": "http://h/f"' in encode_run(Case("c", "gemini", "", "", {}, {}, "http://h/f"), "c")
