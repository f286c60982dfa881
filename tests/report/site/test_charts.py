from __future__ import annotations

import pytest
from msgspec.structs import replace

from harness.report.matrix import build_matrix
from harness.report.site.charts import families_in_words, family_lines, percent, trend_of
from harness.report.trend import Point, Standing
from harness.runner.results import Run

from ..sample import SITUATIONS, large_run, run_of, small_run


def point(day: int, passed: int, silent: int = 0, catalogue: str = "1", **systems: tuple[int, int]) -> Point:
    return Point(
        started=f"2026-11-{day:02d}T10:00:00+00:00",
        catalogue=catalogue,
        harness="0.1.0",
        all=Standing(cases=200, must_passed=passed, must_judged=100, silent=silent),
        systems={name: Standing(cases=20, must_passed=of[0], must_judged=of[1]) for name, of in systems.items()},
    )


def test_systems_are_counted_by_the_share_of_a_family_that_they_pass() -> None:
    outcomes = {
        "ollama-python": lambda place: "fail" if place in (0, 1) else "pass",
        "anthropic-python": lambda place: "fail",
    }
    run = run_of(("reference", "ollama-python", "anthropic-python"), SITUATIONS[1:3], outcomes)
    (line,) = family_lines(build_matrix([run]))
    assert (line.name, line.systems, line.silent) == ("chunking", 3, 2)
    assert [(field.bin.label, field.systems) for field in line.fields] == [
        ("0 %", 2), ("1–49", 0), ("50–89", 0), ("90–99", 0), ("100 %", 1),
    ]  # fmt: skip
    assert [field.opacity for field in line.fields] == [0.37, 0, 0, 0, 0.25]
    assert percent(line.mean) == "33.3 %"


@pytest.mark.parametrize(
    ("failing", "label"),
    [(0, "100 %"), (1, "90–99"), (2, "50–89"), (7, "50–89"), (8, "1–49"), (14, "1–49"), (15, "0 %")],
)
def test_the_borders_between_the_shares(failing: int, label: str) -> None:
    run = run_of(("ollama-python",), SITUATIONS[1:2], {})
    results = tuple(
        replace(run.results[0], scenario=f"chunking/s{number}", verdict="fail" if number < failing else "pass")
        for number in range(15)
    )
    (line,) = family_lines(build_matrix([Run(run.header, results, (), run.footer)]))
    assert [field.bin.label for field in line.fields if field.systems] == [label]


def test_the_hardest_family_comes_first_and_columns_under_suspicion_are_left_out() -> None:
    lines = family_lines(build_matrix([small_run()]))
    assert lines[-1].fields[-1].systems == lines[-1].systems
    assert max(line.systems for line in lines) == 2
    means = [line.mean for line in lines]
    assert means == sorted(means)
    assert families_in_words(lines).startswith("7 families, the hardest first: ")


def test_families_in_which_no_must_was_judged_are_left_out() -> None:
    run = run_of(("reference",), (SITUATIONS[1], SITUATIONS[10]), {})
    assert [line.name for line in family_lines(build_matrix([run]))] == ["chunking"]
    assert len(family_lines(build_matrix([large_run(1)]))) == 7


def test_a_trend_needs_two_runs_that_were_judged() -> None:
    assert trend_of([]) is None
    assert trend_of([point(1, 50)]) is None
    unjudged = Point("2026-11-01", "1", "0", Standing(cases=3))
    assert trend_of([unjudged, point(2, 50)]) is None


def test_runs_stand_side_by_side_and_shares_by_their_height() -> None:
    trend = trend_of([point(1, 90, 8), point(2, 95, 4), point(3, 100, 0)])
    assert trend is not None
    rate, silent = trend.rate, trend.silent
    assert [(tick.label, tick.y) for tick in rate.ticks] == [("90 %", 130.0), ("95 %", 72.0), ("100 %", 14.0)]
    assert [dot.y for dot in rate.dots] == [130.0, 72.0, 14.0]
    assert [dot.x for dot in rate.dots] == [106.3, 227.0, 347.7]
    assert rate.path == "M106.3 130L227 72L347.7 14"
    assert [(tick.label, tick.y) for tick in silent.ticks] == [("0", 130.0), ("4", 72.0), ("8", 14.0)]
    assert [dot.y for dot in silent.dots] == [14.0, 72.0, 130.0]
    assert (rate.first, rate.last) == ("2026-11-01", "2026-11-03")
    assert rate.words == "Must passed, of those judged: 90.0 % in the first run, 100.0 % in the last. 3 runs."
    assert silent.words == "Silent failures: 8 in the first run, 0 in the last. 3 runs."
    assert rate.dots[0].words == (
        "2026-11-01 10:00 UTC: 90.0 % of 100 judged must cases passed, 8 of 200 cases failed silently; catalogue 1"
    )


def test_the_line_has_a_gap_where_the_catalogue_changed() -> None:
    trend = trend_of([point(1, 90), point(2, 95), point(3, 80, catalogue="2"), point(4, 85, catalogue="2")])
    assert trend is not None
    assert trend.new_catalogues == ("2",)
    assert trend.rate.path.count("M") == 2
    assert trend.rate.breaks == (227.0,)


@pytest.mark.parametrize(("most", "top"), [(0, "2"), (3, "4"), (10, "10"), (35, "36"), (149, "160"), (1670, "1,800")])
def test_the_scale_of_counts_ends_at_a_round_number_whose_half_is_whole(most: int, top: str) -> None:
    trend = trend_of([point(1, 90, most), point(2, 95, 0)])
    assert trend is not None
    assert trend.silent.ticks[-1].label == top


def test_systems_that_changed_most_come_first_and_others_not_at_all() -> None:
    runs = [point(1, 90, a=(10, 20), b=(19, 20), c=(20, 20)), point(2, 95, a=(20, 20), b=(18, 20), c=(20, 20))]
    trend = trend_of(runs)
    assert trend is not None
    assert [(line.name, line.first, line.last) for line in trend.systems] == [
        ("a", "50.0 %", "100.0 %"),
        ("b", "95.0 %", "90.0 %"),
    ]
    assert trend.systems[0].path == "M30 27L90 3"
    assert trend.systems[1].words == "b: 95.0 % in the first of 2 runs, 90.0 % in the last"


def test_small_lines_are_of_the_runs_of_the_last_catalogue() -> None:
    runs = [point(1, 90, a=(1, 20)), point(2, 90, catalogue="2", a=(10, 20)), point(3, 95, catalogue="2", a=(20, 20))]
    trend = trend_of(runs)
    assert trend is not None
    assert [(line.name, line.first, line.last) for line in trend.systems] == [("a", "50.0 %", "100.0 %")]
    just_changed = trend_of(runs[:2])
    assert just_changed is not None
    assert just_changed.systems == ()


def test_shares_are_rounded_down() -> None:
    assert [percent(rate) for rate in (None, 0, 0.9999, 1, 0.29, 2 / 3)] == [
        "–", "0.0 %", "99.9 %", "100.0 %", "29.0 %", "66.6 %",
    ]  # fmt: skip
