"""A whole run in this process: who takes part is settled before anything runs, and told to whoever listens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from harness.catalogue.loader import Catalogue, load_catalogue
from harness.events import AnyEvent, Finish, Text
from harness.runner import session
from harness.runner.lineup import WrongRun
from harness.runner.recordings import UnreadableRecordings
from harness.runner.results import Footer, Header, Line, Result, read_run
from harness.runner.session import Listeners, Settings, run_repeatedly, run_session
from harness.systems.base import Case, Description, SystemBroken
from harness.systems.registry import UnknownSystem
from tests.runner.made import ask

HERE = "tests.runner.test_session"
WORD = """\
title: A word
why: It is the least that there is to say.
response:
  events: [{text: Hello}, {finish: stop}]
expect: {text: Hello, finish: stop}
"""


class Speaker:
    """A system of a given name that speaks given dialects."""

    def __init__(self, name: str, *dialects: str) -> None:
        self.description = Description(name, "1", "python", dialects)

    async def run(self, case: Case) -> AsyncGenerator[AnyEvent]:
        await ask(case)
        yield Text("Hello")
        yield Finish("stop")


CHATS = Speaker("chats", "openai-chat")
ALSO_CHATS = Speaker("also-chats", "openai-chat")
FIRST, SECOND, THIRD = (Speaker(name, "openai-chat") for name in ("first", "second", "third"))
TWIN = Speaker("chats", "openai-chat")
SIGNALS = Speaker("signals", "semaphore")


@dataclass
class Heard:
    """Everything that a run tells."""

    notes: list[str] = field(default_factory=list)
    planned: list[int] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    doing: list[str] = field(default_factory=list)

    @property
    def listeners(self) -> Listeners:
        return Listeners(self.notes.append, self.planned.append, self.lines.append, self.doing.append)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    (tmp_path / "own" / "greetings").mkdir(parents=True)
    (tmp_path / "own" / "greetings" / "word.yaml").write_text(WORD)
    return load_catalogue(tmp_path / "own")


@pytest.fixture
def settings(catalogue: Catalogue) -> Settings:
    return Settings((f"{HERE}:CHATS",), catalogue.scenarios, catalogue, lane="in-process", workers=1)


def test_a_run_tells_its_size_and_then_every_line(settings: Settings) -> None:
    heard = Heard()
    run = run_session(replace(settings, systems=(f"{HERE}:CHATS", f"{HERE}:ALSO_CHATS")), heard.listeners)
    assert (heard.notes, heard.planned) == ([], [2])
    assert [type(line) for line in heard.lines] == [Header, Result, Result, Footer]
    assert {(each.system, each.verdict) for each in run.results} == {("chats", "pass"), ("also-chats", "pass")}
    assert run.header.catalogue == settings.catalogue.version


def test_a_run_is_written_where_it_was_asked_for(settings: Settings, tmp_path: Path) -> None:
    run = run_session(replace(settings, results=tmp_path / "r.jsonl"), Heard().listeners)
    assert read_run(tmp_path / "r.jsonl", evidence=False) == run
    [complete] = run.complete_results()
    assert complete.evidence is not None and complete.evidence.wire != []
    assert [each.evidence for each in run.results] == [None]


def test_a_run_without_a_file_has_its_evidence_only_where_somebody_wants_it(settings: Settings) -> None:
    assert [each.evidence is None for each in run_session(settings, Heard().listeners).results] == [True]
    full = replace(settings, keep_evidence=True)
    assert [each.evidence is None for each in run_session(full, Heard().listeners).results] == [False]


def test_a_run_can_be_repeated_and_each_time_has_a_file_of_its_own(settings: Settings, tmp_path: Path) -> None:
    heard = Heard()
    runs = run_repeatedly(replace(settings, results=tmp_path / "r.jsonl"), heard.listeners, times=3)
    assert heard.planned == [1, 1, 1]
    files = [tmp_path / name for name in ("r.jsonl", "r-2.jsonl", "r-3.jsonl")]
    assert [read_run(path, evidence=False) for path in files] == runs


def test_more_systems_than_may_run_at_once_all_have_their_turn(settings: Settings) -> None:
    five = tuple(f"{HERE}:{name}" for name in ("CHATS", "ALSO_CHATS", "FIRST", "SECOND", "THIRD"))
    run = run_session(replace(settings, systems=five, systems_at_once=2), Heard().listeners)
    assert {each.system: each.verdict for each in run.results} == dict.fromkeys(
        ("chats", "also-chats", "first", "second", "third"), "pass"
    )


def test_two_systems_of_one_name_are_refused(settings: Settings, tmp_path: Path) -> None:
    twins = replace(settings, systems=(f"{HERE}:CHATS", f"{HERE}:TWIN"), results=tmp_path / "r.jsonl")
    with pytest.raises(WrongRun, match=rf"^{HERE}:CHATS, {HERE}:TWIN: each is chats 1, "):
        run_session(twins, Heard().listeners)
    assert not (tmp_path / "r.jsonl").exists()


def test_a_run_in_which_nothing_would_run_is_refused(settings: Settings) -> None:
    with pytest.raises(WrongRun, match="it speaks semaphore, and no case that was asked for does"):
        run_session(replace(settings, systems=(f"{HERE}:SIGNALS",)), Heard().listeners)
    with pytest.raises(WrongRun, match="nothing to run: no scenario"):
        run_session(replace(settings, scenarios=()), Heard().listeners)


def test_a_system_that_has_no_part_beside_others_is_told_of(settings: Settings) -> None:
    heard = Heard()
    run = run_session(replace(settings, systems=(f"{HERE}:SIGNALS", f"{HERE}:CHATS")), heard.listeners)
    assert heard.notes == [
        f"{HERE}:SIGNALS has no part in this run: it speaks semaphore, and no case that was asked for does"
    ]
    assert [each.system for each in run.results] == ["chats"]


def test_a_worker_cannot_run_in_process(settings: Settings, tmp_path: Path) -> None:
    script = tmp_path / "adapter.py"
    script.write_text("")
    with pytest.raises(WrongRun, match="adapter cannot run in process, only over sockets: leave --in-process out"):
        run_session(replace(settings, systems=(str(script),)), Heard().listeners)


def test_it_tells_what_takes_a_while_before_the_first_case(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "needs_more.py"
    script.write_text("# /// script\n# dependencies = []\n# ///\n")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(session, "prepare", lambda specs: {"needs_more": SystemBroken("there is no network")})
    heard = Heard()
    both = replace(settings, systems=(str(script), f"{HERE}:CHATS"), lane="sockets", isolated=False)
    run_session(replace(both, dialects=("openai-chat",)), heard.listeners)
    assert heard.notes[0] == "building what is not installed yet: needs_more"
    assert heard.doing == [f"starting needs_more, {HERE}:CHATS"]


def test_a_system_that_cannot_be_started_fails_its_first_cases_and_no_others(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "gone.yaml").write_text("kind: client\ncommand: [no-such-program-anywhere]\n")
    heard = Heard()
    both = replace(settings, systems=(str(tmp_path / "gone.yaml"), f"{HERE}:CHATS"), lane="sockets", isolated=False)
    run = run_session(replace(both, dialects=("openai-chat",)), heard.listeners)
    verdicts = {each.system: each for each in run.results}
    assert {name: each.verdict for name, each in verdicts.items()} == {"gone": "error", "chats": "pass"}
    assert verdicts["gone"].system_version == "not started"
    assert str(tmp_path / "gone.yaml") in verdicts["gone"].reproduce
    assert heard.notes[0].startswith("gone could not be started: ")
    assert heard.planned == [1]


@pytest.mark.parametrize("lane", ["sockets", "in-process"])
def test_recordings_that_cannot_be_read_are_refused_before_anything_runs(
    settings: Settings, tmp_path: Path, lane: str
) -> None:
    heard = Heard()
    with pytest.raises(UnreadableRecordings):
        run_session(replace(settings, recordings=tmp_path / "nowhere", lane=lane), heard.listeners)  # type: ignore[arg-type]
    assert heard.lines == []


def test_an_unknown_system_is_refused_before_anything_runs(settings: Settings) -> None:
    heard = Heard()
    with pytest.raises(UnknownSystem):
        run_session(replace(settings, systems=(f"{HERE}:CHATS", "refrence")), heard.listeners)
    assert heard.lines == []
