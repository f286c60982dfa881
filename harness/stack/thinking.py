"""Fits a request's thinking setting to its model: an effort word, a token budget, or none. The facts are data.

They are in `specs/thinking.yaml`, which is read when a request first asks for thinking.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal, TypeAlias

import msgspec

from harness.events import Warning
from harness.folders import data_folder
from harness.request import ReasoningSettings, Request

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

_STRENGTH: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How some models of some dialects take their setting; `models` are shell patterns."""

    dialects: tuple[str, ...]
    models: tuple[str, ...]
    form: Literal["effort", "budget", "none"]
    efforts: tuple[Effort, ...] = ()
    least: int = 0
    most: int | None = None

    def fits(self, dialect: str, model: str) -> bool:
        """Whether this family is the one of `model`."""
        return dialect in self.dialects and any(fnmatchcase(model.lower(), pattern) for pattern in self.models)


class ThinkingFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    effort_from_tokens: Mapping[Effort, int]
    tokens_for_effort: Mapping[Effort, int]
    families: tuple[Family, ...]

    def effort_for(self, tokens: int) -> Effort:
        """The word for a budget."""
        words = sorted(self.effort_from_tokens.items(), key=lambda pair: pair[1])
        return [word for word, least in words if least <= tokens or least == words[0][1]][-1]


@cache
def thinking_facts() -> ThinkingFacts:
    """The facts of the checkout, or the copy inside an installed package."""
    import yaml  # only a request that asks for thinking pays for it

    path = data_folder("specs") / "thinking.yaml"
    return msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), ThinkingFacts)


def fit_reasoning(request: Request, dialect: str) -> tuple[Request, list[Warning]]:
    """The request with its thinking setting in the form that its model takes; a warning where it had to be left out."""
    asked = request.reasoning
    if asked is None or (asked.effort is None and asked.budget_tokens is None):
        return request, []
    facts = thinking_facts()
    family = next((each for each in facts.families if each.fits(dialect, request.model)), None)
    if family is None:
        return request, []
    fitted = _fitted(asked, family, facts)
    changed = msgspec.structs.replace(request, reasoning=fitted)
    if fitted is None and asked.effort != "none" and asked.budget_tokens != 0:
        return changed, [Warning("reasoning-unsupported", f"{request.model} takes no thinking setting; none was sent")]
    return changed, []


def _fitted(asked: ReasoningSettings, family: Family, facts: ThinkingFacts) -> ReasoningSettings | None:
    if family.form == "none":
        return None
    if family.form == "effort":
        effort = asked.effort or facts.effort_for(asked.budget_tokens or 0)
        return ReasoningSettings(effort=_nearest(effort, family.efforts))
    tokens = asked.budget_tokens
    if tokens is None:
        tokens = facts.tokens_for_effort[asked.effort or "none"]
    if tokens == 0:
        return ReasoningSettings(budget_tokens=0)
    return ReasoningSettings(
        budget_tokens=max(family.least, tokens if family.most is None else min(tokens, family.most))
    )


def _nearest(effort: Effort, offered: tuple[Effort, ...]) -> Effort:
    """The offered word that is nearest in strength, the stronger of two."""
    wanted = _STRENGTH.index(effort)
    return min(offered, key=lambda word: (abs(_STRENGTH.index(word) - wanted), -_STRENGTH.index(word)))
