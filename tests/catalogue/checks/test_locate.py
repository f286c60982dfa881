"""Findings point at the bytes."""

import pytest

from harness.catalogue.checks.locate import call_offset, text_offset
from harness.catalogue.models import Response
from harness.catalogue.render import render_response
from harness.dialects import dialect, dialect_names
from harness.wire.response import WireResponse

from .build import attempt, observed, only, text, verdict


def response(name: str) -> WireResponse:
    events = [
        {"text": ["Hel", "lo"]},
        {"tool_call": {"id": "call_1", "name": "get_weather", "arguments": {"city": "Oslo"}}},
        {"finish": "tool_calls"},
    ]
    return render_response(Response.model_validate({"events": events}), dialect(name))


@pytest.mark.parametrize("name", dialect_names())
def test_a_text_is_found_in_its_frame(name: str) -> None:
    body = response(name).body
    offset = text_offset(name, body, "text", 3)
    assert offset is not None
    assert b'"lo"' in body[offset : offset + 300]
    assert text_offset(name, body, "text", 5) is None


@pytest.mark.parametrize("name", dialect_names())
def test_a_call_is_found_in_its_frame(name: str) -> None:
    body = response(name).body
    offset = call_offset(name, body, 0)
    assert offset is not None
    assert b"get_weather" in body[offset : offset + 400]
    assert call_offset(name, body, 1) is None


def test_a_loss_points_at_the_frame_that_brought_what_is_lost() -> None:
    played = response("openai-chat")
    seen = observed(*text("Hel"), attempts=(attempt(response=played),))
    finding = only(verdict({"text": "Hello"}, seen, dialect="openai-chat"))
    assert finding.offset == played.body.index(b"data:", played.body.index(b'"Hel"'))
