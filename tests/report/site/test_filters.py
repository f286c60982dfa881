from harness.report.matrix import build_matrix
from harness.report.site.filters import column_rules

from ..sample import SITUATIONS, run_of


def test_a_column_goes_with_its_system_and_with_its_dialect() -> None:
    rules = column_rules(build_matrix([run_of(("ollama-python", "openai-python"), SITUATIONS[:1], {})]))
    assert (
        "body:has(#system-1:not(:checked)) .matrix tr>:nth-child(4),"
        "body:has(#dialect-2:not(:checked)) .matrix tr>:nth-child(4){display:none}"
    ) in rules.splitlines()


def test_rows_stay_while_a_column_that_is_shown_has_what_was_asked_for() -> None:
    rules = column_rules(build_matrix([run_of(("ollama-python",), SITUATIONS[:1], {})]))
    start = (
        "body:has(#rows-silent:checked):has(#level-must:checked):has(#system-0:checked):has(#dialect-0:checked) .matrix"
    )
    assert (
        f"{start} .row.must:has(>:nth-child(2) .h.silent),"
        f"{start} tbody:has(>.row.must>:nth-child(2) .h.silent)>.family{{display:table-row}}"
    ) in rules.splitlines()


def test_rules_hold_no_foreign_text() -> None:
    from ..sample_hostile import hostile_run

    rules = column_rules(build_matrix([hostile_run()]))
    assert not set(rules) & set("<'\"\\@")
