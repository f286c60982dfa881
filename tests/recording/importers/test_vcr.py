"""Cassettes of vcrpy of every age, of go-vcr and of Ruby's VCR."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import vcr.migration
from vcr.request import Request
from vcr.serialize import serialize
from vcr.serializers import yamlserializer

from harness.recording.cassette import Exchange
from harness.recording.golden import Undecoded, decoded
from harness.recording.importers.imported import Imported, UnreadableImport, Wishes
from harness.recording.importers.recognise import import_file

STREAM = '{"model":"m","message":{"role":"assistant","content":"Hé"},"done":true,"done_reason":"stop"}\n'
ASKED = '{"model":"m","messages":[{"role":"user","content":"Hi"}]}'

OLD_YAML = """\
- request: !!python/object:vcr.request.Request
    body: !!python/unicode '{"model":"m","messages":[{"role":"user","content":"Hi"}]}'
    headers: !!python/object/apply:__builtin__.frozenset
    - - !!python/tuple [Accept, '*/*']
      - !!python/tuple [X-Id, '7']
    host: localhost
    method: POST
    path: /api/chat
    port: 11434
    protocol: http
  response:
    body:
      string: !!python/unicode |
        {"model":"m","message":{"role":"assistant","content":"Hé"},"done":true,"done_reason":"stop"}
    headers: ["Content-Type: application/x-ndjson\\r\\n", "X-Two: a\\r\\n", "X-Two: b\\r\\n"]
    status: {code: 200, message: OK}
"""
OLD_JSON = json.dumps(
    [
        {
            "request": {
                "body": ASKED,
                "headers": {"Accept": "*/*"},
                "host": "localhost",
                "method": "POST",
                "path": "/api/chat",
                "port": 443,
                "protocol": "https",
            },
            "response": {
                "body": {"string": STREAM},
                "headers": ["Content-Type: application/x-ndjson\r\n"],
                "status": {"code": 200, "message": "OK"},
            },
        }
    ]
)
GO = """\
---
version: 2
interactions:
    - id: 0
      request:
        proto: HTTP/1.1
        host: localhost
        body: '{"model":"m","messages":[{"role":"user","content":"Hi"}]}'
        headers: {Accept: ['*/*']}
        url: http://localhost:11434/api/chat
        method: POST
      response:
        proto: HTTP/2.0
        body: |
            {"model":"m","message":{"role":"assistant","content":"Hé"},"done":true,"done_reason":"stop"}
        headers: {Content-Type: [application/x-ndjson]}
        status: 200 OK
        code: 200
        duration: 1.5s
"""
RUBY = """\
---
http_interactions:
- request:
    method: post
    uri: http://localhost:11434/api/chat
    body: {encoding: UTF-8, string: '{"model":"m","messages":[{"role":"user","content":"Hi"}]}'}
    headers: {Accept: ["*/*"]}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [application/x-ndjson]}
    body:
      encoding: ASCII-8BIT
      base64_string: |
        eyJtb2RlbCI6Im0iLCJtZXNzYWdlIjp7InJvbGUiOiJhc3Npc3RhbnQiLCJj
        b250ZW50IjoiSMOpIn0sImRvbmUiOnRydWUsImRvbmVfcmVhc29uIjoic3Rv
        cCJ9Cg==
  recorded_at: Fri, 21 Nov 2026 12:00:00 GMT
recorded_with: VCR 6.3.1
"""
TODAY = serialize(
    {
        "requests": [Request("POST", "http://localhost:11434/api/chat", ASKED, {"Accept": "*/*"})],
        "responses": [
            {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Content-Type": ["application/x-ndjson"]},
                "body": {"string": STREAM.encode()},
            }
        ],
    },
    yamlserializer,
)
FORMS = {
    "old.yaml": (OLD_YAML, "cassette of vcrpy before 1.0"),
    "old.json": (OLD_JSON, "cassette of vcrpy before 1.0"),
    "today.yaml": (TODAY, "cassette of vcrpy"),
    "go.yaml": (GO, "cassette of go-vcr"),
    "ruby.yml": (RUBY, "cassette of Ruby's VCR"),
}


def read(folder: Path, text: str, name: str = "cassette.yaml", wishes: Wishes | None = None) -> Imported:
    (folder / name).write_text(text)
    return import_file(folder / name, wishes or Wishes())


def text_of(exchange: Exchange) -> str:
    transcript = decoded(exchange)
    assert not isinstance(transcript, Undecoded)
    return transcript.choice.text


@pytest.mark.parametrize("name", FORMS)
def test_each_form_is_told_and_read(tmp_path: Path, name: str) -> None:
    text, form = FORMS[name]
    imported = read(tmp_path, text, name)
    assert imported.form == form
    [exchange] = imported.exchanges
    assert exchange.response.body.decode() == STREAM
    assert exchange.request.body.decode() == ASKED
    assert exchange.response.header("content-type") == "application/x-ndjson"
    assert ("accept", "*/*") in exchange.request.headers
    assert exchange.request.url.endswith("/api/chat")
    assert exchange.reason == "OK"
    assert text_of(exchange) == "Hé"
    assert exchange.note == "network reads were not recorded: the body is one chunk"


def test_addresses_in_parts_are_what_vcrpys_own_migration_makes_of_them(tmp_path: Path) -> None:
    for name, text in (("a.yaml", OLD_YAML), ("b.json", OLD_JSON)):
        (tmp_path / name).write_text(text)
        [ours] = import_file(tmp_path / name, Wishes()).exchanges
        shutil.copy(tmp_path / name, tmp_path / f"migrated-{name}")
        assert vcr.migration.try_migrate(str(tmp_path / f"migrated-{name}"))
        [theirs] = import_file(tmp_path / f"migrated-{name}", Wishes()).exchanges
        assert (ours.request.method, ours.request.url) == (theirs.request.method, theirs.request.url)
        assert ours.response.body == theirs.response.body
        assert sorted(ours.response.headers) == sorted(theirs.response.headers)


def test_repeated_headers_stay_apart(tmp_path: Path) -> None:
    [exchange] = read(tmp_path, OLD_YAML).exchanges
    assert [value for name, value in exchange.response.headers if name == "x-two"] == ["a", "b"]


def test_other_python_tags_are_refused(tmp_path: Path) -> None:
    hostile = OLD_YAML.replace("!!python/object:vcr.request.Request", "!!python/object/apply:os.system")
    with pytest.raises(UnreadableImport, match=r"cassette\.yaml:1: the tag .*os\.system is refused"):
        read(tmp_path, hostile)


def test_tags_within_a_text_stay_text(tmp_path: Path) -> None:
    said = OLD_JSON.replace("Hi", "!!python/object:vcr.request.Request")
    [exchange] = read(tmp_path, said, "old.json").exchanges
    assert b"!!python/object:vcr.request.Request" in exchange.request.body


def test_exchanges_of_no_model_are_left_out_and_said(tmp_path: Path) -> None:
    other = GO.replace("/api/chat", "/api/tags").replace("application/x-ndjson", "application/json")
    imported = read(tmp_path, other)
    assert imported.exchanges == ()
    assert imported.notes == (
        "left out: 1 of 1 exchanges, not of a model's endpoint and no streams (--all takes them)",
    )
    assert len(read(tmp_path, other, wishes=Wishes(everything=True)).exchanges) == 1
    today = read(tmp_path, TODAY.replace("/api/chat", "/api/tags").replace("x-ndjson", "json"))
    assert (len(today.exchanges), len(today.notes)) == (0, 1)


def test_a_provider_is_kept_that_was_named(tmp_path: Path) -> None:
    [exchange] = read(tmp_path, TODAY, wishes=Wishes(provider="ollama")).exchanges
    assert exchange.provider == "ollama"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GO.replace("code: 200", "code: 42"), r"interactions\[0\]\.response: 42 is no status"),
        (GO.replace("method: POST", "method: [1]"), r"interactions\[0\]: an interaction has a `request`"),
        (GO.replace("headers: {Accept: ['*/*']}", "headers: 7"), r"interactions\[0\]\.request\.headers: headers are"),
        (RUBY.replace("base64_string", "base46_string"), r"http_interactions\[0\]\.response\.body: a body is text"),
        (OLD_YAML.replace("protocol: http", "uri: http://x"), r"\[0\]: an old cassette's list has requests with"),
        (TODAY.replace("version: 1", "version: 9"), "version 9"),
        ("interactions: 3\n", "this is no cassette of vcrpy, go-vcr or Ruby's VCR"),
        ("interactions: [\n", r"cassette\.yaml:\d+: this is no YAML"),
    ],
)
def test_a_cassette_that_is_broken_is_refused_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UnreadableImport, match=problem):
        read(tmp_path, text)
