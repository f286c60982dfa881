"""What a scenario needs of a system, besides what it says itself."""

from typing import Any

import pytest

from harness.catalogue.checks.features import DOCUMENTED, missing_features, needed_features

from .build import scenario


@pytest.mark.parametrize(
    ("expect", "fields", "needed"),
    [
        ({}, {}, set()),
        ({"reasoning": "r", "usage": {"input_tokens": 1}, "warnings": ["w"]}, {}, set()),
        ({}, {"needs": ["overflow"]}, {"overflow"}),
        ({"tool_calls": ["f"]}, {}, {"tool_calls"}),
        ({"tool_calls": "any"}, {}, {"tool_calls"}),
        ({"tool_calls": [{"name": "f", "executable": False}]}, {}, set()),
        ({"attempts": 1}, {}, set()),
        ({"attempts": {"at_most": 3}}, {}, set()),
        ({"attempts": 2}, {}, {"retries"}),
        ({"waits": [{"before_attempt": 2}]}, {}, {"retries", "retry_after"}),
        ({"refusal": "No."}, {}, {"refusals"}),
        ({"refusal": {"any": True}}, {}, set()),
        ({"signatures": ["s"]}, {}, {"signatures"}),
        ({"other_choices": ["b"]}, {}, {"parallel_choices"}),
        ({"second_request_shorter": True}, {}, {"compaction"}),
        ({"fallback_attempts": 0}, {}, {"fallback"}),
        ({}, {"fallback_responses": [{"events": []}]}, {"fallback"}),
        ({"upstream_stopped": True}, {}, {"cancel"}),
        ({}, {"options": {"cancel_after_events": 2}}, {"cancel"}),
        ({"front": {"heartbeats": 1}}, {}, {"heartbeats"}),
        ({"front": {"status": 200}}, {}, set()),
        ({}, {"request": {"stream": False}}, {"whole_answers"}),
        ({"attempts": 2}, {"front": {}, "subjects": "gateway"}, set()),
        (
            {},
            {"front": {"continued": True}, "subjects": "gateway", "serves": ["openai-responses"]},
            {"previous_response"},
        ),
        ({}, {"options": {"think_tags": True}}, {"think_tags"}),
        ({}, {"options": {"compaction": True}}, {"compaction"}),
        ({}, {"options": {"tool_results": {"f": "1"}}}, {"tool_loop"}),
        ({"attempts": 2}, {"options": {"tool_results": {"f": "1"}}}, {"tool_loop"}),
        ({}, {"responses": [{"connection": "stall"}]}, {"timeouts"}),
        ({}, {"responses": [{"connection": "stall"}], "front": {"hang_up_after_s": 1}, "subjects": "gateway"}, set()),
        ({}, {"responses": [{"events": [], "faults": [{"cut": {"after_bytes": 0, "how": "stall"}}]}]}, {"timeouts"}),
        ({}, {"responses": [{"events": [], "faults": [{"end": "stall"}]}]}, set()),
        ({}, {"responses": [{"connection": "stall"}], "options": {"cancel_after_events": 1}}, {"cancel"}),
    ],
)
def test_features_are_derived(expect: dict[str, Any], fields: dict[str, Any], needed: set[str]) -> None:
    assert needed_features(scenario(expect, **fields), "gemini") == needed


TALK = [{"role": role, "content": "x"} for role in ("user", "assistant", "user")]
PICTURE = [{"role": "user", "content": [{"type": "image", "media_type": "image/png", "data": "aGk="}]}]


@pytest.mark.parametrize(
    ("expected", "request_", "needed"),
    [
        ([{"as_asked": "messages"}], {}, set()),
        ([{"contains": "x"}], {"system": "s", "temperature": 0}, set()),
        ([{"as_asked": ["messages", "system"]}], {"system": "s"}, {"settings"}),
        ([{"contains": "x"}, {"attempt": 2, "temperature": 0}], {}, {"settings"}),
        ([{"as_asked": "messages"}], {"messages": TALK}, {"history"}),
        ([{"as_asked": "messages"}], {"messages": PICTURE}, {"images"}),
        ([], {"messages": [*TALK, *PICTURE], "temperature": 0}, set()),
    ],
)
def test_what_a_request_must_say_must_be_sayable(expected: Any, request_: dict[str, Any], needed: set[str]) -> None:
    assert needed_features(scenario({"requests": expected}, request=request_), "gemini") == needed


STRANGE_IDS = [
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": [{"type": "tool_call", "id": "a.b:0", "name": "get_weather", "arguments": "{}"}]},
    {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "a.b:0", "content": "3"}]},
]
UNSIGNED = (
    '{"model": "test-model", "max_tokens": 64, "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", '
    '"content": [{"type": "thinking", "thinking": "Hm", "signature": ""}]}, {"role": "user", "content": "Again"}]}'
)


def test_a_relay_need_not_mend_what_its_client_asked_wrongly() -> None:
    canonical = scenario({}, request={"tools": ["get_weather"], "messages": STRANGE_IDS}, subjects=["gateway"])
    body = {"anthropic-messages": UNSIGNED, "openai-chat": "{}"}
    good, refused = (
        scenario({"front": {"status": status}}, front={"body": body}, subjects=["gateway"]) for status in (200, 400)
    )
    anthropic = "anthropic-messages"
    assert "history_repair" in needed_features(canonical, anthropic, anthropic)
    assert "history_repair" in needed_features(good, anthropic, anthropic)
    assert "history_repair" not in needed_features(refused, anthropic, anthropic)
    assert "history_repair" not in needed_features(canonical, anthropic, "openai-chat")
    assert "history_repair" not in needed_features(canonical, "openai-chat", "openai-chat")
    assert "history_repair" not in needed_features(canonical, anthropic)


def test_a_dialect_may_need_something_of_its_own() -> None:
    case = scenario({}, expect_in={"ollama": {"tool_calls": ["f"]}})
    assert missing_features(case, "ollama", frozenset()) == {"tool_calls"}
    assert missing_features(case, "gemini", frozenset()) == frozenset()


@pytest.mark.parametrize(
    ("attempts", "max_retries", "documented", "enough"),
    [
        ("documented", None, 2, True),
        ("documented", None, 0, True),
        ("documented", None, None, False),
        (2, None, 1, True),
        (2, None, 0, False),
        (2, None, None, False),
        (2, 2, None, True),
        (None, None, None, True),
    ],
)
def test_a_default_number_of_retries_counts_where_it_is_documented(
    attempts: Any, max_retries: int | None, documented: int | None, enough: bool
) -> None:
    case = scenario({"attempts": attempts}, options={"max_retries": max_retries})
    missing = missing_features(case, "ollama", frozenset({"retries"}), documented)
    assert missing == (frozenset() if enough else {DOCUMENTED})
