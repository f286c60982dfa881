"""The table of losses: specs/losses.yaml as values, and the page about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from harness.dialects import stream_names
from harness.folders import data_folder

_HEAD = """\
# What translation loses

Any stream can be had in any dialect, but no dialect can say everything. What one cannot say is never dropped in
silence: the translator reports it by name (`harness translate` on standard error, `Translation.losses` in Python, the
gateway in its `x-harness-losses` header), and here is what each name means.

A dialect's own stream, sent on in the same dialect, keeps all that a transcript holds, the vendor's extras included.
The losses that even then can arise are about broken streams, or about ids that were missing.

This page is made of [specs/losses.yaml](../specs/losses.yaml), which also says in words that a program can check what
each loss does to an answer. Tests hold every recorded stream and every pair to it.
"""


@dataclass(frozen=True, slots=True)
class NamedLoss:
    """One loss of a target. `arises_from`: the dialects it may come from; `effects`: the other keys of its entry."""

    slug: str
    what: str
    arises_from: tuple[str, ...]
    effects: dict[str, Any] = field(default_factory=dict)


@cache
def losses(target: str) -> dict[str, NamedLoss]:
    """The losses of a target dialect, by name; none for a dialect that the table does not know."""
    return {slug: _entry(slug, entry) for slug, entry in _table().get(target, {}).items()}


def losses_between(source: str, target: str) -> list[NamedLoss]:
    """What a stream of `source` can lose in `target`, in the table's order."""
    return [loss for loss in losses(target).values() if source in loss.arises_from]


def page() -> str:
    """docs/losses.md."""
    return "\n".join(_lines()).rstrip("\n") + "\n"


@cache
def _table() -> dict[str, dict[str, dict[str, Any]]]:
    import yaml

    path: Path = data_folder("specs") / "losses.yaml"
    table: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(path.read_text("utf-8"))
    return table


def _entry(slug: str, entry: dict[str, Any]) -> NamedLoss:
    sources = stream_names() if entry["from"] == "all" else tuple(entry["from"])
    effects = {key: value for key, value in entry.items() if key not in ("what", "from")}
    return NamedLoss(slug, " ".join(entry["what"].split()), sources, effects)


def _lines() -> Iterator[str]:
    targets = list(_table())
    yield _HEAD
    yield "## By pair\n"
    yield "From each dialect (row) to each (column): how many kinds of loss there can be.\n"
    yield f"| from \\ to | {' | '.join(targets)} |"
    yield f"| --- |{' --- |' * len(targets)}"
    for source in stream_names():
        counts = [str(len(losses_between(source, target))) for target in targets]
        yield f"| {source} | {' | '.join(counts)} |"
    for target in targets:
        yield f"\n## To {target}\n"
        yield "| loss | what | from |"
        yield "| --- | --- | --- |"
        for loss in losses(target).values():
            everywhere = set(loss.arises_from) == set(stream_names())
            yield f"| `{loss.slug}` | {loss.what} | {'all' if everywhere else ', '.join(loss.arises_from)} |"


if __name__ == "__main__":
    print(page(), end="")
