"""Ctrl-C ends a run at once: what was found is kept, nothing goes on running, and nobody sees a traceback."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import uuid
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from harness.runner.results import read_run
from tests.cli.conftest import CHAT_STREAM, MINIATURES, Harness, stdout_of
from tests.systems.conftest import MARK, processes_with

Start = Callable[..., subprocess.Popen[bytes]]

MANY = 4_000
"""Recordings enough for half a minute of decoding."""


def until(process: subprocess.Popen[bytes], **wanted: str) -> None:
    """Reads the result lines that the run prints, up to the first one like that."""
    for line in stdout_of(process):
        record: dict[str, Any] = json.loads(line)
        if wanted.items() <= record.items():
            return
    raise AssertionError(f"no line with {wanted}")


def interrupted(process: subprocess.Popen[bytes]) -> tuple[list[bytes], str]:
    """What it still says once a person has pressed Ctrl-C: a terminal tells the whole group."""
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    return out.splitlines(), err.decode()


def test_a_run_over_sockets_keeps_what_it_found_and_leaves_no_process(harness: Harness, started: Start) -> None:
    mark = uuid.uuid4().hex
    command = json.dumps([sys.executable, str(MINIATURES / "waits_for_ever.py")])
    harness.write("stuck.yaml", f"kind: client\ncommand: {command}\nenv: {{{MARK}: '{mark}'}}\n")
    systems = ["--system", "stuck.yaml", "--system", "reference"]
    plain = ["--scenario", "canary/plain-text", "--dialect", "openai-chat"]
    process = started("replay", *systems, *plain, "--json", "--results", "r.jsonl", env={MARK: mark})
    until(process, record="result", system="reference")
    assert len(processes_with(mark)) >= 3  # the harness, the worker and its supervisor
    [last], said = interrupted(process)
    run = read_run(harness.folder / "r.jsonl")
    assert [(each.system, each.verdict) for each in run.results] == [("reference", "pass")]
    assert run.footer is not None and run.footer.interrupted and run.footer.results == 1
    assert json.loads(last)["record"] == "footer"
    assert said.splitlines()[-1] == "harness: error: the run was interrupted; what it found so far lies in r.jsonl"
    assert "Traceback" not in said
    assert processes_with(mark) == []


def test_a_run_among_its_recordings_ends_at_once_too(harness: Harness, started: Start) -> None:
    stream = CHAT_STREAM.replace(b"Hel", b"Hello " * 1000)
    record = {"kind": "stream", "id": "r", "dialect": "openai-chat", "body_b64": b64encode(stream).decode()}
    harness.write("streams/a.jsonl.gz", gzip.compress(MANY * (json.dumps(record) + "\n").encode(), compresslevel=1))
    plain = ["--scenario", "canary/plain-text", "--dialect", "openai-chat", "--in-process"]
    process = started("replay", *plain, "--recordings", "streams", "--json", "--results", "r.jsonl")
    until(process, record="recording")
    _, said = interrupted(process)
    run = read_run(harness.folder / "r.jsonl")
    assert 0 < len(run.recordings) < MANY
    assert run.footer is not None and run.footer.interrupted
    assert said.startswith("harness: error: the run was interrupted") and said.count("\n") == 1
