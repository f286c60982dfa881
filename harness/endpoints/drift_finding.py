"""One thing that a provider changed, with what stood there before and what stands there now."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, get_args

from harness.endpoints.shape import Place, Seen

Severity: TypeAlias = Literal["breaking", "notable", "info"]
"""`breaking`: what clients rely on vanished or has another type; `notable`: something new that may surprise them;
`info`: the rest."""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One side of a finding: how often it was seen, of how many times that it could have been, and one place. Of what
    is not there the place is one where it would have stood."""

    seen: int
    of: int
    place: Place | None

    def to_dict(self) -> dict[str, Any]:
        """Its JSON form."""
        return {"seen": self.seen, "of": self.of, "place": None if self.place is None else asdict(self.place)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `rule` is its searchable name, `where` the kind of event and the field, `message` says it in
    words."""

    severity: Severity
    rule: str
    dialect: str
    where: str
    message: str
    before: Evidence
    now: Evidence

    def to_dict(self) -> dict[str, Any]:
        """Its JSON form."""
        names = ("severity", "rule", "dialect", "where", "message")
        told: dict[str, Any] = {name: getattr(self, name) for name in names}
        return told | {"before": self.before.to_dict(), "now": self.now.to_dict()}


def evidence(seen: Seen | None, of: int, instead: Seen | None = None) -> Evidence:
    """That something was seen so often; where it never was, the place of what stands there `instead`."""
    if seen is None:
        return Evidence(0, of, instead.place if instead else None)
    return Evidence(seen.count, of, seen.place)
