"""The history of runs: one SQLite file that `harness report --history` adds to, and looks the previous run up in.

A run is there once, however often it is added: it is known by when it began, its lane and its systems. What is kept of
it is how every case came out, and its counts; evidence stays in the results files.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from harness.catalogue.findings import Verdict
from harness.catalogue.models import Level
from harness.report.comparison import CaseKey, Outcome, Past, Way, past_of
from harness.report.trend import Point, point_of
from harness.runner.results import Run

APPLICATION = 0x68726E73
"""Says in the file's header whose it is."""
MIGRATIONS = (
    """
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        identity TEXT NOT NULL UNIQUE,
        started TEXT NOT NULL,
        lane TEXT NOT NULL,
        systems TEXT NOT NULL,
        cases INTEGER NOT NULL,
        point TEXT NOT NULL,
        outcomes BLOB NOT NULL
    );
    CREATE INDEX runs_by_start ON runs (lane, systems, started);
    """,
)
"""What makes each version of the file from the one before it; the first one from an empty file."""
POINTS = 60
"""How many runs a trend goes back."""
WAIT_S = 30.0
"""How long another process that adds a run at the same time is waited for."""

Added: TypeAlias = Literal["added", "known", "replaced"]
"""`known`: the history has the run as it is. `replaced`: it had the run with other outcomes."""


class UnusableHistory(ValueError):
    """The file is no history, or not one that this version reads; the message names it and says what to do."""


class _Kept(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One case as it is kept."""

    system: str
    pair: str
    case: str
    verdict: Verdict
    level: Level
    how: tuple[tuple[str, str, bool], ...] = ()
    message: str = ""
    known: bool = False
    version: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A run as a history knows it; several results files that are one run together are one entry."""

    identity: str
    started: str
    """In UTC, so that entries sort by it."""
    lane: str
    systems: str
    """The names, as a JSON list."""
    past: Past
    point: Point


def entry_of(runs: Sequence[Run]) -> Entry:
    """These runs as one entry."""
    past, point = past_of(runs), point_of(runs)
    started, lane = _in_utc(past.started), " and ".join(dict.fromkeys(run.header.lane for run in runs))
    systems = json.dumps(sorted({system for system, _, _ in past.outcomes}))
    identity = hashlib.blake2s("\n".join((started, lane, systems)).encode("utf-8", "backslashreplace")).hexdigest()
    return Entry(identity, started, lane, systems, past, point)


class History:
    """An open history file. Every method raises UnusableHistory where the file turns out to be damaged or in use."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def add(self, entry: Entry) -> Added:
        """Adds the run, or puts it in the place of what the history has of it."""
        outcomes = _packed(entry.past.outcomes)
        with _readable(self._path), self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT outcomes FROM runs WHERE identity = ?", (entry.identity,)).fetchone()
            if row is not None and row[0] == outcomes:
                return "known"
            connection.execute(
                "INSERT OR REPLACE INTO runs (identity, started, lane, systems, cases, point, outcomes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    entry.identity,
                    entry.started,
                    entry.lane,
                    entry.systems,
                    len(entry.past.outcomes),
                    msgspec.json.encode(entry.point).decode(),
                    outcomes,
                ),
            )
        return "added" if row is None else "replaced"

    def before(self, entry: Entry) -> Past | None:
        """The last run before this one that it can be compared with, see `_COMPARABLE`; None where there is none."""
        query = f"SELECT started, point, outcomes FROM runs WHERE {_COMPARABLE} ORDER BY started DESC, id DESC LIMIT 1"
        with _readable(self._path):
            row = self._connection.execute(query, _comparable(entry)).fetchone()
            if row is None:
                return None
            point = msgspec.json.decode(row[1], type=Point)
            return Past(row[0], point.harness, point.catalogue, dict(_unpacked(row[2])))

    def trend(self, entry: Entry) -> tuple[Point, ...]:
        """The runs before this one that it can be compared with, at most POINTS with it, the oldest first, and it."""
        query = f"SELECT point FROM runs WHERE {_COMPARABLE} ORDER BY started DESC, id DESC LIMIT {POINTS - 1}"
        with _readable(self._path):
            rows = self._connection.execute(query, _comparable(entry)).fetchall()
            earlier = [msgspec.json.decode(row[0], type=Point) for row in rows]
        return (*reversed(earlier), entry.point)


_COMPARABLE = "lane = ? AND systems = ? AND started < ? AND cases * 2 >= ? AND cases <= 2 * ?"
"""The same systems in the same lane, with at least half and at most twice as many cases."""


def _comparable(entry: Entry) -> tuple[str | int, ...]:
    count = len(entry.past.outcomes)
    return entry.lane, entry.systems, entry.started, count, count


@contextmanager
def open_history(path: Path) -> Iterator[History]:
    """The history in that file, made where there is none. Raises UnusableHistory or OSError."""
    if path.is_dir():
        raise UnusableHistory(f"{path}: is a folder; name the history's file in it")
    path.parent.mkdir(parents=True, exist_ok=True)
    with _readable(path):
        connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    with closing(connection):
        with _readable(path):
            _migrate(connection, path)
        yield History(connection, path)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Brings the file to the newest version; what is not ours is left as it is."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if application != APPLICATION and (application or version or tables):
            raise UnusableHistory(f"{path}: the database of another program; name another file for the history")
        if version > len(MIGRATIONS):
            raise UnusableHistory(
                f"{path}: written by a newer harness (version {version} of the file); update this one"
            )
        for script in MIGRATIONS[version:]:
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
        if version < len(MIGRATIONS):
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        busy = error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        said = f"in use by another process for more than {WAIT_S:g} s; try again" if busy else str(error)
        raise UnusableHistory(f"{path}: {said}") from None
    except (sqlite3.DatabaseError, zlib.error, msgspec.DecodeError) as error:
        raise UnusableHistory(
            f"{path}: no history of the harness, or a damaged one ({error}); move it away, and name a new file"
        ) from None


def _packed(outcomes: Mapping[CaseKey, Outcome]) -> bytes:
    kept = [
        _Kept(*key, each.verdict, each.level, each.how, each.message, each.known, each.version)
        for key, each in sorted(outcomes.items())
    ]
    return zlib.compress(msgspec.json.encode(_sayable(kept)), 6)


def _sayable(kept: list[_Kept]) -> Any:
    """Halves of surrogate pairs, which UTF-8 cannot say, become escapes."""
    try:
        msgspec.json.encode(kept)
    except UnicodeEncodeError:
        return [_escaped(msgspec.to_builtins(each)) for each in kept]
    return kept


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return [_escaped(item) for item in value] if isinstance(value, list | tuple) else value


def _unpacked(data: bytes) -> Iterable[tuple[CaseKey, Outcome]]:
    for each in msgspec.json.decode(zlib.decompress(data), type=list[_Kept]):
        how = tuple(Way(*way) for way in each.how)
        outcome = Outcome(each.verdict, each.level, how, each.message, each.known, each.version)
        yield (each.system, each.pair, each.case), outcome


def _in_utc(started: str) -> str:
    """An ISO 8601 time in UTC; what is none as it is."""
    try:
        time = datetime.fromisoformat(started)
    except ValueError:
        return started
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
