"""Exit statuses, and how an error that a person can mend reaches them: one line on stderr, no traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

CONFORMS = 0
FAILED = 1
WRONG_CALL = 2
COULD_NOT_RUN = 3
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""


@contextmanager
def mendable(*errors: type[Exception], status: int = WRONG_CALL) -> Iterator[None]:
    """Within this block, those errors (and OSError) end the command with their own words and `status`."""
    ours: tuple[type[Exception], ...] = (*errors, OSError)
    try:
        yield
    except BrokenPipeError:
        raise
    except ours as error:
        fail(said(error), status)


def said(error: Exception) -> str:
    """An error in words; those of the operating system begin with the file that they are about."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def make_parent(path: Path) -> None:
    """Makes the folder that a file is to be written into; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)


def fail(message: str, status: int = WRONG_CALL) -> NoReturn:
    """Says what is wrong and leaves with `status`."""
    print(f"harness: error: {message}", file=sys.stderr)
    raise typer.Exit(status)
