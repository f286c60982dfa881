"""Token counts under the names that vendors give them."""

from __future__ import annotations

from typing import Any

from harness.dialects.decoding import as_count, as_dict
from harness.events import Usage


def read_usage(usage: dict[str, Any]) -> Usage:
    """The counts in a `usage` object; None for each that it does not have."""
    get = usage.get
    read = as_dict(get("prompt_tokens_details") or get("input_tokens_details"))
    written = as_dict(get("completion_tokens_details") or get("output_tokens_details"))
    return Usage(
        input_tokens=_first(get("prompt_tokens"), get("input_tokens")),
        output_tokens=_first(get("completion_tokens"), get("output_tokens")),
        reasoning_tokens=_first(written.get("reasoning_tokens"), get("reasoning_tokens")),
        cache_read_tokens=_first(
            read.get("cached_tokens"),
            get("prompt_cache_hit_tokens"),
            get("cached_tokens"),
            get("cache_read_input_tokens"),
            get("num_cached_tokens"),
        ),
        cache_write_tokens=_first(
            read.get("cache_write_tokens"),
            read.get("cache_creation_tokens"),
            get("cache_creation_input_tokens"),
        ),
    )


def _first(*values: Any) -> int | None:
    """The first count that is not zero; zero where all are; None where there is none."""
    found: int | None = None
    for value in values:
        if value is not None and (count := as_count(value)) is not None:
            if count:
                return count
            found = 0
    return found
