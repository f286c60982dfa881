"""Endpoints by the rules that their streams keep."""

from __future__ import annotations

from pathlib import Path

from harness.lint.finding import Finding, Level
from harness.lint.standing import standings
from harness.lint.streams import LintedStream


def stream(provider: str, number: int, *findings: tuple[str, Level, int]) -> LintedStream:
    found = tuple(Finding(rule, level, offset, f"{rule} is broken") for rule, level, offset in findings)
    return LintedStream(Path("r.yaml"), number, "openai-chat", provider, 100, found)


def test_streams_and_times_are_counted_apart_and_the_first_place_is_kept() -> None:
    [acme] = standings(
        [
            stream("acme", 0, ("done-missing", "must", 90), ("field-usual", "may", 0), ("field-usual", "may", 30)),
            stream("acme", 1, ("field-usual", "may", 7)),
            stream("acme", 2),
        ]
    )
    assert (acme.streams, acme.clean) == (3, 1)
    usual = acme.broken["field-usual"]
    assert (usual.streams, usual.times, usual.first) == (2, 3, ("r.yaml", 0, 0))


def test_the_gravest_rules_come_first_then_the_commonest() -> None:
    [acme] = standings(
        [
            stream("acme", 0, ("b", "may", 0), ("c", "must", 0)),
            stream("acme", 1, ("b", "may", 0), ("a", "must", 0)),
            stream("acme", 2, ("a", "must", 0), ("d", "should", 0)),
        ]
    )
    assert [each.rule for each in acme.by_gravity()] == ["a", "c", "d", "b"]


def test_each_provider_has_a_standing_of_its_own() -> None:
    found = standings([stream("zeta", 0), stream("acme", 1), stream("zeta", 2)])
    assert [(each.provider, each.streams) for each in found] == [("acme", 1), ("zeta", 2)]
