"""A system that tries to get out reaches nothing that is outside of the run, whatever it tries."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from harness.runner.results import read_run
from tests.cli.conftest import HARNESS, MINIATURES, SCENARIO, Harness

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")

KEPT_IN = ["child: kept in", "orphan: kept in", "namespace: kept in"]


def tried(harness: Harness, *arguments: str) -> tuple[str, list[str]]:
    """What the command says on stderr, and what came of each way out. The server is on the loopback of this test."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = f"{server.getsockname()[1]} {os.getpid()}"
        harness.write("own/greetings/word.yaml", f"{SCENARIO}request: {{messages: {where}}}\n")
        own = ["--catalogue", "own", "--dialect", "openai-chat", "--results", "r.jsonl"]
        ran = harness.call([HARNESS, "replay", "--system", MINIATURES / "tries_to_get_out.py", *own, *arguments])
    [result] = read_run(harness.folder / "r.jsonl").results
    assert result.evidence is not None
    said = "".join(each.event.get("text", "") for each in result.evidence.events)
    return ran.err, said.splitlines()


def test_it_is_kept_in(harness: Harness) -> None:
    said, outcomes = tried(harness)
    if "not cut off" in said:
        pytest.skip(f"this machine allows no namespace: {said}")
    assert "nothing but this machine's loopback" in said
    assert outcomes == KEPT_IN


def test_without_isolation_the_same_system_gets_out(harness: Harness) -> None:
    _, outcomes = tried(harness, "--no-isolate")
    assert outcomes[:2] == ["child: out", "orphan: out"]
