"""Foreign words in Markdown: in code spans, where no markup, no mention and no reference works."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.report.visible import plain

MESSAGE = 160
"""Characters of a message that one line shows."""

_FENCES = re.compile("`+")


def code(text: str) -> str:
    """A code span that nothing in the text can leave, in one line, fit for a table."""
    line = plain(" ".join(text.split())).replace("|", "\N{FULLWIDTH VERTICAL LINE}")
    fence = "`" * (1 + max((len(run) for run in _FENCES.findall(line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def short(text: str) -> str:
    """The beginning of a text, as much as a line has room for."""
    return text if len(text) <= MESSAGE else f"{text[:MESSAGE]}…"


def table_line(cells: Iterable[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"
