"""A user's list of known failures: several systems in one file, each entry with its place and its last day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.systems.known import KnownFailure
from harness.systems.known_files import UnreadableKnownFailures, load_known_file
from harness.systems.known_lists import KnownLists, Listed

FILE = """\
systems:
  my-client:
    failures:
      - scenarios: [retry/*]
        reason: It waits for a day.
        until: 2026-11-21
      - scenarios: [canary/plain-text]
        dialects: [openai-chat]
        reason: It says good-bye instead.
        link: https://tracker.example/1
    flaky:
      - scenarios: [timeouts/slow-first-byte]
        reason: Its timeout is as long as the pause.
        until: 2027-01-31
  other-client:
    version: "2.0"
    failures:
      - scenarios: [fuzz/cuts/*]
        reason: It decodes each read by itself.
        until: 2027-01-31
"""
MINE = Listed(("my-client", "adapters/my_client.py", "my client"), "0.1")
OTHER = Listed(("other-client",), "2.0")


def lists(folder: Path, day: date = date(2026, 11, 21), text: str = FILE) -> KnownLists:
    path = folder / "known.yaml"
    path.write_text(text)
    return KnownLists((load_known_file(path),), day)


def entry(folder: Path, scenario: str, day: date = date(2026, 11, 21)) -> KnownFailure:
    found = lists(folder, day).of(MINE).entry_for(scenario, "openai-chat")
    assert found is not None
    return found


def test_each_system_has_its_own_entries(tmp_path: Path) -> None:
    known = lists(tmp_path)
    assert known.of(MINE).reason_for("retry/absurd", "gemini") == "It waits for a day."
    assert known.of(MINE).reason_for("canary/plain-text", "gemini") is None
    assert known.of(OTHER).reason_for("retry/absurd", "gemini") is None
    cut = known.of(OTHER).entry_for_finding("cuts", "x", dialect="gemini", stream="a/b", failure="loss")
    assert cut is not None and cut.reason == "It decodes each read by itself."


@pytest.mark.parametrize("name", ["my-client", "adapters/my_client.py", "my client"])
def test_a_system_may_be_named_as_the_user_the_harness_or_it_itself_calls_it(tmp_path: Path, name: str) -> None:
    known = lists(tmp_path, text=FILE.replace("my-client", name))
    assert known.of(MINE).reason_for("retry/absurd", "gemini") == "It waits for a day."


def test_a_version_that_is_named_is_the_only_one_that_is_meant(tmp_path: Path) -> None:
    newer = Listed(("other-client",), "2.1")
    assert lists(tmp_path).of(newer).failures == ()
    assert list(lists(tmp_path).remarks([newer], [])) == [
        f"{tmp_path}/known.yaml:15: this is about other-client 2.0, and version 2.1 runs: look whether it still holds, "
        "and change the version"
    ]


def test_an_entry_stands_through_its_last_day_and_excuses_nothing_after_it(tmp_path: Path) -> None:
    last, after = (entry(tmp_path, "retry/absurd", date(2026, 11, day)) for day in (21, 22))
    assert (last.excuse, last.expired, last.place) == ("It waits for a day.", False, f"{tmp_path}/known.yaml:4")
    assert (after.excuse, after.expired) == (None, True)
    assert after.reason == "It waits for a day."


def test_what_is_flaky_says_so(tmp_path: Path) -> None:
    flaky = entry(tmp_path, "timeouts/slow-first-byte")
    assert (flaky.flaky, flaky.until, flaky.place) == (True, date(2027, 1, 31), f"{tmp_path}/known.yaml:12")
    assert not entry(tmp_path, "canary/plain-text").flaky


def test_an_entry_that_stands_comes_before_one_whose_time_is_over(tmp_path: Path) -> None:
    again = "      - {scenarios: [retry/absurd], reason: It was looked at again., until: 2027-05-01}\n    flaky:"
    known = lists(tmp_path, date(2026, 12, 1), FILE.replace("    flaky:", again))
    assert known.of(MINE).reason_for("retry/absurd", "gemini") == "It was looked at again."


def test_what_a_user_says_comes_before_what_is_bundled(tmp_path: Path) -> None:
    bundled = Listed(("openai-python",), "3.52.0")
    cut = "disconnects/clean-end-before-stop-reason"
    was = KnownLists().of(bundled).entry_for(cut, "openai-chat")
    assert was is not None and was.place == "harness/systems/known/openai-python.yaml:4"
    text = FILE.replace("my-client", "openai-python").replace("retry/*", "disconnects/*")
    assert lists(tmp_path, text=text).of(bundled).reason_for(cut, "openai-chat") == "It waits for a day."


def test_names_that_are_none_are_remarked_on_with_what_was_meant(tmp_path: Path) -> None:
    text = FILE.replace("my-client", "my-clent").replace("plain-text", "plain-txt")
    scenarios = ["retry/absurd", "canary/plain-text", "timeouts/slow-first-byte"]
    assert list(lists(tmp_path, text=text).remarks([MINE, OTHER], scenarios)) == [
        f"{tmp_path}/known.yaml:2: my-clent is no system of this run; did you mean my-client?",
        f"{tmp_path}/known.yaml:7: no scenario is called canary/plain-txt; did you mean canary/plain-text?",
    ]


def test_a_list_may_be_about_systems_and_scenarios_that_are_not_in_this_run(tmp_path: Path) -> None:
    assert list(lists(tmp_path).remarks([Listed(("something-else",), "1")], [])) == []
    recorded = FILE.replace("canary/plain-text", "cassette/a#0")
    scenarios = ["retry/absurd", "timeouts/slow-first-byte"]
    assert list(lists(tmp_path, text=recorded).remarks([MINE, OTHER], scenarios)) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("systems:", "sytems:", ":1: sytems: unknown key 'sytems'; did you mean 'systems'?"),
        ("failures:", "failure:", ":3: systems.my-client.failure: unknown key 'failure'; did you mean 'failures'?"),
        ("retry/*]", "retry/*", ":5: not YAML: "),
        (
            "[retry/*]",
            "retry/*",
            ":4: systems.my-client.failures.0.scenarios: a list belongs here, not 'retry/*': put ",
        ),
        ("It waits for a day.", "no", ":5: systems.my-client.failures.0.reason: this says too little: it has at"),
        (
            "2026-11-21",
            "next week",
            ":6: systems.my-client.failures.0.until: a day such as 2027-01-31 belongs here, not 'next week'",
        ),
        ("2026-11-21", "2026-02-30", ":6: systems.my-client.failures.0.until: a day such as 2027-01-31 belongs here"),
        ("2026-11-21", "7", ":6: systems.my-client.failures.0.until: a day such as 2027-01-31 belongs here, not 7"),
        (
            "        until: 2026-11-21\n",
            "",
            ":4: systems.my-client.failures.0: a known failure needs a proof or a link",
        ),
        ("openai-chat", "openai", ":8: systems.my-client.failures.1.dialects.0: no dialect 'openai'; did you mean "),
        (
            "scenarios: [timeouts/slow-first-byte]",
            "scenarios: [fuzz/cuts/*]",
            ":12: systems.my-client.flaky.0: what a search finds or does not find is never stale: write it under",
        ),
        (
            "as the pause.\n        until: 2027-01-31\n",
            "as the pause.\n        link: there\n",
            ":12: systems.my-client.flaky.0: what is flaky needs a last day (until), on which somebody looks again",
        ),
        ('"2.0"', "2.0", ":16: systems.other-client.version: a text belongs here, not 2.0: put it in quotes"),
        (
            "scenarios: [fuzz/cuts/*]",
            "scenarios: [fuzz/cuts/*]\n        failures: [los]",
            ":19: systems.other-client.failures.0.failures.0: no kind of failure 'los'; did you mean 'loss'?",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line_its_field_and_the_mend(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = FILE.replace(old, new, 1)
    assert text != FILE
    with pytest.raises(UnreadableKnownFailures) as caught:
        lists(tmp_path, text=text)
    assert str(caught.value).startswith(f"{tmp_path}/known.yaml{message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: the file is empty"),
        ("- a\n", ":1: a mapping belongs here, with systems"),
        ("systems:\n  - a\n", ":1: systems: a mapping belongs here, not ['a']"),
        ("systems:\n  mine: 7\n", ":2: systems.mine: a mapping belongs here, not 7"),
        ("systems: {}\n", ":1: systems: nothing is named here: name at least one"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UnreadableKnownFailures) as caught:
        lists(tmp_path, text=text)
    assert str(caught.value).startswith(f"{tmp_path}/known.yaml{message}")


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UnreadableKnownFailures) as caught:
        lists(tmp_path, text=FILE.replace("2026-11-21", "soon").replace("reason: It says", "reson: It says"))
    assert [line.split(": ")[0].rpartition(":")[2] for line in str(caught.value).splitlines()] == ["6", "9"]
