"""The generated reference is whole: every part of the scenario language, and a protocol that the harness speaks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from harness.catalogue.faults import Fault
from harness.catalogue.models import FEATURES, ErrorResponse, Expectation, Options, Response, Scenario
from harness.catalogue.observation import CallerEnd
from harness.catalogue.records import Record
from harness.events import AnyEvent, End
from harness.systems.base import Description
from harness.systems.protocol import BadCase, CaseEnd, CaseEvent, read_line

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
LANGUAGE = (REFERENCE / "scenarios.md").read_text(encoding="utf-8")
PROTOCOL = (REFERENCE / "protocol.md").read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", page, re.DOTALL | re.MULTILINE)
    assert found is not None, title
    return found[1]


def keys(text: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def lines(title: str) -> Iterator[bytes]:
    for block in re.findall(r"```json\n(.*?)```", section(PROTOCOL, title), re.DOTALL):
        yield from block.encode().splitlines()


@pytest.mark.parametrize("model", [Scenario, Options, Response, ErrorResponse, Expectation, Fault])
def test_every_key_of_the_language_is_in_its_table(model: type[Record]) -> None:
    in_code_alone = {"id"} if model is Scenario else {"wire"} if model is Response else set()
    assert keys(section(LANGUAGE, model.__name__)) == model.model_fields.keys() - in_code_alone


def test_types_defaults_and_meanings_are_in_words() -> None:
    assert "| `deadline_s` | number, more than 0 | `60.0` |" in section(LANGUAGE, "Scenario")
    assert "| `level` | `must`, `should`, `may` | `must` |" in section(LANGUAGE, "Scenario")
    assert "| `title` | text | required |" in section(LANGUAGE, "Scenario")
    assert "| `every` | integer, at least 1 |  | A chunk for each so many bytes. |" in section(LANGUAGE, "Chunks")
    assert "`stop`, `length`" in section(LANGUAGE, "Expectation")
    assert not re.search(r"\bNone\b|\bAny\b|typing\.", LANGUAGE)


def test_what_it_links_to_within_itself_is_there() -> None:
    for page in (LANGUAGE, PROTOCOL):
        titles = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", page, re.MULTILINE)}
        assert set(re.findall(r"\]\(#([\w-]+)\)", page)) <= titles


def test_every_feature_is_in_both() -> None:
    assert keys(section(LANGUAGE, "Features")) == FEATURES.keys()
    assert keys(section(PROTOCOL, "Features")) == {*FEATURES, "no_stop_reasons"}


def test_every_event_that_an_adapter_may_report_has_its_table() -> None:
    tags = {kind.__struct_config__.tag for kind in get_args(AnyEvent) if kind is not End}
    assert tags == set(re.findall(r"^#### ([a-z_]+)$", PROTOCOL, re.MULTILINE))
    assert keys(section(PROTOCOL, "tool_call")) == {"index", "id", "name", "arguments", "choice"}


def test_the_harness_reads_what_the_page_has_an_adapter_say() -> None:
    [described] = [read_line(line) for line in lines("described")]
    assert isinstance(described, Description)
    assert (described.name, described.features) == ("my-client", {"tool_calls"})
    events = [read_line(line) for line in lines("event")]
    assert [type(each) for each in events] == [CaseEvent, CaseEvent, CaseEvent]
    good, failed, broken = lines("end")
    assert read_line(good) == CaseEnd("c17", CallerEnd("completed"))
    end = read_line(failed)
    assert isinstance(end, CaseEnd) and end.end.error is not None
    assert (end.end.error.kind, end.end.error.status, end.end.raised) == ("rate_limit", 429, "Busy")
    with pytest.raises(BadCase, match="the adapter cannot find its client"):
        read_line(broken)


def test_every_member_of_a_run_is_explained() -> None:
    [run] = [json.loads(line) for line in lines("run")]
    assert keys(section(PROTOCOL, "run")) == run.keys()
    assert {json.loads(line)["op"] for name in ("describe", "cancel", "quit") for line in lines(name)} == {
        "describe",
        "cancel",
        "quit",
    }
