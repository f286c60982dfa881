"""Token counts under the names that vendors give them."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects.openai_chat.usage import read_usage
from harness.events import Usage


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}, Usage(9, 4)),
        ({"input_tokens": 9, "output_tokens": 4}, Usage(9, 4)),
        ({"completion_tokens_details": {"reasoning_tokens": 3}}, Usage(reasoning_tokens=3)),
        ({"reasoning_tokens": 3, "completion_tokens_details": None}, Usage(reasoning_tokens=3)),
        ({"prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2}}, Usage(None, None, None, 5, 2)),
        ({"prompt_tokens_details": {"cached_tokens": 0}, "prompt_cache_hit_tokens": 64}, Usage(None, None, None, 64)),
        ({"prompt_tokens_details": {"cached_tokens": 0}}, Usage(None, None, None, 0)),
        ({"cached_tokens": 7}, Usage(None, None, None, 7)),
        ({"cache_read_input_tokens": 7, "cache_creation_input_tokens": 8}, Usage(None, None, None, 7, 8)),
        ({"prompt_tokens": "9", "completion_tokens": -1, "prompt_tokens_details": [1]}, Usage()),
        ({"prompt_tokens": None, "completion_tokens": 4.0}, Usage(None, 4)),
        ({}, Usage()),
    ],
)
def test_counts_are_found(usage: dict[str, Any], expected: Usage) -> None:
    assert read_usage(usage) == expected
