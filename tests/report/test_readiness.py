"""Verdicts over planted clients and servers: each one is proved, and what is not proved is not known."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from harness.report.matrix import build_matrix
from harness.report.mending import ClientReadiness, readiness_of
from harness.report.readiness import Pairing
from harness.report.served import Server
from harness.runner.results import Result

from .sample_readiness import (
    COMMENTS,
    CRLF,
    CRLF_AND_COMMENTS,
    PLAIN,
    REASONING,
    STREAMS,
    finding,
    frame,
    result,
    run,
    server,
    stream,
)

READ = ["usage-with-finish"]
CR = [*READ, "lines-crlf"]
NOTED = [*READ, "comment-between"]
BOTH = [*CR, "comment-between"]
PADDING = [result(f"padding/{number}") for number in range(20)]
"""So many plain streams that nothing else is common to most scenarios."""


def client(results: Iterable[Result], *servers: Server) -> ClientReadiness:
    given = run(*results, *PADDING)
    return readiness_of(build_matrix([given]), [given], servers)[0]


def pairing(results: Iterable[Result], streams: list[tuple[Iterable[str], int]]) -> Pairing:
    return client(results, server(streams)).pairings[0]


def counts(pairing: Pairing) -> dict[str, int]:
    found = {each: pairing.streams(each) for each in ("silent", "fails", "unknown", "counts", "reads")}
    return {outcome: count for outcome, count in found.items() if count}


def test_a_client_that_reads_all_that_a_server_sends_is_ready() -> None:
    found = pairing([result(PLAIN), result(CRLF), result(COMMENTS)], [(READ, 5), (CR, 3), (BOTH, 2)])
    assert (found.verdict, counts(found)) == ("ready", {"reads": 10})


def test_too_few_streams_say_nothing_even_where_all_are_read() -> None:
    found = pairing([result(PLAIN)], [(READ, 9)])
    assert (found.verdict, counts(found)) == ("not known", {"reads": 9})


def test_a_trait_that_nobody_tried_is_not_known() -> None:
    found = pairing([result(PLAIN)], [(READ, 10), (CR, 2)])
    assert (found.verdict, counts(found)) == ("not known", {"unknown": 2, "reads": 10})


def test_a_little_that_is_not_known_is_a_limit_and_is_counted() -> None:
    found = pairing([result(PLAIN)], [(READ, 19), (CR, 1)])
    assert (found.verdict, counts(found)) == ("limits", {"unknown": 1, "reads": 19})


def test_a_cell_that_fails_shows_that_its_one_trait_is_too_much() -> None:
    found = pairing([result(PLAIN), result(CRLF, "fail")], [(READ, 10), (CR, 3)])
    assert (found.verdict, counts(found)) == ("not ready", {"silent": 3, "reads": 10})
    assert [failed.cell.result.scenario for failed in found.readings[1].because] == [CRLF]


def test_of_two_traits_neither_is_to_blame_alone() -> None:
    cells = [result(PLAIN), result(CRLF_AND_COMMENTS, "fail")]
    alone = pairing(cells, [(READ, 10), (CR, 3), (NOTED, 3)])
    assert (alone.verdict, counts(alone)) == ("not known", {"unknown": 6, "reads": 10})
    together = pairing(cells, [(READ, 10), (BOTH, 3)])
    assert (together.verdict, counts(together)) == ("not ready", {"silent": 3, "reads": 10})


def test_the_other_trait_is_to_blame_once_the_first_is_read_elsewhere() -> None:
    cells = [result(PLAIN), result("tool-calls/type", "fail", body=TYPELESS_WITH_REASONING), result(REASONING)]
    found = pairing(cells, [(READ, 10), ([*READ, "reasoning-content"], 3), (TYPELESS, 3)])
    assert counts(found) == {"silent": 3, "reads": 13}


def test_what_is_of_the_same_matter_must_be_there_too() -> None:
    cells = [result(PLAIN), result(CRLF_AND_COMMENTS, "fail"), result(CRLF)]
    found = pairing(cells, [(READ, 10), (NOTED, 3), (BOTH, 3)])
    assert counts(found) == {"silent": 3, "unknown": 3, "reads": 10}


def test_a_failure_of_what_is_read_elsewhere_leaves_those_streams_in_doubt() -> None:
    cells = [result(PLAIN), result(CRLF), result("framing/other", "fail", body=STREAMS[CRLF])]
    found = pairing(cells, [(READ, 10), (CR, 3)])
    assert (found.verdict, counts(found)) == ("not known", {"unknown": 3, "reads": 10})
    assert [failed.cell.result.scenario for failed in found.readings[1].doubts] == ["framing/other"]


def test_one_failing_stream_is_a_limit_and_many_are_too_much() -> None:
    cells = [result(PLAIN), result(CRLF, "fail")]
    assert pairing(cells, [(READ, 10), (CR, 1)]).verdict == "limits"
    assert pairing(cells, [(READ, 10), (CR, 2)]).verdict == "not ready"


def test_silent_failures_weigh_more_than_loud_ones() -> None:
    streams = [(READ, 95), (CR, 5)]
    silent = [result(PLAIN), result(CRLF, "fail", finding(silent=True))]
    loud = [result(PLAIN), result(CRLF, "fail", finding(silent=False))]
    assert pairing(silent, streams).verdict == "not ready"
    assert pairing(loud, streams).verdict == "limits"
    assert counts(pairing(loud, streams)) == {"fails": 5, "reads": 95}


def test_lost_token_counts_are_a_limit() -> None:
    lost = finding("loss", "usage-as-sent")
    found = pairing([result(PLAIN), result(CRLF, "fail", lost)], [(READ, 10), (CR, 10)])
    assert (found.verdict, counts(found)) == ("limits", {"counts": 10, "reads": 10})


@pytest.mark.parametrize("kind", ["request", "retry", "late"])
def test_failures_that_are_not_of_reading_say_nothing_of_reading(kind: str) -> None:
    found = pairing([result(PLAIN), result(CRLF, "fail", finding(kind))], [(CR, 10)])  # type: ignore[arg-type]
    assert found.verdict == "ready"


def test_a_scenario_about_requests_shows_no_failure_to_read() -> None:
    found = pairing([result(PLAIN), result("requests/tools", "fail", body=STREAMS[CRLF])], [(CR, 10)])
    assert counts(found) == {"unknown": 10}


def test_what_a_client_does_not_claim_is_not_known_and_says_why() -> None:
    other = result(REASONING, system="other")
    given = client(
        [result(PLAIN), result(REASONING, "unsupported"), other], server([([*READ, "reasoning-content"], 12)])
    )
    assert given.pairings[0].verdict == "not known"
    assert [(gap.trait, gap.why) for gap in given.gaps] == [("reasoning-content", "unclaimed")]


def test_an_error_of_the_harness_shows_nothing() -> None:
    assert counts(pairing([result(PLAIN), result(CRLF, "error")], [(CR, 10)])) == {"unknown": 10}


def test_a_client_whose_canary_fails_is_judged_by_nothing() -> None:
    found = client([result(PLAIN, "fail"), result(CRLF)], server([(CR, 20)]))
    assert (found.pairings[0].verdict, found.mends, found.gaps) == ("not known", (), ())
    assert [standing.column.system for standing in found.suspects] == ["client"]


def test_what_streams_have_where_it_is_asked_for_is_a_limit() -> None:
    asked = [*READ, "logprobs"]
    body = STREAMS[PLAIN].replace(b'"finish_reason": null', b'"finish_reason": null, "logprobs": {"content": []}')
    failing = pairing([result(PLAIN), result("framing/logprobs", "fail", body=body)], [(READ, 10), (asked, 10)])
    assert (failing.verdict, counts(failing)) == ("limits", {"silent": 10, "reads": 10})
    untried = pairing([result(PLAIN)], [(READ, 10), (asked, 10)])
    assert (untried.verdict, counts(untried)) == ("limits", {"unknown": 10, "reads": 10})


def test_streams_that_nobody_here_asks_for_are_left_out() -> None:
    found = pairing([result(PLAIN)], [(READ, 10), ([*READ, "json-array"], 10)])
    assert (found.verdict, found.every) == ("ready", 10)


def test_clients_meet_only_servers_of_their_dialect() -> None:
    other = Server("far", "gemini", "recorded", server([(READ, 20)]).alike)
    given = client([result(PLAIN)], server([(READ, 20)]), other)
    assert [each.server.name for each in given.pairings] == ["acme"]


TYPELESS = [*READ, "tool-calls", "tool-type-missing", "tool-call-whole", "text-and-tool-calls"]
TYPELESS_WITH_REASONING = stream(
    frame({"reasoning_content": "Hm"}),
    frame({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}]}),
)
