"""Where inputs that failed are kept, to be tried first the next time: a folder for each reader, stream and kind.

They are kept as plans, which a person can read, and which outlive changes of the code that made them. The folder may be
copied from one machine to another, and from one run of CI to the next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from harness.fuzz.stream import Stream
from harness.fuzz.variant import Kind

PLANS = "plans.json"


class Kept:
    """What is kept of one search, below the folder that all searches share."""

    def __init__(self, folder: Path, spec: str, stream: Stream, kind: Kind) -> None:
        name = f"{stream.dialect} {stream.id} {kind}"
        told_apart = blake2b(name.encode(), digest_size=4).hexdigest()
        self.folder = folder / _plain(spec) / f"{_plain(name)}-{told_apart}"

    def plans(self) -> list[Mapping[str, Any]]:
        """The plans that failed; none where the file is not there, or is not what we wrote."""
        with suppress(OSError, ValueError):
            said = json.loads((self.folder / PLANS).read_text())
            if isinstance(said, list):
                return [plan for plan in said if isinstance(plan, dict)]
        return []

    def keep(self, plans: Sequence[Mapping[str, Any]]) -> None:
        """Puts these in the place of what was there. Raises OSError."""
        path = self.folder / PLANS
        if not plans:
            path.unlink(missing_ok=True)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".new")
        half.write_text(json.dumps([dict(plan) for plan in plans], indent=1) + "\n")
        half.replace(path)


def _plain(name: str) -> str:
    """A name that any file system takes."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:80] or "unnamed"
