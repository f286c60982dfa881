"""What a recording will ask, before anything is asked: how many requests, about how many tokens, about what cost.

Tokens are estimated from above: a request by its characters, an answer by the limit that the request sets. A request
that is to be refused costs nothing, but for a prompt that is too long: a server may take it and cut it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from harness.endpoints.asking import dialect_at
from harness.endpoints.probes import CHARACTERS_PER_TOKEN, Probe, probes_named
from harness.endpoints.providers import Provider, Where, provider_named, where
from harness.events import Usage
from harness.request import Request
from harness.stack.cost import estimate_cost

TRIES = 3
"""How often a probe is asked at most, until it shows what it is to show."""
ASSUMED_CONTEXT_TOKENS = 131_072
"""The context of a model of which nothing else is known."""
WRONG_KEY = "no-such-key"


@dataclass(frozen=True, slots=True)
class Step:
    """One probe of one endpoint, with what one request for it may use and cost. `cost` is None where none is known."""

    where: Where
    probe: Probe
    context_tokens: int
    input_tokens: int
    output_tokens: int
    cost: Decimal | None

    @property
    def request(self) -> Request:
        """The canonical request."""
        return self.probe.asked(self.where.model, self.context_tokens)

    @property
    def key(self) -> str:
        """The key that is shown."""
        return WRONG_KEY if self.probe.key == "wrong" else self.where.key

    def to_dict(self) -> dict[str, Any]:
        """Its JSON form; costs are in US dollars."""
        return {
            "dialect": self.where.dialect,
            "probe": self.probe.name,
            "model": self.probe.model or self.where.model,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost": None if self.cost is None else float(self.cost),
        }


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A probe that is not asked, and why."""

    dialect: str
    probe: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that will be asked, in order. Tokens and cost are those of one request for each probe."""

    provider: str
    steps: tuple[Step, ...]
    left_out: tuple[LeftOut, ...] = field(default=())

    @property
    def requests(self) -> int:
        """How many requests there are if every probe shows at once what it is to show."""
        return len(self.steps)

    @property
    def most_requests(self) -> int:
        """How many there are if every probe is asked as often as it may be."""
        return TRIES * len(self.steps)

    @property
    def input_tokens(self) -> int:
        """About so many, or fewer."""
        return sum(step.input_tokens for step in self.steps)

    @property
    def output_tokens(self) -> int:
        """So many at most."""
        return sum(step.output_tokens for step in self.steps)

    @property
    def cost(self) -> Decimal:
        """In US dollars, of those requests whose price is known."""
        return sum((step.cost for step in self.steps if step.cost is not None), Decimal(0))

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The models of which no price is known."""
        return tuple(dict.fromkeys(step.where.model for step in self.steps if step.cost is None))

    def to_dict(self) -> dict[str, Any]:
        """Its JSON form."""
        return {
            "provider": self.provider,
            "requests": self.requests,
            "most_requests": self.most_requests,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost": float(self.cost),
            "unpriced": list(self.unpriced),
            "steps": [step.to_dict() for step in self.steps],
            "left_out": [{"dialect": each.dialect, "probe": each.probe, "why": each.why} for each in self.left_out],
        }


def make_plan(
    provider: str,
    *,
    dialects: Sequence[str] | None = None,
    probes: Sequence[str] | None = None,
    model: str | None = None,
    base_url: str | None = None,
    key: str = "",
    context_tokens: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Plan:
    """What a recording of that provider asks: every dialect and every probe, where none are named.

    A probe that is named is asked even where it is said that the provider cannot show it. `model` and `base_url`
    replace those of every dialect; `context_tokens` says how long a prompt is too long. Raises ValueError, whose
    message says what to do: for an unknown provider, dialect or probe, or a setting that is missing.
    """
    entry = provider_named(provider)
    chosen = probes_named(probes)
    settings: dict[str, Any] = {"base_url": base_url, "model": model, "key": key}
    if environment is not None:
        settings["environment"] = environment
    steps: list[Step] = []
    left_out: list[LeftOut] = []
    for dialect in dict.fromkeys(dialects or entry.endpoints):
        place = where(provider, dialect, **settings)
        reasons = dict(_reasons(entry, place, chosen, named=probes is not None))
        left_out += [LeftOut(dialect, name, why) for name, why in reasons.items()]
        steps += [_step(place, probe, context_tokens) for probe in chosen if probe.name not in reasons]
    return Plan(provider, tuple(steps), tuple(left_out))


def _reasons(entry: Provider, place: Where, probes: Iterable[Probe], *, named: bool) -> Iterator[tuple[str, str]]:
    """The probes that are left out, each with why."""
    cannot = {} if named else entry.cannot_in(place.dialect)
    for probe in probes:
        if place.dialect in probe.cannot:
            yield probe.name, probe.cannot[place.dialect]
        elif probe.name in cannot:
            yield probe.name, cannot[probe.name]
        elif probe.key == "wrong" and place.local and not place.key and not named:
            yield probe.name, "the server is asked without a key, so it takes any"


def _step(place: Where, probe: Probe, context_tokens: int | None) -> Step:
    context = (context_tokens or context_of(place)) if probe.overflows else 0
    request = probe.asked(place.model, context)
    if probe.provokes_error and not probe.overflows:
        return Step(place, probe, context, 0, 0, Decimal(0))
    body = dialect_at(place).build_request(request, None).body
    read, written = len(body) // CHARACTERS_PER_TOKEN + 1, request.max_output_tokens or 0
    return Step(place, probe, context, read, written, cost_of(place, Usage(input_tokens=read, output_tokens=written)))


def cost_of(place: Where, usage: Usage) -> Decimal | None:
    """What such an answer costs there in US dollars; None where no price is known. Your own server is free."""
    if place.local:
        return Decimal(0)
    if place.prices is None:
        return None
    cost = estimate_cost(usage, dialect=place.dialect, model=place.model, vendor=place.prices)
    return None if cost is None else cost.total


def context_of(place: Where) -> int:
    """How many tokens the model's context has: as its entry says, or else the price library, or else a guess."""
    if place.endpoint.context_tokens and place.model == place.endpoint.model:
        return place.endpoint.context_tokens
    return _known_context(place) or ASSUMED_CONTEXT_TOKENS


def _known_context(place: Where) -> int | None:
    if place.prices is None:
        return None
    import genai_prices  # a third of a second and a large table

    try:
        found = genai_prices.calc_price(genai_prices.Usage(input_tokens=1), place.model, provider_id=place.prices)
    except (LookupError, ValueError):
        return None
    return found.model.context_window
