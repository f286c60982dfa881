import pytest
from msgspec.structs import replace

from harness.report.comparison import past_of
from harness.report.outputs.markdown import render_markdown
from harness.report.outputs.spans import code
from harness.runner.results import Run

from ..sample import SITUATIONS, large_run, recording_of, run_of, small_run
from ..sample_hostile import hostile_run


def test_the_table_has_a_line_for_each_system_and_dialect() -> None:
    lines = render_markdown(small_run()).splitlines()
    row = "| `openai-python 3.52.0` | `openai-chat` | 0/9 (0 %) | **6** | **1** | **3** | 2 | 1 | 0 | 0 | 0 |"
    assert row in lines
    assert len([line for line in lines if line.startswith("| `")]) == 8


def test_silent_failures_come_before_all_others() -> None:
    text = render_markdown(small_run())
    headings = ["### Silent failures (12)", "### Hangs (3)", "Other must failures (6)", "Should and may failures (5)"]
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)


def test_what_failed_alike_in_several_dialects_is_one_line() -> None:
    text = render_markdown(small_run())
    line = next(line for line in text.splitlines() if line.startswith("- `ending/closed-mid-text`"))
    assert line == (
        "- `ending/closed-mid-text` `openai-python 3.52.0` `openai-chat`, `openai-responses`: "
        "**silent-truncation**, `the caller was told that the answer is complete; it was cut off`"
    )


@pytest.mark.parametrize(
    ("verdict", "heading"),
    [("pass", "conformant"), ("error", "1 case not measured"), ("fail", "1 case not conformant"),
     ("unsupported", "nothing was judged")],
)  # fmt: skip
def test_the_heading_is_the_verdict(verdict: str, heading: str) -> None:
    run = run_of(("ollama-python",), SITUATIONS[1:2], {"ollama-python": lambda place: verdict})
    assert render_markdown(run).startswith(f"## LLM streaming compatibility: {heading}\n")


def test_a_run_that_is_not_whole_says_so_first() -> None:
    run = small_run()
    text = render_markdown(Run(run.header, run.results, (), None))
    assert text.startswith("## LLM streaming compatibility: the run is not whole\n\n> **Not whole.**")


def test_a_failing_canary_is_a_warning() -> None:
    assert "> **A canary failed** (`openai-python` in `openai-chat`" in render_markdown(small_run())


def test_it_is_no_longer_than_a_comment_may_be_and_says_where_it_was_cut() -> None:
    run = small_run()
    many = [replace(each, system=f"{each.system}-{number}") for number in range(100) for each in run.results]
    text = render_markdown(Run(run.header, tuple(many), (), run.footer))
    assert 60_000 < len(text) <= 65_536
    assert "The summary is cut off here; the report has everything.\n\n" in text
    assert text.splitlines()[-1].startswith("9,600 cases; harness `")
    assert text.count("<details>") == text.count("</details>")
    assert "cut off here" not in render_markdown(run)


@pytest.mark.parametrize(("flaky", "words"), [(False, "; known: `see it`"), (True, "; flaky: `see it`")])
def test_what_is_flaky_is_told_as_such(flaky: bool, words: str) -> None:
    run = run_of(("ollama-python",), SITUATIONS[1:2], {"ollama-python": lambda place: "fail"})
    known = replace(run.results[0], known="see it", flaky=flaky)
    assert words in render_markdown(Run(run.header, (known,), (), run.footer))


def test_entries_that_fail_the_run_are_listed_with_their_place() -> None:
    run = run_of(("ollama-python",), SITUATIONS[1:2], {"ollama-python": lambda place: "pass"})
    stale = replace(run.results[0], known="see it", known_place="known.yaml:12")
    assert (
        "### Known failures to look at again (1)\n\n"
        "- `known.yaml:12: it is listed as a known failure, and passes: remove the entry`\n"
    ) in render_markdown(Run(run.header, (stale,), (), run.footer))


def test_a_known_failure_is_named_with_its_reason() -> None:
    run = run_of(("ollama-python",), SITUATIONS[1:2], {"ollama-python": lambda place: "fail"})
    known = Run(run.header, (replace(run.results[0], known="see the tracker"),), (), run.footer)
    assert "; known: `see the tracker`" in render_markdown(known)
    assert "compatibility: conformant but for 1 known failure" in render_markdown(known)


def test_recordings_are_summed_up() -> None:
    run = small_run()
    text = render_markdown(Run(run.header, run.results, (recording_of("a"),), run.footer))
    assert "Real recorded streams: 1 of 1 stream from 1 provider hold" in text


def test_it_fits_under_a_pull_request() -> None:
    assert len(render_markdown(large_run())) < 65_536


def test_foreign_text_stays_in_its_code_span() -> None:
    assert code("plain") == "`plain`"
    assert code("a`b``c") == "```a`b``c```"
    assert code("`") == "`` ` ``"
    assert code("a|b\n# c\x00") == "`a｜b # c\\x00`"
    assert code("") == "`  `"


def test_hostile_text_cannot_leave_its_line_or_table_cell() -> None:
    lines = render_markdown(hostile_run()).splitlines()
    assert all(line.count("|") in (0, 12, 13) for line in lines)  # cases, searches
    assert not [line for line in lines if line.lstrip().startswith("<script")]
    assert "\u202e" not in "".join(lines)


def test_what_changed_since_an_earlier_run_comes_before_the_failures() -> None:
    good = run_of(("reference", "ollama-python"), SITUATIONS[:8], {})
    bad = run_of(("reference", "ollama-python"), SITUATIONS[:8], {"ollama-python": lambda place: "fail"})
    text = render_markdown(bad, past_of([good]))
    assert "### Since 2026-11-20 10:00 UTC: 8 cases broke" in text
    assert "**Passed before, and fails now: 8**" in text
    assert "- `ollama-python 0.6.3` `canary/plain-text` (`ollama`), must: pass → fail [loss]: `" in text
    assert "as before: 40." in text
    assert text.index("### Since") < text.index("### Silent failures")
    again = render_markdown(good, past_of([bad]))
    assert "### Since 2026-11-20 10:00 UTC: nothing broke" in again
    assert "failed before, and passes now: 8; as before: 40." in again


def test_of_many_changes_twelve_are_spelt_out() -> None:
    run = large_run(3)
    good = Run(run.header, tuple(replace(each, verdict="pass", failures=[]) for each in run.results), (), run.footer)
    text = render_markdown(run, past_of([good]))
    section = text.partition("**Passed before")[2].partition("\n\n")[0] + text.partition("fails now:")[2]
    assert "\n- and 59 more\n" in section
    assert len(text) < 65_536
