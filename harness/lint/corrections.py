"""What people found out about single recordings, and their files do not say: edited by hand, filed under another name.

A file of corrections is YAML: for each recording, by the id that it was imported from or as `file name#number of the
exchange`, either why it is `left_out`, or the `provider` that really answered, and `why` that is known.

    rec-0123456789abcdef: {left_out: its middle was taken out}
    old.yaml#3: {provider: acme, why: its address is api.acme.example}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

_IMPORTED = re.compile(r"imported from (\S+)")


class Correction(BaseModel):
    """What is so about one recording."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    left_out: str | None = None
    """Why nothing is to be learned from it."""
    provider: str | None = None
    why: str | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Correction:
        if (self.left_out is None) == (self.provider is None):
            raise ValueError("say either why it is left_out, or its provider")
        if self.provider is not None and not self.why:
            raise ValueError("say why another provider is known to have answered")
        return self


Corrections: TypeAlias = Mapping[str, Correction]
"""Corrections by recording."""


class UnreadableCorrections(ValueError):
    """The file is none of corrections; the message names the file, the place, and what to do."""


def read_corrections(path: Path) -> dict[str, Correction]:
    """The corrections in a file; raises UnreadableCorrections."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableCorrections(f"{path}: cannot be read: {error.strerror}; give the path of a file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        place = path if line is None else f"{path}:{line + 1}"
        raise UnreadableCorrections(f"{place}: this is no YAML; corrections are recordings with what is so") from None
    if not isinstance(said, dict):
        raise UnreadableCorrections(f"{path}: this is no list of recordings with what is so about each")
    return {str(name): _correction(path, str(name), value) for name, value in said.items()}


def _correction(path: Path, name: str, value: Any) -> Correction:
    try:
        return Correction.model_validate(value)
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(str(part) for part in fault["loc"])
        what = fault["msg"].removeprefix("Value error, ")
        raise UnreadableCorrections(f"{path}: {name}{f': {field}' if field else ''}: {what}") from None


def correction_of(corrections: Corrections, file: Path, number: int, note: str) -> Correction | None:
    """What is said of an exchange, by its place or by the id in its note."""
    imported = _IMPORTED.search(note)
    names = (f"{file.name}#{number}", imported[1].rstrip(";") if imported else "")
    return next((corrections[name] for name in names if name in corrections), None)
