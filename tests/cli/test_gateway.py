"""`harness gateway`, as a process: it says where it is, answers, and stops when it is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

HARNESS = Path(sys.executable).with_name("harness")
PLAIN = ["--upstream", "http://127.0.0.1:1", "--upstream-dialect", "ollama"]


@contextmanager
def gateway(*options: str, **environment: str) -> Generator[tuple[subprocess.Popen[str], str]]:
    """The process, and its base URL."""
    process = subprocess.Popen(
        [HARNESS, "gateway", *PLAIN, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        yield process, said.split()[1]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(number: int) -> None:
    with gateway("--log", "--token-env", "HARNESS_TEST_TOKEN", HARNESS_TEST_TOKEN="right") as (process, url):
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{url}/health").json()["status"] == "ok"
        assert httpx.get(f"{url}/v1/models").status_code == 401
        process.send_signal(number)
        _, logged = process.communicate(timeout=20)
        assert process.returncode == 0
    lines = logged.splitlines()
    assert [line.split()[:3] for line in lines] == [["GET", "/health", "200"], ["GET", "/v1/models", "401"]]
    assert "right" not in logged


@pytest.mark.parametrize(
    "options, status, words",
    [
        (["--listen", "8080"], 2, "--listen takes HOST:PORT"),
        (["--token-env", "HARNESS_NO_SUCH_VARIABLE"], 2, "HARNESS_NO_SUCH_VARIABLE is not set"),
        (["--model", "fast"], 2, "--model takes ALIAS=NAME"),
        (["--fallback", "http://127.0.0.1:2"], 2, "the dialect of 'http://127.0.0.1:2' is missing"),
        (["--fallback", "http://127.0.0.1:2,dialect=ollama,color=red"], 2, "it does not know color"),
        (["--upstream-dialect", "ai-sdk-ui"], 2, "no model is asked in ai-sdk-ui"),
        (["--upstream", "nowhere"], 2, "base_url must begin with http"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(options: list[str], status: int, words: str) -> None:
    done = subprocess.run([HARNESS, "gateway", *PLAIN, *options], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr and "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told() -> None:
    with gateway() as (_, url):
        taken = ["--listen", url.removeprefix("http://")]
        done = subprocess.run([HARNESS, "gateway", *PLAIN, *taken], capture_output=True, text=True, timeout=60)
    assert (done.returncode, "in use" in done.stderr) == (3, True)
