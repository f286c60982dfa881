"""Who serves models, and how each is asked: `specs/providers.yaml`, one entry a provider.

    openai:
      title: OpenAI
      key_variable: OPENAI_API_KEY
      prices: openai                      # its name in genai-prices; left out: no price is known
      endpoints:
        openai-chat:
          base_url: https://api.openai.com
          model: gpt-4.1-mini             # asked where nobody names another one
      cannot:
        refusal: Its models refuse in plain text.
      quirks:
        - fact: …
          source: https://…

A provider that takes a dialect with changes says so in `path`, `key_header`, `bearer` and `body`; requests are built
accordingly, and nothing else knows of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx
from pydantic import Field, model_validator

from harness.catalogue.records import Record, did_you_mean, wrong
from harness.dialects import dialect_names
from harness.endpoints.data_file import read_data_file
from harness.folders import data_folder


class UnknownProvider(ValueError):
    """There is no provider of that name; the message has the nearest one."""


class MissingSetting(ValueError):
    """Something must be said before anything can be asked: a key, a base URL or a model. The message says how."""


class Changes(Record):
    """What is done to a JSON body: fields renamed, then left out, then put in. Dots go down into objects.

    A list or a number that is put replaces what was there; an object is merged into it.
    """

    rename: dict[str, str] = Field(default={})
    drop: tuple[str, ...] = ()
    put: dict[str, Any] = Field(default={})


class Quirk(Record):
    """One thing in which a provider differs from what its dialect's readers expect, and where that is known from."""

    fact: str = Field(min_length=10)
    source: str = Field(min_length=5)
    """A public page, a vendor's library, or `recordings` for what recorded traffic shows."""


class Endpoint(Record):
    """How a provider serves one dialect."""

    base_url: str | None = None
    """Without the dialect's own path. None: it must be given."""
    path: str | None = None
    """In place of the dialect's own path."""
    model: str | None = None
    """Who answers where nobody names another model. None: one must be given."""
    context_tokens: int | None = Field(default=None, gt=0)
    """The context of that model, where no library knows it or the server sets its own."""
    key_header: str | None = None
    """The header that takes the key as it is, in place of the dialect's own."""
    bearer: bool = False
    """The key goes into `authorization: Bearer …`, in place of the dialect's own header."""
    body: Changes = Changes()
    cannot: dict[str, str] = Field(default={})
    """Probes that cannot be provoked here, each with the reason."""

    @model_validator(mode="after")
    def _a_url(self) -> Self:
        if self.base_url is not None and (problem := _not_a_base_url(self.base_url)):
            raise wrong(problem, ["base_url"])
        if self.path is not None and not self.path.startswith("/"):
            raise wrong("a path begins with a slash", ["path"])
        return self


class Provider(Record):
    """One provider."""

    title: str
    local: bool = False
    """A server that its user runs: it costs nothing, and needs no key unless it was started with one."""
    key_variable: str | None = None
    """The environment variable that holds the key."""
    key_optional: bool = False
    base_url_variable: str | None = None
    """The environment variable that holds the base URL, where every customer has another."""
    prices: str | None = None
    """Its name in genai-prices."""
    endpoints: dict[str, Endpoint] = Field(min_length=1)
    cannot: dict[str, str] = Field(default={})
    """Probes that cannot be provoked in any of its dialects, each with the reason."""
    quirks: tuple[Quirk, ...] = ()

    @model_validator(mode="after")
    def _known_dialects(self) -> Self:
        for name in self.endpoints:
            if name not in dialect_names():
                raise wrong(f"unknown dialect{did_you_mean(name, dialect_names())}", ["endpoints", name])
        if not self.needs_no_key and self.key_variable is None:
            raise wrong("a provider that is not `local` has a `key_variable`")
        return self

    @property
    def needs_no_key(self) -> bool:
        """Whether it may be asked without a key."""
        return self.local or self.key_optional

    def cannot_in(self, dialect: str) -> dict[str, str]:
        """The probes that cannot be provoked in that dialect, each with the reason."""
        return {**self.cannot, **self.endpoints[dialect].cannot}


class _File(Record):
    providers: dict[str, Provider]


@dataclass(frozen=True, slots=True)
class Where:
    """One provider in one dialect as it is to be asked: every setting is there. `key` is empty where none is sent."""

    provider: str
    dialect: str
    endpoint: Endpoint
    base_url: str
    model: str
    key: str = ""
    prices: str | None = None
    local: bool = False


def load_providers(path: Path | None = None) -> dict[str, Provider]:
    """All providers by name, in the file's order. Raises BadDataFile, a ValueError."""
    return _loaded(path or data_folder("specs") / "providers.yaml")


@cache
def _loaded(path: Path) -> dict[str, Provider]:
    return read_data_file(path, _File).providers


def provider_named(name: str) -> Provider:
    """The provider of that name. Raises UnknownProvider or BadDataFile, both ValueErrors."""
    providers = load_providers()
    if name not in providers:
        raise UnknownProvider(f"unknown provider{did_you_mean(name, providers)}")
    return providers[name]


def key_of(
    name: str, provider: Provider, *, key_variable: str | None = None, environment: Mapping[str, str] = os.environ
) -> str:
    """The provider's key out of the environment; empty where it needs none and none is set.

    `key_variable` is looked into in place of the provider's own, and must then be set. Raises MissingSetting.
    """
    variable = key_variable or provider.key_variable
    key = environment.get(variable, "").strip() if variable else ""
    if not key and (key_variable or not provider.needs_no_key):
        raise MissingSetting(
            f"no API key for {name}: set the environment variable {variable}, or name another one with --key-env"
        )
    return key


def where(
    name: str,
    dialect: str,
    *,
    base_url: str | None = None,
    model: str | None = None,
    key: str = "",
    environment: Mapping[str, str] = os.environ,
) -> Where:
    """Where a provider is asked in that dialect, from its entry and from what is said here.

    Raises UnknownProvider, MissingSetting, or ValueError for a dialect that it does not serve or a URL that is none.
    """
    provider = provider_named(name)
    if dialect not in provider.endpoints:
        raise ValueError(f"{name} does not serve {dialect}; it serves {', '.join(provider.endpoints)}")
    endpoint = provider.endpoints[dialect]
    variable = provider.base_url_variable
    url = base_url or (environment.get(variable, "").strip() if variable else "") or endpoint.base_url
    if not url:
        hint = f"set {variable} or give --base-url" if variable else "give --base-url"
        raise MissingSetting(f"{name} has no base URL of its own: {hint}")
    if problem := _not_a_base_url(url):
        raise ValueError(problem)
    asked = model or endpoint.model
    if not asked:
        raise MissingSetting(f"{name} has no model of its own in {dialect}: give --model")
    return Where(name, dialect, endpoint, url.rstrip("/"), asked, key, provider.prices, provider.local)


def _not_a_base_url(text: str) -> str | None:
    """What is wrong with a base URL; None where nothing is."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        return f"the base URL {text!r} is no URL: {error}"
    if url.scheme not in ("http", "https") or not url.host:
        return f"a base URL begins with http:// or https:// and names a host; {text!r} does not"
    if url.query or url.fragment or url.userinfo:
        return "a base URL has no query, fragment, user or password"
    return None
