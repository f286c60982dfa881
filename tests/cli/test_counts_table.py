"""A table of counts takes the form that the screen has room for, and elsewhere says everything in every line."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.cli.counts_table import CountColumn, CountsTable, Row

COLUMNS = (
    CountColumn("pass", "pass", "green", always=True),
    CountColumn("should/may", "other", "yellow"),
    CountColumn("error", "err.", "bold yellow"),
)
TABLE = CountsTable(
    ("system", "dialect"),
    COLUMNS,
    [
        Row("one-client 1.0", "gemini", (1234, 0, 0)),
        Row("one-client 1.0", "ollama", (0, 7, 0)),
        Row("two\x1b 2.0", "ollama → gemini", (3, 0, 0)),
    ],
)


def drawn(width: int, *, terminal: bool = True, table: CountsTable = TABLE) -> list[str]:
    screen = io.StringIO()
    console = Console(file=screen, width=width, force_terminal=terminal, color_system=None, soft_wrap=True)
    table.print(console)
    return screen.getvalue().splitlines()


def test_elsewhere_than_on_a_terminal_every_line_says_everything() -> None:
    assert drawn(20, terminal=False) == [
        "system          dialect          pass  should/may  error",
        "one-client 1.0  gemini           1234           0      0",
        "one-client 1.0  ollama              0           7      0",
        "two\\x1b 2.0     ollama → gemini     3           0      0",
    ]


WIDE = [
    "system          dialect          pass  should/may",
    "one-client 1.0  gemini           1234           0",
    "                ollama              0           7",
    "two\\x1b 2.0     ollama → gemini     3           0",
]
SHORT = [
    "system          dialect          pass  other",
    "one-client 1.0  gemini           1234      0",
    "                ollama              0      7",
    "two\\x1b 2.0     ollama → gemini     3      0",
]
NARROW = [
    "  dialect          pass  should/may",
    "one-client 1.0",
    "  gemini           1234           0",
    "  ollama              0           7",
    "two\\x1b 2.0",
    "  ollama → gemini     3           0",
]


@pytest.mark.parametrize(("width", "form"), [(120, WIDE), (49, WIDE), (48, SHORT), (44, SHORT), (43, NARROW)])
def test_a_terminal_gets_the_roomiest_form_that_fits(width: int, form: list[str]) -> None:
    assert drawn(width) == form


def test_the_narrowest_form_is_left_to_the_terminal_to_wrap() -> None:
    assert drawn(10)[0] == "  dialect          pass  other"


def test_numbers_stand_out_and_noughts_do_not() -> None:
    screen = io.StringIO()
    TABLE.print(Console(file=screen, width=120, force_terminal=True, color_system="standard", soft_wrap=True))
    line = screen.getvalue().splitlines()[2]
    assert "\x1b[2m   0\x1b[0m" in line
    assert "\x1b[33m         7\x1b[0m" in line
