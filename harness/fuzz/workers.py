"""Processes that carry out the searches of a campaign: one search a process at a time, whatever becomes of it.

A process keeps the system that it has started for as long as there is something to search in it. One that breaks down
costs the search that it had under way, and is replaced.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from types import FrameType, TracebackType
from typing import Generic, Self, TypeAlias, TypeVar

Task = TypeVar("Task")
Answer = TypeVar("Answer")

Serve: TypeAlias = Callable[[Task], Answer]
"""Carries one task out. It is called in one process from one thread, task after task."""
Serving: TypeAlias = Callable[[], tuple[Serve[Task, Answer], Callable[[], None]]]
"""Called once in each process: what carries tasks out there, and what to call before the process ends."""

TASK_LIMIT_S = 1800.0
"""How long one task may take until its process is ended: far longer than any search, so that it is stuck for good."""
LEAVE_S = 8.0
"""How long a process may take to stop what it has started."""
LOOK_UP_S = 2.0
"""How often an idle process looks whether the one that started it is still there: its siblings hold its pipe open."""


@dataclass(frozen=True, slots=True)
class BrokeDown:
    """The process that had a task under way is no more."""

    why: str


@dataclass(slots=True)
class _Worker(Generic[Task]):
    process: BaseProcess
    connection: Connection
    group: str | None = None
    """The group of the tasks that it has taken last."""
    task: Task | None = None
    began: float = 0.0


@dataclass(slots=True)
class _Waiting(Generic[Task]):
    """Tasks that nobody has begun, in groups: a process goes on with its group while there is something left of it."""

    groups: dict[str, list[Task]] = field(default_factory=dict)

    def take(self, group: str | None, busy: Sequence[str | None]) -> tuple[str, Task] | None:
        """The next one for a process that has worked on `group`; others work on `busy`."""
        left = [name for name, tasks in self.groups.items() if tasks]
        if not left:
            return None
        chosen = group if group in left else min(left, key=lambda name: busy.count(name))
        return str(chosen), self.groups[str(chosen)].pop(0)


class Workers(Generic[Task, Answer]):
    """A context manager over so many processes. They are started with it, while this process has no threads."""

    def __init__(self, count: int, serving: Serving[Task, Answer]) -> None:
        self._count = count
        self._serving = serving
        self._context: BaseContext = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self._workers: list[_Worker[Task]] = []

    def __enter__(self) -> Self:
        self._workers = [self._start() for _ in range(self._count)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.process.terminate()
        until = time.monotonic() + LEAVE_S
        for worker in self._workers:
            worker.process.join(max(0.0, until - time.monotonic()))
            worker.process.kill()
            worker.process.join()
            worker.connection.close()

    def carry_out(
        self, tasks: Sequence[tuple[str, Task]], *, until: float | None = None
    ) -> Iterator[tuple[Task, Answer | BrokeDown]]:
        """Hands the tasks out, each with the name of its group, and gives what becomes of each as it comes.

        Nothing is begun after `until` (of time.monotonic): what was not is left out.
        """
        waiting: _Waiting[Task] = _Waiting()
        for group, task in tasks:
            waiting.groups.setdefault(group, []).append(task)
        while True:
            if until is None or time.monotonic() < until:
                self._hand_out(waiting)
            under_way = [worker for worker in self._workers if worker.task is not None]
            if not under_way:
                return
            for worker in self._ready(under_way):
                done = worker.task
                answer = self._answer(worker)
                worker.task = None
                if done is not None:
                    yield done, answer

    def _hand_out(self, waiting: _Waiting[Task]) -> None:
        for worker in self._workers:
            if worker.task is not None:
                continue
            busy = [each.group for each in self._workers if each.task is not None]
            taken = waiting.take(worker.group, busy)
            if taken is None:
                return
            worker.group, worker.task = taken
            worker.began = time.monotonic()
            worker.connection.send(worker.task)

    def _ready(self, under_way: Sequence[_Worker[Task]]) -> list[_Worker[Task]]:
        """Those that have answered, ended, or taken too long; waits for the first one."""
        by_handle = {each.connection: each for each in under_way}
        left = min(each.began for each in under_way) + TASK_LIMIT_S - time.monotonic()
        ready = wait([*by_handle], max(0.0, left))
        late = [each for each in under_way if time.monotonic() - each.began > TASK_LIMIT_S]
        return [by_handle[each] for each in ready if isinstance(each, Connection)] or late

    def _answer(self, worker: _Worker[Task]) -> Answer | BrokeDown:
        try:
            if worker.connection.poll():
                answer: Answer = worker.connection.recv()
                return answer
            why = f"it did not end within {TASK_LIMIT_S:g} s"
        except (EOFError, OSError):
            worker.process.join(LEAVE_S)
            why = f"the process that carried it out ended with status {worker.process.exitcode}"
        self._replace(worker)
        return BrokeDown(why)

    def _replace(self, worker: _Worker[Task]) -> None:
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        self._workers[self._workers.index(worker)] = self._start()

    def _start(self) -> _Worker[Task]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, ours, self._serving), daemon=False)  # type: ignore[attr-defined]
        process.start()
        theirs.close()
        return _Worker(process, ours)


def _work(connection: Connection, other_end: Connection, serving: Serving[Task, Answer]) -> None:
    """The life of one process: it ends when it is told to, or when the one that started it is gone."""
    other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that a person started
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGALRM, _leave)
    sys.unraisablehook = _leave_later
    parent = os.getppid()
    serve, close = serving()
    try:
        while os.getppid() == parent:
            if connection.poll(LOOK_UP_S):
                connection.send(serve(connection.recv()))
    except (EOFError, BrokenPipeError):
        return
    finally:
        close()


def _leave(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def _leave_later(unraisable: sys.UnraisableHookArgs) -> None:
    """Python swallows what is raised in a callback of its garbage collector: then the process leaves a moment later."""
    if isinstance(unraisable.exc_value, SystemExit):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
    else:
        sys.__unraisablehook__(unraisable)
