"""Reads a YAML file of data into a strict record, and says the file, line and field of everything that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from harness.catalogue.records import Record
from harness.catalogue.strict_yaml import BadYaml, line_of, read_yaml

R = TypeVar("R", bound=Record)


class BadDataFile(ValueError):
    """The file was refused; the message has a line for everything that is wrong in it."""


def read_data_file(path: Path, model: type[R]) -> R:
    """The record that the file spells. Raises BadDataFile."""
    try:
        data = path.read_bytes()
        value = read_yaml(data)
    except OSError as error:
        raise BadDataFile(f"{path}: cannot be read: {error.strerror or error}") from None
    except BadYaml as error:
        raise BadDataFile(f"{path}:{error.line}: {error.message}") from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        raise BadDataFile("\n".join(dict.fromkeys(_said(path, data, fault) for fault in faults))) from None


def _said(path: Path, data: bytes, fault: Any) -> str:
    place = [*fault["loc"], *fault.get("ctx", {}).get("at", ())]
    dotted = ".".join(map(str, place))
    return f"{path}:{line_of(data, place)}: {dotted}: {fault['msg']}" if dotted else f"{path}:1: {fault['msg']}"
