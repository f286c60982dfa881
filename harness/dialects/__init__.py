"""One folder per dialect, each with the same files: decode, encode, request, read_request, errors.

`dialect(name)` gives a dialect's record and imports its folder only then. A folder is found by its name alone
(`openai_chat` holds `openai-chat`), so a new dialect is a new folder.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from harness.dialects.base import Dialect


class UnknownDialect(ValueError):
    """There is no dialect of that name; the message lists those that there are."""


@cache
def dialect_names() -> tuple[str, ...]:
    """The names of all dialects, sorted."""
    return tuple(sorted(module.name.replace("_", "-") for module in iter_modules(__path__) if module.ispkg))


@cache
def dialect(name: str) -> Dialect:
    """The dialect called `name`, for example `openai-chat`; raises UnknownDialect."""
    if name not in dialect_names():
        raise UnknownDialect(f"unknown dialect {name!r}; the dialects are {', '.join(dialect_names())}")
    record: Dialect = import_module(f"{__name__}.{name.replace('-', '_')}").DIALECT
    return record
