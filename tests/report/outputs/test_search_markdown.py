import re

from msgspec.structs import replace

from harness.report.outputs.markdown import render_markdown
from harness.report.outputs.search_markdown import search_blocks
from harness.runner.results import Run

from ..sample import small_run
from ..sample_search import finding_of, search_of, searched_run


def test_the_heading_counts_searches_that_fail_the_run() -> None:
    text = render_markdown(searched_run())
    assert text.startswith("## LLM streaming compatibility: 3 searches not conformant\n\n### Searches\n\n2,171 inputs ")
    both = Run(small_run().header, small_run().results, (), None, searches=searched_run().searches)
    assert "not whole" in render_markdown(both).splitlines()[0]


def test_searches_that_found_nothing_conform() -> None:
    run = searched_run()
    quiet = Run(run.header, (), (), replace(run.footer, results=3), searches=run.searches[:3])  # type: ignore[type-var]
    assert render_markdown(quiet).startswith("## LLM streaming compatibility: conformant\n")


def test_the_table_has_a_line_for_each_kind_of_change() -> None:
    lines = render_markdown(searched_run()).splitlines()
    assert "| `junior 1.0` | `openai-chat` | cuts | 2 | 860 | 0 | **2** | 0 | 0 | 0 | 0 | 0 |" in lines
    assert "| `reference 1.0` | `openai-chat` | cuts | 1 | 430 | 1 | 0 | 0 | 0 | 0 | 0 | 0 |" in lines
    assert "| `junior 1.0` | `openai-chat` | neutral | 1 | 430 | – | 0 | 0 | **1** | 1 | 1 | 0 |" in lines


def test_what_was_found_alike_is_one_line_with_the_smallest_input() -> None:
    lines = [line for line in render_markdown(searched_run()).splitlines() if line.startswith("- ")]
    assert len(lines) == 4
    assert re.fullmatch(
        r"- `cuts/literal` `junior 1\.0` in `text/plain` and 1 more: \*\*corruption\*\* \(silent\), "
        r"`cut after byte \d+, inside the second byte of °`: `the text changed: .*`",
        lines[0],
    )
    assert lines[-1].endswith("; known: `reported upstream`")


def test_a_long_list_is_cut() -> None:
    many = search_of("junior", "cuts", *(finding_of(family=f"family-{number}") for number in range(30)))
    listed = list(search_blocks([many]))[-1].splitlines()
    assert (len(listed), listed[-1]) == (21, "- and 10 more")


def test_words_from_outside_stay_in_their_code_spans() -> None:
    hostile = finding_of(words="`x` | @someone\n# h", differences=["<img> #1 ``` @all"])
    (line,) = list(search_blocks([search_of("a`b", "cuts", hostile)]))[-1].splitlines()
    assert line == (
        "- `cuts/literal` ``a`b 1.0`` in `text/plain`: **corruption** (silent), `` `x` ｜ @someone # h ``: "
        "````<img> #1 ``` @all````"
    )
