"""One folder per dialect, each with the same files: decode, encode, request, read_request, errors.

`dialect(name)` gives a dialect's record and imports its folder only then. A folder is found by its name alone
(`openai_chat` holds `openai-chat`), so a new dialect is a new folder. One without `request.py` is a stream that is
only served, to chat front ends: nobody's model is asked in it.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from harness.dialects.base import Dialect


class UnknownDialect(ValueError):
    """There is no dialect of that name; the message lists those that there are, and what may be meant."""


@cache
def stream_names() -> tuple[str, ...]:
    """The names of all dialects, sorted: those of model vendors, and those that are only served."""
    return tuple(sorted(module.name.replace("_", "-") for module in iter_modules(__path__) if module.ispkg))


@cache
def dialect_names() -> tuple[str, ...]:
    """The names of the dialects in which models are asked, sorted."""
    return tuple(name for name in stream_names() if any((home / "request.py").is_file() for home in _homes(name)))


def _homes(name: str) -> list[Path]:
    return [Path(folder, name.replace("-", "_")) for folder in __path__]


@cache
def dialect(name: str) -> Dialect:
    """The dialect called `name`, for example `openai-chat`; raises UnknownDialect."""
    if name not in stream_names():
        close = get_close_matches(name, stream_names(), 1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        raise UnknownDialect(f"unknown dialect {name!r}; the dialects are {', '.join(stream_names())}{meant}")
    record: Dialect = import_module(f"{__name__}.{name.replace('-', '_')}").DIALECT
    return record
