"""`harness record` and `harness providers`: plans, limits, keys, what is printed, exit statuses, the proxy."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from harness.recording.cassette import load_cassette
from tests.endpoints.vendor import CONTEXT_TOKENS, KEY, Vendor, serving

from .conftest import Harness, stdout_of


@pytest.fixture
def vendor() -> Iterator[tuple[Vendor, str]]:
    """A vendor of chat completions, and its base URL."""
    chat = Vendor("openai-chat")
    with serving({"v": chat}) as urls:
        yield chat, urls["v"]


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor's key, in the environment of this process."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without it."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def asking(url: str, *more: str) -> list[str]:
    return ["record", "--provider", "openai", "--dialect", "openai-chat", "--base-url", url, *more]


def test_a_provider_is_recorded_and_told(harness: Harness, vendor: tuple[Vendor, str]) -> None:
    _, url = vendor
    ran = harness(*asking(url, "--probe", "text", "--probe", "cancel", "--out", "kept"), env={"OPENAI_API_KEY": KEY})
    assert ran.out == "2 of 2 probes recorded in kept, by 2 requests, for $0.0017\n"
    assert "openai-chat text: recorded\n" in ran.err
    assert "openai-chat cancel: recorded\n" in ran.err
    assert ran.err.startswith("2 requests, 6 at most; up to ")
    for name in ("text", "cancel"):
        path = harness.folder / "kept" / "openai-chat" / f"{name}.yaml"
        assert KEY not in path.read_text()
        assert load_cassette(path).exchanges[0].provider == "openai"


def test_the_folder_is_the_providers_where_none_is_named(
    harness: Harness, vendor: tuple[Vendor, str], key: None
) -> None:
    _, url = vendor
    harness.inside(*asking(url, "--probe", "usage", "--quiet"))
    assert (harness.folder / "cassettes" / "openai" / "openai-chat" / "usage.yaml").is_file()


def test_all_probes_as_json(harness: Harness, vendor: tuple[Vendor, str], key: None) -> None:
    _, url = vendor
    ran = harness.inside(*asking(url, "--json", "--context-tokens", str(CONTEXT_TOKENS)))
    told = json.loads(ran.out)
    assert (told["provider"], told["requests"], len(told["outcomes"])) == ("openai", 13, 13)
    assert {outcome["state"] for outcome in told["outcomes"]} == {"recorded"}
    assert ran.err == ""


def test_a_missing_key_is_an_error_before_any_request(
    harness: Harness, vendor: tuple[Vendor, str], no_key: None
) -> None:
    chat, url = vendor
    ran = harness.inside(*asking(url), status=2)
    assert ran.error.startswith("no API key for openai: set the environment variable OPENAI_API_KEY")
    assert chat.received == []


def test_another_variable_may_hold_the_key(
    harness: Harness, vendor: tuple[Vendor, str], no_key: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, url = vendor
    monkeypatch.setenv("MY_KEY", KEY)
    harness.inside(*asking(url, "--probe", "usage", "--key-env", "MY_KEY"))
    assert dict(chat.received[0].headers)["authorization"] == f"Bearer {KEY}"


def test_a_dry_run_asks_nothing_and_needs_no_key(harness: Harness, vendor: tuple[Vendor, str], no_key: None) -> None:
    chat, url = vendor
    ran = harness.inside(*asking(url, "--dry-run"))
    assert re.search(r"^openai-chat  length +gpt-4\.1-mini +\d+ \+ +24 tokens  \$0\.0001$", ran.out, re.MULTILINE)
    assert "not asked: openai-chat reasoning: gpt-4.1 models do not reason" in ran.out
    assert "13 requests, 39 at most; up to " in ran.out
    assert ran.err.startswith("note: no API key for openai")
    assert chat.received == []


def test_a_dry_run_as_json(harness: Harness) -> None:
    ran = harness.inside(
        "record", "--provider", "ollama", "--dialect", "ollama", "--probe", "length", "--dry-run", "--json"
    )
    plan = json.loads(ran.out)
    assert (plan["requests"], plan["most_requests"], plan["cost"], plan["unpriced"]) == (1, 3, 0.0, [])
    assert plan["steps"][0]["probe"] == "length"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name who is asked with --provider"),
        (["--provider", "opnai"], "unknown provider 'opnai'; did you mean 'openai'?"),
        (["--provider", "ollama", "--probe", "txt"], "unknown probe 'txt'; did you mean 'text'?"),
        (["--provider", "ollama", "--dialect", "gemini"], "ollama does not serve gemini"),
        (["--provider", "vllm"], "vllm has no model of its own in openai-chat: give --model"),
        (["--provider", "generic", "--model", "m"], "generic has no base URL of its own: give --base-url"),
        (["--provider", "ollama", "--base-url", "h:1"], "a base URL begins with http:// or https://"),
        (["--provider", "ollama", "--max-requests", "2"], "--max-requests allows 2"),
        (["--provider", "ollama", "--append"], "--upstream and --append go with --proxy"),
        (["--proxy"], "--proxy needs --upstream URL, where requests go, and --out FILE"),
        (["--proxy", "--upstream", "http://h", "--out", "f", "--listen", "x"], "--listen takes HOST:PORT"),
        (["--proxy", "--upstream", "nonsense", "--out", "f"], "nonsense"),
    ],
)
def test_a_wrong_call_is_told_in_a_line(arguments: list[str], said: str, harness: Harness) -> None:
    assert said in harness.inside("record", *arguments, status=2).error


def test_limits_hold_before_the_first_request(harness: Harness, vendor: tuple[Vendor, str], key: None) -> None:
    chat, url = vendor
    ran = harness.inside(*asking(url, "--max-cost", "0.0001"), status=2)
    assert "and --max-cost allows $0.0001" in ran.error
    assert chat.received == []


def test_a_server_that_is_not_there_is_a_run_that_could_not_be(harness: Harness, key: None) -> None:
    with serving({"v": Vendor("openai-chat")}) as urls:
        url = urls["v"]
    ran = harness.inside(*asking(url, "--probe", "text"), status=3)
    assert f"not asked: openai-chat text: {url} cannot be reached" in ran.out


def test_ctrl_c_keeps_what_was_recorded(harness: Harness, started: Callable[..., subprocess.Popen[bytes]]) -> None:
    def stalls(vendor: Vendor, asked: object) -> object:
        return vendor.stream([], "stall") if len(vendor.received) == 2 else None

    chat = Vendor("openai-chat", stalls)  # type: ignore[arg-type]
    with serving({"v": chat}) as urls:
        process = started(*asking(urls["v"], "--probe", "text", "--probe", "usage"), env={"OPENAI_API_KEY": KEY})
        assert process.stderr is not None
        for line in process.stderr:
            if b"text: recorded" in line:
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"the recording was interrupted; 1 cassettes lie in cassettes/openai" in err
    assert b"Traceback" not in err
    folder = harness.folder / "cassettes" / "openai" / "openai-chat"
    assert [path.name for path in folder.iterdir()] == ["text.yaml"]


def test_the_proxy_records_what_another_program_asks(
    harness: Harness, vendor: tuple[Vendor, str], started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    _, url = vendor
    process = started("record", "--proxy", "--upstream", url, "--out", "through.yaml", "--provider", "openai")
    first = stdout_of(process).readline().decode()
    proxy = re.fullmatch(rf"recording what goes through (\S+) to {re.escape(url)}; stop it with Ctrl-C\n", first)
    assert proxy, first
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hello there"}]}).encode()
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{proxy[1]}/v1/chat/completions", body, headers), timeout=30
    ) as answer:
        assert b"Hello there" in answer.read()
    told = stdout_of(process).readline().decode()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")
    assert re.search(r"POST \S+/v1/chat/completions -> 200, \d+ bytes, clean", told)
    assert out == b"recorded in through.yaml\n"
    [exchange] = load_cassette(harness.folder / "through.yaml").exchanges
    assert exchange.provider == "openai"
    assert KEY not in (harness.folder / "through.yaml").read_text()


def test_providers_are_listed(harness: Harness) -> None:
    ran = harness.inside("providers", "list")
    assert re.search(r"^anthropic +ANTHROPIC_API_KEY +anthropic-messages$", ran.out, re.MULTILINE)
    assert re.search(r"^vllm +\[VLLM_API_KEY\] +openai-chat, ", ran.out, re.MULTILINE)
    listed = json.loads(harness.inside("providers", "list", "--json").out)
    assert len(listed["providers"]) == 21


def test_a_provider_is_shown(harness: Harness) -> None:
    ran = harness.inside("providers", "show", "mistral")
    assert "base URL: https://api.mistral.ai\n" in ran.out
    assert "body: max_completion_tokens is called max_tokens" in ran.out
    assert "not refusal: It has no form for a refusal" in ran.out
    shown = json.loads(harness.inside("providers", "show", "mistral", "--json").out)
    assert shown["key_variable"] == "MISTRAL_API_KEY"
    assert "refusal" not in shown["endpoints"]["openai-chat"]["probes"]
    assert (
        "unknown provider 'mistrel'; did you mean 'mistral'?"
        in harness.inside("providers", "show", "mistrel", status=2).error
    )


def test_a_folder_that_cannot_be_written_is_told_before_any_request(
    harness: Harness, vendor: tuple[Vendor, str], key: None
) -> None:
    chat, url = vendor
    harness.write("file", "")
    ran = harness.inside(*asking(url, "--probe", "usage", "--out", "file", "--quiet"), status=3)
    assert ran.error == "file: File exists"
    assert chat.received == []
