"""A text is searched in every way in which it can be read, within limits that hold."""

from __future__ import annotations

import base64
import json

from harness.recording.secrets.search import KNOWN_VALUE, Hit, Search, masked
from tests.recording.secrets.canaries import KNOWN, SHAPED


def test_a_secret_is_told_once_and_in_the_order_of_the_text() -> None:
    text = f"1 {SHAPED} 2 {KNOWN} 3".encode()
    found = Search([KNOWN]).hits(text)
    assert [(hit.rule, hit.spans) for hit in found] == [("sk-key", ((2, 34),)), (KNOWN_VALUE, ((37, 59),))]
    assert masked(text, found) == b"1 " + b"*" * 32 + b" 2 " + b"*" * 22 + b" 3"


def test_a_text_that_stands_there_many_times_is_masked_in_every_place() -> None:
    packed = base64.b64encode(f"key {KNOWN}".encode()).decode()
    rows = b"".join(json.dumps({"n": number, "a": packed}).encode() + b"\n" for number in range(50))
    search = Search([KNOWN])
    cleaned = masked(rows, search.hits(rows))
    assert search.hits(cleaned) == []
    assert len(cleaned) == len(rows)
    assert packed.encode() not in cleaned


def test_the_same_text_is_searched_again_where_it_holds_something() -> None:
    """What was looked at in vain is not looked at again; what was not in vain is, for it stands elsewhere."""
    inner = base64.b64encode(f"first {KNOWN}".encode())
    text = b'{"a": "' + inner + b'", "b": "' + inner.hex().encode() + b'"}'
    search = Search([KNOWN])
    assert search.hits(masked(text, search.hits(text))) == []
    assert len(search.hits(text)) == 2


def test_an_escape_stays_one() -> None:
    text = b'{"a": "\\u0058q7ZbR2mLw9TtYv4KpDs8\\u0031"}'
    cleaned = masked(text, Search([KNOWN]).hits(text))
    assert cleaned == b'{"a": "\\u002a********************\\u002a"}'
    assert json.loads(cleaned) == {"a": "*" * 22}


def test_a_value_that_is_not_ascii_is_found_as_json_writes_it() -> None:
    value = "pässwort-😀-1234"
    text = json.dumps({"a": value}).encode() + json.dumps({"b": value}, ensure_ascii=False).encode()
    cleaned = masked(text, Search([value]).hits(text))
    assert "pässwort".encode() not in cleaned
    assert b"sswort" not in cleaned
    assert b"1234" not in cleaned


def test_a_value_with_spaces_is_found_as_forms_write_it() -> None:
    assert masked(b"a=correct+horse+battery", Search(["correct horse battery"]).hits(b"a=correct+horse+battery")) == (
        b"a=" + b"*" * 21
    )


def test_named_hits_are_not_told_twice() -> None:
    text = f"Bearer {KNOWN}".encode()
    found = Search([KNOWN]).hits(text, [Hit("header-name", ((7, 29),))])
    assert [hit.rule for hit in found] == ["header-name"]


def test_encodings_in_encodings_end_somewhere() -> None:
    text = KNOWN.encode() * 4
    for _ in range(12):
        text = base64.b64encode(text)
    assert Search([KNOWN]).hits(text) == []  # twelve deep: no one stumbles over that


def test_as_it_stands_nothing_is_unpacked() -> None:
    packed = base64.b64encode(KNOWN.encode())
    assert Search([KNOWN]).plain_hits(packed + b" " + KNOWN.encode()) == [Hit(KNOWN_VALUE, ((33, 55),))]
