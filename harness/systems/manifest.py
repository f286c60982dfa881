"""Manifests: a YAML file that says how a system of any language is started.

kind: client
name: my-client                        # left out: the file's name
command: [node, my_adapter.mjs]        # speaks the adapter protocol; relative to the manifest's folder
env: {MY_SETTING: "1"}                 # added to the little that a system gets
cwd: ..                                # left out: the manifest's folder
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from harness.dialects import dialect_names
from harness.systems.process import Command


class UnreadableManifest(ValueError):
    """A manifest is wrong; the message names the file, the field and the problem."""


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = None
    command: tuple[str, ...] = Field(min_length=1)
    env: dict[str, str] = Field(default_factory=dict)
    cwd: Path = Path()

    @field_validator("env", mode="before")
    @classmethod
    def _words(cls, env: object) -> object:
        """YAML reads `1` and `on` as other things than the words that they are in an environment."""
        if isinstance(env, dict):
            for name, value in env.items():
                if not isinstance(value, str):
                    raise ValueError(f"{name} is {value!r} to YAML; put quotes around it")
        return env


class ClientManifest(_Manifest):
    """A client: its command speaks the adapter protocol."""

    kind: Literal["client"]


class GatewayManifest(_Manifest):
    """A gateway: its command starts a server that reads `upstream` and serves other dialects."""

    kind: Literal["gateway"]
    upstream: str
    serves: tuple[str, ...] = Field(min_length=1)

    @field_validator("upstream", "serves")
    @classmethod
    def _dialects(cls, names: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for name in (names,) if isinstance(names, str) else names:
            if name not in dialect_names():
                raise ValueError(f"unknown dialect {name!r}; the dialects are {', '.join(dialect_names())}")
        return names


Manifest: TypeAlias = Annotated[ClientManifest | GatewayManifest, Field(discriminator="kind")]

_ADAPTER: TypeAdapter[ClientManifest | GatewayManifest] = TypeAdapter(Manifest)


def load_manifest(path: Path) -> ClientManifest | GatewayManifest:
    """Reads and checks one file; raises UnreadableManifest."""
    try:
        return _ADAPTER.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableManifest(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise UnreadableManifest(f"{path}: not YAML: {error}") from None
    except ValidationError as error:
        raise UnreadableManifest(f"{path}: {'; '.join(map(_problem, error.errors()))}") from None


def _problem(item: object) -> str:
    """One of pydantic's errors: the field, then what is wrong with it. The kind, which leads its path, is left out."""
    assert isinstance(item, dict)
    place = [str(part) for part in item["loc"] if part not in ("client", "gateway")]
    return f"{'.'.join(place) or 'the manifest'}: {item['msg']}"


def command_of(manifest: ClientManifest, path: Path) -> Command:
    """The command that starts the worker of a client's manifest, which lies at `path`."""
    folder = path.resolve().parent
    return Command(manifest.name or path.stem, manifest.command, manifest.env, folder / manifest.cwd)
