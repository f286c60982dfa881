import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from harness.report.visible import (
    counted,
    hex_dump,
    laid_out,
    left_out,
    marked_bytes,
    moment,
    plain,
    seconds,
    shortened,
    shown,
    shown_bytes,
)

UNSHAPED = "\x00\x07\x1b\x7f\x85\xad\u061c\u200b\u200e\u2028\u202e\u2066\ufeff\ud800\U000e0041"


@pytest.mark.parametrize(
    ("character", "escape"),
    [
        ("\x00", "\\x00"),
        ("\x1b", "\\x1b"),
        ("\r", "\\r"),
        ("\x85", "\\x85"),
        ("\u202e", "\\u202e"),
        ("\u2066", "\\u2066"),
        ("\u200b", "\\u200b"),
        ("\ufeff", "\\ufeff"),
        ("\ud83d", "\\ud83d"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_has_no_shape_gets_an_escape(character: str, escape: str) -> None:
    assert plain(f"a{character}b") == f"a{escape}b"
    assert shown(f"a{character}b") == f"a<i>{escape}</i>b"


@given(st.text(st.characters()))
def test_plain_text_can_be_written_and_holds_nothing_invisible(text: str) -> None:
    safe = plain(text)
    safe.encode()
    assert not set(safe) & set(UNSHAPED)


@given(st.text(st.characters() | st.sampled_from("<>&\"'" + UNSHAPED)))
def test_shown_text_has_no_markup_but_its_own(text: str) -> None:
    html = str(shown(text))
    rest = html.replace("<i>", "").replace("</i>", "")
    assert "<" not in rest
    assert ">" not in rest
    assert not set(html) & set(UNSHAPED)


@given(st.binary())
def test_shown_bytes_have_no_markup_but_their_own(data: bytes) -> None:
    html = str(shown_bytes(data))
    rest = html
    for tag in ("<i>", "</i>", "<b>", "</b>"):
        rest = rest.replace(tag, "")
    assert "<" not in rest
    html.encode()


def test_line_ends_are_named_and_break_the_line_once() -> None:
    assert shown("a\r\n\r\nb\tc") == "a<i>\\r\\n\\r\\n</i>\nb<i>\\t</i>c"


def test_layout_of_our_own_has_no_line_end_escapes() -> None:
    assert laid_out("{\n  <a>\x00\n}") == "{\n  &lt;a&gt;<i>\\x00</i>\n}"


def test_bytes_that_are_no_utf8_are_told_apart() -> None:
    assert shown_bytes(b"snow \xe2\x9d") == "snow <b>\\xe2</b><b>\\x9d</b>"
    assert shown_bytes("\u2744".encode()) == "\u2744"


def test_marks_stand_at_their_byte_positions() -> None:
    mark = Markup("<u></u>")
    assert marked_bytes(b"a<b", [(1, mark), (3, mark)]) == "a<u></u>&lt;b<u></u>"


def test_long_text_says_how_much_is_left_out() -> None:
    html = shortened("x" * 1000 + "<end>", 100)
    assert "905 characters left out" in html
    assert html.endswith("&lt;end&gt;")
    assert shortened("short", 100) == "short"


def test_left_out_escapes_its_unit() -> None:
    assert left_out(1234, "<b>") == "<em>\u2026 1,234 &lt;b&gt; left out \u2026</em>"


def test_a_hex_dump_has_place_bytes_and_ascii() -> None:
    dump = hex_dump(b"data: \xff\x00" + b"0123456789", 0x20)
    assert dump.splitlines() == [
        "000020  64 61 74 61 3a 20 ff 00 30 31 32 33 34 35 36 37  data: ..01234567",
        "000030  38 39                                            89",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "never"), (0.0, "0 ms"), (0.004, "4.0 ms"), (0.25, "250 ms"), (2.019, "2.02 s"), (300.4, "300 s")],
)
def test_seconds_in_words(value: float | None, words: str) -> None:
    assert seconds(value) == words


@pytest.mark.parametrize(
    ("started", "words"),
    [
        ("2026-11-21T04:20:30+00:00", "2026-11-21 04:20 UTC"),
        ("2026-11-21T04:20:30Z", "2026-11-21 04:20 UTC"),
        ("2026-11-21T05:20:30+01:00", "2026-11-21 04:20 UTC"),
        ("2026-11-21T04:20:30", "2026-11-21 04:20"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_moment_is_told_in_utc(started: str, words: str) -> None:
    assert moment(started) == words


def test_numbers_have_their_noun() -> None:
    assert counted(1, "case") == "1 case"
    assert counted(1234, "case") == "1,234 cases"
    assert counted(2, "child", "children") == "2 children"
