"""The kit of a Python adapter: it speaks the adapter protocol, so that the adapter only drives its client.

An adapter imports this one file (standard library only, Python 3.9 or later), writes a `run(case)` that yields events
as its client's own user would see them, and calls `serve`. Raising is the honest way to fail. Many cases run at once:
async generators and coroutines on one event loop, anything else in a thread of its own for each case.

What the adapter prints goes to stderr; stdout belongs to the protocol.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import inspect
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, BinaryIO


@dataclass(frozen=True)
class Case:
    """One case: where to send which request. `request` is the canonical request, as JSON values."""

    id: str
    dialect: str
    base_url: str
    api_key: str
    request: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)
    fallback_base_url: str | None = None


@dataclass(frozen=True)
class Event:
    """The base of all events; its JSON form leaves out what has the default value."""

    def to_json(self) -> dict[str, Any]:
        """The canonical JSON form: `type` is the class's name in snake case."""
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        defaults = {item.name: item.default for item in fields(self)}
        name = re.sub("(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()
        return {"type": name, **{key: value for key, value in given.items() if value != defaults[key]}}


@dataclass(frozen=True)
class Start(Event):
    """The response began: its id, and the model that answers."""

    id: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class Text(Event):
    """Visible answer text, as a delta."""

    text: str
    choice: int = 0


@dataclass(frozen=True)
class Reasoning(Event):
    """Reasoning text, as a delta."""

    text: str
    choice: int = 0
    summary: bool = False


@dataclass(frozen=True)
class Signature(Event):
    """What must be sent back with reasoning; `form` is `signature`, `redacted` or `encrypted`."""

    data: str
    form: str = "signature"
    choice: int = 0
    tool_index: int | None = None
    id: str | None = None


@dataclass(frozen=True)
class Refusal(Event):
    """The model's refusal in words, where the client keeps it apart from the text; as a delta."""

    text: str
    choice: int = 0


@dataclass(frozen=True)
class ToolCall(Event):
    """A fragment of a tool call: the same `index` each time, `id` and `name` once known, `arguments` appended."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    choice: int = 0


@dataclass(frozen=True)
class Usage(Event):
    """Token counts, as far as the client tells them."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None


@dataclass(frozen=True)
class Finish(Event):
    """Why it stopped: stop, length, tool_calls, content_filter, refusal, pause, context_overflow or other."""

    reason: str
    raw: str | None = None
    choice: int = 0


@dataclass(frozen=True)
class Retry(Event):
    """The client says that attempt `attempt` (2 for the first repeat) follows after `delay_s` seconds."""

    attempt: int
    delay_s: float
    reason: str = ""
    max_attempts: int | None = None


@dataclass(frozen=True)
class Other(Event):
    """Anything else worth keeping as evidence."""

    kind: str
    data: Any = None


@dataclass(frozen=True)
class End(Event):
    """Yielded last by a client that returns and says how it ended: `completed`, `truncated` or `cancelled`."""

    status: str


class Failed(Exception):
    """The client told its user of an error in another way than by raising. `kind`: rate_limit, overloaded, quota, auth,
    context_overflow, not_found, invalid_request, content_filter, server, timeout, connection, protocol or unknown."""

    def __init__(self, kind: str, message: str, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.code = code


CONTENT = (Text, Reasoning, ToolCall)
"""The events that `cancel_after_events` counts."""
_STATUSES = {401: "auth", 403: "auth", 404: "not_found", 408: "timeout", 429: "rate_limit", 504: "timeout"}
_STATUSES[529] = "overloaded"

_CLASS_NAMES = {
    "timeout": "Timeout",
    "rate_limit": "RateLimit",
    "overloaded": "Overloaded",
    "auth": "Authentication|Permission",
    "not_found": "NotFound",
    "content_filter": "ContentFilter",
    "invalid_request": "BadRequest",
    "server": "InternalServer",
    "connection": "Connect|NetworkError|ReadError|RemoteProtocol|IncompleteRead",
    "protocol": "JSONDecode|UnicodeDecode|Validation",
}
"""What the names of exception classes say of a kind; looked for in the class and then in its bases."""


def error_of(error: BaseException, classify: Callable[[BaseException], str | None] | None = None) -> dict[str, Any]:
    """What an exception says; its kind comes from `classify`, else the status, else the names of its classes."""
    status = _status(error)
    code = getattr(error, "code", None)
    return {
        "kind": _kind(error, status, classify),
        "message": str(error) or type(error).__name__,
        "status": status,
        "code": code if isinstance(code, str) else None,
    }


def _kind(error: BaseException, status: int | None, classify: Callable[[BaseException], str | None] | None) -> str:
    if isinstance(error, Failed):
        return error.kind
    if classify is not None and (kind := classify(error)):
        return kind
    if status is not None:
        return _STATUSES.get(status, "server" if status >= 500 else "invalid_request")
    for base in type(error).__mro__:
        for kind, names in _CLASS_NAMES.items():
            if re.search(names, base.__name__):
                return kind
    return "unknown"


def _status(error: BaseException) -> int | None:
    candidates = (error, getattr(error, "response", None))
    values = [getattr(item, name, None) for item in candidates for name in ("status_code", "status")]
    return next((value for value in values if isinstance(value, int) and value >= 400), None)


def raised_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


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
        self._content += isinstance(event, (Text, Reasoning, ToolCall))
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
        running = _Running(case, self.channel, "cancel" in self.described["features"])
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
    features_in: dict[str, Sequence[str]] | None = None,
    distribution: str | None = None,
    version: str | None = None,
    classify: Callable[[BaseException], str | None] | None = None,
) -> None:
    """Speaks the protocol until stdin ends.

    `run(case)` is an async generator or a generator of events, or a (coroutine) function that returns them all;
    `features_in` adds to `features` by dialect. `version` is the client's, or is taken from the installed
    `distribution`. `classify(error)` may name the kind of an exception; None leaves it to the kit. With the feature
    `cancel`, the option `cancel_after_events` closes the generator after so many content events.
    """
    channel_in, channel_out = _protocol_streams()
    described = {
        "op": "described",
        "protocol": 1,
        "name": name,
        "version": version or (importlib.metadata.version(distribution) if distribution else "unknown"),
        "language": "python",
        "dialects": list(dialects),
        "features": list(features),
        "features_in": features_in or {},
    }
    asyncio.run(_Server(_Channel(channel_out), described, run, classify).serve(channel_in))
