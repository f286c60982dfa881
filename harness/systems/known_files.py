"""Files of known failures: those of the bundled systems, one file a system, and those that a user gives.

A file about one bundled system, in one version:

    version: 3.52.0                   # of the system, as it says it itself
    failures:
      - scenarios: [truncation/*]
        dialects: [openai-chat]       # left out: every dialect
        reason: The iterator ends without an exception when the connection closes between two events.
        proof: tests/systems/test_proofs.py::test_name    # or link: https://…, or both
      - scenarios: [fuzz/cuts/*]      # what `harness fuzz` finds: fuzz/KIND/FAMILY
        streams: [framing/*]          # left out: every stream
        failures: [loss]              # kinds of failure; left out: every kind
        reason: …

A user's file has such lists for several systems below `systems`, each named as its results name it, or as `--system`
does; there the version may be left out, which means every version:

    systems:
      my-client:
        failures:
          - scenarios: [retry/*]
            reason: It waits for a day.
            link: https://tracker.example/1
            until: 2027-01-31         # the last day on which the entry stands
        flaky:
          - scenarios: [timeouts/slow-first-byte]
            reason: Its timeout is as long as the pause.
            until: 2027-01-31         # must be there
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from harness.catalogue.findings import FAILURE_KINDS, FailureKind
from harness.catalogue.records import Record, did_you_mean, wrong
from harness.catalogue.strict_yaml import BadYaml, line_of, lines_of, nearest_line, read_yaml
from harness.dialects import dialect_names
from harness.systems.known import FUZZ, KnownFailure, KnownFailures, KnownFile, today

R = TypeVar("R", bound=Record)

FOLDER = Path(__file__).parent / "known"
BUNDLED_NAME = "harness/systems/known"
"""How places in the bundled files are called: not by where this machine has them."""


class UnreadableKnownFailures(ValueError):
    """A file of known failures is wrong; the message names the file, the line, the field and the problem."""


def _day(value: Any) -> Any:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise wrong(f"a day such as 2027-01-31 belongs here, not {value!r}") from None


def _kind(value: Any) -> Any:
    if value not in FAILURE_KINDS:
        raise wrong(f"no kind of failure{did_you_mean(value, FAILURE_KINDS)}")
    return value


def _dialect(value: str) -> str:
    if value not in dialect_names():
        raise wrong(f"no dialect{did_you_mean(value, dialect_names())}")
    return value


Kind = Annotated[FailureKind, BeforeValidator(_kind)]
Dialect = Annotated[str, AfterValidator(_dialect)]


class _Entry(Record):
    """One entry as it is written."""

    scenarios: tuple[str, ...] = Field(min_length=1)
    dialects: tuple[Dialect, ...] | None = None
    streams: tuple[str, ...] | None = None
    failures: tuple[Kind, ...] | None = None
    reason: str = Field(min_length=10)
    proof: str | None = None
    link: str | None = None
    until: Annotated[date, BeforeValidator(_day)] | None = None

    @model_validator(mode="after")
    def _shown(self) -> _Entry:
        if not self.proof and not self.link and self.until is None:
            raise wrong("a known failure needs a proof or a link, or a last day (until)")
        return self

    @model_validator(mode="after")
    def _about_one_thing(self) -> _Entry:
        searched = {pattern.startswith(FUZZ) for pattern in self.scenarios}
        if len(searched) > 1:
            raise wrong(f"an entry is about scenarios or about what searches find ({FUZZ}…), not both: make two of it")
        if searched == {False} and (self.streams is not None or self.failures is not None):
            raise wrong(f"`streams` and `failures` say more of what searches find ({FUZZ}…), not of scenarios")
        return self


class _FlakyEntry(_Entry):
    """One entry of what may pass or fail."""

    @model_validator(mode="after")
    def _ends(self) -> _FlakyEntry:
        if self.until is None:
            raise wrong("what is flaky needs a last day (until), on which somebody looks again")
        if any(pattern.startswith(FUZZ) for pattern in self.scenarios):
            raise wrong("what a search finds or does not find is never stale: write it under `failures`")
        return self


class _List(Record):
    """What is known of one system, as it is written."""

    version: str | None = Field(default=None, min_length=1)
    failures: tuple[_Entry, ...] = ()
    flaky: tuple[_FlakyEntry, ...] = ()


class _OneSystem(_List):
    version: str = Field(min_length=1)


class _SeveralSystems(Record):
    systems: dict[str, _List] = Field(min_length=1)


def known_failures(system: str, folder: Path = FOLDER) -> KnownFailures:
    """The known failures of the bundled system of that name, as they stand today; none where there is no file.

    Raises UnreadableKnownFailures.
    """
    path = folder / f"{system}.yaml"
    return load_known(path).on(today()) if path.is_file() else KnownFailures()


def load_known(path: Path) -> KnownFailures:
    """Reads the file of one bundled system; raises UnreadableKnownFailures or OSError."""
    data = path.read_bytes()
    shown = f"{BUNDLED_NAME}/{path.name}" if path.parent == FOLDER else str(path)
    return _known(_read(path, data, _OneSystem), _Places(shown, lines_of(data)), ())


def load_known_file(path: Path) -> KnownFile:
    """Reads a user's file, about one or several systems; raises UnreadableKnownFailures or OSError."""
    data = path.read_bytes()
    written = _read(path, data, _SeveralSystems)
    places = _Places(str(path), lines_of(data))
    return KnownFile(
        str(path), {name: _known(each, places, ("systems", name)) for name, each in written.systems.items()}
    )


@dataclass(frozen=True, slots=True)
class _Places:
    """Where fields of a file stand."""

    path: str
    lines: dict[tuple[str | int, ...], int]

    def of(self, *place: str | int) -> str:
        return f"{self.path}:{nearest_line(self.lines, place)}"


def _known(written: _List, places: _Places, at: tuple[str, ...]) -> KnownFailures:
    failures = [
        KnownFailure(**dict(entry), flaky=name == "flaky", place=places.of(*at, name, number))
        for name, entries in (("failures", written.failures), ("flaky", written.flaky))
        for number, entry in enumerate(entries)
    ]
    return KnownFailures(version=written.version, failures=tuple(failures), place=places.of(*at))


def _read(path: Path, data: bytes, model: type[R]) -> R:
    try:
        value = read_yaml(data)
    except BadYaml as error:
        raise UnreadableKnownFailures(f"{path}:{error.line}: {error.message}") from None
    if not isinstance(value, dict):
        raise UnreadableKnownFailures(f"{path}:1: a mapping belongs here, with {' and '.join(model.model_fields)}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [_problem(path, data, fault) for fault in error.errors(include_url=False)]
        raise UnreadableKnownFailures("\n".join(dict.fromkeys(problems))) from None


_WORDS = {
    "model_type": "a mapping belongs here, not {given}",
    "dict_type": "a mapping belongs here, not {given}",
    "string_type": "a text belongs here, not {given}: put it in quotes",
    "tuple_type": "a list belongs here, not {given}: put it in brackets",
    "string_too_short": "this says too little: it has at least {min_length} characters",
    "too_short": "nothing is named here: name at least one",
}
"""What is said of mistakes that are none of ours to find."""


def _problem(path: Path, data: bytes, fault: Any) -> str:
    """One fault with its place and what would do."""
    context = fault.get("ctx", {})
    place = [*fault["loc"], *context.get("at", ())]
    message = _WORDS.get(fault["type"], "{message}").format(message=fault["msg"], given=repr(fault["input"]), **context)
    if fault["type"] == "missing":
        place, message = place[:-1], f"{fault['loc'][-1]} is missing"
    name = ".".join(map(str, place))
    return f"{path}:{line_of(data, place)}: {f'{name}: ' if name else ''}{message}"
