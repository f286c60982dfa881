"""What a scenario still lacks before it can be published: a scenario's author reads this, no user ever should."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.catalogue.models import AnyValue, Expectation, Scenario
from harness.catalogue.render import NotExpressible, Unrenderable, render
from harness.dialects import dialect_names

_INCIDENT = re.compile(r"[\w.-]+/[\w.-]+#\d+|https://[^\s]+")
_SENTENCE_END = (".", "!", "?")
TITLE_LIMIT = 90
"""Characters; a title stands in tables."""
WHY_LIMIT = 480
"""Characters; one to three sentences."""


def completeness_problems(scenario: Scenario) -> list[str]:
    """Everything that a reviewer would send back, in plain sentences; empty when it is ready."""
    return [*_words(scenario), *_incidents(scenario), *_dialects(scenario), *_expectations(scenario)]


def _words(scenario: Scenario) -> Iterator[str]:
    title, why = scenario.title.strip(), scenario.why.strip()
    if not title or title.endswith(".") or len(title) > TITLE_LIMIT or "\n" in title:
        yield f"the title is one line of at most {TITLE_LIMIT} characters without a full stop"
    if not why.endswith(_SENTENCE_END) or len(why) > WHY_LIMIT:
        yield f"`why` is one to three whole sentences of at most {WHY_LIMIT} characters"


def _incidents(scenario: Scenario) -> Iterator[str]:
    for incident in scenario.incidents:
        if not _INCIDENT.fullmatch(incident):
            yield f"the incident {incident!r} is neither owner/repository#number nor an https address"
    if len(set(scenario.incidents)) < len(scenario.incidents):
        yield "an incident is listed twice"


def _dialects(scenario: Scenario) -> Iterator[str]:
    """A scenario runs wherever it says that it does, and its overrides are for dialects that it runs in."""
    runs_in = set()
    for name in dialect_names():
        try:
            rendered = render(scenario, name)
        except Unrenderable as error:
            yield str(error)
            continue
        if not isinstance(rendered, NotExpressible):
            runs_in.add(name)
        elif scenario.dialects is not None and name in scenario.dialects:
            yield f"it names {name}, which cannot express it: {rendered.reason}"
    if not runs_in:
        yield "it runs in no dialect"
    for name in sorted(set(scenario.expect_in) - runs_in):
        yield f"`expect_in` has {name}, in which it does not run"


def _expectations(scenario: Scenario) -> Iterator[str]:
    expectation = scenario.expect
    if isinstance(expectation.text, AnyValue) and isinstance(expectation.tool_calls, AnyValue):
        yield "it compares neither text nor tool calls; say what must arrive"
    if expectation.error is not None and expectation.ending == ("completed",):
        yield "it expects an error, but an ending of `completed`"
    for each in expectation.requests:
        for name in each.as_asked:
            if getattr(scenario.request, name) is None:
                yield f"a request must say `{name}` as asked, but the scenario's request says nothing of it"
    if _waits_without_attempts(expectation):
        yield "it expects a wait before an attempt that `attempts` does not ask for"


def _waits_without_attempts(expectation: Expectation) -> bool:
    asked = expectation.attempts.at_least if expectation.attempts is not None else 0
    return any(wait.before_attempt > asked for wait in expectation.waits)
