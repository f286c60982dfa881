"""`harness import`: files of any form, into a folder or into one cassette."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.recording.cassette import load_cassette
from harness.recording.golden import Undecoded, decoded, golden_differences

from .conftest import CHAT_STREAM, Harness

MINIATURES = Path(__file__).parents[1] / "recording" / "importers" / "miniatures"
CANARY = "sk-test-0123456789abcdefghij"


def test_a_body_becomes_a_cassette_with_its_transcript(harness: Harness) -> None:
    harness.write("answer.sse", CHAT_STREAM)
    ran = harness("import", "answer.sse", "--out", "kept", "--provider", "openai")
    assert ran.out == (
        "answer.sse: body in openai-chat, 1 exchange\nwrote kept/answer.yaml: 1 exchange (1 completed)\n"
    )
    [exchange] = load_cassette(harness.folder / "kept" / "answer.yaml").exchanges
    assert exchange.provider == "openai"
    assert exchange.tool is not None
    assert exchange.tool.endswith(", imported from body in openai-chat")
    assert exchange.response.body == CHAT_STREAM
    assert exchange.transcript is not None
    assert exchange.transcript["text"] == "Hello"
    now = decoded(exchange)
    assert not isinstance(now, Undecoded)
    assert list(golden_differences(exchange.transcript, now)) == []


def test_what_was_imported_passes_a_replay(harness: Harness) -> None:
    harness.write("answer.sse", CHAT_STREAM)
    harness.inside("import", "answer.sse", MINIATURES / "mitmproxy.har", "--out", "all.yaml")
    assert len(load_cassette(harness.folder / "all.yaml").exchanges) == 4
    ran = harness.inside("replay", "--cassette", "all.yaml")
    assert ran.status == 0


def test_secrets_of_others_do_not_reach_the_disk(harness: Harness) -> None:
    archives = [MINIATURES / name for name in ("mitmproxy.har", "playwright.har", "playwright.zip")]
    assert CANARY in archives[0].read_text()
    ran = harness.inside("import", *archives, "--out", "all.yaml")
    assert CANARY not in (harness.folder / "all.yaml").read_text()
    assert "places masked)" in ran.out


def test_providers_of_one_file_get_cassettes_of_their_own(harness: Harness) -> None:
    body = "eyJtZXNzYWdlIjp7ImNvbnRlbnQiOiJIaSJ9LCJkb25lIjp0cnVlfQo="
    lines = [
        json.dumps({"dialect": "ollama-chat", "provider": name, "status": 200, "body_b64": body, "url": None})
        for name in ("ollama", "../../evil", None)
    ]
    harness.write("harvest.jsonl", "\n".join(lines))
    harness.inside("import", "harvest.jsonl", "--out", "kept")
    written = sorted(path.relative_to(harness.folder).as_posix() for path in harness.folder.rglob("*.yaml"))
    assert written == ["kept/harvest/evil.yaml", "kept/harvest/ollama.yaml", "kept/harvest/unknown.yaml"]


def test_what_is_there_is_replaced_only_when_asked_to(harness: Harness) -> None:
    harness.write("answer.sse", CHAT_STREAM)
    harness.write("kept/answer.yaml", "mine")
    ran = harness.inside("import", "answer.sse", "--out", "kept", status=2)
    assert ran.error == "kept/answer.yaml: is there already; give another --out, or --replace"
    assert (harness.folder / "kept" / "answer.yaml").read_text() == "mine"
    harness.inside("import", "answer.sse", "--out", "kept", "--replace")
    assert len(load_cassette(harness.folder / "kept" / "answer.yaml").exchanges) == 1


def test_nothing_is_written_where_one_file_is_wrong(harness: Harness) -> None:
    harness.write("answer.sse", CHAT_STREAM)
    harness.write("broken.har", '{"log": {"entries": [}}')
    ran = harness.inside("import", "answer.sse", "broken.har", "--out", "kept", status=2)
    assert ran.error.startswith("broken.har:1: this is no JSON: ")
    assert not (harness.folder / "kept").exists()


def test_files_that_would_share_a_cassette_are_refused(harness: Harness) -> None:
    harness.write("a/answer.sse", CHAT_STREAM)
    harness.write("b/answer.sse", CHAT_STREAM)
    ran = harness.inside("import", "a/answer.sse", "b/answer.sse", "--out", "kept", status=2)
    assert ran.error == ("b/answer.sse: a/answer.sse also becomes kept/answer.yaml; import them into different folders")


def test_the_account_as_json(harness: Harness) -> None:
    ran = harness.inside("import", MINIATURES / "mitmproxy.har", "--out", "kept", "--json")
    told = json.loads(ran.out)
    assert told["read"][0]["form"] == "HAR of mitmproxy"
    assert told["read"][0]["exchanges"] == 3
    assert len(told["read"][0]["notes"]) == 2
    assert told["written"][0]["cassette"] == "kept/mitmproxy.yaml"
    assert told["written"][0]["statuses"] == {"completed": 2, "failed": 1}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["answer.sse", "--out", "kept", "--form", "tar"], "there is no form 'tar'; the forms are har, har-zip"),
        (["answer.sse", "--out", "kept", "--provider", "../x"], "'../x' is no provider's name; 'x' would be one"),
        (["answer.sse", "--out", "kept", "--dialect", "klingon"], "unknown dialect 'klingon'"),
        (["answer.sse", "--out", "kept", "--form", "har"], "answer.sse:1: this is no JSON"),
        (["nothing.sse", "--out", "kept"], "nothing.sse: cannot be read: No such file or directory"),
    ],
)
def test_wrong_calls(harness: Harness, arguments: list[str], error: str) -> None:
    harness.write("answer.sse", CHAT_STREAM)
    assert harness.inside("import", *arguments, status=2).error.startswith(error)


def test_an_archive_with_nothing_to_take_is_said(harness: Harness) -> None:
    harness.write("empty.har", json.dumps({"log": {"entries": []}}))
    ran = harness.inside("import", "empty.har", "--out", "kept", status=2)
    assert ran.error == "nothing was written: no exchange in these files is one to take"
