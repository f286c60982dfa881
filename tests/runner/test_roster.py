"""Who takes part in a matrix, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.runner import roster as module
from harness.runner.lineup import WrongRun
from harness.runner.roster import LeftOut, Roster, roster
from harness.systems.registry import InProcessSpec, SystemSpec, UnknownSystem, resolve
from harness.systems.unavailable import Unavailable

BUNDLED = ("alpha", "beta-chat", "beta-messages", "gate", "gone")


@pytest.fixture(autouse=True)
def _bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Five bundled systems: one is a gateway, one is not installed."""
    gateway = tmp_path / "gate.yaml"
    gateway.write_text("{kind: gateway, command: [x], upstream: openai-chat, serves: [openai-chat]}")

    def resolved(name: str) -> SystemSpec:
        if name == "gate":
            return resolve(str(gateway))
        return InProcessSpec(name, f"a:{name}") if name in BUNDLED else resolve(name)

    monkeypatch.setattr(module, "bundled_names", lambda: BUNDLED)
    monkeypatch.setattr(module, "resolve", resolved)
    monkeypatch.setattr(module, "installed", lambda spec: spec.name != "gone")
    lost = Unavailable(name="faraway", reason="It is on no\nregistry.", tried="everything there is")
    monkeypatch.setattr(module, "unavailable", lambda: (lost,))


def test_everything_installed_takes_part_and_the_others_have_a_reason() -> None:
    assert roster() == Roster(
        ("alpha", "beta-chat", "beta-messages", "gate"),
        (
            LeftOut("faraway", "It is on no registry."),
            LeftOut("gone", "it is not installed: harness systems install gone"),
        ),
    )


@pytest.mark.parametrize(
    ("wanted", "without", "systems", "left_out"),
    [
        (["alpha"], [], ("alpha",), []),
        (["beta-*"], [], ("beta-chat", "beta-messages"), []),
        (["beta-*"], ["*-chat"], ("beta-messages",), ["beta-chat"]),
        (["*a*", "beta-*"], [], ("alpha", "beta-chat", "beta-messages", "gate"), []),
        ([], ["beta-*", "gate"], ("alpha",), ["beta-chat", "beta-messages", "faraway", "gate", "gone"]),
        (["gone"], [], (), ["gone"]),
    ],
)
def test_patterns_choose(
    wanted: Sequence[str], without: Sequence[str], systems: tuple[str, ...], left_out: list[str]
) -> None:
    found = roster(wanted, without)
    assert (found.systems, [each.name for each in found.left_out]) == (systems, left_out)


def test_what_was_excepted_says_so() -> None:
    assert roster(["alpha"], ["alpha"]).left_out == (LeftOut("alpha", "--except names it"),)


def test_a_system_of_ones_own_takes_part_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("")
    path = str(tmp_path / "mine.py")
    assert roster(["alpha", path]).systems == ("alpha", path)


def test_a_name_that_fits_nothing_is_refused() -> None:
    with pytest.raises(UnknownSystem, match="unknown system 'alhpa'"):
        roster(["alhpa"])
    with pytest.raises(WrongRun, match=r"--except beta-chatt fits no system of this run; did you mean beta-chat\?"):
        roster(without=["beta-chatt"])
    with pytest.raises(WrongRun, match=r"--except delta fits no system of this run; they are alpha, beta-chat, "):
        roster([], ["delta"])
