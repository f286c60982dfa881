"""Where the command line writes: colour only on a terminal, and none where NO_COLOR is set."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from rich.console import Console

PLAIN_WIDTH = 120
"""Columns where nobody says how wide the screen is."""


def screen(*, stderr: bool = False, quiet: bool = False) -> Console:
    """A console on stdout or stderr that breaks no line by itself and takes no word for markup.

    It has colours where it is a terminal, or FORCE_COLOR says so, but none at all where NO_COLOR is set.
    """
    stream: TextIO = sys.stderr if stderr else sys.stdout
    return Console(
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        stderr=stderr,
        quiet=quiet,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        force_interactive=stream.isatty() and os.environ.get("TERM") != "dumb",
        width=None if stream.isatty() else PLAIN_WIDTH,
    )
