"""An adapter that breaks gets the verdict `error` with its last words, and the run goes on with the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.runner.results import Run, read_run
from tests.cli.conftest import MINIATURES, SCENARIO, Harness, Ran, the_result

PLAIN = ["--scenario", "canary/plain-text", "--dialect", "openai-chat"]
SHORT = SCENARIO + "deadline_s: 0.5\n"


def replayed(harness: Harness, system: str | Path, *arguments: str, status: int) -> tuple[Ran, Run]:
    """That system and the reference, over sockets."""
    both = ["--system", system, "--system", "reference"]
    ran = harness("replay", *both, *(arguments or PLAIN), "--results", "r.jsonl", status=status)
    run = read_run(harness.folder / "r.jsonl")
    assert run.footer is not None and not run.footer.interrupted
    assert the_result(run, "reference").verdict == "pass"
    return ran, run


@pytest.mark.parametrize(
    ("miniature", "system", "note", "stderr"),
    [
        ("dies_at_start", "dies_at_start", "it exited with status 4", "no licence was found\n"),
        ("dies_in_case", "dies-in-case", "it exited with status 7", "the library fell over\n"),
        ("prints_garbage", "prints_garbage", "its stdout has a line that is not JSON: 'Welcome!'", "what now?\n"),
    ],
)
def test_what_it_died_of_is_in_the_results(
    harness: Harness, miniature: str, system: str, note: str, stderr: str
) -> None:
    ran, run = replayed(harness, MINIATURES / f"{miniature}.py", status=3)
    result = the_result(run, system)
    assert (result.verdict, result.content, result.ending) == ("error", "error", "error")
    assert note in result.note
    assert result.evidence is not None
    assert result.evidence.stderr == stderr
    assert note in ran.out


def test_what_a_case_gave_before_its_worker_died_is_kept(harness: Harness) -> None:
    _, run = replayed(harness, MINIATURES / "dies_in_case.py", status=3)
    evidence = the_result(run, "dies-in-case").evidence
    assert evidence is not None
    assert [each.event["text"] for each in evidence.events] == ["Hel"]


def test_a_system_that_never_ends_hangs_and_fails(harness: Harness) -> None:
    harness.write("own/greetings/word.yaml", SHORT)
    own = ["--catalogue", "own", "--dialect", "openai-chat"]
    _, run = replayed(harness, MINIATURES / "waits_for_ever.py", *own, status=1)
    result = the_result(run, "waits-for-ever")
    assert result.verdict == "fail"
    assert "hang" in [failure.kind for failure in result.failures]


def test_a_system_that_cannot_be_executed(harness: Harness) -> None:
    manifest = harness.write("gone.yaml", "kind: client\ncommand: [no-such-program-anywhere]\n")
    ran, run = replayed(harness, manifest, status=3)
    assert (
        "it could not be started: no-such-program-anywhere: No such file or directory" in the_result(run, "gone").note
    )
    assert "gone could not be started: " in ran.err


NEEDS_MORE = """\
# /// script
# dependencies = ["six==1.17.0"]
# ///
from harness_kit import serve
serve(name="needs-more", version="1", dialects=["openai-chat"], run=None)
"""


@pytest.mark.parametrize(
    ("shadow", "mend"),
    [
        (
            "raise ImportError('no uv here')",
            "uv, which builds the environments of adapters, is missing: pip install uv",
        ),
        (
            "def find_uv_bin():\n    raise FileNotFoundError",
            "the program of the package uv is missing: pip install --force",
        ),
    ],
    ids=["no package", "no program"],
)
def test_without_uv_an_adapter_with_dependencies_cannot_start(harness: Harness, shadow: str, mend: str) -> None:
    script = harness.write("needs_more.py", NEEDS_MORE)
    harness.write("shadows/uv.py", shadow)
    environment = {"PYTHONPATH": str(harness.folder / "shadows"), "HARNESS_CACHE": str(harness.folder / "cache")}
    arguments = ["--system", script, "--system", "reference", *PLAIN, "--results", "r.jsonl"]
    ran = harness("replay", *arguments, env=environment, status=3)
    run = read_run(harness.folder / "r.jsonl")
    assert the_result(run, "reference").verdict == "pass"
    assert the_result(run, "needs_more").verdict == "error"
    assert mend in the_result(run, "needs_more").note
    assert mend in ran.err
    assert "six==1.17.0" in ran.err


def test_a_wrong_script_block_is_said(harness: Harness) -> None:
    script = harness.write("odd.py", "# /// script\n# dependencies = [7]\n# ///\n")
    _, run = replayed(harness, script, status=3)
    assert "its script block is wrong: dependencies is a list of strings" in the_result(run, "odd").note
