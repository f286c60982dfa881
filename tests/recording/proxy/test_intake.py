from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.recording.proxy.intake import Intake
from harness.recording.proxy.refusal import Refused
from harness.recording.proxy.upstream import Upstream

API = Upstream.of("https://api.example/base")

CHUNKED = b"""\
POST /v1/chat?x=1 HTTP/1.1\r
host: 127.0.0.1:4000\r
X-Api-Key: abc\r
Transfer-Encoding: chunked\r
Connection: keep-alive, X-Hop, TE\r
TE: trailers\r
X-Hop: 1\r
Keep-Alive: timeout=5\r
Proxy-Authorization: Basic eA==\r
Proxy-Connection: keep-alive\r
x-again: 1\r
X-Again: 2\r
\r
3;ext="a;b"\r
{"a\r
4\r
":1}\r
0\r
X-Trailer: t\r
\r
"""
CHUNKED_ONWARD = b"""\
POST /base/v1/chat?x=1 HTTP/1.1\r
host: api.example\r
X-Api-Key: abc\r
Transfer-Encoding: chunked\r
Connection: keep-alive, te\r
TE: trailers\r
x-again: 1\r
X-Again: 2\r
\r
3;ext="a;b"\r
{"a\r
4\r
":1}\r
0\r
X-Trailer: t\r
\r
"""
HEADERS = (
    ("host", "api.example"),
    ("x-api-key", "abc"),
    ("transfer-encoding", "chunked"),
    ("connection", "keep-alive, te"),
    ("te", "trailers"),
    ("x-again", "1"),
    ("x-again", "2"),
)


def fed(data: bytes, cuts: Iterable[int] = (), upstream: Upstream = API) -> tuple[Intake, bytes]:
    """An intake that was given the data, cut so, and what it sends on."""
    intake = Intake(upstream, "127.0.0.1:4000")
    edges = [0, *sorted(cuts), len(data)]
    onward = b""
    for start, end in pairwise(edges):
        if intake.over:
            return intake, onward  # the rest of the data is no business of this request
        onward += intake.feed(data[start:end])
    return intake, onward


@given(st.sets(st.integers(1, len(CHUNKED) - 1)))
def test_a_body_goes_on_byte_by_byte_behind_a_new_head_however_it_is_cut(cuts: set[int]) -> None:
    intake, onward = fed(CHUNKED, cuts)
    assert onward == CHUNKED_ONWARD
    assert (intake.over, intake.last, intake.rest) == (True, False, b"")
    assert intake.recorded.headers == HEADERS
    assert (intake.recorded.method, intake.recorded.url) == ("POST", "https://api.example/base/v1/chat?x=1")
    assert intake.recorded.body == b'{"a":1}'


BY_LENGTH = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


@given(st.sets(st.integers(1, len(BY_LENGTH) - 1)))
def test_a_body_of_known_length_goes_on(cuts: set[int]) -> None:
    intake, onward = fed(BY_LENGTH, cuts)
    head = b"POST /base/a HTTP/1.1\r\nHost: api.example\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"
    assert onward == head + b"hello"
    assert (intake.recorded.body, intake.last) == (b"hello", True)


def test_what_comes_behind_a_request_is_left_for_the_next_one() -> None:
    intake, onward = fed(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\n")
    assert onward.endswith(b"\r\n\r\nhi")
    assert intake.rest == b"GET /b HTTP/1.1\r\n"


def test_a_length_beside_chunks_is_left_out() -> None:
    _, onward = fed(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert onward == b"POST /base/a HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


def test_a_header_that_frames_the_body_is_never_taken_for_the_proxys() -> None:
    _, onward = fed(b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: content-length, host\r\nContent-Length: 1\r\n\r\na")
    assert onward == b"POST /base/a HTTP/1.1\r\nHost: api.example\r\nContent-Length: 1\r\n\r\na"


def test_an_old_client_is_relayed_as_one() -> None:
    intake, onward = fed(b"GET /a HTTP/1.0\r\nX-A: \xe9\r\n\r\n")
    assert onward == b"GET /base/a HTTP/1.0\r\nHost: api.example\r\nX-A: \xe9\r\n\r\n"
    assert (intake.over, intake.last) == (True, True)


def test_an_offer_of_http_2_is_passed_over() -> None:
    _, onward = fed(
        b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAEAAEAAAAIAAAAB\r\nAccept: */*\r\n\r\n"
    )
    assert onward == b"GET /base/a HTTP/1.1\r\nHost: api.example\r\nAccept: */*\r\n\r\n"


@pytest.mark.parametrize("target", ["https://api.example/v1/x?a=b", "http://127.0.0.1:4000/v1/x?a=b"])
def test_a_whole_url_of_this_proxy_or_its_upstream_is_a_path_of_the_upstream(target: str) -> None:
    _, onward = fed(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert onward == b"GET /base/v1/x?a=b HTTP/1.1\r\nHost: api.example\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "status", "slug", "said"),
    [
        (b"GET http://other.example/ HTTP/1.1\r\nHost: x\r\n\r\n", 421, "no-forward-proxy", "as the base URL"),
        (b"CONNECT api.example:443 HTTP/1.1\r\nHost: x\r\n\r\n", 421, "no-forward-proxy", "CONNECT api.example:443"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 501, "no-upgrade", "webso"),
        (b"hello\r\n\r\n", 400, "not-http", "no HTTP request"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "not-http", "no HTTP request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 110_000, 431, "not-http", "no HTTP request"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "not-http", "no HTTP request"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "not-http", "no HTTP request"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "other-version", "HTTP/2.0; only HTTP/1.1"),
    ],
)
def test_what_no_proxy_relays_is_refused(data: bytes, status: int, slug: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as raised:
        fed(data)
    assert (raised.value.status, raised.value.slug) == (status, slug)


def test_a_refusal_is_a_whole_answer_that_says_why() -> None:
    refused = Refused(502, "upstream-unreachable", "it cannot be reached", "is it up?")
    body = b'{"harness_proxy":{"slug":"upstream-unreachable","problem":"it cannot be reached","mend":"is it up?"}}\n'
    head = (
        b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: application/json\r\ncontent-length: 102\r\n"
        b"x-harness-proxy: upstream-unreachable\r\nconnection: close\r\n\r\n"
    )
    assert refused.answer() == head + body
    assert refused.answer(with_body=False) == head
