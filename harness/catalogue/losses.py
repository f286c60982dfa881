"""What an answer loses on its way from one dialect into another, as the table of losses has it (`specs/losses.yaml`).

The table is written by hand; expectations are made fit for a gateway's client with it, and never by translating.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from harness.events import ErrorKind, FinishReason
from harness.folders import data_folder

ALL = "all"


@dataclass(frozen=True, slots=True)
class Losses:
    """What the readers of one dialect cannot be told of an answer that came in another."""

    finish: Mapping[str, tuple[FinishReason, ...]]
    """What a stop reason may become, by the reason that was given."""
    usage: frozenset[str]
    """Counts that are gone."""
    signatures: frozenset[str]
    """Forms of signatures that are gone; `call` for the signature of a tool call."""
    refusal_as_text: bool
    first_choice_only: bool
    arguments_respelled: bool
    """Arguments are an object on the wire: their white space is gone."""
    ending: Mapping[str, tuple[str, ...]]
    """What an ending may become."""
    errors: Mapping[str, tuple[ErrorKind, ...]]
    """What the kind of an error may become."""


@cache
def losses_into(target: str, source: str, *, with_broken_calls: bool = False) -> Losses:
    """The losses of that way, also where both are one dialect.

    `with_broken_calls`: also those that only calls bring about whose arguments are no object.
    """
    entries = [entry for entry in _table().get(target, {}).values() if _arises(entry, source)]
    entries = [entry for entry in entries if with_broken_calls or entry.get("calls") != "gone"]
    return Losses(
        finish=_merged(entries, "finish"),
        usage=frozenset(name for entry in entries for name in entry.get("usage", ())),
        signatures=frozenset(form for entry in entries for form in entry.get("signatures", ())),
        refusal_as_text=any(entry.get("refusal") == "as_text" for entry in entries),
        first_choice_only=any(entry.get("choices") == "first" for entry in entries),
        arguments_respelled=any(entry.get("arguments") == "respelled" for entry in entries),
        ending=_merged(entries, "ending"),
        errors=_merged(entries, "errors"),
    )


def _merged(entries: Iterable[Mapping[str, Any]], key: str) -> dict[str, tuple[Any, ...]]:
    """What each word may become, over all entries."""
    merged: dict[str, tuple[Any, ...]] = {}
    for entry in entries:
        for word, becomes in entry.get(key, {}).items():
            others = (becomes,) if isinstance(becomes, str) else tuple(becomes)
            merged[word] = tuple(dict.fromkeys((*merged.get(word, ()), *others)))
    return merged


def _arises(entry: Mapping[str, Any], source: str) -> bool:
    sources = entry.get("from", ALL)
    return sources == ALL or source in sources


@cache
def _table() -> dict[str, dict[str, dict[str, Any]]]:
    table: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load((data_folder("specs") / "losses.yaml").read_text())
    return table
