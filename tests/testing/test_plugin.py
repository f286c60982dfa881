"""The pytest plugin as a user has it: tests of their own client, in a project of their own, run by pytest itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.catalogue.loader import load_catalogue
from harness.folders import data_folder
from harness.runner.results import read_run

GOOD = """\
import httpx, pytest
from harness import decode

@pytest.mark.harness(dialect="openai-chat", scenario={scenario!r}, features={features!r})
def test_client(harness_case):
    with harness_case.listening() as heard:
        answer = httpx.post(harness_case.base_url + "/v1/chat/completions", json=harness_case.body,
                            headers={{"authorization": "Bearer " + harness_case.api_key}})
        answer.raise_for_status()
        seen = decode("openai-chat", answer.content)
        heard.answer(text=seen.text, reasoning=seen.reasoning, finish=seen.finish,
                     tool_calls=[{{"id": c.id, "name": c.name, "arguments": c.arguments}} for c in seen.tool_calls])
        if seen.status != "completed":
            raise ConnectionError("the answer was cut off")
    harness_case.check()
"""
SDK = """\
import openai, pytest

@pytest.mark.harness(dialect="openai-chat", family="canary")
def test_my_client(harness_case):
    client = openai.OpenAI(base_url=harness_case.base_url + "/v1", api_key=harness_case.api_key)
    with harness_case.listening() as heard:
        for chunk in client.chat.completions.create(**harness_case.body):
            for choice in chunk.choices:
                heard.text(choice.delta.content), heard.finish(choice.finish_reason)
    harness_case.check()
"""


@dataclass(frozen=True)
class Ran:
    status: int
    out: str


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider --strict-markers\n")
    return tmp_path


def run(project: Path, *options: str, **files: str) -> Ran:
    for name, content in files.items():
        (project / f"test_{name}.py").write_text(content)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    words = [sys.executable, "-m", "pytest", "-q", *options]
    done = subprocess.run(words, cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return Ran(done.returncode, done.stdout + done.stderr)


def good(scenario: str = "canary/plain-text", features: tuple[str, ...] = ()) -> str:
    return GOOD.format(scenario=scenario, features=list(features))


def test_a_right_client_passes_each_scenario_that_it_claims(project: Path) -> None:
    ran = run(project, "-vv", mine=good("canary/*", ("tool_calls",)))
    assert ran.status == 0, ran.out
    assert "test_client[canary/plain-text-openai-chat] PASSED" in ran.out
    assert "test_client[canary/tool-call-openai-chat] PASSED" in ran.out


def test_scenarios_that_need_what_is_not_claimed_are_left_out(project: Path) -> None:
    ran = run(project, "-vv", mine=good("canary/*"))
    assert ran.status == 0, ran.out
    assert "canary/plain-text" in ran.out
    assert "canary/tool-call" not in ran.out


def test_ten_lines_with_an_sdk_are_a_test(project: Path) -> None:
    assert len(SDK.splitlines()) <= 10 + 1  # the import and a blank line aside
    ran = run(project, mine=SDK)
    assert ran.status == 0, ran.out


def test_a_failure_says_what_was_wrong_shows_the_bytes_and_how_to_see_it_again(project: Path) -> None:
    ran = run(project, mine=good().replace("text=seen.text", "text=seen.text.upper()"))
    assert ran.status == 1
    assert "AssertionError: fail: canary/plain-text in openai-chat (must): " in ran.out
    assert "corruption: " in ran.out
    assert "attempt 1 at " in ran.out
    assert "POST /v1/chat/completions -> status 200" in ran.out
    assert "the bytes: harness scenarios show canary/plain-text --dialect openai-chat" in ran.out
    assert "again:     pytest 'test_mine.py::test_client[canary/plain-text-openai-chat]'" in ran.out


def test_a_cut_that_passes_for_a_whole_answer_is_called_silent(project: Path) -> None:
    swallowed = good("disconnects/clean-end-before-stop-reason").replace("raise ConnectionError", "print")
    ran = run(project, mine=swallowed)
    assert ran.status == 1
    assert "silent-truncation: " in ran.out
    assert "(silent: the caller had no way to notice)" in ran.out
    assert run(project, mine=good("disconnects/clean-end-before-stop-reason")).status == 0


def test_what_is_raised_is_how_the_caller_learnt_of_an_error(project: Path) -> None:
    told = good("overload/*").replace("harness(dialect", 'harness(level="may", dialect')
    ran = run(project, mine=told)
    assert "HTTPStatusError" not in ran.out
    assert " passed" in ran.out


def test_a_whole_answer_may_be_given_to_check(project: Path) -> None:
    whole = """\
import httpx, pytest
from harness import decode

@pytest.mark.harness(dialect="ollama", scenario="canary/plain-text")
def test_client(harness_case):
    answer = httpx.post(harness_case.base_url + "/api/chat", json=harness_case.body)
    harness_case.check(text=decode("ollama", answer.content).text, finish="stop")
"""
    ran = run(project, mine=whole)
    assert ran.status == 0, ran.out


def test_async_tests_work_with_anyio(project: Path) -> None:
    waiting = good().replace("def test_client", "async def test_client")
    waiting = waiting.replace("@pytest.mark.harness", "@pytest.mark.anyio\n@pytest.mark.harness")
    waiting = waiting.replace("httpx.post(", "await httpx.AsyncClient().post(")
    ran = run(project, "-p", "anyio", mine=waiting)
    assert ran.status == 0, ran.out


def test_async_tests_work_with_pytest_asyncio(project: Path) -> None:
    waiting = good().replace("def test_client", "async def test_client")
    waiting = waiting.replace("@pytest.mark.harness", "@pytest.mark.asyncio\n@pytest.mark.harness")
    waiting = waiting.replace("httpx.post(", "await httpx.AsyncClient().post(")
    ran = run(project, "-p", "pytest_asyncio", mine=waiting)
    assert ran.status == 0, ran.out
    assert "1 passed" in ran.out


def test_results_are_written_as_a_results_file(project: Path) -> None:
    run(project, "--harness-results", "out/r.jsonl", mine=good("canary/*", ("tool_calls",)))
    written = read_run(project / "out" / "r.jsonl")
    found = {(each.system, each.scenario, each.verdict) for each in written.results}
    assert found >= {("test_client", "canary/plain-text", "pass"), ("test_client", "canary/tool-call", "pass")}
    assert len(written.results) == 3
    assert written.footer is not None and not written.footer.interrupted


def test_results_name_the_catalogue_that_the_mark_names(project: Path) -> None:
    own = project / "own"
    (own / "canary").mkdir(parents=True)
    shutil.copy(data_folder("specs/scenarios") / "canary" / "plain-text.yaml", own / "canary")
    mine = good().replace("features=", f"catalogue={str(own)!r}, features=")
    ran = run(project, "-n", "2", "--harness-results", "r.jsonl", mine=mine)
    assert ran.status == 0, ran.out
    written = read_run(project / "r.jsonl")
    assert written.header.catalogue == load_catalogue(own).version != load_catalogue().version
    assert list(written.header.scenarios) == ["canary/plain-text"]


def test_with_xdist_the_results_of_all_workers_are_one_file(project: Path) -> None:
    ran = run(project, "-n", "2", "--harness-results", "r.jsonl", mine=good("canary/*", ("tool_calls",)))
    assert ran.status == 0, ran.out
    scenarios = [each.scenario for each in read_run(project / "r.jsonl").results]
    assert len(scenarios) == len(set(scenarios)) == 3


def test_a_case_that_is_never_checked_is_an_error(project: Path) -> None:
    ran = run(project, mine=good().replace("    harness_case.check()\n", ""))
    assert ran.status == 1
    assert "never called harness_case.check(), so nothing was judged" in ran.out


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ('dialect="openai"', "mark harness: unknown dialect 'openai'; the dialects are "),
        ('familly="canary"', "mark harness: unknown familly; there are catalogue, dialect, family, "),
        ('features=["tools"]', "mark harness: unknown feature tools; there are "),
        (
            'scenario="canary/tool-call"',
            "mark harness: no scenario that was asked for is one for a client that claims ",
        ),
        ('level="always"', "mark harness: unknown level 'always'; there are must, should, may"),
        ('family="canry"', "canary"),
    ],
)
def test_a_mark_that_is_wrong_says_what_would_be_right(project: Path, mark: str, words: str) -> None:
    wrong = f"import pytest\n\n@pytest.mark.harness({mark})\ndef test_client(harness_case):\n    harness_case.check()\n"
    ran = run(project, mine=wrong)
    assert ran.status != 0
    assert words in ran.out


def test_the_fixture_without_the_mark_says_so(project: Path) -> None:
    ran = run(project, mine="def test_client(harness_case):\n    pass\n")
    assert ran.status != 0
    assert 'harness_case needs the mark that says for which scenarios: @pytest.mark.harness(dialect="openai-chat")' in (
        ran.out
    )


CASSETTE = """\
version: 1
interactions:
- request: {method: POST, uri: 'https://api.example.invalid/v1/chat/completions', body: '{"model": "m"}', headers: {}}
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [text/event-stream]}
    body:
      string: |+
        data: {"choices": [{"delta": {"content": "taped"}, "finish_reason": "stop"}]}

"""


def test_a_cassette_is_served_below_an_address_of_its_own(project: Path) -> None:
    (project / "answer.yaml").write_text(CASSETTE)
    taped = """\
import httpx
from harness import decode

def test_client(harness_cassette):
    answer = httpx.post(harness_cassette("answer.yaml") + "/v1/chat/completions", json={"model": "m"})
    assert decode("openai-chat", answer.content).text == "taped"
"""
    ran = run(project, mine=taped)
    assert ran.status == 0, ran.out
