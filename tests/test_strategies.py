"""The public strategies, as a user's own tests have them: of a reader that is right, and of one that is not."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from harness import decode
from harness.catalogue.models import Level
from harness.dialects import UnknownDialect, dialect_names
from harness.fuzz.neutral import neutral_variants
from harness.fuzz.stream import body_stream
from harness.strategies import Damaged, cuttings, damaged, neutral, streams

BODY = (
    'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m",'
    '"choices":[{"index":0,"delta":{"role":"assistant","content":"Grüße"},"finish_reason":null}]}\n\n'
    'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m",'
    '"choices":[{"index":0,"delta":{"content":" aus Köln"},"finish_reason":null}]}\n\n'
    'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m",'
    '"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    "data: [DONE]\n\n"
).encode()
SEARCH = settings(max_examples=1000, derandomize=True, database=None)
FEW = settings(SEARCH, max_examples=200)
LEVELS: tuple[Level, Level] = ("must", "should")


class CutOff(Exception):
    """What a careful reader raises."""


def read(reads: list[bytes]) -> str:
    """A careful reader of chat streams, as a user may have written it."""
    text, over = "", False
    for line in b"".join(reads).removeprefix(codecs.BOM_UTF8).replace(b"\r", b"\n").split(b"\n"):
        if line.startswith(b"data:") and line != b"data: [DONE]":
            [choice] = json.loads(line[5:])["choices"]
            text += choice["delta"].get("content") or ""
            over = over or choice["finish_reason"] is not None
    if not over:
        raise CutOff
    return text


def read_hastily(reads: list[bytes]) -> str:
    """The same with two bugs: characters are decoded read by read, and an answer that was cut off is an answer."""
    lines = "".join(data.decode("utf-8", "replace") for data in reads).split("\n")
    payloads = [json.loads(line[6:]) for line in lines if line.startswith("data: {") and line.endswith("}")]
    return "".join(payload["choices"][0]["delta"].get("content") or "" for payload in payloads)


@given(cuttings(BODY, dialect="openai-chat"))
def test_no_cutting_changes_what_a_careful_reader_says(reads: list[bytes]) -> None:
    assert read(reads) == "Grüße aus Köln"


@given(damaged(BODY, dialect="openai-chat"))
def test_a_careful_reader_takes_no_broken_answer_for_a_whole_one(broken: Damaged) -> None:
    try:
        read([*broken.reads])
    except (CutOff, ValueError, KeyError, TypeError, AttributeError):
        return
    assert broken.may_finish, broken.what


def test_the_smallest_cutting_that_breaks_a_hasty_reader_is_found() -> None:
    reads = find(
        cuttings(BODY, dialect="openai-chat"), lambda reads: read_hastily(reads) != read(reads), settings=SEARCH
    )
    first = BODY.index("ü".encode()) + 1
    assert reads == [BODY[:first], BODY[first:]]


def passes(broken: Damaged) -> bool:
    try:
        return not broken.may_finish and bool(read_hastily([*broken.reads]))
    except (ValueError, LookupError, TypeError, AttributeError):
        return False


def test_the_smallest_damage_that_a_hasty_reader_does_not_notice_is_found() -> None:
    broken = find(damaged(BODY, dialect="openai-chat"), passes, settings=SEARCH)
    assert (broken.ending, broken.body) == ("clean", BODY[: BODY.index(b"\n\n")])
    assert broken.what.startswith(f"cut after byte {len(broken.body)} of {len(BODY)}")
    assert broken.why


def test_damage_that_leaves_the_end_may_finish() -> None:
    broken = find(damaged(BODY, dialect="openai-chat"), lambda broken: broken.may_finish, settings=SEARCH)
    assert BODY.index(b'"stop"') < len(broken.body)


@given(st.data())
@settings(max_examples=30)
def test_neutral_changes_say_the_same(data: st.DataObject) -> None:
    changed = data.draw(neutral(BODY, dialect="openai-chat"))
    assert decode("openai-chat", changed).text == "Grüße aus Köln"


def smallest_neutral(needle: bytes, level: Level = "must") -> list[bytes]:
    """The lines that the smallest change with those bytes brings in."""
    body = find(neutral(BODY, dialect="openai-chat", level=level), lambda body: needle in body, settings=FEW)
    return [line for line in body.splitlines() if line not in BODY.splitlines()]


def test_neutral_changes_shrink_to_one() -> None:
    assert len(smallest_neutral(b"data:{")) == 1


def test_what_nobody_promised_is_left_out_unless_asked_for() -> None:
    stream = body_stream(BODY, "openai-chat")
    promised, not_promised = (
        {each.response.body for each in neutral_variants(stream) if each.level == level} for level in ("must", "should")
    )
    strict, lenient = (neutral(BODY, dialect="openai-chat", level=level) for level in LEVELS)
    assert find(lenient, lambda body: body in not_promised - promised, settings=FEW)
    with pytest.raises(NoSuchExample):
        find(strict, lambda body: body in not_promised - promised, settings=FEW)


@pytest.mark.parametrize("dialect", dialect_names())
def test_bodies_of_the_catalogue_are_there_for_every_dialect(dialect: str) -> None:
    body = find(streams(dialect=dialect), lambda body: decode(dialect, body).text != "", settings=SEARCH)
    assert decode(dialect, body).status in ("completed", "truncated", "failed")


@given(streams(dialect="ollama").flatmap(lambda body: st.tuples(st.just(body), cuttings(body, dialect="ollama"))))
@settings(max_examples=50)
def test_bodies_and_cuttings_go_together(drawn: tuple[bytes, list[bytes]]) -> None:
    body, reads = drawn
    assert decode("ollama", reads) == decode("ollama", body)


def test_bodies_can_be_of_some_families() -> None:
    bodies = streams(dialect="openai-chat", families=["usage"])
    body = find(bodies, lambda _: True, settings=SEARCH)
    assert b'"usage"' in body
    with pytest.raises(NoSuchExample):
        find(bodies, lambda body: b"tool_calls" in body, settings=SEARCH)


def test_a_family_without_a_stream_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="no stream of gemini is in nonsense; the families are canary, "):
        streams(dialect="gemini", families=["nonsense"])


@pytest.mark.parametrize("strategy", [cuttings, neutral, damaged])
def test_an_unknown_dialect_is_refused(strategy: Any) -> None:
    with pytest.raises(UnknownDialect):
        strategy(BODY, dialect="smoke-signals")
    with pytest.raises(UnknownDialect):
        streams(dialect="smoke-signals")


def test_a_body_without_a_place_is_given_as_it_is() -> None:
    assert find(neutral(b"", dialect="openai-chat"), lambda _: True) == b""
    assert find(cuttings(b"x", dialect="openai-chat"), lambda _: True) == [b"x"]
