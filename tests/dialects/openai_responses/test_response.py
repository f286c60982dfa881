"""The objects that frames carry, checked against the vendor's own types."""

from __future__ import annotations

import pytest

from harness.dialects.openai_responses.response import item_skeleton, response_object, usage_object
from harness.events import Usage

from .sdk import openai


@pytest.mark.parametrize("status", ["in_progress", "completed", "incomplete"])
def test_a_response_is_one_of_the_sdks(status: str) -> None:
    output = [item_skeleton(kind, 0) for kind in ("message", "reasoning")]
    data = response_object("resp_1", "gpt", status, output, usage=usage_object(Usage(9, 4)))
    response = openai.types.responses.Response.model_validate(data)
    assert (response.id, response.status, response.usage.total_tokens) == ("resp_1", status, 13)


def test_usage_names_every_count() -> None:
    assert usage_object(Usage(9, 4, 2, 3, 1)) == {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 1},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 13,
    }
    assert usage_object(Usage()) is None


def test_items_take_the_id_that_is_given() -> None:
    assert item_skeleton("reasoning", 3, "rs_1")["id"] == "rs_1"
    assert item_skeleton("reasoning", 3)["id"] == "rs_harness_3"
