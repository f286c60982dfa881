"""The table of what requests lose: specs/request_losses.yaml as values, and the page about it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from harness.dialects import dialect_names
from harness.folders import data_folder

_HEAD = """\
# What requests lose, and how histories are mended

A request for one vendor becomes one that another vendor accepts: `prepared(request, dialect)` fits the canonical
request, `translate_request(source, target, path, headers, body)` an HTTP request. What the target cannot say, and
whatever was mended, comes back by name; the reference client gives it as a `request-loss` warning, the gateway in its
`x-harness-losses` header. What of an HTTP request nobody reads is `unread-` and the field's name: hosted tools,
`logit_bias`, files that a vendor keeps.

A request that the vendor accepts as it is stays as it is, and a mended one is not mended again. Names of tools that had
to be changed are the asker's own again in the answer. They are made of the old name alone, so that they are the same in
each request of a talk.

Signatures are their vendor's. What a gateway's client sends back came from the upstream, and goes back there; in a
request that was meant for another vendor (`source`) its signatures are left out. None is ever made up, but for the one
that Gemini documents for calls which its model did not make.

This page is made of [specs/request_losses.yaml](../specs/request_losses.yaml); tests hold every pair of dialects to it.
"""
_TITLES = {
    "talk": "The talk",
    "names": "Names and ids",
    "parts": "Images, files and results",
    "reasoning": "Reasoning",
    "settings": "Settings and tools",
}


@cache
def request_losses(target: str) -> dict[str, str]:
    """By name, what a request for that dialect can lose, in a sentence."""
    return {
        slug: str(entry["what"])
        for entries in _table().values()
        for slug, entry in entries.items()
        if entry["in"] == "all" or target in entry["in"]
    }


def page() -> str:
    """docs/requests.md."""
    return "\n".join(_lines()).rstrip("\n") + "\n"


@cache
def _table() -> dict[str, dict[str, dict[str, Any]]]:
    import yaml

    path: Path = data_folder("specs") / "request_losses.yaml"
    table: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(path.read_text("utf-8"))
    return table


def _lines() -> Iterator[str]:
    yield _HEAD
    for group, entries in _table().items():
        yield f"## {_TITLES[group]}\n"
        yield "| loss | what | for |"
        yield "| --- | --- | --- |"
        for slug, entry in entries.items():
            targets = dialect_names() if entry["in"] == "all" else entry["in"]
            yield f"| `{slug}` | {entry['what']} | {'all' if entry['in'] == 'all' else ', '.join(targets)} |"
        yield ""


if __name__ == "__main__":
    print(page(), end="")
