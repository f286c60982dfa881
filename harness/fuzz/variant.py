"""One changed form of a stream: what was done to it, in words and as data, and what is demanded of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, get_args

from harness.catalogue.models import Level
from harness.fuzz.outcome import Difference, Outcome
from harness.wire.response import WireResponse

Kind: TypeAlias = Literal["cuts", "neutral", "damage"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Demand(Protocol):
    """What must hold of the outcome of a damaged stream; written down before anybody reads it."""

    @property
    def why(self) -> str:
        """The rules, in words."""

    def broken_by(self, outcome: Outcome, intact: Outcome) -> list[Difference]:
        """What does not hold of `outcome`; `intact` is what the same reader made of the stream as it was."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A stream as it is played instead of the intact one.

    `plan` is JSON from which the same variant is made again, of the same stream: `{"cuts": [412]}`. `family` groups
    variants that are counted together. `demand` None: the outcome must be the one of the intact stream.
    """

    kind: Kind
    family: str
    words: str
    plan: Mapping[str, Any]
    response: WireResponse
    level: Level = "must"
    demand: Demand | None = None

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis shows it: what was done, not the bytes, which may be megabytes."""
        printer.text(f"<{self.kind}: {self.words}: {dict(self.plan)}>")
