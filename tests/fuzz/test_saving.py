"""A finding becomes a scenario that a person can read, that plays the same bytes, and that demands what must hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from harness.catalogue.expectations import PartialText
from harness.catalogue.loader import load_catalogue
from harness.catalogue.models import Scenario
from harness.catalogue.render import RenderedScenario, render
from harness.fuzz.saving import Saved, save_findings
from harness.fuzz.single import variant_from
from harness.fuzz.stream import Stream, body_stream, catalogue_streams
from harness.fuzz.variant import Kind
from harness.runner.results import FuzzFinding, FuzzResult
from tests.runner.made import scenario
from tests.runner.test_results import SEARCH

WEATHER = {"role": "user", "content": [{"type": "text", "text": "Weather?"}]}
SAYS = {"title": "A word", "request": {"model": "m", "messages": [WEATHER]}}
WHOLE: dict[str, Any] = {
    "dialect": "openai-chat",
    "status": "completed",
    "finish": "stop",
    "text": "Hello",
    "reasoning": "",
    "refusal": None,
    "tool_calls": [],
    "usage": {},
    "error": None,
    "other_choices": [],
    "warnings": [],
}


def the_stream(**fields: Any) -> Stream:
    [stream] = catalogue_streams([scenario(**{**SAYS, **fields})], ["openai-chat"])
    return stream


def found(stream: Stream, kind: Kind, plan: dict[str, Any], **fields: Any) -> FuzzResult:
    """A search of that stream that found the plan."""
    variant = variant_from(stream, kind, plan)
    finding = FuzzFinding(
        *(variant.family, variant.level, variant.words, plan, "loss", True, ["the text changed: 'o' is missing"]),
        *([], 200, [], "clean", WHOLE, {}, "harness fuzz"),
        rule=variant.demand.why if variant.demand else "",
    )
    finding = replace(finding, **fields)
    return replace(SEARCH, dialect=stream.dialect, stream=stream.id, kind=kind, findings=[finding])


def saved(folder: Path, stream: Stream, kind: Kind, plan: dict[str, Any], **fields: Any) -> tuple[Saved, Scenario]:
    [one] = save_findings([found(stream, kind, plan, **fields)], [stream], folder)
    assert one.scenario is not None and one.path is not None, one.why_not
    assert load_catalogue(folder).get(one.scenario.id) == one.scenario
    return one, one.scenario


def test_cuts_are_written_as_places_and_the_rest_as_it_was(tmp_path: Path) -> None:
    stream = the_stream()
    one, made = saved(tmp_path, stream, "cuts", {"cuts": [7, 90]})
    assert one.path == tmp_path / "fuzz" / f"{made.id.removeprefix('fuzz/')}.yaml"
    assert made.id.startswith("fuzz/made-up-openai-chat-")
    assert made.request == stream.planned.scenario.request
    assert (made.level, made.dialects) == ("must", ("openai-chat",))
    assert made.expect == stream.planned.scenario.expect
    assert "harness fuzz" in made.why and "in made 1, of the stream made/up in openai-chat" in made.why
    rendered = render(made, "openai-chat")
    assert isinstance(rendered, RenderedScenario)
    assert [len(chunk.data) for chunk in rendered.responses[0].chunks][:2] == [7, 83]
    assert rendered.responses[0].body == stream.body


def test_the_file_is_easy_to_read(tmp_path: Path) -> None:
    one, _ = saved(tmp_path, the_stream(), "cuts", {"cuts": [7]})
    assert one.path is not None
    lines = one.path.read_text().splitlines()
    assert lines[0] == "title: Cut after byte 7, between '{' and the name 'id'"
    assert lines[1] == "why: >-"
    assert "dialects: [openai-chat]" in lines
    assert "  - 'data: [DONE]'" in lines
    assert "  faults: [{chunks: {at: [7]}}]" in lines
    assert lines[-1] == "expect: {finish: stop, text: Hello}"
    assert max(len(line) for line in lines if "data: {" not in line) <= 120


def test_a_second_finding_of_that_name_is_a_second_file(tmp_path: Path) -> None:
    stream = the_stream()
    first, _ = saved(tmp_path, stream, "cuts", {"cuts": [7]})
    second, _ = saved(tmp_path, stream, "cuts", {"cuts": [7]})
    assert first.path is not None and second.path is not None
    assert second.path.name == f"{first.path.stem}-2.yaml"


def test_an_answer_that_was_cut_off_must_not_pass_for_finished(tmp_path: Path) -> None:
    stream = the_stream()
    at = stream.body.index(b"Hello") + 3
    one, made = saved(tmp_path, stream, "damage", {"damage": "cut", "at": at, "ending": "reset"})
    assert made.expect.ending == ("truncated", "failed")
    assert made.expect.text == PartialText(prefix_of="Hello")
    assert made.expect.finish is None
    assert one.finding.rule.split(" (")[0] in made.why
    rendered = render(made, "openai-chat")
    assert isinstance(rendered, RenderedScenario)
    assert (rendered.responses[0].ending, rendered.responses[0].body) == ("reset", stream.body[:at])


def test_what_is_cut_off_behind_the_stop_reason_may_end_in_any_way(tmp_path: Path) -> None:
    stream = the_stream()
    at = stream.body.index(b"data: [DONE]")
    _, made = saved(tmp_path, stream, "damage", {"damage": "cut", "at": at, "ending": "clean"})
    assert made.expect.ending == ("completed", "truncated", "failed")


def test_of_a_recording_what_the_reader_made_of_it_whole_is_demanded(tmp_path: Path) -> None:
    stream = body_stream(the_stream().body, "openai-chat")
    _, made = saved(tmp_path, stream, "cuts", {"cuts": [7]})
    assert (made.expect.ending, made.expect.text, made.expect.finish) == (("completed",), "Hello", ("stop",))


def test_answers_before_the_stream_are_kept(tmp_path: Path) -> None:
    answers = [{"error": "overloaded"}, {"events": [{"text": "Hello"}, {"finish": "stop"}]}]
    stream = the_stream(responses=answers, options={"max_retries": 1}, expect={"text": "Hello", "attempts": 2})
    _, made = saved(tmp_path, stream, "cuts", {"cuts": [7]})
    rendered = render(made, "openai-chat")
    assert isinstance(rendered, RenderedScenario)
    assert [response.status for response in rendered.responses] == [503, 200]
    assert rendered.responses[0].body == stream.planned.rendered.responses[0].body
    assert made.options.max_retries == 1


def test_what_is_known_is_not_saved(tmp_path: Path) -> None:
    stream = the_stream()
    search = found(stream, "cuts", {"cuts": [7]}, known="Everybody knows.")
    assert save_findings([search], [stream], tmp_path) == []


@pytest.mark.parametrize("plan", [{"cuts": [10_000_000]}, {"cut": 7}])
def test_a_plan_of_another_stream_is_told_and_nothing_is_written(tmp_path: Path, plan: dict[str, Any]) -> None:
    stream = the_stream()
    search = found(stream, "cuts", {"cuts": [7]})
    search = replace(search, findings=[replace(search.findings[0], plan=plan)])
    [one] = save_findings([search], [stream], tmp_path)
    assert (one.path, one.scenario) == (None, None)
    assert one.why_not.startswith("no plan for cuts in made/up: ")
    assert list(tmp_path.iterdir()) == []
