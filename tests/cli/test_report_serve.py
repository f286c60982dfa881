"""`harness report --serve`: the report on this machine, until somebody stops it."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Harness, stdout_of

Start = Callable[..., subprocess.Popen[bytes]]

pytestmark = pytest.mark.usefixtures("results")


@pytest.fixture
def results(harness: Harness) -> Path:
    """The results of the reference's canaries in `r.jsonl`, and an empty folder for what a server keeps."""
    harness.inside("replay", "-f", "canary", "-d", "gemini", "--in-process", "--quiet", "--results", "r.jsonl")
    (harness.folder / "kept").mkdir()
    return harness.folder / "r.jsonl"


def address_of(process: subprocess.Popen[bytes]) -> str:
    said = stdout_of(process).readline().decode()
    assert said.startswith("report: http://127.0.0.1:") and said.endswith("/ (until Ctrl-C)\n")
    return said.removeprefix("report: ").partition(" ")[0]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_pages_and_cells_are_served_until_somebody_stops_it(
    started: Start, harness: Harness, how: signal.Signals
) -> None:
    kept = harness.folder / "kept"
    process = started("report", "r.jsonl", "--serve", env={"TMPDIR": str(kept)})
    address = address_of(process)
    assert "LLM streaming compatibility" in httpx.get(address).text
    cell = httpx.get(f"{address}cell.html?canary/plain-text/reference@0.1.0/gemini")
    assert "harness replay --system reference --scenario canary/plain-text --dialect gemini" in cell.text
    process.send_signal(how)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, b"", b"")
    assert list(kept.iterdir()) == []
    assert {path.name for path in harness.folder.iterdir()} == {"r.jsonl", "kept"}


def test_what_changed_is_served_too(started: Start, harness: Harness, results: Path) -> None:
    bad = results.read_bytes().replace(b'"verdict":"pass"', b'"verdict":"fail"', 1)
    harness.write("bad.jsonl", bad)
    process = started("report", "bad.jsonl", "--baseline", "r.jsonl", "--serve", env={"TMPDIR": "kept"})
    assert "1 case that passed fails." in httpx.get(address_of(process)).text


def test_without_a_folder_to_write_to_what_is_opened_is_served(started: Start, harness: Harness) -> None:
    browser = harness.write("browser", '#!/bin/sh\nprintf %s "$1" > opened\n')
    browser.chmod(0o755)
    os.mkfifo(harness.folder / "opened")
    opened = os.open(harness.folder / "opened", os.O_RDWR)
    process = started("report", "r.jsonl", "--open", env={"BROWSER": f"{browser} %s", "TMPDIR": "kept"})
    address = address_of(process)
    assert httpx.get(address).status_code == 200
    ready, _, _ = select.select([opened], [], [], 20)
    assert ready and os.read(opened, 100).decode() == address
    os.close(opened)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)


def test_a_port_that_is_taken_is_named(harness: Harness) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        error = harness("report", "r.jsonl", "--serve", "--port", port, status=2).error
    assert error == f"--port {port}: Address already in use; --port 0 takes one that is free"
