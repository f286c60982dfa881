"""Work goes on whatever becomes of the processes that do it."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.fuzz import workers
from harness.fuzz.workers import BrokeDown, Workers


class Serving:
    """Carries out tasks that are words, and writes down in a folder when it closes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def serve(self) -> tuple[Callable[[str], str], Callable[[], None]]:
        return self._do, self._close

    def _do(self, task: str) -> str:
        if task == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if task == "stick":
            signal.pause()
        if task == "swallow":
            gc.callbacks.append(_ended_here)
            gc.collect()
            signal.pause()
        return f"{task} by {os.getpid()}" if task.startswith("who") else task.upper()

    def _close(self) -> None:
        (self._folder / str(os.getpid())).touch()


def _ended_here(phase: str, info: dict[str, int]) -> None:
    """What is raised in here is swallowed."""
    gc.callbacks.remove(_ended_here)
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_process_that_is_ended_where_nothing_can_be_raised_ends_all_the_same(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Workers(1, Serving(tmp_path).serve) as pool:
        told = list(pool.carry_out([("a", "swallow")]))
        left = len(list(tmp_path.iterdir()))
    assert told == [("swallow", BrokeDown("the process that carried it out ended with status 0"))]
    assert left == 1  # it has closed what it had open
    assert capfd.readouterr().err == ""


def test_every_task_is_carried_out_once(tmp_path: Path) -> None:
    tasks = [("letters", f"task {number}") for number in range(20)]
    with Workers(3, Serving(tmp_path).serve) as pool:
        told = dict(pool.carry_out(tasks))
    assert told == {f"task {number}": f"TASK {number}" for number in range(20)}
    assert len(list(tmp_path.iterdir())) == 3  # each process has closed what it had open


def test_a_process_that_dies_costs_its_task_alone(tmp_path: Path) -> None:
    with Workers(1, Serving(tmp_path).serve) as pool:
        told = list(pool.carry_out([("a", "one"), ("a", "die"), ("a", "two")]))
    assert told[0] == ("one", "ONE")
    assert told[1] == ("die", BrokeDown("the process that carried it out ended with status -9"))
    assert told[2] == ("two", "TWO")


def test_a_task_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "TASK_LIMIT_S", 0.2)
    with Workers(1, Serving(tmp_path).serve) as pool:
        told = list(pool.carry_out([("a", "stick"), ("a", "two")]))
    assert told == [("stick", BrokeDown("it did not end within 0.2 s")), ("two", "TWO")]


def test_a_process_goes_on_with_its_group_while_there_is_something_left_of_it(tmp_path: Path) -> None:
    tasks = [(group, f"who has {group}{number}") for number in range(4) for group in "ab"]
    with Workers(2, Serving(tmp_path).serve) as pool:
        told = [str(answer).split() for _, answer in pool.carry_out(tasks)]
    first = {process: name[0] for _, _, name, _, process in reversed(told)}
    assert sorted(first.values()) == ["a", "b"]


def test_nothing_is_begun_when_the_time_is_over(tmp_path: Path) -> None:
    with Workers(2, Serving(tmp_path).serve) as pool:
        told = list(pool.carry_out([("a", "one")], until=time.monotonic()))
    assert told == []


def test_who_is_stopped_in_the_middle_leaves_no_process(tmp_path: Path) -> None:
    stopped = Workers(2, Serving(tmp_path).serve)
    tasks = [("a", "one"), ("b", "two"), ("a", "stick"), ("b", "stick")]
    with pytest.raises(KeyboardInterrupt), stopped as pool:
        answers = pool.carry_out(tasks)
        assert sorted([next(answers), next(answers)]) == [("one", "ONE"), ("two", "TWO")]  # both are at work
        raise KeyboardInterrupt
    assert len(list(tmp_path.iterdir())) == 2
