"""Messages are cut out of AWS's binary framing whatever the reads, and damage is never taken for a message."""

from __future__ import annotations

import base64
import struct
from itertools import pairwise
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.api import decode
from harness.wire.aws_event_stream import Framer


def message(payload: bytes, **headers: str) -> bytes:
    """One message with string headers; `_` in a name stands for `-`, and each begins with a colon."""
    block = b""
    for name, value in headers.items():
        key = f":{name.replace('_', '-')}".encode()
        block += bytes([len(key)]) + key + b"\7" + struct.pack(">H", len(value)) + value.encode()
    prelude = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    body = prelude + struct.pack(">I", crc32(prelude)) + block + payload
    return body + struct.pack(">I", crc32(body))


def chunk(inner: bytes) -> bytes:
    payload = b'{"bytes":"%b","p":"abcd"}' % base64.b64encode(inner)
    return message(payload, message_type="event", event_type="chunk", content_type="application/json")


BODY = chunk(b'{"type":"one"}') + chunk('{"type":"zwö"}'.encode()) + message(b'{"a":1}', message_type="event")


def cut(body: bytes, *places: int) -> list[bytes]:
    framer = Framer()
    edges = [0, *places, len(body)]
    frames = [frame for start, end in pairwise(edges) for frame in framer.feed(body[start:end])]
    return [frame.data for frame in [*frames, *framer.close()]]


def test_it_unwraps_the_vendors_own_json() -> None:
    assert cut(BODY) == [b'{"type":"one"}', '{"type":"zwö"}'.encode(), b'{"a":1}']


def test_every_cut_gives_the_same() -> None:
    assert all(cut(BODY, place) == cut(BODY) for place in range(len(BODY)))
    assert cut(BODY, *range(len(BODY))) == cut(BODY)


def test_an_exception_becomes_an_error_event() -> None:
    body = message(b'{"message":"Too fast"}', message_type="exception", exception_type="throttlingException")
    assert cut(body) == [b'{"type":"error","error":{"type":"throttlingException","message":"Too fast"}}']


@pytest.mark.parametrize("place", [3, 9, 14, 40, len(chunk(b'{"type":"one"}')) - 1])
def test_a_flipped_bit_ends_the_reading(place: int) -> None:
    damaged = bytearray(chunk(b'{"type":"one"}') + chunk(b'{"type":"two"}'))
    damaged[place] ^= 0x20
    assert b'{"type":"one"}' not in cut(bytes(damaged))
    assert b'{"type":"two"}' not in cut(bytes(damaged))


def test_half_a_message_is_no_message() -> None:
    framer = Framer()
    assert framer.feed(BODY[:50]) == []
    assert [frame.complete for frame in framer.close()] == [False]


def test_a_message_over_the_limit_is_said_to_be() -> None:
    assert [frame.too_long for frame in Framer(limit=40).feed(BODY)] == [True]


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    framer = Framer()
    assert all(isinstance(frame.data, bytes) for frame in [*framer.feed(b"\0" + data), *framer.close()])


def test_a_decoder_reads_its_vendors_events_in_it() -> None:
    events = (
        b'{"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":3,"output_tokens":1}}}',
        b'{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
        b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}',
        b'{"type":"content_block_stop","index":0}',
        b'{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}',
        b'{"type":"message_stop"}',
    )
    body = b"".join(map(chunk, events))
    transcript = decode("anthropic-messages", body)
    assert (transcript.text, transcript.status, transcript.warnings) == ("Hello", "completed", ())
    assert decode("anthropic-messages", body[:-20]).status == "completed"  # the stop reason has come
    assert decode("anthropic-messages", body[:300]).status == "truncated"
