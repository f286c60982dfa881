"""What people use and what cannot be put under test here, with the reason. The list is `unavailable.yaml`.

- name: some-client
  reason: Its newest release wants a package that no registry serves.
  tried: pip install some-client==2.0 on Python 3.11 and 3.13
"""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

FILE = Path(__file__).with_name("unavailable.yaml")


class Unavailable(BaseModel):
    """One system that is not here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    reason: str = Field(min_length=10)
    tried: str = Field(min_length=5)


class UnreadableList(ValueError):
    """The list is wrong; the message names the file, the entry and the problem."""


def unavailable(path: Path = FILE) -> tuple[Unavailable, ...]:
    """All entries, sorted by name; raises UnreadableList."""
    try:
        entries = TypeAdapter(tuple[Unavailable, ...]).validate_python(yaml.safe_load(path.read_text()) or ())
    except (OSError, yaml.YAMLError) as error:
        raise UnreadableList(f"{path}: cannot be read: {error}") from None
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, item['loc'])) or 'the list'}: {item['msg']}" for item in error.errors()]
        raise UnreadableList(f"{path}: {'; '.join(problems)}") from None
    return tuple(sorted(entries, key=lambda entry: entry.name))
