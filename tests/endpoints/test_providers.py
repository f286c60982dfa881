"""The providers of the project, and what a file of providers may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.endpoints.data_file import BadDataFile
from harness.endpoints.probes import load_probes
from harness.endpoints.providers import (
    MissingSetting,
    UnknownProvider,
    key_of,
    load_providers,
    provider_named,
    where,
)

NAMES = [
    "openai",
    "anthropic",
    "google",
    "ollama",
    "deepseek",
    "mistral",
    "groq",
    "xai",
    "openrouter",
    "together",
    "fireworks",
    "cerebras",
    "perplexity",
    "azure",
    "vllm",
    "llama-cpp",
    "llama-cpp-python",
    "transformers",
    "lm-studio",
    "litellm",
    "generic",
]


def test_everybody_is_there() -> None:
    assert list(load_providers()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_whole(name: str) -> None:
    provider = provider_named(name)
    assert provider.quirks
    probes = {probe.name for probe in load_probes()}
    for dialect, endpoint in provider.endpoints.items():
        assert set(provider.cannot_in(dialect)) <= probes
        assert (
            provider.local or endpoint.base_url is None or endpoint.base_url.startswith("https://") or name == "litellm"
        )
    assert name in ("generic", "litellm") or provider.local or provider.prices


@pytest.mark.parametrize(
    ("name", "dialect", "base_url", "model"),
    [
        ("openai", "openai-chat", "https://api.openai.com", "gpt-4.1-mini"),
        ("groq", "openai-chat", "https://api.groq.com/openai", "openai/gpt-oss-20b"),
        ("google", "gemini", "https://generativelanguage.googleapis.com", "gemini-2.5-flash"),
        ("ollama", "ollama", "http://127.0.0.1:11434", "qwen3:0.6b"),
        ("deepseek", "anthropic-messages", "https://api.deepseek.com/anthropic", "deepseek-flash"),
    ],
)
def test_where_a_provider_is_asked(name: str, dialect: str, base_url: str, model: str) -> None:
    place = where(name, dialect)
    assert (place.base_url, place.model) == (base_url, model)


def test_a_name_that_is_none_is_told_the_nearest() -> None:
    with pytest.raises(UnknownProvider, match="unknown provider 'opnai'; did you mean 'openai'"):
        provider_named("opnai")


def test_a_missing_key_names_its_variable() -> None:
    with pytest.raises(MissingSetting, match="no API key for mistral: set the environment variable MISTRAL_API_KEY"):
        key_of("mistral", provider_named("mistral"), environment={"MISTRAL_API_KEY": "  "})


def test_a_variable_that_is_named_must_be_set() -> None:
    with pytest.raises(MissingSetting, match="set the environment variable MINE"):
        key_of("ollama", provider_named("ollama"), key_variable="MINE", environment={})


def test_a_server_of_ones_own_needs_no_key_but_shows_one_that_is_set() -> None:
    ollama = provider_named("ollama")
    assert key_of("ollama", ollama, environment={}) == ""
    assert key_of("ollama", ollama, environment={"OLLAMA_API_KEY": "k"}) == "k"


def test_a_base_url_may_come_from_the_environment() -> None:
    place = where("azure", "openai-chat", model="mine", environment={"AZURE_OPENAI_ENDPOINT": "https://r.example/"})
    assert place.base_url == "https://r.example"
    with pytest.raises(MissingSetting, match="set AZURE_OPENAI_ENDPOINT or give --base-url"):
        where("azure", "openai-chat", model="mine", environment={})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"base_url": "http://h"}, "vllm has no model of its own in openai-chat: give --model"),
        ({"base_url": "h:80", "model": "m"}, "begins with http:// or https://"),
        ({"base_url": "http://u:p@h", "model": "m"}, "no query, fragment, user or password"),
        ({"base_url": "http://h?a=b", "model": "m"}, "no query, fragment, user or password"),
    ],
)
def test_what_is_missing_or_wrong_is_said(settings: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        where("vllm", "openai-chat", **settings)  # type: ignore[arg-type]


def test_a_dialect_that_is_not_served_is_told_those_that_are() -> None:
    with pytest.raises(ValueError, match="perplexity does not serve gemini; it serves openai-chat"):
        where("perplexity", "gemini")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("providers: {a: {title: A, local: true, endpoints: {}}}", r"providers.a.endpoints: .*at least 1"),
        ("providers: {a: {title: A, endpoints: {ollama: {}}}}", "a provider that is not `local` has a `key_variable`"),
        (
            "providers:\n  a:\n    title: A\n    local: true\n    endpoints: {olama: {}}",
            r":5: .*unknown dialect 'olama'",
        ),
        ("providers: {a: {title: A, local: true, colour: red, endpoints: {ollama: {}}}}", "unknown key 'colour'"),
        ("providers: {a: {title: A, local: true, endpoints: {ollama: {path: x}}}}", "a path begins with a slash"),
        ("providers: {a: {title: A, local: true, endpoints: {ollama: {base_url: x}}}}", "names a host"),
        ("providers: [", "not YAML"),
        ("providers: !!python/object/apply:os.system [ls]", "tag"),
        ("- providers", "dictionary"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "providers.yaml"
    path.write_text(text)
    with pytest.raises(BadDataFile, match=said) as refused:
        load_providers(path)
    assert str(refused.value).startswith(f"{path}:")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadDataFile, match="cannot be read: No such file"):
        load_providers(tmp_path / "none.yaml")
