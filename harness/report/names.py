"""Names of the report's files."""

from __future__ import annotations

import hashlib
import re

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_NAME_LENGTH = 100


def file_name(name: str) -> str:
    """A file name for a page: readable, safe on every file system, and another one for every other name."""
    safe = _UNSAFE.sub("-", name.replace("/", "--"))[:_NAME_LENGTH].strip(".-").lower()
    digest = hashlib.blake2s(name.encode("utf-8", "surrogatepass"), digest_size=3).hexdigest()
    return f"{safe or 'page'}-{digest}.html"
