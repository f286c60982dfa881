"""Names of the report's files."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_NAME_LENGTH = 100


def file_name(name: str) -> str:
    """A file name for a page: readable, safe on every file system, and another one for every other name."""
    safe = _UNSAFE.sub("-", name.replace("/", "--"))[:_NAME_LENGTH].strip(".-").lower()
    digest = hashlib.blake2s(name.encode("utf-8", "surrogatepass"), digest_size=3).hexdigest()
    return f"{safe or 'page'}-{digest}.html"


def column_address(system: str, version: str, dialect: str, upstream: str = "") -> str:
    """How the addresses of cells name a column: `openai-python@3.52.0/openai-chat`, percent-encoded where need be.

    A gateway's has the dialect that it reads behind its own: `litellm@1.2/gemini~openai-chat`.
    """
    pair = f"{dialect}~{upstream}" if upstream else dialect
    return "/".join(quote(part, safe="~:") for part in (f"{system}@{version}", pair)).replace("%40", "@")


def cell_address(scenario: str, column: str) -> str:
    """The address of a cell's page, from the site's root: `cell.html?canary/plain-text/` and the column's address."""
    return f"cell.html?{quote(scenario, safe='/~:')}/{column}"
