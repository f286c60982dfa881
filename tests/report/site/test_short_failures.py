"""Failures in short: alike ones are said once, and nothing of the machine that ran them is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as replace_fields

from harness.report.matrix import build_matrix
from harness.report.site.short_failures import ShortSection, anchor_of, anonymous, short_sections
from harness.runner.results import Result, Run

from ..sample import small_run

ROOT_HOME = "/" + "root"
"""In two pieces: no file of the project names a folder of a machine."""

CUT = "chunking/inside-a-character"


def sections(system: str, way_up: str | None = "../", **fields: object) -> list[ShortSection]:
    """The sections of one system whose failures have these fields."""
    run = small_run()
    results = tuple(replace_fields(each, **fields) if each.verdict == "fail" else each for each in run.results)
    return sections_of(replace(run, results=results), system, way_up)


def sections_of(run: Run, system: str, way_up: str | None = None) -> list[ShortSection]:
    matrix = build_matrix([run])
    [entry] = [each for each in matrix.systems if each.name == system]
    return short_sections(matrix, entry.columns, way_up)


def test_the_gravest_come_first_and_the_unsupported_not_at_all() -> None:
    assert [heading for heading, _, _ in sections("openai-python")] == [
        "Silent failures",
        "Hangs",
        "Other must failures",
        "Should failures",
    ]
    assert [heading for heading, _, _ in sections("anthropic-python")][-1] == "Not measured"
    assert sections("reference") == []


def test_what_happened_alike_in_two_dialects_is_said_once() -> None:
    [(row, anchor, failures)] = [group for group in sections("openai-python")[0][2] if group[0].scenario == CUT]
    assert (row.title, anchor) == ("A cut inside a three-byte character", "chunking--inside-a-character")
    [failure] = failures
    assert (failure.dialects, failure.kind, failure.others) == (("openai-chat", "openai-responses"), "corruption", ())
    assert failure.reproduce.endswith(f"--scenario {CUT} --dialect openai-chat --dialect openai-responses")


def test_what_is_known_for_another_reason_is_said_apart() -> None:
    run = small_run()

    def known(result: Result) -> Result:
        return replace_fields(result, known=f"In {result.dialect}.") if result.verdict == "fail" else result

    found = sections_of(replace(run, results=tuple(map(known, run.results))), "openai-python")
    [failures] = [group[2] for group in found[0][2] if group[0].scenario == CUT]
    assert [each.known for each in failures] == ["In openai-chat.", "In openai-responses."]


@pytest.mark.parametrize(
    ("proof", "href"),
    [
        ("docs/findings/openai-python.md#half-an-event", "../docs/findings/openai-python.md#half-an-event"),
        ("tests/systems/test_proofs.py::test_half[a b]", "../tests/systems/test_proofs.py"),
        ("https://example.invalid/issues/1", "https://example.invalid/issues/1"),
        ("javascript:alert(1)", ""),
        ("../../etc/passwd", ""),
        ("", ""),
    ],
)
def test_a_proof_is_linked_to_where_it_is(proof: str, href: str) -> None:
    [failure] = sections("openai-python", known="As we know.", known_proof=proof)[0][2][0][2]
    assert (failure.proof, failure.proof_href) == (proof, href)


def test_without_a_way_to_the_project_only_addresses_are_links() -> None:
    [failure] = sections("openai-python", None, known="As we know.", known_proof="docs/findings/a.md")[0][2][0][2]
    assert (failure.proof, failure.proof_href) == ("docs/findings/a.md", "")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("connect to http://127.0.0.1:40001/c17/v1 failed", "connect to http://127.0.0.1/v1 failed"),
        ("/tmp/harness-home-ab12cd/.config is missing", "~/.config is missing"),
        (f'File "{ROOT_HOME}/.cache/x/lib/python3.11/site-packages/openai/a.py"', 'File "…/site-packages/openai/a.py"'),
        ("at file:///home/joe/pkg/node_modules/ai/dist.js:3", "at file://…/node_modules/ai/dist.js:3"),
        (f"/home/joe/project/a.py, /Users/joe/b, {ROOT_HOME}/c", "~/project/a.py, ~/b, ~/c"),
        ("<Response at 0x7f3a2b1c4d5e>", "<Response at 0x…>"),
        ("a path of an API: /v1/chat/completions", "a path of an API: /v1/chat/completions"),
    ],
)
def test_ports_folders_and_addresses_in_memory_are_not_told(said: str, told: str) -> None:
    assert anonymous(said) == told


def test_an_anchor_is_the_scenario_without_what_an_address_has_no_place_for() -> None:
    assert anchor_of("disconnects/empty-body") == "disconnects--empty-body"
