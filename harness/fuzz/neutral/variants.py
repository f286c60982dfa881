"""The neutral variants of a stream: one for each place, strategies of several at once, and a plan made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from harness.fuzz.neutral import deltas, events, head, lines, spellings, usage
from harness.fuzz.neutral.mutation import Draft, Mutation, draft_of
from harness.fuzz.stream import Stream
from harness.fuzz.variant import Variant
from harness.lint.spec import Neutral, spec

MUTATIONS: Mapping[str, Mutation] = {
    each.name: each for room in (deltas, events, usage, spellings, lines, head) for each in room.MUTATIONS
}
"""All that there are; which of them a dialect has, and on whose word, is in `specs/dialects`."""

EACH = 12
"""Variants of one mutation and stream, unless the caller wants more or fewer."""
_BYTES = 4_000_000
"""What the variants of one mutation and stream have together, about: large streams get fewer of them."""
_TOGETHER = 4
"""The most mutations of one plan."""


class BadPlan(ValueError):
    """A plan that cannot be made of this stream; the message says what is wrong with it."""


def neutral_variants(stream: Stream, each: int = EACH) -> Iterator[Variant]:
    """Single mutations, at most `each` of every one: at all places, or at places spread evenly from the first on."""
    each = max(1, min(each, _BYTES // max(1, len(stream.body))))
    draft = draft_of(stream)
    for name in _declared(stream):
        yield from (variant_of(stream, {"mutations": [one]}) for one in _spread(draft, MUTATIONS[name], each))


def _spread(draft: Draft, mutation: Mutation, most: int) -> Iterator[dict[str, Any]]:
    """At most so many single mutations; forms take turns where there are more places than that."""
    counts = [mutation.sites(draft, at) for at in range(len(draft.document.blocks))]
    total, forms = sum(counts), len(mutation.forms)
    per_place = forms if total * forms <= most else 1
    wanted = min(total, max(1, most // per_place))
    for number in range(wanted):
        at, pick = _place(counts, number * total // wanted)
        turns = range(forms) if per_place == forms else [number % forms]
        yield from (_step(mutation.name, at, pick, mutation.forms[turn]) for turn in turns)


def _place(counts: Sequence[int], number: int) -> tuple[int, int]:
    for at, count in enumerate(counts):
        if number < count:
            return at, number
        number -= count
    raise IndexError(number)


def _step(name: str, at: int, pick: int, form: str) -> dict[str, Any]:
    step: dict[str, Any] = {"name": name, "at": at}
    return step | ({"pick": pick} if pick else {}) | ({"form": form} if form else {})


def neutral_plans(stream: Stream) -> SearchStrategy[Variant]:
    """One to four mutations at once; shrinks to one, at the first place, in its simplest form."""
    draft = draft_of(stream)
    blocks = range(len(draft.document.blocks))
    possible = [name for name in _declared(stream) if any(MUTATIONS[name].sites(draft, at) for at in blocks)]
    place, choice = st.integers(0, len(blocks) - 1), st.integers(0, 9999)
    step = st.tuples(st.sampled_from(possible), place, choice, choice)
    steps = st.lists(step, min_size=1, max_size=_TOGETHER)
    return steps.map(lambda chosen: variant_of(stream, {"mutations": [_drawn(*one) for one in chosen]}))


def _drawn(name: str, at: int, pick: int, turn: int) -> dict[str, Any]:
    forms = MUTATIONS[name].forms
    return _step(name, at, pick, forms[turn % len(forms)])


def variant_of(stream: Stream, plan: Mapping[str, Any]) -> Variant:
    """The variant that a plan makes of the stream. Raises BadPlan.

    A mutation that finds no site at its block is made at the next one that has some. Where others before it took all
    its sites it is left out, and the plan of the variant does not have it.
    """
    draft, done, words = draft_of(stream), [], []
    steps = _steps(plan)
    for step in sorted(steps, key=lambda step: _mutation(stream, step).stage):
        mutation = _mutation(stream, step)
        if (site := _site(draft, mutation, step)) is None:
            continue
        form = step.get("form", mutation.forms[0])
        draft, said = mutation.change(draft, *site, form)
        done.append(_step(mutation.name, *site, form))
        words.append(said)
    if not done:
        raise BadPlan(f"{stream.id} has no place for {', '.join(step['name'] for step in steps)}")
    rules = [_rules(stream)[step["name"]] for step in done]
    return Variant(
        kind="neutral",
        family=done[0]["name"] if len(done) == 1 else "several",
        words="; ".join(words),
        plan={"mutations": done},
        response=draft.played,
        level="must" if all(rule.level == "must" for rule in rules) else "should",
    )


def simpler(stream: Stream, plan: Mapping[str, Any]) -> Iterator[Variant]:
    """The plan with one step in a simpler form, at an earlier choice, or at an earlier place."""
    size = _size(plan)
    for number, step in enumerate(plan["mutations"]):
        forms = MUTATIONS[step["name"]].forms
        at, pick, form = step["at"], step.get("pick", 0), step.get("form", forms[0])
        places = [(0, 0), (at, 0), (at // 2, pick), (at - 1, pick), (at, pick // 2), (at, pick - 1)]
        tried = [(*place, form) for place in places] + [(at, pick, each) for each in forms[: forms.index(form)]]
        for one in tried:
            if one[0] >= 0 and one[1] >= 0:
                steps = [*plan["mutations"][:number], _step(step["name"], *one), *plan["mutations"][number + 1 :]]
                variant = variant_of(stream, {"mutations": steps})
                if _size(variant.plan) < size:
                    yield variant


def _size(plan: Mapping[str, Any]) -> tuple[int, ...]:
    """What a simpler plan has less of."""
    steps = plan["mutations"]
    forms = [MUTATIONS[step["name"]].forms for step in steps]
    first = sum(step["at"] for step in steps), sum(step.get("pick", 0) for step in steps)
    return (
        len(steps),
        *first,
        sum(each.index(step.get("form", each[0])) for step, each in zip(steps, forms, strict=True)),
    )


def _steps(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    steps = plan.get("mutations")
    if type(steps) is not list or not steps or not all(_is_step(step) for step in steps):
        raise BadPlan(
            f'{dict(plan)} is no plan of neutral mutations: write {{"mutations": [{{"name": "comment", "at": 0}}]}}'
        )
    return steps


def _is_step(step: Any) -> bool:
    """Whether it has a name and a place, and of the rest only what a step may have."""
    if type(step) is not dict or not {"name", "at"} <= set(step) <= {"name", "at", "pick", "form"}:
        return False
    counts = (step["at"], step.get("pick", 0))
    return all(type(count) is int and count >= 0 for count in counts) and type(step["name"]) is str


def _rules(stream: Stream) -> Mapping[str, Neutral]:
    return spec(stream.dialect).neutral


def _declared(stream: Stream) -> tuple[str, ...]:
    return tuple(name for name in MUTATIONS if name in _rules(stream))


def _mutation(stream: Stream, step: Mapping[str, Any]) -> Mutation:
    name = step["name"]
    if name not in _rules(stream) or name not in MUTATIONS:
        has = ", ".join(_declared(stream))
        raise BadPlan(f"{stream.dialect} declares no neutral mutation {name!r}; it has {has}")
    if step.get("form", MUTATIONS[name].forms[0]) not in MUTATIONS[name].forms:
        raise BadPlan(f"{name} has no form {step['form']!r}; it has {', '.join(MUTATIONS[name].forms)}")
    return MUTATIONS[name]


def _site(draft: Draft, mutation: Mutation, step: Mapping[str, Any]) -> tuple[int, int] | None:
    """The block and the choice there: those of the step, or the next that there are."""
    blocks = len(draft.document.blocks)
    for at in islice((place % blocks for place in range(step["at"], step["at"] + blocks)), blocks):
        if sites := mutation.sites(draft, at):
            return at, step.get("pick", 0) % sites
    return None
