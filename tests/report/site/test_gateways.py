"""Gateways in every view of the results: as pairs, behind all clients, with the wire logs of both of their sides."""

from __future__ import annotations

import json
import re
from dataclasses import replace as changed
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from msgspec.structs import replace

from harness.catalogue.findings import Finding
from harness.report.case.body import ChunkRow
from harness.report.case.evidence import evidence_view
from harness.report.case.timeline import timeline
from harness.report.matrix import build_matrix
from harness.report.outputs.junit import render_junit
from harness.report.outputs.markdown import render_markdown
from harness.report.outputs.standings import standings, table_markdown
from harness.report.outputs.verdict_data import encode_verdicts
from harness.report.site.html import render_report
from harness.report.site.snapshot import render_snapshot
from harness.runner.flips import flips
from harness.runner.results import Evidence, Result, Run

from ..sample import SITUATIONS, run_of
from ..sample_cells import cell_page
from ..sample_wire import attempt, text_frames

PAIR = "openai-chat → gemini"
FINDING = Finding("leak", "front-hides", "content", False, "it leaks", "nothing", "a key", attempt=2)


def gateway(result: Result, verdict: str = "pass") -> Result:
    """The same case through a gateway over Chat Completions, before a client that speaks Gemini."""
    upstream = attempt("openai-chat", text_frames("openai-chat", ("Os", "lo")))
    client = [attempt("gemini", text_frames("gemini", ("Os", "lo")), number=number) for number in (1, 2)]
    failed = {"verdict": "fail", "content": "fail", "failures": [FINDING]} if verdict == "fail" else {}
    return replace(
        result,
        system="a-gateway",
        dialect="gemini",
        upstream="openai-chat",
        evidence=Evidence(wire=[upstream], front=client),
        **failed,
    )


@pytest.fixture
def run() -> Run:
    clients = run_of(("reference", "ollama-python"), SITUATIONS[:2], {})
    gemini = [result for result in clients.results if (result.system, result.dialect) == ("reference", "gemini")]
    results = [*clients.results, gateway(gemini[0]), gateway(gemini[1], "fail")]
    return changed(clients, results=tuple(results))


def test_a_gateway_is_a_column_of_its_own_behind_all_clients(run: Run) -> None:
    columns = build_matrix([run]).columns
    assert [column.system for column in columns][-2:] == ["ollama-python", "a-gateway"]
    assert (columns[-1].pair, columns[-1].dialect, columns[-1].upstream) == (PAIR, "gemini", "openai-chat")
    assert (columns[0].pair, columns[0].upstream) == (columns[0].dialect, "")


def test_a_result_names_its_pair(run: Run) -> None:
    assert (run.results[-1].pair, run.results[0].pair) == (PAIR, "anthropic-messages")


def test_both_sides_are_read_in_their_own_dialects(run: Run) -> None:
    view = evidence_view(run.results[-1])
    read = [
        event.words
        for rows in (view.attempts[0].rows, view.front[0].rows)
        for row in rows
        if isinstance(row, ChunkRow)
        for event in row.events
    ]
    assert [str(words) for words in read].count('"Os"') == 2
    assert [each.anchor for each in (*view.attempts, *view.front)] == ["a1", "g1", "g2"]


def test_what_a_client_got_is_pointed_at_on_its_own_side(run: Run) -> None:
    [finding] = evidence_view(run.results[-1]).findings
    assert finding.anchor == "g2"


def test_the_timeline_has_a_lane_for_each_side(run: Run) -> None:
    evidence = run.results[-1].evidence
    assert evidence is not None
    drawn = timeline(evidence)
    assert drawn is not None
    assert [lane.name for lane in drawn.lanes] == ["upstream 1", "client 1", "client 2", "caller"]


def test_the_page_of_a_cell_shows_both_sides_with_times_and_bytes(run: Run, tmp_path: Path) -> None:
    render_report([run], tmp_path)
    html = cell_page(tmp_path, "a-gateway", SITUATIONS[1].id)
    sides = [
        html.index('id="client-side"'),
        html.index('id="g1"'),
        html.index('id="upstream-side"'),
        html.index('id="a1"'),
    ]
    assert sides == sorted(sides)
    assert PAIR in re.sub(r"<[^>]+>", "", html)
    assert "streamGenerateContent" in html and "/v1/chat/completions" in html
    assert PAIR in (tmp_path / "index.html").read_text()


def test_the_page_of_a_client_knows_nothing_of_sides(run: Run, tmp_path: Path) -> None:
    render_report([run], tmp_path)
    assert "client-side" not in cell_page(tmp_path, "ollama-python", "plain-text")


def test_junit_has_a_suite_for_the_pair(run: Run) -> None:
    suites = fromstring(render_junit(run)).findall("testsuite")
    [own] = [suite for suite in suites if (suite.get("name") or "").startswith("a-gateway")]
    assert (own.get("name") or "").endswith(PAIR)
    properties = {each.get("name"): each.get("value") for each in own.findall("properties/property")}
    assert (properties["dialect"], properties["upstream"]) == ("gemini", "openai-chat")


def test_markdown_and_the_standings_name_the_pair(run: Run) -> None:
    assert f"`{PAIR}`" in render_markdown(run)
    [entry] = [each for each in standings(build_matrix([run])) if each.system == "a-gateway"]
    assert (entry.upstream, entry.dialects) == ("openai-chat", ("gemini",))
    assert f"| {PAIR} |" in table_markdown([entry])


def test_the_verdicts_as_data_name_the_upstream_of_gateways_alone(run: Run) -> None:
    columns = json.loads(encode_verdicts(run))["columns"]
    assert [column.get("upstream") for column in columns if column["system"] == "a-gateway"] == ["openai-chat"]
    assert not any("upstream" in column for column in columns if column["system"] != "a-gateway")


def test_the_snapshot_names_the_pair_and_stays_small(run: Run, tmp_path: Path) -> None:
    render_snapshot(run, tmp_path)
    assert PAIR in (tmp_path / "systems" / "a-gateway.html").read_text()
    assert "streamGenerateContent" not in (tmp_path / "systems" / "a-gateway.html").read_text()


def test_a_flipped_verdict_names_the_pair(run: Run) -> None:
    other = changed(run, results=(*run.results[:-1], gateway(run.results[-1])))
    other = changed(
        other, results=(*run.results[:-1], replace(run.results[-1], verdict="pass", content="pass", failures=[]))
    )
    [flip] = flips([run, other])
    assert (flip.system, flip.pair) == ("a-gateway", PAIR)
