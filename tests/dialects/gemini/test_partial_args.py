"""Arguments that are streamed piece by piece."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.gemini.partial_args import PartialArgs


def put(*pieces: Any) -> tuple[dict[str, Any], list[bool]]:
    args = PartialArgs({})
    placed = [args.put(piece) for piece in pieces]
    return args.value, placed


def test_a_string_grows_in_its_place() -> None:
    value, placed = put(
        {"jsonPath": "$.a.b", "stringValue": "Bos", "willContinue": True},
        {"jsonPath": "$.a.b", "stringValue": "ton"},
        {"jsonPath": "$.a.b", "stringValue": ""},
    )
    assert value == {"a": {"b": "Boston"}}
    assert placed == [True, True, True]


def test_objects_in_arrays_are_made_as_they_come() -> None:
    value, _ = put(
        {"jsonPath": "$.stops[0].city", "stringValue": "Oslo"},
        {"jsonPath": "$.stops[0].days", "numberValue": 2},
        {"jsonPath": "$.stops[1].city", "stringValue": "Rome"},
        {"jsonPath": "$.tags[0][0]", "boolValue": False},
        {"jsonPath": "$.nothing", "nullValue": "NULL_VALUE"},
    )
    assert value == {
        "stops": [{"city": "Oslo", "days": 2}, {"city": "Rome"}],
        "tags": [[False]],
        "nothing": None,
    }


def test_names_may_be_quoted() -> None:
    value, _ = put({"jsonPath": "$['a b'].c", "stringValue": "x"}, {"jsonPath": '$["d.e"]', "numberValue": 1.5})
    assert value == {"a b": {"c": "x"}, "d.e": 1.5}


@pytest.mark.parametrize(
    "piece",
    [
        None,
        "$.a",
        {},
        {"jsonPath": 3, "stringValue": "x"},
        {"jsonPath": "$", "stringValue": "x"},
        {"jsonPath": "a", "stringValue": "x"},
        {"jsonPath": "$.a[", "stringValue": "x"},
        {"jsonPath": "$[0]", "stringValue": "x"},
        {"jsonPath": "$.a[1]", "stringValue": "x"},
        {"jsonPath": "$.a[999999]", "stringValue": "x"},
        {"jsonPath": "$.a[9999999999999]", "stringValue": "x"},
        {"jsonPath": "$" + ".a" * 65, "stringValue": "x"},
        {"jsonPath": "$.a"},
    ],
)
def test_what_has_no_place_is_refused(piece: Any) -> None:
    assert put(piece)[1] == [False]


def test_a_path_through_a_plain_value_is_refused() -> None:
    value, placed = put({"jsonPath": "$.a", "numberValue": 1}, {"jsonPath": "$.a.b", "numberValue": 2})
    assert (value, placed) == ({"a": 1}, [True, False])


@given(st.lists(st.fixed_dictionaries({"jsonPath": st.from_regex(r"\$(\.[ab]|\[[01]\]|\['c'\]){0,4}", fullmatch=True),
                                       "stringValue": st.text(max_size=2) | st.integers()}), max_size=6))  # fmt: skip
def test_any_pieces_give_an_object(pieces: list[Any]) -> None:
    assert isinstance(put(*pieces)[0], dict)
