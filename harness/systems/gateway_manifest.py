"""What the manifest of a gateway says: how it is installed, configured and started, and where it serves what.

kind: gateway
name: my-gateway
upstream: openai-chat                  # the dialect that it reads
serves: [anthropic-messages]           # or {anthropic-messages: {path: /anthropic, model: m}}
requires: {python: ["my-gateway==1.2.3"]}
command: ["{{ bin }}/my-gateway", --config, "{{ home }}/gateway.yaml", --port, "{{ port }}"]
config:
  gateway.yaml: |
    {% for slot in slots %}
    - {model: "{{ slot.model }}", base_url: "{{ slot.upstream }}/v1"}
    {% endfor %}
ready: {path: /health}
slots: 8
model: "slot-{{ slot }}"

Everything in double braces is Jinja2. `command`, `env` and `config` may use `port`, `upstream` (the first slot's),
`slots` (each with `number`, `model` and `upstream`), `home`, `api_key`, `python`, `bin`, `node` and `modules`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from harness.catalogue.models import FEATURES
from harness.dialects import dialect_names

_TEMPLATES = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)


@dataclass(frozen=True, slots=True)
class SlotPlace:
    """One way through the gateway: the model name that leads to it, and the upstream that it leads to."""

    number: int
    model: str
    upstream: str


@dataclass(frozen=True, slots=True)
class Places:
    """What the templates of one process may name. Paths are empty where nothing of the kind is installed."""

    port: int
    home: str
    slots: tuple[SlotPlace, ...]
    api_key: str
    python: str = ""
    bin: str = ""
    node: str = ""
    modules: str = ""

    def values(self) -> dict[str, Any]:
        """By the names that templates use."""
        named = {name: getattr(self, name) for name in ("port", "home", "slots", "api_key")}
        installed = {name: getattr(self, name) for name in ("python", "bin", "node", "modules")}
        return {**named, **installed, "upstream": self.slots[0].upstream}


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """The template with its values. Raises ValueError, which says what is wrong with it."""
    try:
        text: str = _template(template).render(**values)
    except TemplateError as error:
        known = ", ".join(sorted(values))
        raise ValueError(f"{error} (a template here may use {known})") from None
    return text


@functools.lru_cache(maxsize=256)
def _template(text: str) -> Any:
    return _TEMPLATES.from_string(text)


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Served(_Record):
    """Where one dialect is served."""

    path: str = ""
    """What stands between the server's address and the vendor's own path."""
    model: str | None = None
    """Instead of the manifest's own `model`."""
    features: tuple[str, ...] = ()
    """What is claimed in this dialect besides."""

    @field_validator("path")
    @classmethod
    def _plain(cls, path: str) -> str:
        if path and (not path.startswith("/") or path.endswith("/")):
            raise ValueError(f"{path!r} must begin with a slash and not end with one; leave it out for none")
        return path


class Requires(_Record):
    """What is installed for it, into an environment of its own."""

    python: tuple[str, ...] = ()
    """Requirements as pip reads them; the first is the gateway itself."""
    python_version: str | None = None
    npm: dict[str, str] = Field(default_factory=dict)
    """Versions by package; the first is the gateway itself."""
    node: str = ""
    """Which Node will do, such as `>=22`."""
    lock: Path | None = None
    """A package-lock.json for `npm`, relative to the manifest's folder."""

    @field_validator("python")
    @classmethod
    def _requirements(cls, requirements: tuple[str, ...]) -> tuple[str, ...]:
        for each in requirements:
            try:
                Requirement(each)
            except InvalidRequirement as error:
                raise ValueError(f"{each!r} is no requirement: {error}") from None
        return requirements

    @field_validator("python_version", "node")
    @classmethod
    def _versions(cls, specifier: str | None) -> str | None:
        try:
            SpecifierSet(specifier or "")
        except InvalidSpecifier as error:
            raise ValueError(f"{error}; write it as '>=3.12'") from None
        return specifier


class Ready(_Record):
    """How a started gateway is known to be up: it answers GET `path` with `status`; without a path, it listens."""

    path: str | None = None
    status: int = 200

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: str | None) -> str | None:
        if path is not None and not path.startswith("/"):
            raise ValueError(f"{path!r} must begin with a slash")
        return path


class GatewayManifest(_Record):
    """A gateway: its command starts a server that reads `upstream` and serves other dialects."""

    kind: Literal["gateway"]
    name: str | None = None
    upstream: str
    serves: dict[str, Served] = Field(min_length=1)
    requires: Requires = Requires()
    distribution: str | None = None
    """The installed package whose version is shown; left out: the first that is required."""
    version: str | None = None
    """Where no package says it."""
    command: tuple[str, ...] = Field(min_length=1)
    env: dict[str, str] = Field(default_factory=dict)
    cwd: Path | None = None
    """Relative to the manifest's folder; left out: its temporary HOME."""
    config: dict[str, str] = Field(default_factory=dict)
    """Files that are written into its HOME before it starts: their paths there, and their templates."""
    ready: Ready = Ready()
    start_s: float = Field(default=60.0, gt=0, le=600)
    stop_s: float = Field(default=3.0, ge=0, le=60)
    """How long it may take to leave after SIGTERM, until it is killed."""
    processes: int = Field(default=1, ge=1, le=32)
    slots: int = Field(default=1, ge=1, le=64)
    """How many upstreams of its own one process has."""
    at_once: int | None = Field(default=None, ge=1)
    """Cases at once; left out: half of all slots, so that each may rest before its next case."""
    model: str | None = None
    """The model that a client asks for, a template that may use `slot`; left out: the scenario's own."""
    api_key: str | None = None
    features: tuple[str, ...] = ()
    default_retries: int | None = Field(default=None, ge=0)

    @field_validator("env", mode="before")
    @classmethod
    def _words(cls, env: object) -> object:
        return only_words(env)

    @field_validator("serves", mode="before")
    @classmethod
    def _by_dialect(cls, serves: object) -> object:
        if isinstance(serves, list | tuple):
            return {name: {} for name in serves}
        return {name: value or {} for name, value in serves.items()} if isinstance(serves, dict) else serves

    @field_validator("upstream", "serves")
    @classmethod
    def _dialects(cls, names: str | dict[str, Served]) -> str | dict[str, Served]:
        for name in (names,) if isinstance(names, str) else names:
            if name not in dialect_names():
                raise ValueError(f"unknown dialect {name!r}; the dialects are {', '.join(dialect_names())}")
        return names

    @field_validator("config")
    @classmethod
    def _inside_home(cls, config: dict[str, str]) -> dict[str, str]:
        for name in config:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or not path.parts:
                raise ValueError(f"{name!r} must be a path below its HOME, without '..'")
        return config

    @model_validator(mode="after")
    def _sound(self) -> GatewayManifest:
        for feature in (*self.features, *(name for each in self.serves.values() for name in each.features)):
            if feature not in FEATURES:
                raise ValueError(f"unknown feature {feature!r}; the features are {', '.join(FEATURES)}")
        if self.slots > 1 and not self.model:
            raise ValueError("several slots need a `model` that tells them apart, such as 'slot-{{ slot }}'")
        if self.slots > 1 and self.model_of(1) == self.model_of(2):
            raise ValueError(f"`model` is {self.model_of(1)!r} for every slot; use {{{{ slot }}}} in it")
        self._try_templates()
        return self

    def _try_templates(self) -> None:
        """Renders everything once, so that a wrong name shows before anything is started."""
        slots = tuple(SlotPlace(n, self.model_of(n), "http://127.0.0.1:1/x") for n in range(1, self.slots + 1))
        values = Places(1, "/", slots, "k", *("x",) * 4).values()
        fields = {f"command.{number}": text for number, text in enumerate(self.command)}
        fields |= {f"env.{name}": text for name, text in self.env.items()}
        fields |= {f"config.{name}": text for name, text in self.config.items()}
        for place, text in fields.items():
            try:
                rendered(text, values)
            except ValueError as error:
                raise ValueError(f"{place}: {error}") from None

    def model_of(self, slot: int, dialect: str | None = None) -> str:
        """The model that leads to that slot, counted from 1; empty where the scenario's own does."""
        served = self.serves[dialect].model if dialect else None
        return rendered(served or self.model or "", {"slot": slot})

    @property
    def cases_at_once(self) -> int:
        """How many cases it takes side by side."""
        slots = self.processes * self.slots
        return min(self.at_once or (slots + 1) // 2, slots)


def only_words(env: object) -> object:
    """YAML reads `1` and `on` as other things than the words that they are in an environment."""
    if isinstance(env, dict):
        for name, value in env.items():
            if not isinstance(value, str):
                raise ValueError(f"{name} is {value!r} to YAML; put quotes around it")
    return env
