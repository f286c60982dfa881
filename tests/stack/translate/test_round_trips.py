"""Every recorded stream, through every pair of dialects: what arrives is what was said, up to the named losses.

A sample is run by default; with HARNESS_ALL_RECORDINGS=1 (as `make bench` does) every recording is. A loss that the
table does not name for the pair fails, and so does any difference that the rules of the named losses do not explain.
"""

from __future__ import annotations

import os
from functools import cache

import pytest

from harness.catalogue.loader import load_catalogue
from harness.catalogue.render import NotExpressible, render
from harness.dialects import dialect, dialect_names, stream_names
from harness.events import AnyEvent, End, Failure
from harness.stack.translate.stream import StreamWriter
from harness.stack.translate.table import losses_between
from harness.transcript import fold
from tests.dialects.decoded import events as decoded
from tests.dialects.recorded import recordings

from .gists import arranged, differences, expected, gist

FILES = {name: "ollama-chat" if name == "ollama" else name for name in dialect_names()}
PAIRS = [(source, target) for source in dialect_names() for target in stream_names()]
EVERY = 1 if os.environ.get("HARNESS_ALL_RECORDINGS") else 4
"""One recording in so many is run."""

ODD = {"content-after-finish", "finish-missing", "done-reason-missing"}
"""Warnings that a translation may give: what they are about is the model's own doing."""


def explained(source: str, target: str, said: list[AnyEvent]) -> list[str]:
    """What of a translated stream is not as it must be."""
    writer = StreamWriter(dialect(source), dialect(target))
    body = b"".join(writer.feed(said))
    slugs = [loss.what for loss in writer.losses]
    named = {loss.slug for loss in losses_between(source, target)}
    got = fold(target, decoded(target, body))
    warned = {warning.rule for warning in got.warnings} - ODD
    return [
        *(f"{slug} is in no table" for slug in set(slugs) - named),
        *(f"the translation is odd: {rule}" for rule in warned),
        *differences(*arranged(expected(source, target, said, slugs), gist(got), slugs)),
    ]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_what_was_recorded_arrives_up_to_the_named_losses(source: str, target: str) -> None:
    wrong = {
        recording.id: problems
        for recording in recordings(FILES[source], "stream")[::EVERY]
        if (problems := explained(source, target, decoded(source, recording.body)))
    }
    assert wrong == {}


@cache
def answers(source: str) -> dict[str, bytes]:
    """Every stream of the dialect that the catalogue's scenarios send, by scenario and attempt."""
    rendered = [(scenario.id, render(scenario, source)) for scenario in load_catalogue().scenarios]
    return {
        f"{name}#{number}": response.body
        for name, sent in rendered
        if not isinstance(sent, NotExpressible)
        for number, response in enumerate(sent.responses)
        if response.status < 400 and "content-encoding" not in dict(response.headers)
    }


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_what_scenarios_send_arrives_up_to_the_named_losses(source: str, target: str) -> None:
    wrong = {
        name: problems for name, body in answers(source).items() if (problems := explained_twice(source, target, body))
    }
    assert wrong == {}


def explained_twice(source: str, target: str, body: bytes) -> list[str]:
    """As `explained`, for the body and for its first two thirds: a stream that is cut off."""
    cut = decoded(source, body[: len(body) * 2 // 3])
    problems = explained(source, target, decoded(source, body))
    is_well = cut[-1] == End("completed") and not any(isinstance(event, Failure) for event in cut)
    return problems + ([] if is_well else explained(source, target, cut))
