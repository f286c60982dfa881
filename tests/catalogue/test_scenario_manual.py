"""docs/scenarios.md is the language's manual: its examples load, and it names everything that there is."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from harness.catalogue.apply_faults import FaultMisplaced
from harness.catalogue.canonical import EVENT_TYPES, STANDARD_TOOLS, read_canonical
from harness.catalogue.checks import CHECKS
from harness.catalogue.completeness import completeness_problems
from harness.catalogue.faults import PLACES, Chunks, Fault
from harness.catalogue.loader import read_scenario
from harness.catalogue.models import (
    FEATURES,
    CallExpectation,
    ErrorExpectation,
    ErrorResponse,
    Expectation,
    FrontExpectation,
    FrontRequest,
    Options,
    PartialText,
    RequestExpectation,
    Response,
    Scenario,
    Wait,
)
from harness.catalogue.render import render_response
from harness.catalogue.strict_yaml import read_yaml
from harness.dialects import dialect, dialect_names

MANUAL = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml ?(\w*)\n(.*?)```", MANUAL, re.DOTALL)
WORDS = set(re.findall(r"[\w.-]+", MANUAL))


def examples(kind: str) -> list[str]:
    found = [text for name, text in EXAMPLES if name == kind]
    assert found, kind
    return found


def value(text: str) -> Any:
    return read_yaml(text.encode())


def test_every_example_is_of_a_kind_that_is_tested_here() -> None:
    assert {name for name, _ in EXAMPLES} == {"", "request", "events", "response", "faults", "expect"}


def test_whole_scenarios_are_complete() -> None:
    for text in examples(""):
        scenario = read_scenario(Path("made/up.yaml"), text.encode(), "made/up")
        assert isinstance(scenario, Scenario), scenario
        assert completeness_problems(scenario) == []


def test_requests_and_expectations_are_read() -> None:
    for text in examples("request"):
        assert read_canonical(value(text)).tools
    for text in examples("expect"):
        assert Expectation.model_validate(value(text)).tool_calls


def test_every_event_is_shown_and_read() -> None:
    (text,) = examples("events")
    response = Response.model_validate({"events": value(text)})
    shown = {event.__struct_config__.tag for event in response.events or ()}
    assert shown | {"other"} == set(EVENT_TYPES)


def test_literal_frames_are_rendered() -> None:
    for text in examples("response"):
        rendered = render_response(Response.model_validate(value(text)), dialect("openai-chat"))
        assert rendered.body.endswith(b"data: [DONE]\n\n")


def test_every_fault_is_shown_and_read() -> None:
    (text,) = examples("faults")
    faults = [Fault.model_validate(fault) for fault in value(text)]
    assert {name for fault in faults for name in fault.model_fields_set} == set(Fault.model_fields)
    chunkings = [fault.chunks for fault in faults if fault.chunks is not None]
    assert {name for chunks in chunkings for name in chunks.model_fields_set} == set(Chunks.model_fields)


@pytest.mark.parametrize(
    "model",
    [
        Scenario,
        Options,
        FrontRequest,
        FrontExpectation,
        Response,
        ErrorResponse,
        Expectation,
        CallExpectation,
        RequestExpectation,
        PartialText,
        ErrorExpectation,
        Wait,
    ],
)
def test_every_field_is_named(model: type[BaseModel]) -> None:
    assert set(model.model_fields) - {"id"} <= WORDS


@pytest.mark.parametrize(
    "names",
    [FEATURES, PLACES, STANDARD_TOOLS, dialect_names(), [check.slug for check in CHECKS]],
    ids=["features", "places", "tools", "dialects", "checks"],
)
def test_every_word_of_the_language_is_named(names: Any) -> None:
    assert set(names) <= WORDS


def test_a_text_that_two_deltas_share_is_nowhere_as_the_manual_says() -> None:
    fields = {"events": [{"text": ["Hel", "lo"]}], "faults": [{"cut": {"after_text": "Hello"}}]}
    with pytest.raises(FaultMisplaced):
        render_response(Response.model_validate(fields), dialect("openai-chat"))
