"""The table of systems: one line each, suspects apart, and put between its marks without touching anything else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.report.matrix import build_matrix
from harness.report.outputs.standings import standings, table_markdown, write_table

from ..sample import small_run
from ..sample_hostile import hostile_run
from ..site.test_snapshot import without_failing_canary

RUN = without_failing_canary(small_run())


def test_a_system_is_one_line_over_all_its_dialects() -> None:
    reference, anthropic, openai = standings(build_matrix([RUN]))
    assert (reference.system, reference.version, reference.language) == ("reference", "0.1.0", "python")
    assert (reference.must_passed, reference.must_judged, reference.silent, reference.suspect) == (40, 40, 0, False)
    assert openai.dialects == ("openai-chat", "openai-responses")
    assert (openai.must_passed, openai.must_judged) == (0, 16)
    assert (openai.silent, openai.hung, openai.other_must, openai.should, openai.known) == (12, 2, 4, 4, 0)
    assert (anthropic.unsupported, anthropic.not_measured) == (3, 2)


def test_the_table_says_the_same_in_markdown() -> None:
    head, line, reference, _, openai = table_markdown(standings(build_matrix([RUN]))).splitlines()
    assert head.startswith("| System | Language | Dialects | Must passed |")
    assert line.count("|") == head.count("|")
    assert reference.startswith("| `reference 0.1.0` | python | anthropic-messages, gemini, ollama, ")
    assert reference.endswith("| 40/40 | 0 | 0 | 0 | 0 | 0 | 0 |")
    assert openai.endswith("| 0/16 | **12** | **2** | **4** | 4 | 0 | 0 |")


def test_those_whose_canary_does_not_pass_have_a_table_of_their_own() -> None:
    trusted, words, suspects = table_markdown(standings(build_matrix([small_run()]))).split("\n\n")
    assert "`reference 0.1.0`" in trusted and "openai-python" not in trusted
    assert words == "A canary did not pass: of these the adapter or the harness is suspected first."
    assert "openai-python" in suspects and "reference" not in suspects


def test_hostile_names_stay_in_their_cells() -> None:
    lines = table_markdown(standings(build_matrix([hostile_run()]))).splitlines()
    assert {line.count("|") for line in lines} <= {0, 11}
    assert "<" not in "".join(line.split("`")[-1] for line in lines)


def test_the_table_is_put_between_its_marks(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("# Mine\n<!-- matrix:begin -->\nold\n<!-- matrix:end -->\nThe rest.\n")
    for _ in range(2):
        write_table(RUN, path)
        table = table_markdown(standings(build_matrix([RUN])))
        assert path.read_text() == f"# Mine\n<!-- matrix:begin -->\n{table}\n<!-- matrix:end -->\nThe rest.\n"


@pytest.mark.parametrize("text", ["", "<!-- matrix:begin -->\n", "<!-- matrix:end -->\n"])
def test_a_file_without_the_marks_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "README.md"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"README\.md has no <!-- matrix:begin --> … <!-- matrix:end -->"):
        write_table(replace(RUN), path)
    assert path.read_text() == text
