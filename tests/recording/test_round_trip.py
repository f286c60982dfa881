"""What is written is what is read, and writing what was read gives the same bytes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.recording.cassette import Exchange, RecordedRequest, load_cassette
from harness.recording.received import joined, ordered, parted
from harness.recording.writer import CassetteWriter, save_cassette
from harness.recording.written import canonical, written
from harness.wire.response import ENDINGS, Chunk, Gate, WireResponse

TOKEN = st.text("abcXYZ0189-_", min_size=1, max_size=8)
VALUE = st.one_of(TOKEN, st.text(st.characters(max_codepoint=255), max_size=12), st.just("a, b; q=0.1"))
CAME = st.lists(
    st.tuples(
        st.one_of(TOKEN, st.sampled_from(["Set-Cookie", "set-cookie", "X-A", "Content-Length", "Transfer-Encoding"])),
        VALUE,
    ),
    max_size=8,
)
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.sampled_from(
        ["data: {}\n\n", "a\r\n\r\n", "\x85", "\u2028", " \n", "\n", "\t", "👋 ", "\ufeff", "- a: b # c\n"]
    ),
)
PIECE = st.one_of(TEXT.map(str.encode), st.binary(max_size=20))
PAUSE = st.integers(0, 10**10).map(lambda us: us / 1e6)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)
NAME = st.sampled_from([None, "openai", "llama.cpp", "basics/text"])
URL = st.builds("https://h.test/v1/{}?a={}".format, TOKEN, st.text("ab%20é:?&='\"", max_size=8))


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    """What a recorder may have made."""
    request_headers = tuple((name.lower(), value) for name, value in draw(CAME))
    request = RecordedRequest(draw(st.sampled_from(["POST", "GET"])), draw(URL), request_headers, draw(PIECE))
    told: dict[str, Any] = {
        "provider": draw(NAME),
        "scenario": draw(NAME),
        "tool": draw(st.none() | TEXT),
        "recorded_at": draw(st.none() | st.just("2026-11-21T12:00:00Z")),
        "masked": draw(st.integers(0, 3)),
        "note": draw(st.none() | TEXT),
        "transcript": draw(st.none() | st.dictionaries(TEXT, JSON, max_size=3)),
    }
    ending = draw(st.sampled_from(ENDINGS))
    if draw(st.integers(0, 9)) == 0:
        return Exchange(request, WireResponse(0, (), (), ending=ending, before_head_s=draw(PAUSE), head=False), **told)
    headers, form = parted(draw(CAME))
    response = WireResponse(
        draw(st.integers(200, 999)),
        headers,
        tuple(draw(st.lists(st.builds(Chunk, PIECE, PAUSE), max_size=6))),
        ending=ending,
        transfer=draw(st.sampled_from(["chunked", "length", "close"])),
        missing_bytes=draw(st.integers(0, 99)),
        before_head_s=draw(PAUSE),
    )
    return Exchange(request, response, **told, reason=draw(st.sampled_from(["", "OK", "Too Many"])), header_form=form)


class Nothing:
    """Cleans nothing: what is random looks like a secret."""

    def clean(self, exchange: Exchange) -> tuple[Exchange, tuple[()]]:
        return exchange, ()


@settings(max_examples=150, deadline=None)
@given(st.lists(exchanges(), max_size=4))
def test_what_is_written_is_read_and_written_again_to_the_byte(made: list[Exchange]) -> None:
    with TemporaryDirectory() as folder:
        one, other, third = (Path(folder, name) for name in ("one.yaml", "other.yaml", "third.yaml"))
        with CassetteWriter(one, redactor=Nothing()) as writer:
            assert [writer.append(exchange) for exchange in made] == made
        if not made:
            assert not one.exists()
            return
        assert load_cassette(one).exchanges == tuple(made)
        save_cassette(other, load_cassette(one).exchanges, redactor=Nothing())
        assert other.read_bytes() == one.read_bytes()
        for exchange in made:
            CassetteWriter(third, redactor=Nothing(), append=True).append(exchange)
        assert third.read_bytes() == one.read_bytes()


@settings(max_examples=200, deadline=None)
@given(CAME)
def test_headers_are_put_together_as_they_came(came: list[tuple[str, str]]) -> None:
    headers, form = parted(came)
    assert joined(headers, form, 0) == tuple(came)
    assert {name for name, _ in headers} & {"content-length", "transfer-encoding"} == set()
    assert {value for name, value in form if name.lower() not in ("content-length", "transfer-encoding")} <= {None}


def test_a_body_that_was_unpacked_since_has_another_length_and_no_coding() -> None:
    headers, form = parted([("Content-Encoding", "gzip"), ("Content-Length", "9"), ("X-A", "b")])
    assert headers == (("content-encoding", "gzip"), ("x-a", "b"))
    assert joined((("x-a", "c"), ("x-new", "d")), form, 40) == (
        ("Content-Length", "40"),
        ("X-A", "c"),
        ("x-new", "d"),
    )


def test_an_order_that_names_other_headers_is_refused() -> None:
    headers = (("a", "1"), ("a", "3"), ("b", "2"))
    assert ordered(headers, "0 1 0") == (("a", "1"), ("b", "2"), ("a", "3"))
    for wrong in ("0 1", "0 1 1", "0 1 2", "a", "0 0 -1"):
        with pytest.raises(ValueError, match=r".+"):
            ordered(headers, wrong)


def plain(**others: Any) -> Exchange:
    request = RecordedRequest("POST", "http://h.test/", (), b"{}")
    return Exchange(request, WireResponse(**{"status": 200, "headers": (), "chunks": (Chunk(b"hi"),), **others}))


def test_an_exchange_reads_well() -> None:
    headers, form = parted([("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")])
    chunks = (Chunk(b'data: {"n": 1}\n\n', 0.25), Chunk("data: 👋\n\n".encode(), 0.5))
    exchange = Exchange(
        RecordedRequest("POST", "https://h.test/v1/chat", (("accept", "*/*"),), b'{"model": "m"}'),
        WireResponse(200, headers, chunks, ending="reset", before_head_s=0.125),
        provider="openai",
        recorded_at="2026-11-21T12:00:00Z",
        transcript={"text": "Hi\nyou", "usage": {"input_tokens": 9}, "error": None, "tool_calls": []},
        reason="OK",
        header_form=form,
    )
    assert written(exchange) == (
        "- request:\n"
        "    method: POST\n"
        "    uri: https://h.test/v1/chat\n"
        "    headers:\n"
        "      accept:\n"
        "      - '*/*'\n"
        "    body: |-\n"
        '      {"model": "m"}\n'
        "  response:\n"
        "    status:\n"
        "      code: 200\n"
        "      message: OK\n"
        "    headers:\n"
        "      Content-Type:\n"
        "      - text/event-stream\n"
        "      Transfer-Encoding:\n"
        "      - chunked\n"
        "    body:\n"
        "      string: |+\n"
        '        data: {"n": 1}\n'
        "\n"
        "        data: 👋\n"
        "\n"
        "  x-harness:\n"
        "    version: 1\n"
        "    chunks: 16@375000 12@875000\n"
        "    head_us: 125000\n"
        "    ending: reset\n"
        "    transfer: chunked\n"
        "    provider: openai\n"
        "    recorded_at: '2026-11-21T12:00:00Z'\n"
        "    transcript:\n"
        "      text: |-\n"
        "        Hi\n"
        "        you\n"
        "      usage:\n"
        "        input_tokens: 9\n"
        "      error: null\n"
        "      tool_calls: []\n"
    )


def test_a_long_table_of_chunks_has_short_lines() -> None:
    text = written(plain(chunks=tuple(Chunk(b"x" * 50, 0.01) for _ in range(100))))
    lines = [line for line in text.splitlines() if "@" in line]
    assert len(lines) == 11
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith("      50@10000 50@20000 ")


def test_arguments_that_nest_without_end_are_kept_as_json() -> None:
    deep: dict[str, Any] = {"text": "x"}
    for _ in range(300):
        deep = {"input": deep}
    exchange = Exchange(plain().request, plain().response, transcript=deep)
    with TemporaryDirectory() as folder:
        save_cassette(Path(folder, "a.yaml"), [exchange], redactor=Nothing())
        assert load_cassette(Path(folder, "a.yaml")).exchanges == (exchange,)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"chunks": (Chunk(b"", gate=Gate(1)),)}, "gates"),
        ({"chunk_extension": ";a"}, "extensions"),
        ({"codings": (("gzip", WireResponse(200, (), ())),)}, "codings"),
        ({"status": 101}, "no status 101"),
        ({"before_head_s": 1e9}, "x-harness.head_us: Expected `int` <= "),
    ],
)
def test_what_cannot_be_a_recording_is_not_written(others: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        written(plain(**others))


@pytest.mark.parametrize("name", ["../x", "a/../b", "/etc/passwd", "a\\b", "a//b", "a/", ".", "x" * 201, "a\n"])
def test_a_name_that_leads_elsewhere_is_not_written(name: str) -> None:
    with pytest.raises(ValueError, match=r"x-harness\.provider: "):
        written(Exchange(plain().request, plain().response, provider=name))
    with pytest.raises(ValueError, match=r"x-harness\.scenario: "):
        written(Exchange(plain().request, plain().response, scenario=name))


def test_what_stands_in_for_no_answer_is_a_failure_to_vcrpy() -> None:
    broken = Exchange(plain().request, WireResponse(0, (), (), ending="reset", head=False))
    assert "      code: 502\n      message: No response\n" in written(broken)
    assert canonical(broken) == broken
