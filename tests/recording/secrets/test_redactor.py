"""Canary secrets never survive, wherever in an exchange they stand and however they are written."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.recording.cassette import Exchange, load_cassette
from harness.recording.secrets import Finding, Redactor
from harness.recording.writer import save_cassette
from harness.wire.response import Chunk
from tests.dialects.recorded import recordings
from tests.recording.secrets.canaries import (
    FRAMES,
    KNOWN,
    KNOWS,
    KNOWS_NOTHING,
    SHAPED,
    Frame,
    chat,
    disguises,
    exchange,
    in_pieces,
    said,
    undisguised,
)

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def written(one: Exchange, folder: Path, redactor: Redactor) -> bytes:
    path = folder / "a.yaml"
    save_cassette(path, [one], redactor=redactor)
    return path.read_bytes()


PLACES = {
    "a header of keys": exchange(request_headers=[("authorization", f"Bearer {KNOWN}")]),
    "Basic auth": exchange(request_headers=[("authorization", "Basic " + "dXNlcjpYcTdaYlIybUx3OVR0WXY0S3BEczgx")]),
    "a header of another name": exchange(request_headers=[("x-tenant", f"t={KNOWN}; v=1")]),
    "a header of the answer": exchange(headers=[("set-cookie", f"sid={KNOWN}; Path=/"), ("x-echo", KNOWN)]),
    "the path": exchange(url=f"https://api.example.invalid/{KNOWN}/chat"),
    "a parameter": exchange(url=f"https://api.example.invalid/v1?alt=sse&key={KNOWN}"),
    "the fragment": exchange(url=f"https://api.example.invalid/v1#token={KNOWN}"),
    "the user": exchange(url=f"https://{KNOWN}:x@api.example.invalid/v1"),
    "the password": exchange(url=f"https://user:{KNOWN}@api.example.invalid/v1"),
    "the reason": replace(exchange(), reason=f"No key {KNOWN}"),
    "the note": replace(exchange(), note=f"with {KNOWN}"),
    "the scenario": replace(exchange(), scenario=f"a/{KNOWN}"),
    "the transcript": replace(exchange(), transcript={"text": f"Your key is {KNOWN}.", "status": "completed"}),
    "the name of a header": exchange(headers=[(KNOWN.lower(), "1")]),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_place_of_an_exchange_keeps_a_secret(place: str, tmp_path: Path) -> None:
    redactor = Redactor([KNOWN, KNOWN.lower()], environment={})
    text = written(PLACES[place], tmp_path, redactor)
    assert KNOWN.encode() not in undisguised(text)
    assert KNOWN.lower().encode() not in text
    assert load_cassette(tmp_path / "a.yaml").exchanges[0].masked >= 1


@pytest.mark.parametrize("secret", [KNOWN, SHAPED], ids=["known", "shaped"])
@pytest.mark.parametrize("disguise", disguises(KNOWN))
@pytest.mark.parametrize("side", ["request", "response"])
def test_no_disguise_brings_a_secret_through(disguise: str, secret: str, side: str, tmp_path: Path) -> None:
    body = disguises(secret)[disguise]
    half = len(body) // 2
    one = exchange(request_body=body) if side == "request" else exchange(reads=[body[:half], body[half:]])
    assert secret.encode() in undisguised(body), "the thief of this test must be able to read it"
    redactor = KNOWS if secret == KNOWN else KNOWS_NOTHING
    text = written(one, tmp_path, redactor)
    assert secret.encode() not in undisguised(text)
    (kept,) = load_cassette(tmp_path / "a.yaml").exchanges
    bodies = (kept.request.body, one.request.body), (kept.response.body, one.response.body)
    assert [len(now) for now, _ in bodies] == [len(was) for _, was in bodies]
    for now in (kept.request.body, kept.response.body):
        assert secret.encode() not in undisguised(now)


@pytest.mark.parametrize("pack", [lambda data: gzip.compress(data, mtime=0), zlib.compress], ids=["gzip", "deflate"])
def test_a_coded_body_with_a_secret_is_kept_unpacked_and_says_so(pack: object, tmp_path: Path) -> None:
    assert callable(pack)
    frames = [chat(text) for text in ["Key: ", *in_pieces(KNOWN, 3), " done"]]
    packed = pack(b"".join(frames))
    coding = "gzip" if packed.startswith(b"\x1f\x8b") else "deflate"
    one = exchange(headers=[("content-encoding", coding), ("x", "1")], reads=[packed[:40], packed[40:]])
    cleaned, _ = KNOWS.clean(one)
    assert cleaned.response.headers == (("x", "1"),)
    assert said(cleaned.response.body) == f"Key: {'*' * len(KNOWN)} done"
    assert cleaned.note == "the response's body was unpacked, because a secret was masked in it"
    assert KNOWN.encode() not in undisguised(written(one, tmp_path, KNOWS))


def test_a_coded_body_without_a_secret_stays_packed() -> None:
    packed = gzip.compress(chat("Hello"), mtime=0)
    one = exchange(headers=[("content-encoding", "gzip")], reads=[packed[:9], packed[9:]])
    assert KNOWS.clean(one) == (one, ())


def test_a_body_that_cannot_be_unpacked_is_kept_and_told_of() -> None:
    one = exchange(headers=[("content-encoding", "br")], reads=[b"\x0b\x02\x80"])
    cleaned, findings = KNOWS.clean(one)
    assert cleaned.response.body == b"\x0b\x02\x80"
    assert cleaned.note == "the response's body was not searched for secrets: it is packed as br"
    assert findings == (Finding("unsearched-coding", "response.body", 0),)
    assert cleaned.masked == 0


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.__name__)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_secret_that_a_model_says_piece_by_piece_is_masked_in_every_delta(frame: Frame, size: int) -> None:
    body = b"".join(frame(text) for text in ["Your key is ", *in_pieces(SHAPED, size), " - keep it."])
    cleaned, findings = KNOWS_NOTHING.clean(exchange(reads=in_reads(body, 17)))
    assert said(cleaned.response.body) == f"Your key is {'*' * len(SHAPED)} - keep it."
    assert {finding.rule for finding in findings} == {"sk-key"}
    assert [len(chunk.data) for chunk in cleaned.response.chunks] == [len(read) for read in in_reads(body, 17)]


def in_reads(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


def test_two_secrets_that_come_in_turns_are_both_masked() -> None:
    def frame(index: int, text: str) -> bytes:
        call = {"index": index, "function": {"arguments": text}}
        return b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}).encode() + b"\n\n"

    pairs = zip(in_pieces(KNOWN, 2), in_pieces(SHAPED, 3), strict=False)
    body = b"".join(frame(0, one) + frame(1, other) for one, other in pairs)
    cleaned, _ = KNOWS.clean(exchange(reads=[body]))
    texts = [
        json.loads(line[6:])["choices"][0]["delta"]["tool_calls"][0]
        for line in cleaned.response.body.split(b"\n\n")[:-1]
    ]
    kept = {index: "".join(one["function"]["arguments"] for one in texts if one["index"] == index) for index in (0, 1)}
    assert kept == {0: "*" * len(KNOWN), 1: "*" * len(SHAPED)}


def test_an_array_of_frames_is_masked_as_well() -> None:
    parts = [
        json.dumps({"candidates": [{"content": {"parts": [{"text": piece}]}}]})
        for piece in ["k ", *in_pieces(KNOWN, 4)]
    ]
    body = ("[" + ",\r\n".join(parts) + "]").encode()
    cleaned, _ = KNOWS.clean(exchange(reads=[body]))
    texts = [one["candidates"][0]["content"]["parts"][0]["text"] for one in json.loads(cleaned.response.body)]
    assert "".join(texts) == "k " + "*" * len(KNOWN)


@settings(max_examples=60, deadline=None)
@given(
    secret=st.text(st.sampled_from(LETTERS), min_size=12, max_size=40).filter(lambda text: len(set(text)) > 5),
    cuts=st.lists(st.integers(1, 39), max_size=8),
    size=st.integers(1, 60),
    frame=st.sampled_from(FRAMES),
)
def test_no_cut_brings_a_known_secret_through(secret: str, cuts: list[int], size: int, frame: Frame) -> None:
    ends = sorted({0, len(secret), *(cut for cut in cuts if cut < len(secret))})
    pieces = [secret[start:end] for start, end in pairwise(ends)]
    body = b"".join(frame(text) for text in ["It is: ", *pieces, ". So!"])
    cleaned, _ = Redactor([secret], environment={}).clean(exchange(reads=in_reads(body, size)))
    assert said(cleaned.response.body) == f"It is: {'*' * len(secret)}. So!"
    assert len(cleaned.response.body) == len(body)


def test_masking_again_changes_nothing() -> None:
    body = b"".join(chat(text) for text in ["Key: ", *in_pieces(SHAPED, 3), f" and {KNOWN}"])
    one = exchange(url=f"https://h.invalid/?key={KNOWN}", request_headers=[("x-api-key", SHAPED)], reads=[body])
    cleaned, findings = KNOWS.clean(one)
    assert {(finding.place, finding.rule) for finding in findings} == {
        ("request.url", "query-parameter"),
        ("request.headers.x-api-key", "header-name"),
        ("response.body", "sk-key"),
        ("response.body", "known-value"),
    }
    assert KNOWS.clean(cleaned) == (cleaned, ())


def test_what_is_masked_tells_its_length_and_nothing_else() -> None:
    one = exchange(
        url=f"https://user:{KNOWN}@h.invalid/v1?key={KNOWN}&alt=sse",
        request_headers=[("authorization", f"Bearer {KNOWN}"), ("cookie", f"a={KNOWN}; b=2"), ("accept", "*/*")],
    )
    cleaned, _ = KNOWS_NOTHING.clean(one)
    stars = "*" * len(KNOWN)
    assert cleaned.request.url == f"https://****:{stars}@h.invalid/v1?key={stars}&alt=sse"
    assert cleaned.request.headers == (
        ("authorization", f"Bearer {stars}"),
        ("cookie", f"a={stars}; b=*"),
        ("accept", "*/*"),
    )


def test_the_reads_of_a_body_stay_where_they_were() -> None:
    body = f'{{"api_key": "{KNOWN}"}}'.encode()
    one = exchange(reads=[body[:20], body[20:25], body[25:]])
    cleaned, _ = KNOWS_NOTHING.clean(one)
    assert [chunk.data for chunk in cleaned.response.chunks] == [b'{"api_key": "*******', b"*****", b'**********"}']
    assert [chunk.pause_s for chunk in cleaned.response.chunks] == [0.25] * 3


def test_the_values_of_key_variables_are_known() -> None:
    environment = {
        "SOME_API_KEY": KNOWN,
        "STAGE_NAME": "vQ8xR5nB1cJ6",
        "OTHER_TOKEN": "changeme",
        "PLAIN": "wP2gT9sK5aZ7",
    }
    body = b"1 Xq7ZbR2mLw9TtYv4KpDs81 2 vQ8xR5nB1cJ6 3 changeme 4 wP2gT9sK5aZ7"
    of_keys = Redactor(environment=environment)
    assert of_keys.clean_text(body)[0] == b"1 ********************** 2 vQ8xR5nB1cJ6 3 changeme 4 wP2gT9sK5aZ7"
    named = Redactor(environment=environment, variables=["STAGE_NAME"])
    assert named.clean_text(body)[0] == b"1 Xq7ZbR2mLw9TtYv4KpDs81 2 ************ 3 changeme 4 wP2gT9sK5aZ7"
    more = Redactor(environment=environment, more_variables=["PLAIN", "OTHER_TOKEN"])
    assert more.clean_text(body)[0] == b"1 ********************** 2 vQ8xR5nB1cJ6 3 ******** 4 ************"


def test_a_value_that_is_too_short_is_not_looked_for() -> None:
    text = b"the quick brown fox"
    assert Redactor(["quick"], environment={}).clean_text(text) == (text, ())
    assert Redactor(["quick "], environment={}).clean_text(text)[0] == b"the ******brown fox"


def test_a_golden_transcript_is_that_of_the_masked_body() -> None:
    body = (
        chat(f"Your key: {KNOWN}")
        + b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    )
    from harness.recording.golden import Undecoded, decoded

    one = exchange(headers=[("content-type", "text/event-stream")], reads=[body])
    was = decoded(one)
    assert not isinstance(was, Undecoded)
    cleaned, _ = KNOWS.clean(replace(one, transcript=was.to_dict()))
    assert cleaned.transcript is not None
    assert cleaned.transcript["text"] == "Your key: **********************"


def test_a_redactor_does_not_tell_its_values() -> None:
    assert repr(KNOWS) == "Redactor()"
    assert KNOWN not in repr(KNOWS.clean(exchange(reads=[KNOWN.encode()])))


@pytest.mark.parametrize(
    "name", ["anthropic-messages", "gemini", "ollama-chat", "openai-chat", "openai-responses", "other"]
)
def test_real_streams_hold_nothing_that_is_taken_for_a_secret(name: str) -> None:
    """Ids, signatures, encrypted reasoning and images are no keys. Every twentieth is asked, to be quick."""
    for recording in recordings(name, "stream")[::20]:
        one = exchange(reads=recording.chunks, request_body=json.dumps(recording.request).encode())
        cleaned, findings = KNOWS_NOTHING.clean(
            replace(one, response=replace(one.response, headers=tuple(recording.headers.items())))
        )
        bodies = [
            finding for finding in findings if finding.place.endswith("body") and finding.rule != "unsearched-coding"
        ]
        assert bodies == [], recording.id
        assert cleaned.response.body == recording.body


def test_empty_chunks_and_bodies_are_nothing_to_search() -> None:
    one = exchange(request_body=b"", reads=[])
    assert KNOWS.clean(one) == (one, ())
    two = replace(one, response=replace(one.response, chunks=(Chunk(b""),)))
    assert KNOWS.clean(two) == (two, ())
