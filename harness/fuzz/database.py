"""Where Hypothesis keeps the inputs that failed: a folder for each reader, stream and kind, fit to be shared.

Hypothesis tries them again before anything else. Its own keys change with our code; folders by name do not.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import Path

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from harness.fuzz.stream import Stream
from harness.fuzz.variant import Kind


def database_of(folder: Path | None, spec: str, stream: Stream, kind: Kind) -> ExampleDatabase | None:
    """The database for one search, below `folder`; None keeps nothing. A folder is made when there is what to keep."""
    if folder is None:
        return None
    name = f"{stream.dialect} {stream.id} {kind}"
    path = folder / _plain(spec) / f"{_plain(name)}-{blake2b(name.encode(), digest_size=4).hexdigest()}"
    return DirectoryBasedExampleDatabase(path)


def has_examples(database: ExampleDatabase | None, key: bytes) -> bool:
    """Whether there is anything to be tried again."""
    kept = (key, key + b".secondary")
    return database is not None and any(True for each in kept for _ in database.fetch(each))


def _plain(name: str) -> str:
    """A name that any file system takes."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:80] or "unnamed"
