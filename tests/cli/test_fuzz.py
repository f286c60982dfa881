"""harness fuzz: what it finds is small, said in words, played again by one command, and kept as a scenario."""

from __future__ import annotations

import gzip
import json
import shlex
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.runner.results import FuzzResult, Run, read_run
from tests.cli.conftest import CHAT_STREAM, MINIATURES, Harness
from tests.cli.test_interrupts import interrupted, until

WORD = """\
title: A word
why: It has a character of two bytes.
response:
  events:
    - text: Grüße
    - finish: stop
expect: {text: Grüße, finish: stop}
"""
CHAT = ["--catalogue", "own", "--dialect", "openai-chat"]
LITTLE = ["--examples", "2", "--exhaustive", "16", "--database", "kept"]
HASTY = ["--system", "hasty:SYSTEM", "--in-process"]


@pytest.fixture
def word(harness: Harness) -> Harness:
    harness.write("own/greetings/word.yaml", WORD)
    harness.write("hasty.py", (MINIATURES / "hasty.py").read_text())
    return harness


def without_times(run: Run) -> list[FuzzResult]:
    lines = [replace(each, duration_s=0.0) for each in run.searches]
    return sorted(lines, key=lambda each: (each.system, each.dialect, each.kind))


def test_our_own_decoders_stand_everything_and_their_cuts_are_proved(word: Harness) -> None:
    ran = word("fuzz", "--catalogue", "own", *LITTLE, "--results", "r.jsonl")
    run = read_run(word.folder / "r.jsonl")
    assert run.header.systems.keys() == {"decoders"}
    assert run.footer is not None and not run.footer.interrupted
    assert run.footer.results == len(run.searches) == 15  # five dialects, three kinds
    assert {each.verdict for each in run.searches} == {"pass"}
    assert {each.proof for each in run.searches if each.kind == "cuts"} == {"complete"}
    assert all(sum(each.tried.values()) >= 2 for each in run.searches)
    heads, *rows = ran.out.removesuffix("\n\nconformant\n").splitlines()
    assert " ".join(heads.split()) == "system kind streams inputs proved findings silent known should/may errors"
    assert [(row.split()[2], row.split()[3], row.split()[5]) for row in rows] == [
        ("cuts", "5", "5"),
        ("neutral", "5", "0"),
        ("damage", "5", "0"),
    ]


def test_a_cut_that_breaks_a_system_is_said_in_words_and_played_again(word: Harness) -> None:
    ran = word("fuzz", *HASTY, *CHAT, "--cuts", *LITTLE, "--results", "r.jsonl", status=1)
    [search] = read_run(word.folder / "r.jsonl").searches
    assert (search.system, search.kind, search.verdict, search.proof) == ("hasty", "cuts", "fail", "sampled")
    finding = search.findings[0]
    assert (finding.kind, finding.silent, len(finding.plan["cuts"])) == ("corruption", True, 1)
    at = finding.plan["cuts"][0]
    assert finding.words in (
        f"cut after byte {at}, inside ü, before its second byte",
        f"cut after byte {at}, inside ß, before its second byte",
    )
    assert f"cuts: {finding.words}" in ran.out
    assert finding.reproduce in ran.out
    again = word(*shlex.split(finding.reproduce)[1:], status=1)
    assert "corruption, silently: the text changed" in again.out
    assert "intact: completed, finish stop, text 'Grüße'" in again.out
    as_data = json.loads(word(*shlex.split(finding.reproduce)[1:], "--json", status=1).out)
    assert as_data["body_b64"] == finding.body_b64
    assert as_data["differences"][0]["kind"] == "corruption"


def test_a_plan_that_does_no_harm_leaves_with_0(word: Harness) -> None:
    ran = word("fuzz", *HASTY, *CHAT, "--cuts", "--plan", '{"cuts": [3]}')
    assert "cut after byte 3" in ran.out
    assert ran.out.splitlines()[-1] == "nothing that must hold is broken"


def test_a_finding_is_saved_as_a_scenario_that_fails_until_it_is_mended(word: Harness) -> None:
    ran = word("fuzz", *HASTY, *CHAT, "--cuts", *LITTLE, "--save", "found", status=1)
    saved = sorted(path.relative_to(word.folder) for path in (word.folder / "found").rglob("*.yaml"))
    assert saved
    for path in saved:
        assert f"saved: {path}; fail for hasty, pass for the reference" in ran.out.splitlines()
    assert "why: >" in (word.folder / saved[0]).read_text()
    word("replay", "--catalogue", "found", *HASTY, status=1)
    word("replay", "--catalogue", "found", "--in-process")


def test_the_same_seed_finds_the_same_with_any_number_of_processes(word: Harness) -> None:
    for number in ("1", "3"):
        word("fuzz", *HASTY, *CHAT, *LITTLE[:4], "--jobs", number, "--results", f"{number}.jsonl", status=1)
    one, three = (without_times(read_run(word.folder / f"{number}.jsonl")) for number in ("1", "3"))
    assert one == three


def test_over_sockets_it_finds_the_same(word: Harness) -> None:
    some = ["--cuts", "--examples", "0", "--exhaustive", "40", "--no-isolate"]
    word("fuzz", "--system", "hasty:SYSTEM", *CHAT, *some, "--results", "r.jsonl", status=1)
    run = read_run(word.folder / "r.jsonl")
    [search] = run.searches
    assert run.header.lane == "sockets"
    assert search.findings[0].kind == "corruption"
    assert "--in-process" not in search.findings[0].reproduce


def test_shards_are_parts_that_make_the_whole(word: Harness) -> None:
    same = ["--catalogue", "own", "--neutral", "--damage", *LITTLE]
    word("fuzz", *same, "--results", "whole.jsonl")
    for shard in ("1/2", "2/2"):
        word("fuzz", *same, "--shard", shard, "--results", f"{shard[0]}.jsonl")
    parts = [read_run(word.folder / f"{number}.jsonl") for number in "12"]
    assert [run.header.shard for run in parts] == ["1/2", "2/2"]
    assert all(run.searches for run in parts)
    merged = word("merge", "1.jsonl", "2.jsonl", "--results", "merged.jsonl")
    assert merged.err == ""
    whole = read_run(word.folder / "whole.jsonl")
    assert without_times(read_run(word.folder / "merged.jsonl")) == without_times(whole)


def test_it_goes_on_with_other_seeds_until_the_time_is_over(word: Harness) -> None:
    one = ["--catalogue", "own", "--dialect", "ollama", "--neutral"]
    rounds = ["--examples", "2", "--exhaustive", "5", "--minutes", "0.05", "--seed", "7"]
    ran = word("fuzz", *one, *rounds, "--results", "r.jsonl")
    run = read_run(word.folder / "r.jsonl")
    [search] = run.searches
    assert run.footer is not None and run.footer.results == 1
    count, words = run.footer.note.split(maxsplit=1)
    assert int(count) > 1 and words == f"rounds, with the seeds 7 to {6 + int(count)}"
    assert search.examples == 2 * int(count)
    assert run.footer.note in ran.out


def test_ctrl_c_keeps_what_was_found(harness: Harness, started: Callable[..., subprocess.Popen[bytes]]) -> None:
    for_long = ["--family", "canary", "--neutral", "--minutes", "10"]
    process = started("fuzz", *for_long, "--json", "--results", "r.jsonl")
    until(process, record="fuzz")
    _, said = interrupted(process)
    run = read_run(harness.folder / "r.jsonl")
    assert run.searches
    assert run.footer is not None and run.footer.interrupted and run.footer.results == len(run.searches)
    assert said == "harness: error: the search was interrupted; what it found so far lies in r.jsonl\n"


def test_a_folder_of_recordings_is_searched_stream_by_stream(harness: Harness) -> None:
    record = {"kind": "stream", "id": "said", "dialect": "openai-chat", "body_b64": b64encode(CHAT_STREAM).decode()}
    harness.write("streams/a.jsonl.gz", gzip.compress(json.dumps(record).encode() + b"\n"))
    harness("fuzz", "--recordings", "streams", *LITTLE, "--results", "r.jsonl")
    searches = read_run(harness.folder / "r.jsonl").searches
    assert [(each.stream, each.source, each.verdict) for each in searches] == 3 * [
        ("said", "--recordings streams", "pass")
    ]


def test_the_exchanges_of_cassettes_are_searched(harness: Harness) -> None:
    some = Path(__file__).parents[2] / "cassettes" / "llama-cpp-python" / "openai-chat" / "length.yaml"
    ran = harness("fuzz", "--cassette", some, "--cuts", *LITTLE, "--results", "r.jsonl")
    searches = read_run(harness.folder / "r.jsonl").searches
    assert searches, ran
    assert {(each.stream.partition("/")[0], each.verdict) for each in searches} == {("cassette", "pass")}
    assert all(f"--cassette {shlex.quote(str(some))}" in each.reproduce for each in searches)


def test_a_system_that_cannot_be_started_is_an_error_and_no_finding(word: Harness) -> None:
    word.write("dead.py", (MINIATURES / "dies_at_start.py").read_text())
    ran = word("fuzz", "--system", "dead.py", *CHAT, "--cuts", *LITTLE, "--results", "r.jsonl", status=3)
    [search] = read_run(word.folder / "r.jsonl").searches
    assert (search.verdict, search.findings) == ("error", [])
    assert "no licence was found" in search.note or "could not be started" in ran.err


def test_a_system_that_does_not_pass_the_intact_stream_is_not_searched(word: Harness) -> None:
    word.write("wrong_systems.py", (MINIATURES / "wrong_systems.py").read_text())
    ran = word("fuzz", "--system", "wrong_systems:Deaf", "--in-process", *CHAT, *LITTLE, "--results", "r.jsonl")
    searches = read_run(word.folder / "r.jsonl").searches
    assert {each.verdict for each in searches} == {"unsupported"}
    assert "not searched, 3 searches of deaf: it does not pass greetings/word as it is" in ran.out


def test_as_data_every_line_goes_to_stdout_and_quiet_says_nothing(word: Harness) -> None:
    some = [*CHAT, "--neutral", *LITTLE]
    lines = [json.loads(line) for line in word("fuzz", *some, "--json").out.splitlines()]
    assert [line["record"] for line in lines] == ["header", "fuzz", "footer"]
    ran = word("fuzz", *some, "--quiet")
    assert (ran.out, ran.err) == ("", "")


WRONG_CALLS = [
    (["--scenario", "greetings/wrd"], "no scenario 'greetings/wrd'; did you mean 'greetings/word'?"),
    (["--dialect", "openai"], "unknown dialect 'openai'; "),
    (["--system", "decodrs"], "unknown system 'decodrs'"),
    (["--system", "openai-python", "--in-process"], "openai-python cannot run in process, only over sockets"),
    (["--exhaustive", "many"], "--exhaustive is a number of inputs, or the word all, not 'many'"),
    (["--shard", "3/2"], "'3/2' is no shard: write which part it is and of how many, such as 2/4"),
    (["--recordings", "nowhere"], "--catalogue and --recordings each say where the streams come from"),
    (["--plan", "{"], "--plan is JSON, as a finding has it: "),
    (["--plan", "[1]"], "--plan is a JSON object, as a finding has it, and not '[1]'"),
    (["--plan", "{}"], "--plan plays one input: name one --system, and one of --cuts, --neutral and --damage"),
    (["--plan", "{}", "--cuts"], "--plan plays one input: name one stream with --scenario and --dialect, and not 5"),
    (["--plan", '{"cuts": [1000000]}', "--cuts", "-d", "gemini"], "no plan for cuts in greetings/word: "),
    (["--plan", '{"cut": 3}', "--cuts", "-d", "gemini"], "no plan for cuts in greetings/word: "),
    (["--system", "wrong_systems:Mute", "--in-process"], "nothing to search: "),
    (["--results", "own"], "own: Is a directory"),
]


@pytest.mark.parametrize(("arguments", "error"), WRONG_CALLS, ids=[error for _, error in WRONG_CALLS])
def test_a_wrong_call_is_refused_in_one_line(word: Harness, arguments: list[str], error: str) -> None:
    word.write("wrong_systems.py", (MINIATURES / "wrong_systems.py").read_text())
    ran = word.inside("fuzz", "--catalogue", "own", *arguments, status=2)
    assert ran.error.startswith(error)
    assert ran.out == ""


def test_help_has_an_example(harness: Harness) -> None:
    assert "Example: harness fuzz --system my_adapter.py" in harness.inside("fuzz", "--help").out
