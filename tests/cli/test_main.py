"""The command as a whole: it says what it is, shows an example for each verb, and calls wrong what is wrong."""

from __future__ import annotations

import pytest

from harness import __version__
from tests.cli.conftest import HARNESS, Harness

HARNESS_FOLDER = HARNESS.parent

VERBS = [
    "replay",
    "decode",
    "serve",
    "report",
    "scenarios list",
    "scenarios show",
    "systems list",
]


def test_it_says_its_version(harness: Harness) -> None:
    assert harness("--version").out == f"harness {__version__}\n"


def test_its_help_names_every_verb_and_the_exit_statuses(harness: Harness) -> None:
    said = " ".join(harness("--help", env={"COLUMNS": "200"}).out.split())
    for verb in VERBS:
        assert f" {verb.partition(' ')[0]} " in said
    assert "0 conforms; 1 a must failed; 2 the call was wrong; 3 the harness or a system could not run" in said


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_shows_an_example_of_itself(harness: Harness, verb: str) -> None:
    said = " ".join(harness(*verb.split(), "--help", env={"COLUMNS": "200"}).out.split())
    assert f"Example: harness {verb} " in f"{said} "


def test_help_has_room_for_its_words_at_80_columns(harness: Harness) -> None:
    said = harness("replay", "--help", env={"COLUMNS": "80"}).out
    assert "  --junit PATH              Write JUnit XML here.\n" in said
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize("arguments", [["nonsense"], ["replay", "--nonsense"], ["replay", "--jobs", "0"], ["decode"]])
def test_a_call_that_cannot_be_read_has_status_2(harness: Harness, arguments: list[str]) -> None:
    assert "Usage: harness" in harness(*arguments, status=2).err


def test_a_reader_that_leaves_early_is_no_disaster(harness: Harness) -> None:
    ran = harness.call(
        [
            "/bin/sh",
            "-c",
            "harness scenarios list | head -n 1; harness replay --in-process --json -f canary | head -n 1",
        ],
        env={"PATH": f"{HARNESS_FOLDER}:/usr/bin:/bin"},
    )
    assert ran.err == ""
    assert [line[:10] for line in ran.out.splitlines()] == ["canary/pla", '{"record":']


def test_a_full_disk_is_said_in_one_line(harness: Harness) -> None:
    harness.write("answer.sse", b"")
    ran = harness.call(
        ["/bin/sh", "-c", "harness decode answer.sse -d openai-chat > /dev/full"],
        env={"PATH": f"{HARNESS_FOLDER}:/usr/bin:/bin"},
    )
    assert ran.status == 3
    assert ran.error == "No space left on device"
