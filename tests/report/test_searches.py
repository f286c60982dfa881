from msgspec.structs import replace

from harness.report.case.body import ChunkRow
from harness.report.matrix import build_matrix, missing_words
from harness.report.searches import (
    gravest_first,
    search_counts,
    search_groups,
    search_mark,
    searched_systems,
    searches_line,
    tried_words,
)
from harness.report.site.search_input import input_views
from harness.runner.results import Footer, Run

from .sample_search import IN_DEGREE, finding_of, search_of, searched_run

SEARCHES = searched_run().searches


def test_every_finding_is_counted_once() -> None:
    counts = search_counts(SEARCHES)
    assert (counts.searches, counts.streams, counts.findings) == (8, 2, 5)
    assert (counts.silent, counts.hung, counts.must, counts.other) == (2, 1, 1, 1)
    assert (counts.known, counts.broken, counts.errors, counts.complete) == (1, 3, 1, 1)
    assert counts.inputs == 430 + 12 + 9 + 4 * 430


def test_all_searches_in_one_sentence() -> None:
    assert searches_line(SEARCHES) == (
        "2,171 inputs made of 2 streams, in 3 systems: 5 findings, 2 of them silent, 1 known; "
        "the proof of cuts is complete for 1 of 3; 1 search not measured."
    )
    assert searches_line(SEARCHES[1:3]) == "21 inputs made of 1 stream, in 1 system: nothing was found."


def test_searches_are_grouped_by_system_dialect_and_kind_of_change() -> None:
    gateway = replace(search_of("junior", "cuts"), upstream="gemini")
    groups = [
        (group.system, group.pair, group.kind, group.counts.streams) for group in search_groups([*SEARCHES, gateway])
    ]
    assert groups == [
        ("absent", "openai-chat", "cuts", 1),
        ("junior", "gemini → openai-chat", "cuts", 1),
        ("junior", "openai-chat", "cuts", 2),
        ("junior", "openai-chat", "neutral", 1),
        ("junior", "openai-chat", "damage", 1),
        ("reference", "openai-chat", "cuts", 1),
        ("reference", "openai-chat", "neutral", 1),
        ("reference", "openai-chat", "damage", 1),
    ]


def test_findings_alike_are_told_once_with_the_smallest_input_first() -> None:
    junior = searched_systems(SEARCHES)[1]
    assert [(each.kind, each.family, each.mark.words, len(each.found)) for each in junior.alike] == [
        ("corruption", "cuts/literal", "fails silently", 2),
        ("hang", "damage/reset", "hangs", 1),
        ("loss", "neutral/literal", "fails", 1),
        ("leak", "neutral/comment", "fails (should)", 1),
    ]
    assert junior.alike[0].smallest.plan == {"cuts": [IN_DEGREE]}


def test_a_stream_has_a_row_with_a_search_for_each_kind() -> None:
    rows = {row.stream: row for row in searched_systems(SEARCHES)[1].rows}
    plain = [cell and (cell.inputs, cell.mark.words, bool(cell.href)) for cell in rows["text/plain"].cells]
    assert plain == [(430, "fails silently", True), (430, "fails", True), (430, "hangs", True)]
    assert [cell is None for cell in rows["text/long"].cells] == [False, True, True]


def test_a_search_without_findings_has_no_page() -> None:
    (reference,) = searched_systems(SEARCHES[:3])
    assert [cell.href for row in reference.rows for cell in row.cells if cell] == ["", "", ""]
    assert reference.alike == ()


def test_what_could_not_be_searched_is_told() -> None:
    absent = searched_systems(SEARCHES)[0]
    assert [each.note for each in absent.unmeasured] == ["the worker died with signal 9"]
    assert search_mark(absent.unmeasured[0]).state == "error"


def test_the_gravest_finding_comes_first_and_a_known_one_behind_its_like() -> None:
    loud = finding_of(kind="loss", silent=False)
    known = finding_of(kind="loss", silent=False, known="reported")
    silent = finding_of()
    ordered = gravest_first(search_of("junior", "cuts", known, loud, silent))
    assert ordered == [silent, loud, known]


def test_families_are_told_with_their_numbers() -> None:
    assert tried_words(search_of(tried={"b": 2, "a": 2, "c": 1_000})) == "c 1,000, a 2, b 2"


def test_the_wire_log_of_an_input_is_cut_where_the_input_is() -> None:
    (view,) = input_views(search_of("junior", "cuts", finding_of()))
    first, second = (row for row in view.played.rows if isinstance(row, ChunkRow))
    assert (first.size, first.cut, first.in_character) == (IN_DEGREE, "cut inside a UTF-8 character", True)
    assert second.offset == IN_DEGREE
    assert [event.kind for event in first.events] == ["start", "text", "text"]
    assert "text" in [event.kind for event in second.events]


def test_the_outcome_is_shown_beside_that_of_the_intact_stream() -> None:
    (view,) = input_views(search_of("junior", "cuts", finding_of()))
    fields = {field.name: field for field in view.fields}
    assert [*fields] == ["ending", "text", "finish"]
    assert (fields["ending"].equal, fields["text"].equal, fields["finish"].equal) == (True, False, True)
    assert fields["text"].seen.count("<ins>") == 1


def test_an_error_that_only_one_side_has_is_shown() -> None:
    error = {"kind": "server", "message": "no", "status": None, "code": None, "retryable": True, "retry_after_s": None}
    seen = {"text": "", "end": {"status": "error", "error": error, "note": ""}}
    (view,) = input_views(search_of("junior", "damage", finding_of(seen=seen)))
    fields = {field.name: field for field in view.fields}
    assert "nothing" in fields["error"].expected
    assert "server" in fields["error"].seen
    assert fields["text"].equal is False


def test_the_searches_of_several_runs_are_put_together() -> None:
    run = searched_run()
    matrix = build_matrix([run, run])
    assert matrix.searches == run.searches
    assert matrix.unfinished == ()


def test_a_run_of_searches_is_whole_when_they_are_all_there() -> None:
    run = searched_run()
    assert missing_words(run) == ""
    short = Run(run.header, (), (), Footer(9, 1.0), searches=run.searches)
    assert missing_words(short).endswith("says that it had 9 results, but 8 are there.")
