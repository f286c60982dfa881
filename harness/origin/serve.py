"""The origin as a server for people: every scenario at an address of its own, and a cassette, until it is stopped.

http://127.0.0.1:PORT/                     what there is, in plain text
http://127.0.0.1:PORT/<family>/<slug>      a base URL: the vendors' own paths follow it, in any of its dialects
http://127.0.0.1:PORT/<family>/<slug>/reset    the next request is a first attempt again
http://127.0.0.1:PORT/cassette             a base URL too: what the cassettes recorded, all of them together
http://127.0.0.1:PORT/cassettes/<name>     where there are several: one of them alone
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from harness.dialects import dialect
from harness.origin.case import (
    FALLBACK_PREFIX,
    Answer,
    CasePlan,
    PlanScript,
    ReceivedRequest,
    Script,
    is_below,
    own_answer,
    wrong_address,
)
from harness.origin.cassette import CassetteScript
from harness.origin.server import MAX_SEGMENTS, Origin, OriginError
from harness.recording.cassette import Cassette
from harness.recording.folder import NamedCassette
from harness.recording.play import Recorded, dialect_of
from harness.recording.speed import RECORDED
from harness.wire.response import Chunk, WireResponse

IDLE_S = 60.0
"""After so long without a request, the next one to a scenario is a first attempt again."""
KEPT_ATTEMPTS = 100
"""How many requests to one address are remembered."""
CASSETTE_BASE = "cassette"
CASSETTES_BASE = "cassettes"
NAME_SEGMENTS = MAX_SEGMENTS - 1
"""Segments that a cassette's name may have in its address."""
RESET_PATH = "/reset"


@dataclass(frozen=True, slots=True)
class ServedScenario:
    """A scenario as it is served: its id is its address, and it has a plan for each dialect."""

    id: str
    title: str
    plans: tuple[CasePlan, ...]


@dataclass(frozen=True, slots=True)
class Listening:
    """The server is up. `base_urls` are by scenario id, with the cassettes' under `cassette`."""

    url: str
    base_urls: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RequestSeen:
    """A request came. `base` is the id that it was for, None where no case is; the answer is about to be played."""

    base: str | None
    dialect: str | None
    request: ReceivedRequest
    answer: Answer


@dataclass(frozen=True, slots=True)
class Unused:
    """The server is going down, and these of `recorded` exchanges have answered no request."""

    unused: tuple[Recorded, ...]
    recorded: int


ServeEvent: TypeAlias = Listening | RequestSeen | Unused
OnEvent: TypeAlias = Callable[[ServeEvent], None]


async def serve(
    scenarios: Iterable[ServedScenario],
    *,
    cassettes: Sequence[NamedCassette] = (),
    speed: float = RECORDED,
    host: str = "127.0.0.1",
    port: int = 0,
    idle_s: float = IDLE_S,
    on_event: OnEvent,
) -> None:
    """Serves until it is cancelled; raises OriginError when it cannot listen, or cannot play what it was given.

    `speed`: how many times as fast as recorded the cassettes play.
    """
    served = serving(
        scenarios, cassettes=cassettes, speed=speed, host=host, port=port, idle_s=idle_s, on_event=on_event
    )
    async with served:
        await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def serving(
    scenarios: Iterable[ServedScenario],
    *,
    cassettes: Sequence[NamedCassette] = (),
    speed: float = RECORDED,
    host: str = "127.0.0.1",
    port: int = 0,
    idle_s: float = IDLE_S,
    on_event: OnEvent,
) -> AsyncIterator[Origin]:
    """The same for the length of a `with` block."""
    index = _Index()
    playing: list[CassetteScript] = []
    async with Origin(host, port, elsewhere=_Announced(None, index, on_event)) as origin:
        for base, title, script in _scripts(scenarios, cassettes, speed, idle_s):
            base_url = origin.mount(base, _Announced(base, script, on_event), keep=KEPT_ATTEMPTS)
            index.add(base, base_url, title)
            playing += [script] if isinstance(script, CassetteScript) else []
        on_event(Listening(origin.url, index.base_urls))
        try:
            yield origin
        finally:
            if cassettes:
                on_event(_unused(playing, cassettes))


def _scripts(
    scenarios: Iterable[ServedScenario], cassettes: Sequence[NamedCassette], speed: float, idle_s: float
) -> Iterable[tuple[str, str, Script]]:
    try:
        for scenario in scenarios:
            spoken = ", ".join(plan.dialect for plan in scenario.plans)
            yield scenario.id, f"{scenario.title} [{spoken}]", ScenarioScript(scenario, idle_s)
        alone = cassettes if len(cassettes) > 1 else ()
        if cassettes:
            whole = f"{alone[0].cassette.path} and {len(alone) - 1} more" if alone else cassettes[0].cassette.path
            together = [each.cassette for each in cassettes]
            yield CASSETTE_BASE, _title(together, whole), CassetteScript(*together, speed=speed)
        for named in alone:
            script = CassetteScript(named.cassette, speed=speed)
            yield f"{CASSETTES_BASE}/{_address(named.name)}", _title([named.cassette], named.cassette.path), script
    except ValueError as error:
        raise OriginError(str(error)) from error


def _title(cassettes: Sequence[Cassette], whole: object) -> str:
    count = sum(len(each.exchanges) for each in cassettes)
    return f"{count} recorded exchange{'' if count == 1 else 's'} of {whole}"


def _address(name: str) -> str:
    """The name as a path that is short enough: its last segments are one where there are too many."""
    *folders, last = name.split("/", NAME_SEGMENTS - 1)
    return "/".join([*folders, last.replace("/", "-")])


def _unused(playing: Iterable[CassetteScript], cassettes: Iterable[NamedCassette]) -> Unused:
    """What no address has played."""
    together, *alone = [script.unused() for script in playing]
    for_others = {id(each.exchange) for unused in alone for each in unused}
    unused = tuple(each for each in together if not alone or id(each.exchange) in for_others)
    return Unused(unused, sum(len(each.cassette.exchanges) for each in cassettes))


class ScenarioScript:
    """Plays one scenario in whichever of its dialects it is asked, and counts the attempts of each apart."""

    def __init__(
        self, scenario: ServedScenario, idle_s: float = IDLE_S, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises ValueError for a plan that cannot be played."""
        self._scenario = scenario
        self._idle_s = idle_s
        self._now = now
        self._last_asked: dict[str, float] = {}
        self._scripts = {plan.dialect: PlanScript(plan) for plan in scenario.plans}

    def answer(self, request: ReceivedRequest) -> Answer:
        """The next planned response in the dialect that was asked, or the origin's own word."""
        if request.path.partition("?")[0] == RESET_PATH:
            return self._reset()
        path = request.path.removeprefix(FALLBACK_PREFIX) if is_below(request.path, FALLBACK_PREFIX) else request.path
        for plan in self._scenario.plans:
            if dialect(plan.dialect).matches(request.method, path):
                return self._script(plan).answer(request)
        spoken = ", ".join(self._scripts)
        return wrong_address(request, path, f"scenario {self._scenario.id} has endpoints of {spoken}, not this one")

    def _script(self, plan: CasePlan) -> PlanScript:
        now = self._now()
        if now - self._last_asked.get(plan.dialect, now) > self._idle_s:
            self._scripts[plan.dialect] = PlanScript(plan)
        self._last_asked[plan.dialect] = now
        return self._scripts[plan.dialect]

    def _reset(self) -> Answer:
        self._scripts = {plan.dialect: PlanScript(plan) for plan in self._scenario.plans}
        problem = f"scenario {self._scenario.id} begins anew: the next request is a first attempt"
        return Answer(own_answer(200, "reset", problem, ""), planned=False, stray=True)


class _Announced:
    """Tells of each request before it is answered."""

    def __init__(self, base: str | None, script: Script, on_event: OnEvent) -> None:
        self._base = base
        self._script = script
        self._on_event = on_event

    def answer(self, request: ReceivedRequest) -> Answer:
        """The script's answer."""
        answer = self._script.answer(request)
        self._on_event(RequestSeen(self._base, dialect_of(request.method, request.path), request, answer))
        return answer


class _Index:
    """What answers where no scenario is: the list of all, or the address that was probably meant."""

    def __init__(self) -> None:
        self.base_urls: dict[str, str] = {}
        self._titles: dict[str, str] = {}

    def add(self, base: str, base_url: str, title: str) -> None:
        """One more address."""
        self.base_urls[base] = base_url
        self._titles[base] = title

    def answer(self, request: ReceivedRequest) -> Answer:
        """The list at `/`, a 404 elsewhere."""
        path = request.path.partition("?")[0]
        if path == "/" and request.method in ("GET", "HEAD"):
            text = "".join(f"{url}\n    {self._titles[base]}\n" for base, url in self.base_urls.items())
            body = f"Base URLs; the vendors' own paths follow them.\n\n{text}".encode()
            headers = (("content-type", "text/plain; charset=utf-8"),)
            return Answer(WireResponse(200, headers, (Chunk(body),), transfer="length"), planned=False, stray=True)
        meant = get_close_matches("/".join(path.strip("/").split("/")[:2]), self.base_urls, n=1)
        mend = f"did you mean {self.base_urls[meant[0]]}?" if meant else "GET / lists what there is"
        response = own_answer(404, "no-such-scenario", f"{request.method} {path}: no scenario is served here", mend)
        return Answer(response, planned=False, stray=True)
