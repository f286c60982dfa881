"""The scenario language: what it refuses, and how its records read."""

from typing import Any

import pytest
from pydantic import ValidationError

from harness.catalogue.models import Count, Expectation, PartialText, Response, Scenario
from harness.events import Finish, Text

MINIMAL: dict[str, Any] = {"id": "family/slug", "title": "T", "why": "W", "responses": [{"events": []}], "expect": {}}


def message(**fields: Any) -> str:
    with pytest.raises(ValidationError) as refusal:
        Scenario.model_validate(MINIMAL | fields)
    return str(refusal.value)


def test_the_family_is_the_folder() -> None:
    assert Scenario.model_validate(MINIMAL).family == "family"


def test_events_are_read_and_flattened() -> None:
    response = Response.model_validate({"events": [{"text": ["a", "b"]}, {"finish": "stop"}]})
    assert response.events == (Text("a"), Text("b"), Finish("stop"))


def test_a_single_response_may_be_written_alone() -> None:
    fields = {key: value for key, value in MINIMAL.items() if key != "responses"}
    scenario = Scenario.model_validate(fields | {"response": {"connection": "reset"}})
    assert [response.connection for response in scenario.responses_in("gemini")] == ["reset"]


def test_a_dialect_may_have_responses_of_its_own() -> None:
    responses = {"gemini": {"frames": [{}]}, "ollama": [{"body": "x"}, {"connection": "close"}]}
    scenario = Scenario.model_validate(MINIMAL | {"responses": responses})
    assert len(scenario.responses_in("gemini")) == 1
    assert len(scenario.responses_in("ollama")) == 2
    assert scenario.responses_in("openai-chat") == ()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"responses": []}, "at least one response"),
        ({"responses": {"gemini": []}}, "at least one response"),
        ({"responses": {"gemnii": [{"body": "x"}]}}, "did you mean 'gemini'"),
        ({"responses": [{}]}, "none of them"),
        ({"responses": [{"body": "x", "connection": "reset"}]}, "this has body and connection"),
        ({"response": {"body": "x"}}, "not both"),
        ({"dialects": ["gemnii"]}, "did you mean 'gemini'"),
        ({"needs": ["retrys"]}, "did you mean 'retries'"),
        ({"expect_in": {"gemini": {"txt": "a"}}}, "did you mean 'text'"),
        ({"expect_in": {"gemnii": {}}}, "did you mean 'gemini'"),
        ({"titel": "x"}, "did you mean 'title'"),
        ({"title": ""}, "at least 1 character"),
        ({"expect": {"text": {"prefix_of": "abc", "at_least": "b"}}}, "a beginning of"),
        ({"expect": {"text": 3}}, "a text is a string"),
        ({"expect": {"tool_calls": {}}}, "a list of calls"),
        ({"expect": {"tool_calls": [{"nam": "f"}]}}, "did you mean 'name'"),
        ({"expect": {"tool_calls": [{"name": "f", "arguments": "{}", "input": {}}]}}, "exactly one of"),
        ({"expect": {"tool_calls": [{"name": "f", "input": {}, "executable": False}]}}, "has no input"),
        ({"expect": {"usage": {"inputtokens": 1}}}, "did you mean 'input_tokens'"),
        ({"expect": {"waits": [{"before_attempt": 1}]}}, "greater than or equal to 2"),
        ({"responses": [{"body": "x", "faults": [{"cut": {"after_frames": 1}, "bom": True}]}]}, "exactly one of"),
        ({"responses": [{"body": "x", "faults": [{"insert": {"after_frames": 1}}]}]}, "text, frame"),
        ({"responses": [{"body": "x", "faults": [{"cut": {"after_frames": 1, "how": "timeout"}}]}]}, "short_length"),
        ({"responses": [{"body": "x", "faults": [{"chunks": 0}]}]}, "greater than or equal to 1"),
        ({"options": {"timeout_s": 0}}, "greater than 0"),
        ({"subjects": ["gatewya"]}, "'client' or 'gateway'"),
        ({"subjects": []}, "at least 1"),
        ({"serves": ["gemini"]}, "`serves` is for gateways alone; say `subjects: [gateway]`"),
        ({"front": {}, "subjects": ["client", "gateway"]}, "`front` is for gateways alone"),
        ({"options": {"read_pause_s": 1}}, "`read_pause_s` is for gateways alone"),
        ({"front": {"continued": True}, "subjects": "gateway"}, "say `serves: [openai-responses]`"),
        ({"subjects": "gateway", "serves": ["gemnii"]}, "did you mean 'gemini'"),
        ({"subjects": "gateway", "front": {"body": {"gemnii": "x"}}}, "did you mean 'gemini'"),
        ({"subjects": "gateway", "front": {"body": "x", "body_size": 9}}, "exactly one of body, body_size"),
        ({"subjects": "gateway", "front": {"path": "v1"}}, "match pattern"),
        ({"expect": {"front": {"stauts": 400}}}, "did you mean 'status'"),
    ],
)
def test_contradictions_are_refused(fields: dict[str, Any], words: str) -> None:
    assert words in message(**fields)


def test_single_words_stand_for_lists() -> None:
    expectation = Expectation.model_validate(
        {"ending": "failed", "finish": "stop", "error": "quota", "tool_calls": ["f"]}
    )
    assert (expectation.ending, expectation.finish) == (("failed",), ("stop",))
    assert expectation.error is not None
    assert expectation.error.kind == ("quota",)
    assert expectation.tool_calls[0].name == "f"  # type: ignore[index]


def test_a_dialect_overrides_single_fields_of_the_expectation() -> None:
    expect = {"text": {"prefix_of": "Hello"}, "ending": "failed"}
    scenario = Scenario.model_validate(MINIMAL | {"expect": expect, "expect_in": {"gemini": {"ending": "completed"}}})
    merged = scenario.expectation_in("gemini")
    assert (merged.text, merged.ending) == (PartialText(prefix_of="Hello"), ("completed",))
    assert scenario.expectation_in("ollama").ending == ("failed",)


@pytest.mark.parametrize(
    ("count", "within", "words"),
    [
        (2, {2}, "2"),
        ({"at_least": 2}, {2, 3, 9}, "at least 2"),
        ({"at_most": 2}, {0, 1, 2}, "at most 2"),
        ({"at_least": 1, "at_most": 2}, {1, 2}, "1 to 2"),
    ],
)
def test_a_count_knows_what_is_within(count: Any, within: set[int], words: str) -> None:
    read = Count.model_validate(count)
    assert {number for number in range(10) if number in read} >= within
    assert all((number in read) == (number in within) for number in range(4))
    assert str(read) == words


def test_a_scenario_is_plain_json_too() -> None:
    fields = {"responses": [{"events": [{"text": "a"}]}, {"body": b"\xff"}]}
    dumped = Scenario.model_validate(MINIMAL | fields).model_dump(mode="json", exclude_defaults=True)
    assert dumped["responses"][0]["events"] == [{"type": "text", "text": "a", "choice": 0}]


def test_a_scenario_is_for_clients_and_gateways_unless_it_says_otherwise() -> None:
    assert Scenario.model_validate(MINIMAL).subjects == ("client", "gateway")
    assert Scenario.model_validate(MINIMAL | {"subjects": "client"}).subjects == ("client",)


def test_a_literal_body_and_the_scenario_itself_say_in_front_of_whom_a_gateway_runs() -> None:
    gateway = MINIMAL | {"subjects": ["gateway"]}
    bodies = {"body": {"ollama": "{}", "gemini": "{}"}}
    assert "openai-responses" in Scenario.model_validate(gateway).served_in()
    assert Scenario.model_validate(gateway | {"serves": ["ollama"]}).served_in() == ("ollama",)
    assert Scenario.model_validate(gateway | {"front": bodies}).served_in() == ("ollama", "gemini")
    assert Scenario.model_validate(gateway | {"front": bodies, "serves": ["gemini"]}).served_in() == ("gemini",)


def test_a_literal_request_has_a_body_for_all_dialects_or_one_for_each() -> None:
    front = {"subjects": "gateway", "front": {"body": {"ollama": "{"}}}
    mapped = Scenario.model_validate(MINIMAL | front).front
    single = Scenario.model_validate(MINIMAL | {"subjects": "gateway", "front": {"body": "{"}}).front
    assert mapped is not None
    assert single is not None
    assert (mapped.body_in("ollama"), mapped.body_in("gemini"), single.body_in("gemini")) == ("{", None, "{")


def test_what_is_expected_in_front_of_a_gateway_is_read() -> None:
    front = Expectation.model_validate(
        {"front": {"status": 401, "error": "auth", "hides": "Traceback", "heartbeats": {"at_least": 2}}}
    ).front
    assert (front.status, front.hides, front.well_formed) == ((401,), ("Traceback",), False)
    assert front.error is not None
    assert front.error.kind == ("auth",)
    assert front.heartbeats is not None
    assert str(front.heartbeats) == "at least 2"
