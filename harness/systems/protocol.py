"""The adapter protocol's lines: what we say to a worker, and what a worker may say to us.

One JSON object a line. What a worker says is data from outside: it is checked here, and whatever cannot be read raises
SystemBroken with the line. Event types that we do not know are kept as `Other`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

import msgspec

from harness.catalogue.models import FEATURES, LACKS
from harness.catalogue.observation import CallerEnd, EndStatus
from harness.dialects import dialect_names
from harness.events import ERROR_KINDS, AnyEvent, End, ErrorInfo, Other, from_builtins
from harness.systems.base import PROTOCOL, Case, Description, SystemBroken

SHOWN_OF_LINE = 300
"""How many bytes of an unreadable line a message shows."""

END_STATUSES: tuple[EndStatus, ...] = get_args(EndStatus)
_EVENT_TYPES = frozenset(kind.__struct_config__.tag for kind in get_args(AnyEvent))


class BadCase(SystemBroken):
    """A worker said something wrong about one case; the worker itself may go on."""

    def __init__(self, case: str, message: str) -> None:
        super().__init__(message, in_flight=(case,))
        self.case = case


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """The worker says that something happened in a case."""

    case: str
    event: AnyEvent


@dataclass(frozen=True, slots=True)
class CaseEnd:
    """The worker says how a case ended."""

    case: str
    end: CallerEnd


Said: TypeAlias = Description | CaseEvent | CaseEnd | None


def encode(message: Mapping[str, Any]) -> bytes:
    """A message to a worker, as one line."""
    return json.dumps(message).encode() + b"\n"


DESCRIBE = encode({"op": "describe"})
QUIT = encode({"op": "quit"})


def encode_run(case: Case, name: str) -> bytes:
    """The line that starts a case under `name`."""
    message = {
        "op": "run",
        "case": name,
        "dialect": case.dialect,
        "base_url": case.base_url,
        "api_key": case.api_key,
        "request": case.request,
        "options": case.options,
    }
    return encode({**message, "fallback_base_url": case.fallback_base_url} if case.fallback_base_url else message)


def encode_cancel(name: str) -> bytes:
    """The line that gives a case up."""
    return encode({"op": "cancel", "case": name})


def read_line(line: bytes) -> Said:
    """What a worker's line says; None for an operation that we do not know.

    Raises BadCase for nonsense about one case, and SystemBroken for anything else that cannot be read.
    """
    match _parse(line):
        case {"op": "described"} as message:
            return _description(message)
        case {"op": _}:
            return None
        case {"case": str(name), "event": event}:
            return CaseEvent(name, _event(name, event))
        case {"case": str(name), "end": end}:
            return CaseEnd(name, _end(name, end))
    raise SystemBroken(f"its stdout has a line that is no message of the protocol: {show(line)}")


def show(line: bytes) -> str:
    """The beginning of a line, for a message."""
    rest = len(line) - SHOWN_OF_LINE
    return f"{line[:SHOWN_OF_LINE].decode(errors='backslashreplace')!r}" + (
        f" and {rest} bytes more" if rest > 0 else ""
    )


def _parse(line: bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except msgspec.DecodeError:
        pass
    try:
        return json.loads(line)  # reads lone surrogates and NaN, which a system may well hand on
    except (ValueError, RecursionError):
        raise SystemBroken(f"its stdout has a line that is not JSON: {show(line)}") from None


def _event(name: str, data: Any) -> AnyEvent:
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        raise BadCase(name, f"an event is an object with a type, not {data!r:.200}")
    if data["type"] not in _EVENT_TYPES:
        return Other(data["type"], {key: value for key, value in data.items() if key != "type"})
    if data["type"] == "retry":
        data = {"max_attempts": None, "reason": "", **data}
    try:
        event = from_builtins(data)
    except msgspec.ValidationError as error:
        raise BadCase(name, f"its {data['type']} event cannot be read: {error}; it is {data!r:.200}") from None
    if isinstance(event, End):
        raise BadCase(name, 'how a case ended is said by {"case": …, "end": …}, not by an event')
    return event


def _end(name: str, data: Any) -> CallerEnd:
    match data:
        case {"status": "broken"}:
            error = data.get("error")
            said = error.get("message") if isinstance(error, dict) else None
            raise BadCase(name, f"the adapter itself failed, not its client: {said or 'it does not say how'}")
        case {"status": str(status)} if status in END_STATUSES:
            raised = data.get("raised")
            return CallerEnd(status, _error(name, data), str(raised) if raised else None)
    raise BadCase(name, f"the status of an end is one of {', '.join(END_STATUSES)}; it said {data!r:.200}")


def _error(name: str, end: dict[str, Any]) -> ErrorInfo | None:
    error = end.get("error")
    if error is None:
        return ErrorInfo("unknown", "") if end["status"] == "error" else None
    try:
        return msgspec.convert({"kind": "unknown", "message": "", **error}, ErrorInfo)
    except (msgspec.ValidationError, TypeError) as problem:
        kinds = ", ".join(ERROR_KINDS)
        raise BadCase(
            name, f"its error cannot be read: {problem}; the kinds are {kinds}; it is {error!r:.200}"
        ) from None


class Described(msgspec.Struct, frozen=True):
    """What a worker says of itself."""

    name: str
    """What the client is called."""
    version: str
    """The client's version."""
    language: str
    """The language that it is written in."""
    dialects: tuple[str, ...]
    """The dialects that it speaks."""
    protocol: int
    """The version of this protocol."""
    features: frozenset[str] = frozenset()
    """What it claims to do, in every dialect."""
    features_in: dict[str, frozenset[str]] = {}
    """What it claims besides, by dialect."""
    kind: str = "client"
    """`client`, or `parser` for what reads frames and knows nothing of answers."""
    default_retries: int | dict[str, int] | None = None
    """How often it repeats a failed request unless told otherwise, as its documentation has it."""


def _description(message: dict[str, Any]) -> Description:
    try:
        said = msgspec.convert(message, Described)
    except msgspec.ValidationError as error:
        raise SystemBroken(f"its description cannot be read: {error}; it is {message!r:.300}") from None
    if said.protocol != PROTOCOL:
        raise SystemBroken(f"it speaks version {said.protocol} of the adapter protocol; this harness speaks {PROTOCOL}")
    if said.kind not in ("client", "parser"):
        raise SystemBroken(f"a worker drives a client or a parser; it says that it is a {said.kind!r}")
    for feature in sorted(said.features.union(*said.features_in.values()) - FEATURES.keys() - LACKS.keys()):
        raise SystemBroken(f"it claims the unknown feature {feature!r}{_meant(feature, FEATURES)}")
    if not set(said.dialects) & set(dialect_names()):
        known = ", ".join(dialect_names())
        raise SystemBroken(f"it speaks none of the dialects that we know ({known}) but {', '.join(said.dialects)}")
    retries = said.default_retries
    return Description(
        said.name,
        said.version,
        said.language,
        said.dialects,
        said.features,
        kind="parser" if said.kind == "parser" else "client",
        features_in=said.features_in,
        default_retries=retries if isinstance(retries, dict) else dict.fromkeys(said.dialects, retries),
    )


def _meant(word: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; the features are {', '.join(known)}"
