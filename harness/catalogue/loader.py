"""Reads the catalogue: every YAML file below a folder is a scenario, and its path is its id.

Bad files are refused, all at once, each with its path, the line, the field and what is wrong there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.catalogue.models import Level, Scenario
from harness.catalogue.records import did_you_mean
from harness.catalogue.render import dialects_of
from harness.catalogue.strict_yaml import BadYaml, line_of, read_yaml
from harness.folders import data_folder

EDITION = "2026.11"
"""The catalogue's edition; its version adds a hash of all files, so that a version names the content."""
LEVELS: tuple[Level, ...] = ("must", "should", "may")
"""From the strictest; asking for a level means it and the stricter ones."""
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class CatalogueError(ValueError):
    """The catalogue cannot be read, or has no such scenario; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one place of one file. `field` is dotted, such as `responses.0.events.2.text`."""

    path: Path
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}: "
        return f"{place}{self.field}: {self.message}" if self.field else f"{place}{self.message}"


class BadCatalogue(CatalogueError):
    """Files were refused; `problems` has every one of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All scenarios, sorted by id. `version` names their content: a published result names it."""

    scenarios: tuple[Scenario, ...]
    version: str
    _by_id: Mapping[str, Scenario] = field(repr=False)

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self.scenarios)

    def __len__(self) -> int:
        return len(self.scenarios)

    def get(self, scenario_id: str) -> Scenario:
        """The scenario of that id; raises CatalogueError with the nearest id."""
        if scenario_id in self._by_id:
            return self._by_id[scenario_id]
        raise CatalogueError(f"no scenario {scenario_id!r}; {_nearest(scenario_id, self._by_id)}")

    @property
    def families(self) -> tuple[str, ...]:
        """The families that there are, sorted."""
        return tuple(sorted({scenario.family for scenario in self.scenarios}))

    def select(
        self,
        ids: Iterable[str] | None = None,
        families: Iterable[str] | None = None,
        dialects: Iterable[str] | None = None,
        level: Level | None = None,
    ) -> tuple[Scenario, ...]:
        """The scenarios that meet every condition given; None is no condition.

        `ids` may be patterns such as `tool-calls/*`; `dialects` asks for those that run in one of them; `level` is the
        least strict one that is wanted. Raises CatalogueError for an id, a pattern or a family that names nothing.
        """
        chosen = set(self._by_id) if ids is None else {name for wanted in ids for name in self._matching(wanted)}
        wanted_families = None if families is None else {self._family(name) for name in families}
        wanted_dialects = None if dialects is None else set(dialects)
        levels = LEVELS if level is None else LEVELS[: LEVELS.index(level) + 1]
        return tuple(
            scenario
            for scenario in self.scenarios
            if scenario.id in chosen
            and (wanted_families is None or scenario.family in wanted_families)
            and scenario.level in levels
            and (wanted_dialects is None or wanted_dialects.intersection(dialects_of(scenario)))
        )

    def _matching(self, wanted: str) -> list[str]:
        names = [name for name in self._by_id if fnmatchcase(name, wanted)]
        return names or [self.get(wanted).id]

    def _family(self, name: str) -> str:
        if name not in self.families:
            raise CatalogueError(f"no family{did_you_mean(name, self.families)}")
        return name


def _nearest(word: str, ids: Iterable[str]) -> str:
    names = list(ids)
    if any(name.startswith(f"{word.rstrip('/*')}/") for name in names):
        return f"it is a family: did you mean '{word.rstrip('/*')}/*'?"
    close = [name for name in names if name.partition("/")[2] == word] or get_close_matches(word, names, n=1)
    return f"did you mean {close[0]!r}?" if close else "`harness scenarios list` names them all"


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """The catalogue below `folder`, or the project's own. Raises CatalogueError (all bad files at once)."""
    folder = data_folder("specs/scenarios") if folder is None else folder
    if not folder.is_dir():
        raise CatalogueError(f"{folder}: no such folder of scenarios")
    problems: list[Problem] = []
    scenarios: list[Scenario] = []
    digest = hashlib.sha256()
    for path in _files(folder):
        data = path.read_bytes().replace(b"\r\n", b"\n")  # a checkout's line ends do not make another version
        name = path.relative_to(folder).as_posix()
        digest.update(b"%b\0%d\0%b" % (name.encode(), len(data), data))
        result = read_scenario(path, data, path.relative_to(folder).with_suffix("").as_posix())
        if isinstance(result, Scenario):
            scenarios.append(result)
        else:
            problems.extend(result)
    if problems:
        raise BadCatalogue(problems)
    scenarios.sort(key=lambda scenario: scenario.id)
    version = f"{EDITION}+{digest.hexdigest()[:12]}"
    return Catalogue(tuple(scenarios), version, {scenario.id: scenario for scenario in scenarios})


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml"))


def read_scenario(path: Path, data: bytes, scenario_id: str) -> Scenario | list[Problem]:
    """The scenario that a file's content spells, or everything that is wrong with it."""
    misnamed = _naming_problem(path, scenario_id)
    if misnamed:
        return [Problem(path, 1, "", misnamed)]
    try:
        value = read_yaml(data)
    except BadYaml as error:
        return [Problem(path, error.line, "", error.message)]
    if not isinstance(value, dict):
        return [Problem(path, 1, "", "a scenario is a mapping with title, why, response and expect")]
    if "id" in value:
        return [Problem(path, line_of(data, ["id"]), "id", "the file's path is the id; leave this out")]
    try:
        return Scenario.model_validate({**value, "id": scenario_id})
    except ValidationError as error:
        problems = [_problem(path, data, value, fault) for fault in error.errors(include_url=False)]
        by_place = {(problem.line, problem.field): problem for problem in reversed(problems)}  # of a union, the first
        return [by_place[place] for place in sorted(by_place)]


def _naming_problem(path: Path, scenario_id: str) -> str | None:
    parts = scenario_id.split("/")
    if path.suffix == ".yml":
        return "scenario files end in .yaml; rename this one"
    if len(parts) != 2 or not all(map(_SLUG.fullmatch, parts)):
        return "a scenario lies at <family>/<slug>.yaml, both in small letters, digits and hyphens"
    return None


def _problem(path: Path, data: bytes, value: Any, fault: Any) -> Problem:
    context = fault.get("ctx", {})
    place = _place([*fault["loc"], *context.get("at", ())], value)
    message = fault["msg"]
    if fault["type"] == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"])
        message = f"unknown value{did_you_mean(fault['input'], known)}"
    if fault["type"] == "model_type":
        message = f"a mapping belongs here, not {fault['input']!r}"
    if fault["type"] == "missing":
        place, message = place[:-1], f"{fault['loc'][-1]} is missing"
    return Problem(path, line_of(data, place), ".".join(map(str, place)), message)


def _place(loc: Sequence[str | int], value: Any) -> list[str | int]:
    """The validator's location as the path in the file: without union tags, short forms as they were written."""
    place: list[str | int] = []
    for position, step in enumerate(loc):
        last = position == len(loc) - 1
        if isinstance(value, dict):
            if step == "responses" and step not in value and "response" in value:
                step = "response"
            if step in value:
                place.append(step)
                value = value[step]
            elif last and isinstance(step, str):
                place.append(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            place.append(step)
            value = value[step]
    return place
