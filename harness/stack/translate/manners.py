"""What a pair of dialects asks of a translated stream, read from their facts once."""

from __future__ import annotations

from dataclasses import dataclass

from harness.dialects.base import Dialect


@dataclass(frozen=True, slots=True)
class Manners:
    """The facts of a pair. What is said of `it` is said of the target."""

    same: bool
    """The source is of the same dialect."""
    whole_calls: bool
    """It sends a call when the call is whole; its encoder gathers the fragments."""
    respells: bool
    """Arguments that come as text go out as an object."""
    needs_objects: bool
    """A call without arguments has an empty object there."""
    single_choice: bool
    finish_last: bool
    """Nothing follows its stop reason, which therefore waits for the end."""
    finish_needed: bool
    """An answer that ended well must have a stop reason."""
    ends_in_one: bool
    """Its stop reason and counts come in the last frame of a good end, and nowhere else."""
    summaries: bool
    """It tells summaries of reasoning from reasoning."""
    shows_extras: bool
    """Its encoder looks for what it can show among the extras of any dialect."""
    has_response_id: bool
    lines: bool
    """Its frames are lines."""


def manners(source: Dialect, target: Dialect) -> Manners:
    """The facts of a pair of dialects."""
    facts = target.facts
    same = source.name == target.name
    return Manners(
        same=same,
        whole_calls=bool(facts.get("whole_calls")),
        respells=bool(facts.get("whole_calls")) and not source.facts.get("whole_calls"),
        needs_objects=target.rules.arguments_are_objects or bool(facts.get("inputs_are_objects")),
        single_choice=bool(facts.get("single_choice")),
        finish_last=bool(facts.get("finish_last")),
        finish_needed=bool(facts.get("finish_needed")) and not same,
        ends_in_one=bool(facts.get("ends_in_one")),
        summaries=bool(facts.get("summaries")),
        shows_extras=same or bool(facts.get("shows_extras")),
        has_response_id=not facts.get("no_response_id"),
        lines=facts.get("framing") == "ndjson",
    )
