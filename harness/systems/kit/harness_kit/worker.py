"""The adapter protocol, spoken over stdin and stdout: cases come in, events and ends go out."""

from __future__ import annotations

import asyncio
import importlib.metadata
import inspect
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, BinaryIO

from .errors import blamed_on_adapter, error_of, raised_name
from .events import CONTENT, Case, End, Event


class _Channel:
    """Stdout, kept for the protocol: one message, one line, whichever thread it comes from."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        line = json.dumps(message, default=repr).encode() + b"\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()


class _Running:
    """One case under way. Nothing is sent once its end was."""

    def __init__(self, case: Case, channel: _Channel, cancels: bool) -> None:
        self.case = case
        self.task: asyncio.Task[None] | None = None
        self.stopped = False
        self._channel = channel
        self._limit = case.options.get("cancel_after_events") if cancels else None
        self._content = 0
        self._status = "completed"
        self._lock = threading.Lock()
        self._ended = False

    def event(self, event: Event) -> bool:
        """Sends one event; False once the case is to be given up."""
        if isinstance(event, End):
            self._status = event.status
            return True
        with self._lock:
            if self._ended:
                return False
            self._channel.send({"case": self.case.id, "event": event.to_json()})
        self._content += isinstance(event, CONTENT)
        if self._limit is not None and self._content >= self._limit:
            self._status = "cancelled"
            return False
        return True

    def end(self, status: str | None = None, **more: Any) -> None:
        """Sends the end, once."""
        with self._lock:
            if not self._ended:
                self._ended = True
                self._channel.send({"case": self.case.id, "end": {"status": status or self._status, **more}})


@dataclass
class _Server:
    channel: _Channel
    described: dict[str, Any]
    run: Callable[[Case], Any]
    classify: Callable[[BaseException], str | None] | None
    drives_library: bool
    """The client is an installed library: what the adapter's own lines raise is the adapter's fault."""
    cases: dict[str, _Running] = field(default_factory=dict)
    quit: asyncio.Event = field(init=False)

    async def serve(self, stream: BinaryIO) -> None:
        loop, self.quit = asyncio.get_running_loop(), asyncio.Event()
        threading.Thread(target=self._read, args=(stream, loop), daemon=True).start()
        await self.quit.wait()

    def _read(self, stream: BinaryIO, loop: asyncio.AbstractEventLoop) -> None:
        for line in stream:
            try:
                message = json.loads(line)
            except ValueError:
                print(f"harness_kit: not a JSON line: {line[:200]!r}", file=sys.stderr)
                continue
            loop.call_soon_threadsafe(self._take, message)
        loop.call_soon_threadsafe(self.quit.set)

    def _take(self, message: Any) -> None:
        operation = message.get("op") if isinstance(message, dict) else None
        if operation == "describe":
            self.channel.send(self.described)
        elif operation == "run":
            self._start(message)
        elif operation == "cancel":
            self._cancel(str(message.get("case")))
        elif operation == "quit":
            self.quit.set()

    def _start(self, message: dict[str, Any]) -> None:
        known = {item.name for item in fields(Case)}
        case = Case(**{key: message[key] for key in known & message.keys()}, id=message["case"])
        claimed = {*self.described["features"], *self.described["features_in"].get(case.dialect, ())}
        running = _Running(case, self.channel, "cancel" in claimed)
        self.cases[case.id] = running
        if inspect.isasyncgenfunction(self.run) or inspect.iscoroutinefunction(self.run):
            running.task = asyncio.get_running_loop().create_task(self._drive(running))
        else:
            threading.Thread(target=self._drive_in_thread, args=(running,), daemon=True).start()

    def _cancel(self, case_id: str) -> None:
        if running := self.cases.pop(case_id, None):
            running.stopped = True
            if running.task is not None:
                running.task.cancel()
            else:  # a thread cannot be interrupted: the case ends now, and its next event stops it
                running.end("cancelled")

    async def _drive(self, running: _Running) -> None:
        with self._ending(running):
            result = self.run(running.case)
            if inspect.isawaitable(result):
                _hand_on(await result, running)
                return
            async for event in result:
                if not running.event(event):
                    await result.aclose()
                    break

    def _drive_in_thread(self, running: _Running) -> None:
        with self._ending(running):
            _hand_on(self.run(running.case), running)

    @contextmanager
    def _ending(self, running: _Running) -> Iterator[None]:
        """Whatever happens inside, the case gets its end."""
        try:
            yield
            running.end()
        except BaseException as error:  # even SystemExit: it is the case that exits, not the worker
            if running.stopped:
                running.end("cancelled")
            elif self.drives_library and (place := blamed_on_adapter(error)):
                running.end("broken", error={"message": f"{error!r} at {place}"}, raised=raised_name(error))
            else:
                running.end("error", error=error_of(error, self.classify), raised=raised_name(error))
        finally:
            self.cases.pop(running.case.id, None)


def _hand_on(events: Iterable[Event] | None, running: _Running) -> None:
    for event in events or ():
        if not running.event(event):
            if inspect.isgenerator(events):
                events.close()
            break


def _protocol_streams() -> tuple[BinaryIO, BinaryIO]:
    """Stdin and stdout, for the protocol alone: for everybody else stdin is empty, and stdout is stderr."""
    streams = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return streams


def serve(
    *,
    name: str,
    dialects: Sequence[str],
    run: Callable[[Case], Any],
    features: Sequence[str] = (),
    features_in: Mapping[str, Sequence[str]] | None = None,
    default_retries: int | Mapping[str, int] | None = None,
    distribution: str | None = None,
    version: str | None = None,
    kind: str = "client",
    classify: Callable[[BaseException], str | None] | None = None,
) -> None:
    """Speaks the protocol until stdin ends.

    `run(case)` is an async generator or a generator of events, or a (coroutine) function that returns them all;
    `features_in` adds to `features` by dialect. `default_retries` is how often the client repeats a failed request
    unless it is told otherwise, as its documentation has it; by dialect where they differ. `kind` is `client`, or
    `parser` for what reads frames and knows nothing of answers. `version` is the client's, or is taken from the
    installed `distribution`; an adapter that names one drives a library, and what its own lines raise is then its own
    fault, not the client's. `classify(error)` may name the kind of an exception; None leaves it to the kit. With the
    feature `cancel`, the option `cancel_after_events` closes the generator after so many content events.
    """
    channel_in, channel_out = _protocol_streams()
    described = {
        "op": "described",
        "protocol": 1,
        "name": name,
        "version": version or (importlib.metadata.version(distribution) if distribution else "unknown"),
        "language": "python",
        "kind": kind,
        "dialects": list(dialects),
        "features": list(features),
        "features_in": features_in or {},
        "default_retries": default_retries,
    }
    server = _Server(_Channel(channel_out), described, run, classify, distribution is not None)
    asyncio.run(server.serve(channel_in))
