from __future__ import annotations

from typing import Any

import pytest

from harness.origin.head import Framing, framing, head_bytes, head_fields, phrase, unplayable
from harness.wire.response import WireResponse

from .wire import response


@pytest.mark.parametrize(
    ("fields", "framed"),
    [
        ({}, Framing(True, None, "keep")),
        ({"transfer": "length"}, Framing(False, 5, "keep")),
        ({"transfer": "close"}, Framing(False, None, "close")),
        ({"ending": "no_last_chunk"}, Framing(True, None, "cut")),
        ({"ending": "no_last_chunk", "transfer": "close"}, Framing(False, None, "cut")),
        ({"ending": "short_length", "missing_bytes": 4}, Framing(False, 9, "cut")),
        ({"ending": "short_length"}, Framing(False, 6, "cut")),
        ({"ending": "reset"}, Framing(True, None, "reset")),
        ({"ending": "reset", "transfer": "length", "missing_bytes": 4}, Framing(False, 9, "reset")),
        ({"ending": "stall"}, Framing(True, None, "stall")),
        ({"ending": "timeout"}, Framing(True, None, "stall")),
        ({"ending": "cancelled", "transfer": "length"}, Framing(False, 6, "stall")),
        ({"head": False}, Framing(True, None, "cut")),
        ({"head": False, "ending": "reset"}, Framing(True, None, "reset")),
    ],
)
def test_an_ending_and_a_transfer_make_a_framing(fields: dict[str, Any], framed: Framing) -> None:
    assert framing(response(b"he", b"llo", **fields)) == framed


def test_a_status_that_has_no_body_has_no_framing() -> None:
    assert framing(WireResponse(204, (), ())) == Framing(False, None, "keep")
    assert framing(WireResponse(304, (), (), transfer="length")) == Framing(False, None, "keep")


def test_the_last_answer_of_a_connection_closes_it() -> None:
    assert framing(response(b"hello"), last=True) == Framing(True, None, "close")
    assert framing(response(b"hello"), last=True, http10=True) == Framing(False, None, "close")
    assert framing(response(b"hello", ending="reset"), last=True).close == "reset"


@pytest.mark.parametrize(
    ("framed", "promises_more"),
    [
        (Framing(True, None, "cut"), True),
        (Framing(False, 6, "cut"), True),
        (Framing(False, None, "cut"), False),
        (Framing(True, None, "keep"), False),
        (Framing(False, 6, "close"), False),
    ],
)
def test_what_a_client_can_tell_of_a_cut(framed: Framing, promises_more: bool) -> None:
    assert framed.promises_more == promises_more


def test_planned_fields_come_first_and_are_not_doubled() -> None:
    planned = WireResponse(200, (("date", "then"), ("content-length", "9"), ("x-a", "ö"), ("x-b", "→")), ())
    fields = head_fields(planned, framing(planned, last=True))
    assert fields == [
        (b"date", b"then"),
        (b"x-a", b"\xf6"),
        (b"x-b", b"\xe2\x86\x92"),
        (b"server", b"harness-origin"),
        (b"transfer-encoding", b"chunked"),
        (b"connection", b"close"),
    ]


def test_a_head_is_a_status_line_and_its_fields() -> None:
    assert head_bytes(404, [(b"a", b"b")]) == b"HTTP/1.1 404 Not Found\r\na: b\r\n\r\n"


@pytest.mark.parametrize(("status", "said"), [(200, b"OK"), (529, b"Overloaded"), (799, b"Unassigned")])
def test_every_status_has_a_phrase(status: int, said: bytes) -> None:
    assert phrase(status) == said


@pytest.mark.parametrize(
    "planned",
    [
        WireResponse(200, (("", "x"),), ()),
        WireResponse(200, (("näme", "x"),), ()),
        WireResponse(200, (("a:b", "x"),), ()),
        WireResponse(200, (("a", "x\ny"),), ()),
        WireResponse(200, (("a", "x\0"),), ()),
        WireResponse(199, (), ()),
        WireResponse(1000, (), ()),
    ],
)
def test_what_would_break_the_head_is_not_played(planned: WireResponse) -> None:
    assert unplayable(planned)


def test_a_response_without_a_head_needs_no_status() -> None:
    assert unplayable(WireResponse(0, (), (), "reset", head=False)) is None
