"""What an answer cost, in US dollars: an estimate from a kept price library, which users can override.

`genai-prices` holds the vendors' published prices. It is imported when the first estimate is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from harness.events import Usage

VENDORS: Final[Mapping[str, str]] = {
    "openai-chat": "openai",
    "openai-responses": "openai",
    "anthropic-messages": "anthropic",
    "gemini": "google",
}
"""Who is asked for a price when nobody says who served the dialect. What Ollama runs at home has none."""

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens. Cached input costs as much as other input where nothing is said."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate in US dollars, and where the price comes from: `given`, or the library's vendor and model."""

    input: Decimal
    output: Decimal
    source: str

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.input + self.output


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is billed: `input` holds the cached tokens too, `output` the thoughts too."""

    input: int
    output: int
    cache_read: int
    cache_write: int


def billed_tokens(usage: Usage, dialect: str) -> Tokens:
    """Usage as the dialect reports it, in one way of counting.

    Anthropic leaves the cached tokens out of the input and Gemini the thoughts out of the output; others do not.
    """
    read, written = usage.cache_read_tokens or 0, usage.cache_write_tokens or 0
    counted, answered = usage.input_tokens or 0, usage.output_tokens or 0
    if dialect == "anthropic-messages":
        counted += read + written
    if dialect == "gemini":
        answered += usage.reasoning_tokens or 0
    return Tokens(max(counted, read + written), answered, read, written)


def estimate_cost(
    usage: Usage,
    *,
    dialect: str,
    model: str,
    vendor: str | None = None,
    prices: Mapping[str, Price] | None = None,
) -> Cost | None:
    """The cost of an answer with this usage; None where no price is known or nothing was counted.

    `prices` (by model) come first. `vendor` is the library's name of who served it, by default the dialect's own.
    """
    if usage.input_tokens is None and usage.output_tokens is None:
        return None
    tokens = billed_tokens(usage, dialect)
    if prices and model in prices:
        return _at(prices[model], tokens)
    served_by = vendor or VENDORS.get(dialect)
    return _from_library(tokens, model, served_by) if served_by else None


def _at(price: Price, tokens: Tokens) -> Cost:
    plain = tokens.input - tokens.cache_read - tokens.cache_write
    read = price.input if price.cache_read is None else price.cache_read
    written = price.input if price.cache_write is None else price.cache_write
    spent = plain * price.input + tokens.cache_read * read + tokens.cache_write * written
    return Cost(spent / _MILLION, tokens.output * price.output / _MILLION, "given")


def _from_library(tokens: Tokens, model: str, vendor: str) -> Cost | None:
    import genai_prices  # a third of a second and a large table, for those who ask

    counted = genai_prices.Usage(
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=tokens.cache_read or None,
        cache_write_tokens=tokens.cache_write or None,
    )
    try:
        found = genai_prices.calc_price(counted, model, provider_id=vendor)
    except (LookupError, ValueError):  # unknown to it, or counts that do not add up
        return None
    return Cost(found.input_price, found.output_price, f"{found.provider.id}/{found.model.id}")
