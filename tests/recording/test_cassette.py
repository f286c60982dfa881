from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import pytest

from harness.recording import content_coding
from harness.recording.cassette import Exchange, RecordedRequest, UnreadableCassette, load_cassette
from harness.wire.response import Chunk, WireResponse

VCRPY = """\
interactions:
- request:
    body: '{"model":"gpt-4.1","messages":[{"role":"user","content":"Hi"}],"stream":true}'
    headers:
      Accept:
      - application/json
      Host:
      - api.openai.com
    method: POST
    uri: https://api.openai.com/v1/chat/completions
  response:
    body:
      string: "data: {\\"choices\\":[]}\\n\\ndata: [DONE]\\n\\n"
    headers:
      Content-Type:
      - text/event-stream
      Set-Cookie:
      - a=b
      - c=d
      Transfer-Encoding:
      - chunked
    status:
      code: 200
      message: OK
version: 1
"""
"""As vcrpy lays a cassette out."""

OURS = """\
version: 1
interactions:
- request: {method: post, uri: 'http://127.0.0.1/v1/messages', headers: {}, body: '{}'}
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [text/event-stream]}
    body: {string: "onetwothree"}
  x-harness:
    version: 1
    chunks: [[3, 1500000], [3, 1500000], [5, 4000000]]
    head_us: 1000000
    ending: reset
    transfer: chunked
    provider: anthropic
    scenario: basics/text
    tool: harness 0.1.0
"""


def write(folder: Path, text: str | bytes, name: str = "cassette.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def only(folder: Path, text: str | bytes, name: str = "cassette.yaml") -> Exchange:
    (exchange,) = load_cassette(write(folder, text, name)).exchanges
    return exchange


def problem(folder: Path, text: str | bytes, name: str = "cassette.yaml") -> str:
    """What is said of a cassette that cannot be read, without the folder."""
    with pytest.raises(UnreadableCassette) as caught:
        load_cassette(write(folder, text, name))
    said = str(caught.value)
    assert said.startswith(str(folder / name))
    return said.removeprefix(f"{folder}/")


def test_a_cassette_of_vcrpy_is_read(tmp_path: Path) -> None:
    assert only(tmp_path, VCRPY) == Exchange(
        RecordedRequest(
            "POST",
            "https://api.openai.com/v1/chat/completions",
            (("accept", "application/json"), ("host", "api.openai.com")),
            b'{"model":"gpt-4.1","messages":[{"role":"user","content":"Hi"}],"stream":true}',
        ),
        WireResponse(
            200,
            (("content-type", "text/event-stream"), ("set-cookie", "a=b"), ("set-cookie", "c=d")),
            (Chunk(b'data: {"choices":[]}\n\ndata: [DONE]\n\n'),),
        ),
        reason="OK",
        header_form=(
            ("Content-Type", None),
            ("Set-Cookie", None),
            ("Set-Cookie", None),
            ("Transfer-Encoding", "chunked"),
        ),
    )


def test_the_wire_truth_beside_a_response_is_read(tmp_path: Path) -> None:
    exchange = only(tmp_path, OURS)
    assert exchange.response == WireResponse(
        200,
        (("content-type", "text/event-stream"),),
        (Chunk(b"one", 0.5), Chunk(b"two", 0.0), Chunk(b"three", 2.5)),
        ending="reset",
        before_head_s=1.0,
    )
    assert (exchange.provider, exchange.scenario, exchange.tool) == ("anthropic", "basics/text", "harness 0.1.0")


def test_a_cassette_in_json_is_read_as_the_same(tmp_path: Path) -> None:
    import yaml

    for name in ("cassette.json", "cassette.yaml"):
        assert only(tmp_path, json.dumps(yaml.safe_load(VCRPY), indent=4), name) == only(tmp_path, VCRPY)


def test_a_yaml_flow_mapping_is_not_taken_for_json(tmp_path: Path) -> None:
    text = "{version: 1, interactions: [{request: {method: GET, uri: u}, response: {status: {code: 200}}}]}"
    assert only(tmp_path, text).response == WireResponse(200, (), ())


def body_of(folder: Path, body: str, headers: str = "{}") -> WireResponse:
    text = "version: 1\ninteractions:\n- request: {method: GET, uri: u}\n  response:\n    status: {code: 200}\n"
    return only(folder, f"{text}    headers: {headers}\n    body: {body}\n").response


def base64(data: bytes) -> str:
    import base64

    return "{string: !!binary " + base64.b64encode(data).decode() + "}"


@pytest.mark.parametrize(
    ("written", "body"),
    [
        ("{string: héllo}", "héllo".encode()),
        ("{string: !!binary 8J/Rgf8=}", b"\xf0\x9f\xd1\x81\xff"),
        ("{string: ''}", b""),
        ("{string: null}", b""),
        ("null", b""),
        ("plain", b"plain"),
        ("!!python/unicode plain", b"plain"),
        ('{string: "a\\r\\nb\\u2028\\0"}', b"a\r\nb\xe2\x80\xa8\0"),
    ],
)
def test_a_body_may_be_written_in_many_ways(tmp_path: Path, written: str, body: bytes) -> None:
    assert body_of(tmp_path, written).body == body


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"data: hello\n\n", mtime=0)),
        ("GZip", gzip.compress(b"data: hello\n\n", mtime=0)),
        ("deflate", zlib.compress(b"data: hello\n\n")),
        ("deflate", zlib.compress(b"data: hello\n\n", wbits=-15)),
        ("deflate, gzip", gzip.compress(zlib.compress(b"data: hello\n\n"), mtime=0)),
        ("gzip", b"data: hello\n\n"),
        ("deflate", b"data: hello\n\n"),
        ("identity", b"data: hello\n\n"),
    ],
)
def test_a_packed_body_is_unpacked_and_the_header_dropped(tmp_path: Path, coding: str, packed: bytes) -> None:
    response = body_of(tmp_path, base64(packed), f"{{Content-Encoding: ['{coding}'], X-A: [b]}}")
    assert (response.body, response.headers) == (b"data: hello\n\n", (("x-a", "b"),))


def test_a_packed_body_that_breaks_off_is_unpacked_as_far_as_it_goes(tmp_path: Path) -> None:
    packed = gzip.compress(b"data: hello\n\n" * 100, compresslevel=0)
    body = body_of(tmp_path, base64(packed[:300]), "{content-encoding: gzip}").body
    assert body.startswith(b"data: hello\n\n" * 20)


def test_a_coding_that_we_do_not_know_is_left_to_the_client(tmp_path: Path) -> None:
    response = body_of(tmp_path, base64(b"\x0b\x02\x80"), "{content-encoding: br}")
    assert (response.body, response.headers) == (b"\x0b\x02\x80", (("content-encoding", "br"),))


def test_a_recording_of_ours_keeps_its_coded_bytes(tmp_path: Path) -> None:
    packed = gzip.compress(b"hello", mtime=0)
    head = "version: 1\ninteractions:\n- request: {method: GET, uri: u}\n  response:\n    status: {code: 200}\n"
    text = f"{head}    headers: {{content-encoding: gzip}}\n    body: {base64(packed)}\n"
    response = only(tmp_path, f"{text}  x-harness: {{version: 1, chunks: [[{len(packed)}, 0]]}}\n").response
    assert (response.body, response.headers) == (packed, (("content-encoding", "gzip"),))


@pytest.mark.parametrize(
    ("headers", "transfer"),
    [
        ("{Content-Length: ['5']}", "length"),
        ("{Content-Length: ['5'], Transfer-Encoding: [chunked]}", "chunked"),
        ("{}", "chunked"),
    ],
)
def test_transfer_headers_become_a_transfer(tmp_path: Path, headers: str, transfer: str) -> None:
    response = body_of(tmp_path, "{string: hello}", headers)
    assert (response.transfer, response.headers) == (transfer, ())


def test_the_form_that_older_versions_of_vcrpy_wrote_for_httpx_is_read(tmp_path: Path) -> None:
    text = "version: 1\ninteractions:\n- request: {method: GET, uri: u, body: '', headers: {}}\n"
    text += "  response: {status_code: 429, http_version: HTTP/1.1, headers: {retry-after: '2'}, content: slow}\n"
    response = only(tmp_path, text).response
    assert (response.status, response.headers, response.body) == (429, (("retry-after", "2"),), b"slow")


def test_header_values_written_without_quotes_are_text(tmp_path: Path) -> None:
    headers = body_of(tmp_path, "''", "{a: [1], b: 2.5, c: 2024-01-01, d: [x, y]}").headers
    assert headers == (("a", "1"), ("b", "2.5"), ("c", "2024-01-01"), ("d", "x"), ("d", "y"))


def test_aliases_as_vcrpy_writes_them_are_followed(tmp_path: Path) -> None:
    text = VCRPY.replace("    headers:\n      Content-Type:", "    headers: &h\n      Content-Type:")
    text = text.replace("version: 1", "- request: {method: GET, uri: u}\n  response:\n    status: {code: 200}\n")
    text += "    headers: *h\n    body: {string: x}\nversion: 1\n"
    first, second = load_cassette(write(tmp_path, text)).exchanges
    assert first.response.headers == second.response.headers


def test_a_stand_in_for_a_response_that_never_came_has_no_head(tmp_path: Path) -> None:
    text = OURS.replace("onetwothree", "").replace("[[3, 1500000], [3, 1500000], [5, 4000000]]", "[]")
    response = only(tmp_path, text.replace("    head_us", "    head: false\n    head_us")).response
    assert (response.head, response.chunks, response.ending) == (False, (), "reset")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version: 1\n", "version: 2\n", "cassette.yaml:25: version: this is version 2 of the format"),
        ("method: POST", "method: 7", "cassette.yaml:3: interactions[0].request: a request has a `method` and a `uri`"),
        ("code: 200", "code: OK", "cassette.yaml:23: interactions[0].response.status: a response has a `status`"),
        ("code: 200", "code: 99", "cassette.yaml:23: interactions[0].response.status"),
        ("string:", "parsed:", "cassette.yaml:13: interactions[0].response.body: the body has no `string`"),
        ("      - a=b", "      - {a: b}", "response.headers.Set-Cookie: a header's value is text"),
        ("      - a=b", "      - yes", "response.headers.Set-Cookie: a header's value is text"),
        ("  response:", "  reply:", "cassette.yaml:2: interactions[0]: an interaction has a `request` and"),
        ("interactions:", "interaction:", "cassette.yaml:1: a cassette has `version: 1` and a list of"),
        ("- request:", "- !!python/object/apply:os.system [echo]\n- request:", "cassette.yaml:2: the tag"),
        ("- request:", "- !mine {a: b}\n- request:", "cassette.yaml:2: the tag !mine is refused"),
        ("- request:", "- !!int many\n- request:", "this is no YAML"),
        ("  response:", " response:", "cassette.yaml:11: this is no YAML"),
        ("body:", "*none :", "this is no YAML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in problem(tmp_path, VCRPY.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[3, 1500000]", "[[4, 1500000]", "x-harness.chunks: the chunks have 12 bytes, and the body has 11"),
        ("[5, 4000000]", "[-1, 1], [6, 2]", "x-harness.chunks"),
        ("[5, 4000000]", "[5]", "cassette.yaml:10: interactions[0].x-harness.chunks[2]: Expected `array` of length 2"),
        (
            "ending: reset",
            "ending: sudden",
            "cassette.yaml:12: interactions[0].x-harness.ending: Invalid enum value 'sudden'",
        ),
        ("    version: 1\n", "    version: 3\n", "version 3 is not known here; a newer harness wrote it"),
        ("  x-harness:\n", "  x-harness: 5\n  x-other:\n", "x-harness: "),
    ],
)
def test_a_wrong_key_of_ours_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in problem(tmp_path, OURS.replace(old, new, 1))


def test_a_cassette_of_the_oldest_form_names_its_migration(tmp_path: Path) -> None:
    assert "vcr.migration" in problem(tmp_path, "- request: {}\n  response: {}\n")


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (b"", "empty.yaml", "a cassette has"),
        (b"\xff\xfe\0", "bytes.yaml", "bytes.yaml:1: the file is not UTF-8 text"),
        (b"version: 1\n\xe9", "latin.yaml", "latin.yaml:2: the file is not UTF-8 text"),
        (b'{"version": 1,\n"interactions": [}', "broken.json", "broken.json:2: this is no JSON"),
        (b"[" * 200_000, "deep.json", "this is no JSON"),
        (b"a: 1\n---\nb: 2\n", "two.yaml", "two.yaml"),
        (b"{? [a, b] : c}", "key.yaml", "key.yaml"),
        (b"null", "null.json", "a cassette has"),
    ],
)
def test_what_is_no_cassette_is_refused(tmp_path: Path, text: bytes, name: str, said: str) -> None:
    assert said in problem(tmp_path, text, name)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCassette, match=r"gone\.yaml: cannot be read: No such file"):
        load_cassette(tmp_path / "gone.yaml")


def test_an_unpacked_body_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_coding, "UNPACKED_LIMIT", 1000)
    packed = gzip.compress(bytes(100_000))
    with pytest.raises(UnreadableCassette, match="unpacks to more than 1000 bytes"):
        body_of(tmp_path, base64(packed), "{content-encoding: gzip}")
