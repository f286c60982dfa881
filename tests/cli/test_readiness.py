"""`harness readiness`: in the terminal, as JSON, with servers of one's own, and as a gate in CI."""

from __future__ import annotations

import json

import pytest

from harness.lint.record import LintRecord, StreamRecord, lint_json
from harness.runner.results import write_run
from tests.cli.conftest import Harness
from tests.report.sample_readiness import CRLF, PLAIN, STREAMS, result, run


@pytest.fixture
def results(harness: Harness) -> str:
    """Results of two clients, in `r.jsonl`: one reads CRLF, the other fails on it silently."""
    given = run(
        *(result(f"padding/{number}", system=name) for number in range(12) for name in ("good", "bad")),
        *(result(PLAIN, system=name) for name in ("good", "bad")),
        result(CRLF, system="good"),
        result(CRLF, "fail", system="bad"),
    )
    assert given.footer is not None
    write_run(harness.folder / "r.jsonl", [given.header, *given.results, given.footer])
    traits = {"usage-with-finish": 0, "lines-crlf": 140}
    streams = (
        StreamRecord(file="mine.sse", exchange=number, dialect="openai-chat", provider="mine", bytes=9, note="",
                     findings=(), traits=traits)
        for number in range(10)
    )  # fmt: skip
    harness.write("mine.json", lint_json(LintRecord(streams=tuple(streams))).encode())
    return "r.jsonl"


def test_every_client_in_a_line(harness: Harness, results: str) -> None:
    ran = harness.inside("readiness", results, "--servers", "mine.json", "--server", "mine")
    assert ran.out == (
        "bad   0 ready, 0 ready with limits, 1 not ready, 0 not known; "
        "mend first: fails silently where lines end in CRLF (openai-chat)\n"
        "good  1 ready, 0 ready with limits, 0 not ready, 0 not known\n"
    )


def test_a_client_with_its_reasons(harness: Harness, results: str) -> None:
    ran = harness.inside("readiness", results, "--client", "bad", "--servers", "mine.json", "--server", "mine")
    assert ran.out == (
        "bad 1.0: 0 ready, 0 ready with limits, 1 not ready, 0 not known\n"
        "mend 1: fails silently where lines end in CRLF (openai-chat)\n"
        "  shown by framing/crlf; spoils mine 10/10\n"
        "not ready          openai-chat mine: 10 streams, 10 fails silently\n"
    )


def test_as_json(harness: Harness, results: str) -> None:
    ran = harness.inside("readiness", results, "-c", "bad", "--servers", "mine.json", "-s", "mine", "--json")
    assert json.loads(ran.out) == {
        "format": "harness-readiness/1",
        "clients": [
            {
                "system": "bad",
                "version": "1.0",
                "suspect": [],
                "servers": [
                    {"server": "mine", "dialect": "openai-chat", "source": "given", "verdict": "not ready",
                     "streams": 10, "silent": 10, "fails": 0, "unknown": 0, "counts": 0, "reads": 0},
                ],
                "failures": [
                    {
                        "dialect": "openai-chat",
                        "traits": {"lines-crlf": "lines end in CRLF"},
                        "aspect": "answer",
                        "silent": True,
                        "shown_by": [
                            {"scenario": "framing/crlf", "verdict": "fail",
                             "cell": "cell.html?framing/crlf/bad@1.0/openai-chat",
                             "failures": [{"kind": "loss", "check": "text-as-sent",
                                           "message": "the text is not what was sent"}]},
                        ],
                        "servers": [{"server": "mine", "dialect": "openai-chat", "source": "given", "streams": 10,
                                     "first": "mine.sse#0", "byte": 140}],
                    }
                ],
                "not_known": [],
            }
        ],
    }  # fmt: skip


def test_streams_of_one_s_own_are_linted(harness: Harness, results: str) -> None:
    harness.write("mine.sse", STREAMS[CRLF])
    document = json.loads(harness.inside("readiness", results, "-c", "bad", "--servers", "mine.sse", "--json").out)
    own = next(each for each in document["clients"][0]["servers"] if each["source"] == "given")
    assert (own["server"], own["streams"], own["silent"], own["verdict"]) == ("unknown", 1, 1, "not known")


def test_without_servers_of_one_s_own_there_are_the_recorded_ones(harness: Harness, results: str) -> None:
    document = json.loads(harness.inside("readiness", results, "-c", "good", "-s", "mistral", "--json").out)
    assert [(each["server"], each["source"]) for each in document["clients"][0]["servers"]] == [("mistral", "recorded")]


@pytest.mark.parametrize(
    ("client", "status"),
    [("bad", 1), ("good", 0)],
)
def test_as_a_gate(harness: Harness, results: str, client: str, status: int) -> None:
    gate = ("--servers", "mine.json", "-s", "mine", "--fail-on", "not-ready")
    assert harness.inside("readiness", results, "-c", client, *gate, status=status).err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--client", "nobody"], "--client nobody: no such client in this run; there are bad, good"),
        (["--server", "nobody"], "no client of this run speaks a dialect in which such a server was seen"),
        (["--fail-on", "maybe"], "--fail-on maybe: say not-ready or limits"),
        (["--servers", "nowhere.json"], "nowhere.json"),
    ],
)
def test_a_wrong_call_is_told_what_to_mend(harness: Harness, results: str, arguments: list[str], said: str) -> None:
    assert said in harness.inside("readiness", results, *arguments, status=2).err
