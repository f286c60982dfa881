"""The pytest plugin: a test marked with `harness` runs once for every scenario that its client claims to handle.

    @pytest.mark.harness(dialect="openai-chat", family="tool-calls", features=["tool_calls"])
    def test_my_client(harness_case): ...

It is loaded wherever the package is installed, so it imports nothing of it until a test asks.
"""

from __future__ import annotations

import base64
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.runner.plan import PlannedCase
    from harness.runner.results import Result
    from harness.testing.case import HarnessCase
    from harness.testing.origin_thread import OriginThread

MARK = "harness"
FIXTURE = "harness_case"
_ARGUMENTS = frozenset({"dialect", "family", "scenario", "level", "features", "system", "version", "catalogue"})
_RESULTS: pytest.StashKey[list[tuple[str, bytes]]] = pytest.StashKey()
"""The folder of the catalogue (empty: the built-in one) and the line of each result."""
_SENT = "harness_results"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the results go."""
    group = parser.getgroup("harness", "conformance of LLM streaming clients")
    group.addoption("--harness-results", metavar="FILE", help="write the results of marked tests as a results file")


def pytest_configure(config: pytest.Config) -> None:
    """Makes the mark known, and checks early that results can be written."""
    config.addinivalue_line(
        "markers",
        "harness(dialect, family, scenario, level, features, system, version, catalogue): run this test once for each "
        "scenario that fits; each of the first three is a word or several, patterns will do. `features` are what the "
        "client claims: scenarios that need another one are left out",
    )
    config.stash[_RESULTS] = []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each scenario in each dialect."""
    if FIXTURE not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker(MARK)
    if mark is None:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid}: {FIXTURE} needs the mark that says for which scenarios: "
            '@pytest.mark.harness(dialect="openai-chat")'
        )
    cases = _cases(mark, metafunc.definition.nodeid)
    names = [f"{planned.scenario.id}-{planned.dialect}" for planned in cases]
    metafunc.parametrize(FIXTURE, cases, indirect=True, ids=names)


def _cases(mark: pytest.Mark, place: str) -> Sequence[PlannedCase]:
    from harness.testing.selection import NothingToTest, selected

    unknown = sorted(mark.kwargs.keys() - _ARGUMENTS)
    if mark.args or unknown:
        what = f"unknown {', '.join(unknown)}" if unknown else "arguments need their names"
        raise pytest.UsageError(f"{place}: mark harness: {what}; there are {', '.join(sorted(_ARGUMENTS))}")
    try:
        return selected(**{name: mark.kwargs[name] for name in mark.kwargs.keys() - {"system", "version"}})
    except NothingToTest as error:
        raise pytest.UsageError(f"{place}: mark harness: {error}") from None


@pytest.fixture(scope="session")
def harness_origin() -> Iterator[OriginThread]:
    """An origin in a thread of its own: `add(plan)` and `mount(id, script)` serve below a base URL of their own."""
    from harness.testing.origin_thread import OriginThread

    with OriginThread() as origin:
        yield origin


@pytest.fixture
def harness_case(request: pytest.FixtureRequest, harness_origin: OriginThread) -> Iterator[HarnessCase]:
    """The scenario that this run of the test is for; see `HarnessCase`."""
    from harness.testing.case import HarnessCase
    from harness.testing.selection import description

    mark = request.node.get_closest_marker(MARK)
    named = {"system": request.node.originalname, **mark.kwargs}
    case = HarnessCase(harness_origin, request.param, description(**named), f"pytest '{request.node.nodeid}'")
    yield case
    unchecked = case.close()
    if case.result is not None:
        request.config.stash[_RESULTS].append((str(named.get("catalogue") or ""), _encoded(case.result)))
    elif unchecked and getattr(request.node, "harness_passed", False):
        pytest.fail(f"{request.node.nodeid} never called {FIXTURE}.check(), so nothing was judged")


@pytest.fixture
def harness_cassette(harness_origin: OriginThread) -> Iterator[Any]:
    """Serves a cassette: call it with a path, and it gives the base URL at which the recording is played."""
    from harness.testing.cassettes import CassetteServer

    with CassetteServer(harness_origin) as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remembers whether the test itself passed: only then is a case without a check worth a word."""
    report = yield
    if report.when == "call":
        item.harness_passed = report.passed  # type: ignore[attr-defined]
    return report


def _encoded(result: Result) -> bytes:
    from harness.runner.results import encode_line

    return encode_line(result)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes the results file; under pytest-xdist each worker sends its part to the one who writes."""
    config = session.config
    lines = config.stash[_RESULTS]
    if hasattr(config, "workeroutput"):
        config.workeroutput[_SENT] = [(folder, base64.b64encode(line).decode()) for folder, line in lines]
        return
    path = config.getoption("--harness-results")
    if path:
        from harness.testing.results import write_results

        write_results(Path(path), lines)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Takes a worker's results."""
    sent = getattr(node, "workeroutput", {}).get(_SENT, [])
    node.config.stash[_RESULTS].extend((folder, base64.b64decode(line)) for folder, line in sent)
