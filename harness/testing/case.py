"""One scenario for one test of a user's own: where to ask, what to ask, and the check that raises AssertionError."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from msgspec import structs

from harness.catalogue.observation import CallerEnd, Observation, TimedEvent
from harness.dialects import dialect as dialect_record
from harness.events import AnyEvent, ErrorInfo
from harness.origin.case import CasePlan
from harness.request import to_dict
from harness.runner.case import API_KEY
from harness.runner.evidence import Subject, result_of
from harness.runner.plan import PlannedCase
from harness.runner.results import Result
from harness.systems.base import Description
from harness.systems.kit.harness_kit import error_of, raised_name
from harness.testing.explain import explained
from harness.testing.heard import Heard
from harness.testing.origin_thread import Listening, OriginThread

GRACE_S = 5.0
"""How long a client may take, after the test is done with it, to let go of the connection."""
_NUMBERS = itertools.count(1)


class HarnessCase:
    """What the fixture `harness_case` is. Its origin serves the scenario below `base_url` until it is checked.

    def test_my_client(harness_case):
        with harness_case.listening() as heard:         # what is raised here is how the caller learnt of an error
            for piece in my_client(harness_case.base_url).ask(harness_case.body):
                heard.text(piece)
        harness_case.check()
    """

    api_key = API_KEY
    """The key that the origin takes."""

    def __init__(self, origin: OriginThread, planned: PlannedCase, system: Description, rerun: str) -> None:
        """`rerun` is the command that runs this test again."""
        self._origin, self._planned, self._system, self._rerun = origin, planned, system, rerun
        self._id = f"t{next(_NUMBERS)}"
        rendered = planned.rendered
        streams = planned.scenario.request.stream
        plan = CasePlan(self._id, planned.dialect, rendered.responses, rendered.fallback_responses, streams=streams)
        self.base_url = origin.add(plan)
        """Where the scenario is served, without the vendor's version path (`/v1` …)."""
        self._began = time.monotonic()
        self._listening: Listening | None = None
        self._events: list[TimedEvent] = []
        self._end: CallerEnd | None = None
        self._open = True
        self.result: Result | None = None
        """The verdict with its evidence, once it was checked."""

    def __repr__(self) -> str:
        return f"<HarnessCase {self.id} in {self.dialect}>"

    @property
    def id(self) -> str:
        """The scenario's id."""
        return self._planned.scenario.id

    @property
    def dialect(self) -> str:
        """The wire dialect."""
        return self._planned.dialect

    @property
    def title(self) -> str:
        """What happens in it."""
        return self._planned.scenario.title

    @property
    def request(self) -> dict[str, Any]:
        """What the client is to ask, in canonical form."""
        return to_dict(self._planned.scenario.request)

    @property
    def body(self) -> dict[str, Any]:
        """The same as the body of a request in the dialect: what most SDKs take as keyword arguments."""
        built = dialect_record(self.dialect).build_request(self._planned.scenario.request, self.api_key)
        body: dict[str, Any] = json.loads(built.body)
        return body

    @property
    def options(self) -> dict[str, Any]:
        """How the client is to be set up: `max_retries` (None: its own default), `timeout_s` and others."""
        return self._planned.scenario.options.model_dump(mode="json")

    @contextmanager
    def listening(self) -> Iterator[Heard]:
        """A block in which the client runs, and tells what it gave as it comes.

        An exception that leaves the block is how the client's caller learnt of an error; it goes no further.
        """
        listening = self._listening = self._origin.listen(self._id)
        try:
            yield Heard(self._take)
        except Exception as error:
            self._end = CallerEnd("error", ErrorInfo(**error_of(error)), raised_name(error))
        else:
            self._end = CallerEnd("completed")
        finally:
            listening.ended()

    def _take(self, event: AnyEvent) -> None:
        self._events.append(TimedEvent(time.monotonic() - self._began, event))
        if self._listening is not None:
            self._listening.heard(event)

    def check(self, *, error: BaseException | None = None, truncated: bool = False, **answer: Any) -> None:
        """Judges what was heard; raises AssertionError with what was wrong, the bytes, and how to see it again.

        Instead of `listening`, the whole answer may be given here: `text`, `reasoning`, `refusal`, `tool_calls` (each
        with `name` and `arguments`), `finish`, `usage`; or the `error` that the client raised. `truncated` says that
        the client told its caller, in another way than by raising, that the answer was cut off.
        """
        if answer:
            Heard(self._take).answer(**answer)
        if error is not None:
            self._end = CallerEnd("error", ErrorInfo(**error_of(error)), raised_name(error))
        end = self._end or CallerEnd("completed")
        result = self._judged(replace(end, status="truncated") if truncated else end)
        if result.verdict != "pass":
            raise AssertionError(explained(result))

    def _judged(self, end: CallerEnd) -> Result:
        duration = time.monotonic() - self._began
        attempts = self._origin.remove(self._id, GRACE_S)
        self._open = False
        observation = Observation(tuple(self._events), end, attempts, duration)
        judged = result_of(self._planned, Subject(self._system.name, self._system, "sockets"), observation, None)
        self.result = structs.replace(judged, reproduce=self._rerun)
        return self.result

    def close(self) -> bool:
        """Stops serving; True where the case was never checked."""
        if self._open:
            self._origin.remove(self._id, 0.0)
            self._open = False
            return True
        return False
