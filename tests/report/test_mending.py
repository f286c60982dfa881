"""What to mend first, and what nobody tried: in which order, why, and for which servers."""

from __future__ import annotations

from collections.abc import Iterable

from harness.report.matrix import build_matrix
from harness.report.mending import ClientReadiness, readiness_of
from harness.report.served import Server
from harness.runner.results import Result

from .sample_readiness import COMMENTS, CRLF, PLAIN, REASONING, STREAMS, finding, result, run, server

READ = ["usage-with-finish"]
CR = [*READ, "lines-crlf"]
NOTED = [*READ, "comment-between"]
PADDING = [result(f"padding/{number}") for number in range(20)]


def client(results: Iterable[Result], *servers: Server, only: frozenset[str] = frozenset()) -> ClientReadiness:
    given = run(*results, *PADDING)
    return readiness_of(build_matrix([given]), [given], servers, only=only)[0]


def test_silent_failures_come_first_then_those_that_concern_most_servers() -> None:
    cells = [
        result(PLAIN, expected={"attempts": {"at_least": 1, "at_most": 1}, "usage": {"input_tokens": [1]}}),
        result(CRLF, "fail", finding(silent=False)),
        result(COMMENTS, "fail", finding(silent=True)),
        result(REASONING, "fail", finding("loss", "usage-as-sent")),
    ]
    thinking = [*READ, "reasoning-content"]
    many = [
        server([(READ, 10), (CR, 4), (thinking, 1)], "one"),
        server([(CR, 5)], "two"),
        server([(NOTED, 1)], "three"),
    ]
    found = client(cells, *many)
    assert [(mend.traits, mend.silent, mend.aspect) for mend in found.mends] == [
        (("comment-between",), True, "answer"),
        (("lines-crlf",), False, "answer"),
        (("reasoning-content",), True, "counts"),
    ]
    crlf = found.mends[1]
    assert [(hit.pairing.server.name, hit.streams) for hit in crlf.hits] == [("two", 5), ("one", 4)]
    assert [hit.pairing.server.name for hit in crlf.keeps_from] == ["two", "one"]
    assert [failed.cell.result.scenario for failed in crlf.shown_by] == [CRLF]


def test_what_a_smaller_failure_explains_is_not_told_twice() -> None:
    both = STREAMS[COMMENTS].replace(b"\n", b"\r\n")
    cells = [result(PLAIN), result(CRLF, "fail"), result("framing/both", "fail", body=both)]
    found = client(cells, server([(CR, 3), ([*CR, "comment-between"], 4)]))
    assert [(mend.traits, mend.streams) for mend in found.mends] == [(("lines-crlf",), 7)]


def test_why_something_is_not_known() -> None:
    cells = [
        result(PLAIN),
        result(CRLF),
        result("framing/again", "fail", body=STREAMS[CRLF]),
        result(COMMENTS, "error"),
        result(REASONING, "unsupported"),
        result(REASONING, system="other"),
        result(COMMENTS, system="other"),
    ]
    unknown = ["lines-crlf", "comment-between", "reasoning-content", "refusal"]
    found = client(cells, server([([*READ, trait], 2) for trait in unknown]))
    assert {gap.trait: (gap.why, [cell.result.scenario for cell in gap.cells]) for gap in found.gaps} == {
        "lines-crlf": ("doubt", ["framing/again"]),
        "comment-between": ("not run", []),
        "reasoning-content": ("unclaimed", [REASONING]),
        "refusal": ("no scenario", []),
    }


def test_a_failure_that_may_have_another_cause_is_told_as_not_known() -> None:
    both = STREAMS[COMMENTS].replace(b"\n", b"\r\n")
    found = client([result(PLAIN), result("framing/both", "fail", body=both)], server([(CR, 12)]))
    assert [(gap.trait, gap.why) for gap in found.gaps] == [("lines-crlf", "failed")]
    assert found.mends == ()


def test_only_the_servers_that_are_asked_for() -> None:
    found = client([result(PLAIN)], server([(READ, 10)], "one"), server([(READ, 10)], "two"), only=frozenset({"two"}))
    assert [(each.server.name, each.verdict) for each in found.pairings] == [("two", "ready")]
    assert [each.server.name for each in found.having("ready")] == ["two"]
