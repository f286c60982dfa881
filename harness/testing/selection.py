"""Which scenarios a marked test runs for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from harness.catalogue.checks import missing_features
from harness.catalogue.loader import LEVELS, Catalogue, CatalogueError, load_catalogue
from harness.catalogue.models import FEATURES, LACKS
from harness.dialects import UnknownDialect, dialect_names
from harness.dialects import dialect as dialect_record
from harness.runner.plan import PlannedCase, plan_cases
from harness.systems.base import Description

Words = str | Iterable[str] | None


class NothingToTest(ValueError):
    """The mark asks for what there is not; the message says what there is."""


def selected(
    dialect: Words = None,
    family: Words = None,
    scenario: Words = None,
    level: str = "must",
    features: Words = (),
    catalogue: str | Path | None = None,
) -> tuple[PlannedCase, ...]:
    """The cases that fit, in a fixed order: of that level or a graver one, and needing no feature but the claimed.

    Raises NothingToTest for words that nobody knows, and where nothing fits.
    """
    claimed = frozenset(_words(features) or ())
    known = FEATURES.keys() | LACKS.keys()
    if unknown := sorted(claimed - known):
        raise NothingToTest(f"unknown feature {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    if level not in LEVELS:
        raise NothingToTest(f"unknown level {level!r}; there are {', '.join(LEVELS)}")
    taken = LEVELS[: LEVELS.index(level) + 1]
    try:
        for name in _words(dialect) or ():
            dialect_record(name)
        loaded = the_catalogue(None if catalogue is None else str(catalogue))
        chosen = loaded.select(ids=_words(scenario), families=_words(family))
    except (CatalogueError, UnknownDialect) as error:
        raise NothingToTest(str(error)) from None
    cases = tuple(
        planned
        for planned in plan_cases(chosen, _words(dialect))
        if planned.scenario.level in taken and not missing_features(planned.scenario, planned.dialect, claimed)
    )
    if not cases:
        claims = f"a client that claims {', '.join(sorted(claimed))}" if claimed else "a client that claims no feature"
        raise NothingToTest(f"no scenario that was asked for is one for {claims}")
    return tuple(sorted(cases, key=lambda each: (each.scenario.id, each.dialect)))


def description(
    system: str, version: str = "", features: Words = (), dialect: Words = None, **_: object
) -> Description:
    """The client under test, as results name it."""
    claimed = frozenset(_words(features) or ())
    return Description(system, version, "python", tuple(_words(dialect) or dialect_names()), claimed)


def _words(words: Words) -> list[str] | None:
    if words is None:
        return None
    return [words] if isinstance(words, str) else list(words)


@cache
def the_catalogue(folder: str | None = None) -> Catalogue:
    """The built-in catalogue, or the one in that folder; read once."""
    return load_catalogue(None if folder is None else Path(folder))
