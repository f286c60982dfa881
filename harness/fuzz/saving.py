"""Findings written as scenarios: files that a person can read, and that fail for the system until it is mended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import msgspec
import yaml

from harness.catalogue.golden_expectation import Golden, expectation_from
from harness.catalogue.models import Expectation, Scenario
from harness.fuzz.literal import Unwritable, literal_response
from harness.fuzz.outcome import Outcome
from harness.fuzz.single import WrongPlan, variant_from
from harness.fuzz.stream import Stream
from harness.fuzz.variant import Variant
from harness.runner.results import FuzzFinding, FuzzResult
from harness.wire.response import WireResponse

FAMILY = "fuzz"
NO_SUCCESS = frozenset({"silent-truncation", "silent-error"})
"""What is broken by an answer that passes for a whole one though it must not."""
TITLE_LENGTH = 90
LONG_TEXT = 90
"""Characters from which on a text stands in lines of its own."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of one finding: the scenario and its file, or None, and why there is none."""

    search: FuzzResult
    finding: FuzzFinding
    scenario: Scenario | None
    path: Path | None
    why_not: str = ""


def save_findings(searches: Iterable[FuzzResult], streams: Sequence[Stream], folder: Path) -> list[Saved]:
    """Writes each finding that is not known into `folder`, below `fuzz`, under a name that is free. Raises OSError."""
    by_key = {(stream.id, stream.dialect): stream for stream in streams}
    saved: list[Saved] = []
    for search in searches:
        stream = by_key.get((search.stream, search.upstream or search.dialect))
        for finding in search.findings:
            if stream is not None and not finding.known:
                saved.append(_save(search, finding, stream, folder))
    return saved


def _save(search: FuzzResult, finding: FuzzFinding, stream: Stream, folder: Path) -> Saved:
    try:
        variant = variant_from(stream, search.kind, finding.plan)
        text = _written(search, finding, stream, variant)
        path = _free(folder / FAMILY, _slug(search, finding))
        scenario = Scenario.model_validate({**yaml.safe_load(text), "id": f"{FAMILY}/{path.stem}"})
    except (Unwritable, WrongPlan) as error:
        return Saved(search, finding, None, None, str(error))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Saved(search, finding, scenario, path)


def _slug(search: FuzzResult, finding: FuzzFinding) -> str:
    words = f"{search.system} {search.stream.rpartition('/')[2]} {search.dialect} {finding.family} {finding.kind}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:120]


def _free(folder: Path, slug: str) -> Path:
    """A file that is not there yet."""
    names = chain([slug], (f"{slug}-{number}" for number in count(2)))
    return next(path for name in names if not (path := folder / f"{name}.yaml").exists())


def _written(search: FuzzResult, finding: FuzzFinding, stream: Stream, variant: Variant) -> str:
    """The file's text. Raises Unwritable."""
    scenario, rendered = stream.planned.scenario, stream.planned.rendered
    played = [variant.response if each is stream.response else each for each in rendered.responses]
    kept = scenario.model_dump(mode="json", include={"request", "options", "needs", "front"}, exclude_defaults=True)
    document: dict[str, Any] = {
        "title": _title(variant.words),
        "why": _Why(_why(search, finding)),
        **({} if finding.level == "must" else {"level": finding.level}),
        "dialects": [stream.dialect],
        **({"subjects": "gateway", "serves": [search.dialect]} if search.upstream else {}),
        **kept,
        **_answers("response", played, stream.dialect),
        "expect": _expected(finding, stream, variant),
    }
    if rendered.fallback_responses:
        literal = [literal_response(each, stream.dialect) for each in rendered.fallback_responses]
        document["fallback_responses"] = literal
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=112)


def _answers(name: str, played: Sequence[WireResponse], dialect: str) -> dict[str, Any]:
    literal = [literal_response(each, dialect) for each in played]
    return {name: literal[0]} if len(literal) == 1 else {f"{name}s": literal}


def _title(words: str) -> str:
    title = words[:1].upper() + words[1:]
    return title if len(title) <= TITLE_LENGTH else f"{title[: TITLE_LENGTH - 1]}…"


def _why(search: FuzzResult, finding: FuzzFinding) -> str:
    where = f"{search.stream} in {search.upstream or search.dialect}"
    rule = f" {finding.rule}" if finding.rule else " Nothing that is said has changed by it."
    broken = "; ".join(finding.differences[:3])
    return (
        f"Found by `harness fuzz` in {search.system} {search.system_version}, of the stream {where}: {finding.words}."
        f"{rule} It was broken so: {broken}."
    )


def _expected(finding: FuzzFinding, stream: Stream, variant: Variant) -> dict[str, Any]:
    """The right outcome: that of the intact stream, or of damage what its rules leave."""
    expect = stream.planned.scenario.expectation_in(stream.dialect)
    if variant.demand is not None:
        return _dumped(_of_damage(finding, expect, variant))
    if not expect.model_fields_set:  # a recording: what the same reader made of it whole is all that is known
        expect = expectation_from(msgspec.convert(finding.expected, Golden), stream.response)
    return _dumped(expect)


def _of_damage(finding: FuzzFinding, expect: Expectation, variant: Variant) -> Expectation:
    """A beginning of what the whole stream says, and no success where the rules forbid one."""
    whole_all_the_same = Outcome({**finding.expected, "warnings": []}, "completed")
    broken = variant.demand.broken_by(whole_all_the_same, whole_all_the_same) if variant.demand else []
    forbidden = NO_SUCCESS & {finding.kind, *(each.kind for each in broken)}
    cut_off = {**finding.expected, "status": "truncated", "error": None}
    found = expectation_from(msgspec.convert(cut_off, Golden), variant.response)
    endings = ("truncated", "failed") if forbidden else ("completed", "truncated", "failed")
    return found.model_copy(update={"ending": endings, "attempts": expect.attempts})


def _dumped(expect: Expectation) -> dict[str, Any]:
    dumped: dict[str, Any] = expect.model_dump(mode="json", exclude_defaults=True)
    for name in ("ending", "finish"):
        if isinstance(dumped.get(name), list) and len(dumped[name]) == 1:
            [dumped[name]] = dumped[name]
    return dumped


class _Why(str):
    """A text that is folded to the width of a page."""


class _Dumper(yaml.SafeDumper):
    """Texts with their own line ends, and frames, stand as blocks; small collections in one line."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = ">" if isinstance(text, _Why) else "|" if "\n" in text or len(text) > LONG_TEXT else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


def _list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=_is_small(items))


def _mapping(dumper: yaml.SafeDumper, items: dict[str, Any]) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", items.items(), flow_style=_is_small(items))


def _is_small(items: Any) -> bool:
    return len(repr(items)) <= LONG_TEXT and "\n" not in repr(items)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Why, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, _mapping)
