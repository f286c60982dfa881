"""A shell that asks gets the names of systems, scenarios, families, dialects and providers, not only options."""

from __future__ import annotations

import pytest

from tests.cli.conftest import SCENARIO, Harness


def completed(harness: Harness, words: str) -> list[str]:
    """What bash is told to complete the last word with."""
    asked = {"_HARNESS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    return harness("", env=asked).out.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("harness rep", ["replay", "report"]),
        ("harness replay --kno", ["--known"]),
        ("harness replay --system openai-p", ["openai-python"]),
        ("harness matrix --except openai-node", ["openai-node", "openai-node-7"]),
        ("harness fuzz --system dec", ["decoders"]),
        ("harness replay --family can", ["canary"]),
        ("harness replay --dialect openai-", ["openai-chat", "openai-responses"]),
        ("harness decode --dialect ai", ["ai-sdk-ui"]),
        ("harness record --provider open", ["openai", "openrouter"]),
        ("harness replay --scenario canary/p", ["canary/plain-text"]),
        ("harness scenarios show canary/t", ["canary/tool-call"]),
        ("harness replay --system no-such-", []),
    ],
)
def test_names_are_completed(harness: Harness, words: str, expected: list[str]) -> None:
    assert completed(harness, words) == expected


def test_scenarios_are_those_of_the_catalogue_that_was_named(harness: Harness) -> None:
    harness.write("own/canary/personal.yaml", SCENARIO)
    assert completed(harness, "harness replay --catalogue own --scenario canary/p") == ["canary/personal"]
    assert completed(harness, "harness replay --catalogue nowhere --family c") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script(harness: Harness, shell: str) -> None:
    ran = harness("--show-completion", shell, env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    assert f"_HARNESS_COMPLETE=complete_{shell}" in ran.out
