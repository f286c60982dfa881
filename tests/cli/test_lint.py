"""`harness lint`: findings by rule, level and byte over files and live endpoints, and the exit status they give."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from harness.lint.record import read_lint
from tests.cli.conftest import CHAT_STREAM, Harness, stdout_of

GOOD = (
    b'data: {"id":"r","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]}\n\n'
    b'data: {"id":"r","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)


def test_a_well_formed_stream_conforms(harness: Harness) -> None:
    harness.write("good.sse", GOOD)
    ran = harness("lint", "good.sse")
    assert ran.out == "1 stream linted, 1 without a finding; found: nothing\n"


def test_a_must_that_is_broken_is_named_with_its_byte_and_its_authority(harness: Harness) -> None:
    harness.write("bad.sse", GOOD.removesuffix(b"data: [DONE]\n\n"))
    ran = harness("lint", "bad.sse", status=1)
    at = len(GOOD) - len(b"data: [DONE]\n\n")
    assert f"  must done-missing at byte {at}: " in ran.out
    assert (
        " By OpenAI's reference of chat completion chunks, and its guide to streaming (https://platform.op" in ran.out
    )
    assert "; read 2026-11-21 in the words that " in ran.out
    assert ran.out.endswith("1 stream linted, 0 without a finding; found: 1 must\n")
    assert harness("lint", "bad.sse", "--quiet", status=1).out == ""


def test_fail_on_says_which_level_ends_with_status_1(harness: Harness) -> None:
    harness.write("odd.sse", GOOD.replace(b'"role":"assistant",', b""))
    harness("lint", "odd.sse")
    ran = harness("lint", "odd.sse", "--fail-on", "should", status=1)
    assert "should role-missing at byte 0" in ran.out


def test_json_has_every_place_of_every_finding(harness: Harness) -> None:
    harness.write("answer.sse", CHAT_STREAM)
    told = json.loads(harness("lint", "answer.sse", "--json", status=1).out)
    [stream] = told["streams"]
    assert (stream["file"], stream["exchange"], stream["dialect"]) == ("answer.sse", 0, "openai-chat")
    assert {finding["rule"] for finding in stream["findings"]} >= {"field-missing"}
    assert {finding["offset"] for finding in stream["findings"]} == {0, 84}


def test_by_provider_counts_what_each_one_breaks(harness: Harness) -> None:
    harness.write("good.sse", GOOD)
    harness.write("bad.sse", GOOD.removesuffix(b"data: [DONE]\n\n"))
    ran = harness("lint", ".", "--by-provider", status=1)
    assert "openai-chat unknown: 1 of 2 streams keep every rule\n" in ran.out
    assert "  must done-missing: 1 of 2 streams, first bad.sse#0 byte 297\n" in ran.out


def test_corrections_leave_out_what_was_edited(harness: Harness) -> None:
    harness.write("good.sse", GOOD)
    harness.write("bad.sse", GOOD.removesuffix(b"data: [DONE]\n\n"))
    harness.write("known.yaml", b"bad.sse#0: {left_out: it was cut by hand}\n")
    ran = harness("lint", "good.sse", "bad.sse", "--corrections", "known.yaml")
    assert ran.out == "1 stream linted, 1 without a finding; found: nothing\n  left out, 1: it was cut by hand\n"
    ran = harness.inside("lint", "good.sse", "--corrections", "none.yaml", status=2)
    assert ran.error.startswith("none.yaml: cannot be read: ")


def test_rules_are_listed_with_level_words_and_authority(harness: Harness) -> None:
    ran = harness.inside("lint", "--rules", "--dialect", "ollama")
    assert ran.out.startswith("ollama not-a-stream (must): A stream is lines of JSON objects")
    rows = json.loads(harness.inside("lint", "--rules", "--json").out)
    assert {"anthropic-messages", "gemini", "ollama", "openai-chat", "openai-responses"} <= {
        row["dialect"] for row in rows
    }
    assert all(row["example"] for row in rows)
    assert {row["authority"]["read"] for row in rows} == {"2026-11-21"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say what to lint: files, or --url, or else --rules to list the rules; one of these"),
        (("x.sse", "--rules"), "say what to lint: files, or --url, or else --rules to list the rules; one of these"),
        (("missing.sse",), "missing.sse: cannot be read: No such file or directory; give the path of a file"),
        (("x.sse", "--fail-on", "never"), "--fail-on never: no such level; the levels are must, should, may"),
        (("--url", "http://127.0.0.1:1"), "--url needs the --dialect that the endpoint speaks"),
        (
            ("--url", "http://127.0.0.1:1", "-d", "ollama", "--key-env", "NO_SUCH_KEY_HERE"),
            "--key-env NO_SUCH_KEY_HERE: this variable is not set; export it, or leave the option out",
        ),
    ],
)
def test_a_wrong_call_says_what_would_be_right(harness: Harness, arguments: tuple[str, ...], words: str) -> None:
    harness.write("x.sse", GOOD)
    assert harness.inside("lint", *arguments, status=2).error == words


def test_an_unknown_dialect_is_refused_with_those_that_there_are(harness: Harness) -> None:
    ran = harness.inside("lint", "x.sse", "--dialect", "openai", status=2)
    assert "there are no rules for 'openai'; there are for ai-sdk-ui, anthropic-messages" in ran.error


def test_a_live_endpoint_is_asked_and_its_stream_linted(
    harness: Harness, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    process = started("serve", "--scenario", "canary/plain-text")
    stdout_of(process).readline()
    base = stdout_of(process).readline().decode().strip().removeprefix("base URL: ")
    asking, key = ("lint", "--url", base, "--dialect", "openai-chat", "--key-env", "LINT_KEY"), {"LINT_KEY": "k"}
    ran = harness(*asking, env=key)
    assert ran.out.endswith(" bytes in openai-chat, no findings\n")
    (harness.folder / "live.json").write_text(harness(*asking, "--json", env=key).out)
    (stream,) = read_lint(harness.folder / "live.json").streams
    address = base.removeprefix("http://")
    assert (stream.provider, stream.file) == (address.partition("/")[0], f"{address}/v1/chat/completions")
    assert set(stream.traits) == {"usage-own-chunk"}
    assert stream.findings == ()


def test_an_endpoint_that_is_not_there_could_not_be_linted(harness: Harness) -> None:
    ran = harness("lint", "--url", "http://127.0.0.1:9", "--dialect", "ollama", status=3)
    assert ran.error.startswith("http://127.0.0.1:9/api/chat: ConnectError: ")
