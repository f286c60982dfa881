"""What all records of the language share."""

import pytest
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from harness.catalogue.records import Record, did_you_mean, nested


class Inner(Record):
    """A record for these tests."""

    size: int


def test_an_unknown_key_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ValidationError, match=r"unknown key 'sise'; did you mean 'size'\?"):
        Inner.model_validate({"sise": 1})


def test_a_record_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Inner(size=1).size = 2


def test_a_nested_fault_is_placed_below_its_list() -> None:
    with pytest.raises(PydanticCustomError) as refusal:
        nested(Inner, {"size": "many"}, ["items", 3])
    assert refusal.value.context is not None
    assert refusal.value.context["at"] == ["items", 3, "size"]


def test_a_word_that_is_near_none_gets_them_all() -> None:
    assert did_you_mean("xyz", ["one", "two"]) == " 'xyz'; known are one, two"
