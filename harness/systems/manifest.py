"""Manifests: a YAML file that says how a system of any language is started.

kind: client
name: my-client                        # left out: the file's name
command: [node, my_adapter.mjs]        # speaks the adapter protocol; relative to the manifest's folder
env: {MY_SETTING: "1"}                 # added to the little that a system gets
cwd: ..                                # left out: the manifest's folder

Those of gateways have more to say: `harness.systems.gateway_manifest`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from harness.systems.gateway_manifest import GatewayManifest, only_words
from harness.systems.process import Command


class UnreadableManifest(ValueError):
    """A manifest is wrong; the message names the file, the field and the problem."""


class ClientManifest(BaseModel):
    """A client: its command speaks the adapter protocol."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["client"]
    name: str | None = None
    command: tuple[str, ...] = Field(min_length=1)
    env: dict[str, str] = Field(default_factory=dict)
    cwd: Path = Path()

    @field_validator("env", mode="before")
    @classmethod
    def _words(cls, env: object) -> object:
        return only_words(env)


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
    said = str(item["msg"]).removeprefix("Value error, ")
    return f"{'.'.join(place) or 'the manifest'}: {said}"


def command_of(manifest: ClientManifest, path: Path) -> Command:
    """The command that starts the worker of a client's manifest, which lies at `path`."""
    folder = path.resolve().parent
    return Command(manifest.name or path.stem, manifest.command, manifest.env, folder / manifest.cwd)
