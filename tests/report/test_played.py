"""Streams in a run's evidence: which ones are looked at, once each, and what gateways add to theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.report.played import OF_A_GATEWAY, streams_of
from harness.runner.results import Run, UnreadableResults, read_run, write_run

from .sample_readiness import COMMENTS, CRLF, DIALECT, PLAIN, STREAMS, attempt, result, run


def played(*results: object) -> dict[str, set[str]]:
    given = run(*results)  # type: ignore[arg-type]
    return {scenario: set(stream.traits) for (_, scenario), stream in streams_of([given]).played.items()}


def through(scenario: str, front: bytes, **fields: object) -> object:
    return result(scenario, system="gateway", upstream=DIALECT, front=[attempt(front)], **fields)  # type: ignore[arg-type]


def test_each_scenario_s_stream_is_told_by_its_traits() -> None:
    assert played(result(PLAIN), result(COMMENTS)) == {
        PLAIN: {"usage-with-finish"},
        COMMENTS: {"usage-with-finish", "comment-between"},
    }


@pytest.mark.parametrize(
    "odd",
    [
        result(CRLF, expected={"attempts": {"at_least": 2, "at_most": 3}}),
        result(CRLF, wire=[attempt(b"busy", status=529)]),
        result(CRLF, wire=[attempt(STREAMS[CRLF], how_ended="reset")]),
        result(CRLF, wire=[attempt(STREAMS[CRLF], client_left=True)]),
        result(CRLF, wire=[attempt(b'{"error": {}}')]),
        result(CRLF, "unsupported"),
        result(CRLF, "error"),
    ],
    ids=["repeated", "refused", "reset", "left", "no stream", "unsupported", "error"],
)
def test_what_is_no_whole_stream_at_the_first_try_is_left_out(odd: object) -> None:
    assert played(result(PLAIN), odd) == {PLAIN: {"usage-with-finish"}}


def test_a_pause_is_a_trait_of_its_own() -> None:
    slow = attempt(STREAMS[PLAIN], at_s=-3.0)
    assert played(result(PLAIN, wire=[slow])) == {PLAIN: {"usage-with-finish", "pause"}}


def test_a_gateway_is_known_by_what_it_adds_to_its_upstream_s_streams() -> None:
    given = run(result(PLAIN), through(PLAIN, STREAMS[CRLF]))  # type: ignore[arg-type]
    (gateway,) = streams_of([given]).gateways
    assert (gateway.name, gateway.version, gateway.upstream, gateway.source) == ("gateway", "1.0", DIALECT, "gateway")
    assert [(set(alike.traits), alike.streams) for alike in gateway.alike] == [({"lines-crlf"}, 1)]
    where = gateway.places["lines-crlf"]
    assert (where.words, where.href) == (PLAIN, f"cell.html?{PLAIN}/gateway@1.0/{DIALECT}~{DIALECT}")


def test_a_gateway_is_judged_by_good_upstreams_alone() -> None:
    broken = STREAMS[PLAIN].replace(b"data: [DONE]\n\n", b"")
    given = run(through(PLAIN, STREAMS[PLAIN]), through("framing/broken", STREAMS[CRLF], body=broken))  # type: ignore[arg-type]
    assert [(each.streams, set(each.places)) for each in streams_of([given]).gateways] == [(1, set())]


def test_no_more_of_a_gateway_s_streams_are_looked_at_than_so_many() -> None:
    given = run(*(through(f"framing/{number}", STREAMS[CRLF]) for number in range(60)))  # type: ignore[arg-type]
    assert [gateway.streams for gateway in streams_of([given]).gateways] == [OF_A_GATEWAY]
    assert OF_A_GATEWAY == 24


def test_evidence_in_a_file_tells_the_same_as_in_memory(tmp_path: Path) -> None:
    whole = run(result(PLAIN), result(CRLF), through(PLAIN, STREAMS[CRLF]))  # type: ignore[arg-type]
    path = tmp_path / "results.jsonl"
    write_run(path, [whole.header, *whole.results, *([whole.footer] if whole.footer else [])])
    assert streams_of([read_run(path, evidence=False)]) == streams_of([whole])


def test_a_file_that_has_changed_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(b"hello\n")
    given = run(result(PLAIN))
    with pytest.raises(UnreadableResults, match=r"results\.jsonl: line 1: "):
        streams_of([Run(given.header, (), (), None, path)])
