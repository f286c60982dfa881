"""The rules of the house that a machine can hold: imports go one way, modules are readable, public names are few."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import harness

PACKAGE = Path(harness.__file__).parent
ROOMS = (
    "folders",
    "events",
    "transcript",
    "request",
    "wire",
    "dialects",
    "stack",
    "recording",
    "catalogue",
    "endpoints",
    "origin",
    "systems",
    "lint",
    "runner",
    "fuzz",
    "strategies",
    "report",
    "testing",
    "pytest_plugin",
    "cli",
)
ABOVE_ALL = {"__init__", "api"}
"""The public face: it may import from any room, and only `cli`, `runner` and `report` may import `api`."""

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "kit" not in path.parts and "bundled" not in path.parts)


def room_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported_rooms(path: Path) -> set[str]:
    """The rooms of ours that a module imports from, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "harness"}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("harness.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    room = room_of(path)
    if room in ABOVE_ALL:
        return
    assert room in ROOMS, f"{room} is a room that the map does not know"
    allowed = {*ROOMS[: ROOMS.index(room) + 1]}
    if room in ("runner", "report", "cli"):
        allowed |= ABOVE_ALL
    wrong = imported_rooms(path) - allowed - {"__version__"}
    assert not wrong, f"{room} may not import from {', '.join(sorted(wrong))}"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_and_functions_stay_readable(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) <= 400
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > 40
    ]
    assert not long


def test_the_public_names_are_the_listed_ones() -> None:
    assert sorted(harness.__all__) == harness.__all__
    for name in harness.__all__:
        assert getattr(harness, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = harness.nonsense  # type: ignore[attr-defined]


REPORT_GROUPS = ("case", "outputs", "site")
"""Inside `report`: what is of all views imports from none of these; a case's page and the outputs not from the site."""


@pytest.mark.parametrize("path", sorted((PACKAGE / "report").rglob("*.py")), ids=lambda path: path.stem)
def test_inside_the_report_imports_go_one_way(path: Path) -> None:
    group = path.relative_to(PACKAGE / "report").parts[0] if path.parent.name != "report" else ""
    if path.name == "server.py":
        group = "site"  # it serves one
    names = {node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)}
    used = {each for each in REPORT_GROUPS if any((name or "").startswith(f"harness.report.{each}.") for name in names)}
    allowed = {"": set(), "case": {"case"}, "outputs": {"case", "outputs"}}.get(group, set(REPORT_GROUPS))
    assert used <= allowed
