"""What a scenario may say of requests, and how it is told that it said it wrongly."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from harness.catalogue.canonical import read_canonical
from harness.catalogue.models import Expectation
from harness.catalogue.requests import RequestExpectation


def read(**fields: Any) -> RequestExpectation:
    return RequestExpectation.model_validate(fields)


def test_short_forms_are_those_of_a_request() -> None:
    expectation = read(messages="Hi", tools=["get_time"], contains="Hi", as_asked="system")
    assert expectation.attempt == 1
    assert expectation.messages == read_canonical({"messages": "Hi"}).messages
    assert [tool.name for tool in expectation.tools] == ["get_time"]
    assert (expectation.contains, expectation.as_asked) == (("Hi",), ("system",))
    assert expectation.compared == {"messages", "tools", "contains", "system"}


def test_what_is_wanted_is_given_or_asked() -> None:
    asked = read_canonical({"system": "Be terse.", "temperature": 0})
    expectation = read(as_asked=["system", "temperature"], temperature=0.5)
    assert expectation.wanted("system", asked) == "Be terse."
    assert expectation.wanted("temperature", asked) == 0.5
    assert expectation.wanted("top_p", asked) is None


def test_it_survives_being_written_and_read() -> None:
    talk = [{"role": "assistant", "content": [{"type": "tool_call", "id": "a", "name": "f", "arguments": "{}"}]}]
    fields = {"requests": [{"attempt": 2, "last_messages": talk, "tool_choice": {"name": "f"}, "stop": ["a"]}]}
    expectation = Expectation.model_validate(fields)
    written = expectation.model_dump(exclude_unset=True)
    assert written["requests"][0]["last_messages"] == talk
    assert Expectation.model_validate(written) == expectation
    assert Expectation.model_validate_json(expectation.model_dump_json(exclude_unset=True)) == expectation


@pytest.mark.parametrize(
    ("fields", "place", "message"),
    [
        ({}, (), "it says nothing of the request"),
        ({"attempt": 2}, (), "it says nothing of the request"),
        ({"attempt": 0, "contains": "x"}, ("attempt",), "greater than or equal to 1"),
        ({"mesages": "x"}, (), "unknown key 'mesages'; did you mean 'messages'?"),
        ({"messages": [{"role": "usr", "content": "x"}]}, ("messages",), "unknown value 'usr'; did you mean 'user'?"),
        ({"tools": ["get_wether"]}, ("tools",), "no standard tool 'get_wether'; did you mean 'get_weather'?"),
        ({"as_asked": ["model"]}, ("as_asked", 0), "Input should be"),
    ],
)
def test_what_is_wrong_is_told(fields: dict[str, Any], place: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(**fields)
    (error,) = caught.value.errors()
    assert error["loc"] == place
    assert message in error["msg"]


def test_a_wrong_message_is_placed_below_its_field() -> None:
    with pytest.raises(ValidationError) as caught:
        read(messages=[{"role": "user", "content": "x"}, {"role": "usr", "content": "x"}])
    assert caught.value.errors()[0]["ctx"]["at"] == [1, "role"]
