"""A recorder that is killed at any moment leaves a cassette that loads, with everything that it had said it kept."""

from __future__ import annotations

import os
import random
import select
import signal
from pathlib import Path

import pytest

from harness.recording.cassette import RecordedRequest, load_cassette
from harness.recording.secrets import Redactor
from harness.recording.tape import Recorder
from harness.recording.writer import CassetteWriter

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

KILLS = 200
MOST_FIRST = 3
"""How many exchanges a recorder has kept at most when its time begins to run."""
LONGEST_LIFE_S = 0.005
"""How much longer it lives at most: one exchange takes about a millisecond, and most of that is keeping it."""
EXCHANGES = 12
"""With so many a cassette is put aside, so that loading it does not take all of the time."""
REDACTOR = Redactor(environment={})


def record_without_end(path: Path, told: int) -> None:
    """Records one exchange after the other, and writes a byte for each that is kept."""
    number = len(load_cassette(path).exchanges) if path.exists() else 0
    writer = CassetteWriter(path, redactor=REDACTOR, append=True)
    recorder = Recorder(writer.append)
    while True:
        tape = recorder.begin(RecordedRequest("POST", f"http://h.test/{number}", (), b'{"model": "m"}'))
        tape.head(200, [("Content-Type", "text/event-stream")], "OK")
        for piece in range(8):
            tape.read(f'data: {{"n": {number}, "piece": {piece}, "text": "{"x" * 200}"}}\n\n'.encode())
        tape.end("clean")
        assert not recorder.lost
        os.write(told, b".")
        number += 1


def kill_one(path: Path, first: int, life_s: float) -> int:
    """Starts a recorder, kills it so long after it kept the first few, and gives how many it said it kept."""
    reads, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reads)
            record_without_end(path, told)
        finally:
            os._exit(1)
    os.close(told)
    said = b"".join(os.read(reads, 1) for _ in range(first))
    select.select([], [], [], life_s)
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    said += os.read(reads, 10_000)
    os.close(reads)
    assert len(said) >= first
    return len(said)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_200_kills_lose_nothing_that_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    chance = random.Random(20261121)
    kept = 0
    for _ in range(KILLS):
        said = kill_one(path, chance.randint(0, MOST_FIRST), chance.uniform(0, LONGEST_LIFE_S))
        exchanges = load_cassette(path).exchanges if path.exists() else ()
        assert [one.request.url for one in exchanges] == [f"http://h.test/{n}" for n in range(len(exchanges))]
        assert all(len(one.response.chunks) == 8 for one in exchanges)
        assert kept + said <= len(exchanges) <= kept + said + 1
        kept = len(exchanges)
        if kept >= EXCHANGES:
            path.unlink()
            kept = 0
    assert {one.name for one in tmp_path.iterdir()} <= {"a.yaml", ".a.yaml.part"}
