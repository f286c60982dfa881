"""Costs: every vendor's way of counting, the library's prices, and the user's own."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from harness.events import Usage
from harness.stack.cost import Cost, Price, Tokens, billed_tokens, estimate_cost

USAGE = Usage(input_tokens=1000, output_tokens=100, reasoning_tokens=50, cache_read_tokens=400, cache_write_tokens=200)


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("openai-chat", Tokens(1000, 100, 400, 200)),
        ("openai-responses", Tokens(1000, 100, 400, 200)),
        ("anthropic-messages", Tokens(1600, 100, 400, 200)),
        ("gemini", Tokens(1000, 150, 400, 200)),
        ("ollama", Tokens(1000, 100, 400, 200)),
    ],
)
def test_tokens_are_counted_as_each_vendor_bills_them(dialect: str, expected: Tokens) -> None:
    assert billed_tokens(USAGE, dialect) == expected


def test_cached_tokens_never_outnumber_the_input() -> None:
    assert billed_tokens(Usage(input_tokens=1, cache_read_tokens=9), "openai-chat").input == 9


def test_a_given_price_stands_above_the_library() -> None:
    prices = {"gpt-4o": Price(Decimal(10), Decimal(20), cache_read=Decimal(1))}
    cost = estimate_cost(USAGE, dialect="openai-chat", model="gpt-4o", prices=prices)
    assert cost == Cost(Decimal("0.0064"), Decimal("0.002"), "given")
    assert cost.total == Decimal("0.0084")


def test_the_library_knows_the_vendors_models() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000, cache_read_tokens=500_000)
    cost = estimate_cost(usage, dialect="openai-chat", model="gpt-4o")
    assert cost is not None
    assert cost.source == "openai/gpt-4o"
    assert Decimal(0) < cost.input < cost.output


def test_another_vendor_of_the_same_dialect_has_its_own_prices() -> None:
    usage = Usage(input_tokens=1000, output_tokens=100)
    cost = estimate_cost(usage, dialect="openai-chat", model="llama-3.3-70b-versatile", vendor="groq")
    assert cost is not None
    assert cost.source.startswith("groq/")


@pytest.mark.parametrize(
    ("usage", "dialect", "model"),
    [
        (Usage(), "openai-chat", "gpt-4o"),
        (Usage(input_tokens=1), "openai-chat", "no-such-model"),
        (Usage(input_tokens=1), "ollama", "gpt-4o"),
        (Usage(input_tokens=1), "no-such-dialect", "gpt-4o"),
    ],
)
def test_where_nothing_is_known_nothing_is_guessed(usage: Usage, dialect: str, model: str) -> None:
    assert estimate_cost(usage, dialect=dialect, model=model) is None


def test_an_unknown_vendor_has_no_prices() -> None:
    assert estimate_cost(USAGE, dialect="openai-chat", model="gpt-4o", vendor="no-such-vendor") is None


def test_the_library_is_imported_late() -> None:
    late = ("genai_prices", "yaml", "pydantic")
    code = f"import sys, harness.stack.cost, harness.stack.client; print([m for m in {late} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
