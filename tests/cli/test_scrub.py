"""`harness scrub`: found or masked in files of every kind, and never shown."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from harness.recording.cassette import load_cassette
from tests.cli.conftest import CHAT_STREAM, Harness

KEY = "sk-proj-" + "aB3dE5fG7hJ9kL2mN4pQ6rS8"
STARS = "*" * 32
CASSETTES = Path(__file__).parents[2] / "cassettes"
CASSETTE = f"""\
version: 1
interactions:
- request:
    method: POST
    uri: https://api.example.invalid/v1/chat/completions?key={KEY}
    body: '{{"model": "m"}}'
    headers:
      authorization:
      - Bearer {KEY}
  response:
    status:
      code: 200
      message: OK
    headers:
      content-type:
      - text/event-stream
    body:
      string: |
        data: {{"choices":[{{"index":0,"delta":{{"content":"Take "}}}}]}}

        data: {{"choices":[{{"index":0,"delta":{{"content":"{KEY[:9]}"}}}}]}}

        data: {{"choices":[{{"index":0,"delta":{{"content":"{KEY[9:]}"}}}}]}}
"""


@pytest.fixture
def leaky(harness: Harness) -> Harness:
    """A folder with a secret in a cassette, in a page of a program, in a packed file, and none in another."""
    harness.write("tapes/vcr.yaml", CASSETTE)
    harness.write("tapes/run.log", f"first line\nOPENAI_API_KEY={KEY}\nlast line\n")
    harness.write("tapes/clean.txt", "nothing at all\n")
    (harness.folder / "tapes/old.jsonl.gz").write_bytes(gzip.compress(json.dumps({"api_key": KEY}).encode(), mtime=0))
    harness.write("tapes/.git/config", KEY)
    return harness


def test_check_names_every_place_and_changes_nothing(leaky: Harness) -> None:
    before = {path: path.read_bytes() for path in leaky.folder.rglob("*") if path.is_file()}
    ran = leaky("scrub", "--check", "tapes", status=1)
    assert ran.out.splitlines() == [
        "tapes/old.jsonl.gz: sk-key",
        "tapes/run.log:2: sk-key",
        "tapes/vcr.yaml:5: query-parameter in interactions[0].request.url",
        "tapes/vcr.yaml:9: header-name in interactions[0].request.headers.authorization",
        "tapes/vcr.yaml:21: sk-key in interactions[0].response.body",
        "4 files searched, 5 secrets found",
    ]
    assert KEY not in ran.out + ran.err
    assert {path: path.read_bytes() for path in leaky.folder.rglob("*") if path.is_file()} == before


def test_scrub_masks_and_then_nothing_is_found(leaky: Harness) -> None:
    (leaky.folder / "tapes/run.log").chmod(0o600)
    ran = leaky("scrub", "tapes")
    assert ran.out.endswith("4 files searched, 5 secrets masked\n")
    tapes = leaky.folder / "tapes"
    assert (tapes / "run.log").read_text() == f"first line\nOPENAI_API_KEY={STARS}\nlast line\n"
    assert (tapes / "run.log").stat().st_mode & 0o777 == 0o600
    assert gzip.decompress((tapes / "old.jsonl.gz").read_bytes()) == f'{{"api_key": "{STARS}"}}'.encode()
    (kept,) = load_cassette(tapes / "vcr.yaml").exchanges
    assert kept.request.url.endswith(f"?key={STARS}")
    assert kept.request.headers == (("authorization", f"Bearer {STARS}"),)
    assert f'"content":"{"*" * 9}"'.encode() in kept.response.body
    assert kept.masked == 3
    assert sorted(path.name for path in tapes.iterdir()) == [".git", "clean.txt", "old.jsonl.gz", "run.log", "vcr.yaml"]
    assert leaky("scrub", "--check", "tapes").out == "4 files searched, no secret found\n"


def test_quiet_says_it_by_the_exit_status_alone(leaky: Harness) -> None:
    assert leaky.inside("scrub", "--check", "--quiet", "tapes", status=1).out == ""
    assert leaky.inside("scrub", "--check", "--quiet", "tapes/clean.txt").out == ""


def test_what_was_found_as_json(leaky: Harness) -> None:
    ran = leaky("scrub", "--check", "--json", "tapes/run.log", "tapes/vcr.yaml", status=1)
    told = json.loads(ran.out)
    assert told["files"] == 2
    assert told["found"][0] == {"file": "tapes/run.log", "line": 2, "rule": "sk-key", "place": ""}
    assert [one["line"] for one in told["found"]] == [2, 5, 9, 21]


def test_a_variable_may_hold_a_value_that_looks_like_nothing(harness: Harness) -> None:
    harness.write("a.log", "the word is open sesame, and no other\n")
    assert harness("scrub", "--check", "a.log").out == "1 files searched, no secret found\n"
    ran = harness("scrub", "--key-env", "MAGIC", "a.log", env={"MAGIC": "open sesame"})
    assert ran.out.startswith("a.log:1: known-value\n")
    assert (harness.folder / "a.log").read_text() == "the word is ***********, and no other\n"


def test_a_secret_in_a_comment_of_a_cassette_is_found_too(harness: Harness) -> None:
    text = CHAT_STREAM.decode().replace("\n", "\\n").replace('"', '\\"')
    harness.write(
        "a.yaml",
        f"# recorded with {KEY}\nversion: 1\ninteractions:\n"
        "- request: {method: GET, uri: 'http://h.test/', body: null, headers: {}}\n"
        f'  response:\n    status: {{code: 200, message: OK}}\n    headers: {{}}\n    body: {{string: "{text}"}}\n',
    )
    assert harness("scrub", "--check", "a.yaml", status=1).out.startswith("a.yaml:1: sk-key\n")
    harness("scrub", "a.yaml")
    assert KEY not in (harness.folder / "a.yaml").read_text()
    assert len(load_cassette(harness.folder / "a.yaml").exchanges) == 1


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["nowhere"], 2, "nowhere: there is no such file; name files or folders"),
        (["broken.gz"], 3, "broken.gz: this is no whole gzip file: "),
    ],
)
def test_what_cannot_be_searched_is_told(harness: Harness, arguments: list[str], status: int, said: str) -> None:
    (harness.folder / "broken.gz").write_bytes(gzip.compress(os.urandom(500))[:200])
    assert harness("scrub", "--check", *arguments, status=status).error.startswith(said)


def test_nothing_is_found_in_the_recordings_of_this_project(harness: Harness) -> None:
    ran = harness.inside("scrub", "--check", str(CASSETTES))
    assert ran.out.endswith(" files searched, no secret found\n")
