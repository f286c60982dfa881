"""The machinery of proofs: what a script prints, how many requests come, and that nothing of it is left."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import processes_with
from .proofs.situations import SITUATIONS, Answer, situation
from .third_party import Row, all_rows, command_for, matches, play, rows_of

ASK = """
import json, sys, urllib.request
try:
    with urllib.request.urlopen(sys.argv[1], data=b"{}", timeout=50) as answer:
        print(json.dumps({"read": answer.read().decode()}))
except Exception as error:
    print(json.dumps({"raised": type(error).__name__}))
"""


def row(**fields: Any) -> Row:
    return Row(**{"system": "s", "name": "n", "dialect": "ollama", "situation": "x", "prints": [], **fields})


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"), {"read": "hi"}),
        (Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi"), {"raised": "IncompleteRead"}),
        (Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi", "reset"), {"raised": "ConnectionResetError"}),
        (Answer(b""), {"raised": "RemoteDisconnected"}),
    ],
)
def test_a_script_sees_the_bytes_and_how_the_connection_ends(answer: Answer, line: dict[str, str]) -> None:
    shown = play(python(ASK), (answer,), row())
    assert (shown.lines, shown.requests, shown.hung) == ([line], 1, False)


def test_successive_requests_get_successive_answers() -> None:
    answers = tuple(Answer(f"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{word}".encode()) for word in "ab")
    shown = play(python(ASK * 3), answers, row())
    assert (shown.lines, shown.requests) == ([{"read": "a"}, {"read": "b"}, {"read": "b"}], 3)


def test_what_hangs_is_stopped_with_all_that_it_started() -> None:
    code = f"import os, subprocess, sys; print('{{}}'); subprocess.run([sys.executable, '-c', {ASK!r}, sys.argv[1]])"
    answer = Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", "hold")
    shown = play(["env", "HARNESS_PROOF_MARK=stopped", *python(code)], (answer,), row(limit_s=1.0))
    assert (shown.lines, shown.hung) == ([{}], True)
    assert processes_with("HARNESS_PROOF_MARK=stopped") == []


def test_a_script_gets_a_home_of_its_own_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    code = "import json, os; print(json.dumps({'home': os.environ['HOME'] == os.getcwd(), 'all': list(os.environ)}))"
    (line,) = play(python(code), (Answer(b""),), row()).lines
    assert line["home"]
    assert not {"OPENAI_API_KEY", "PYTHONPATH"} & set(line["all"])


def test_a_script_reaches_no_other_host() -> None:
    code = ASK.replace("sys.argv[1]", "'http://example.invalid/'")
    assert play(python(code), (Answer(b""),), row()).lines == [{"raised": "URLError"}]


def test_a_script_whose_environment_is_not_built_is_skipped_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    script = tmp_path / "some_client.py"
    script.write_text('# /// script\n# dependencies = ["no-such-client==1"]\n# ///\n')
    with pytest.raises(pytest.skip.Exception, match=r"some_client\.py: .* no-such-client==1 is not built"):
        command_for(script)
    script.write_text("print()\n")
    assert command_for(script) == [sys.executable, str(script)]


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ({"text": "a"}, {"text": "a"}, True),
        ({"text": "a"}, {"text": "ab"}, False),
        ({"raised": "m.E"}, {"raised": "m.E", "message": "why"}, True),
        ({"raised": "m.E", "message": "hy"}, {"raised": "m.E", "message": "why"}, True),
        ({"raised": "m.E", "message": "no"}, {"raised": "m.E", "message": "why"}, False),
        ({"returned": True}, {"raised": "m.E"}, False),
    ],
)
def test_a_line_matches_by_what_the_row_says_of_it(
    expected: dict[str, Any], printed: dict[str, Any], same: bool
) -> None:
    assert matches(expected, printed) is same


def test_rows_are_read_from_the_file_of_their_system(tmp_path: Path) -> None:
    path = tmp_path / "some_client.yaml"
    path.write_text("clean:\n  dialect: ollama\n  situation: clean-answer\n  prints: [{text: Hel}]\n")
    (only,) = rows_of(path)
    assert (only.id, only.prints, only.requests) == ("some-client/clean", [{"text": "Hel"}], None)


@pytest.mark.parametrize("only", all_rows(), ids=lambda only: only.id)
def test_every_row_is_about_a_situation_there_is(only: Row) -> None:
    assert situation(only.situation, only.dialect)


@pytest.mark.parametrize("dialect", SITUATIONS)
def test_every_dialect_has_the_situations_that_everybody_needs(dialect: str) -> None:
    for name in ("clean-answer", "ends-before-stop-reason", "reset-mid-answer", "empty-body", "tool-call"):
        assert situation(name, dialect)
