"""SSE events that are named after the type of their payload."""

from __future__ import annotations

import json

from harness.dialects.named_events import named_event


def test_the_name_is_the_type() -> None:
    assert named_event({"type": "ping", "n": 1}) == b'event: ping\ndata: {"type":"ping","n":1}\n\n'


def test_half_a_surrogate_pair_goes_out_as_its_escape() -> None:
    frame = named_event({"type": "text", "text": "\ud83d"})
    assert frame == b'event: text\ndata: {"type":"text","text":"\\ud83d"}\n\n'
    assert json.loads(frame.split(b"data: ")[1])["text"] == "\ud83d"


def test_line_ends_in_text_are_escaped() -> None:
    assert named_event({"type": "text", "text": "a\nb\rc"}).count(b"\n") == 3
