"""A system is found by its bundled name, its file, or its place in a module, and a wrong name says what would do."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from harness.catalogue.observation import CallerEnd
from harness.dialects import dialect_names
from harness.events import AnyEvent, Text
from harness.systems.base import Driver, SystemBroken
from harness.systems.environment import read_block
from harness.systems.registry import (
    BUNDLED,
    InProcessSpec,
    ManifestSpec,
    ScriptSpec,
    SystemSpec,
    UnknownSystem,
    bundled_names,
    installed,
    load_system,
    open_driver,
    prepare,
    resolve,
)

from .conftest import MINIATURES, case
from .test_in_process import Scripted

HERE = "tests.systems.test_registry"
README = str(Path(__file__).parents[2] / "README.md")

SYSTEM = Scripted(Text("hi"))
NOT_A_SYSTEM = object()


def run(spec: SystemSpec) -> tuple[CallerEnd, list[AnyEvent]]:
    async def main() -> tuple[CallerEnd, list[AnyEvent]]:
        driver: Driver = await open_driver(spec)
        events: list[AnyEvent] = []
        try:
            return await driver.run(case("one"), events.append), events
        finally:
            await driver.close()

    return asyncio.run(main())


def test_the_bundled_ones_are_found_by_name() -> None:
    assert {"reference", "openai-python", "anthropic-python"} <= set(bundled_names())
    assert resolve("reference") == InProcessSpec("reference", "harness.systems.bundled.reference:SYSTEM")
    assert resolve("openai-python") == ScriptSpec("openai-python", BUNDLED / "openai_python.py")


@pytest.mark.parametrize("name", bundled_names())
def test_every_bundled_one_can_be_resolved(name: str) -> None:
    spec = resolve(name)
    assert spec.name == name
    if isinstance(spec, ScriptSpec) and spec.path.suffix == ".py":
        block = read_block(spec.path)
        assert block is not None
        assert all("==" in requirement for requirement in block.requirements), "a bundled system names exact versions"


def test_a_script_is_found_by_its_path_and_runs() -> None:
    spec = resolve(str(MINIATURES / "echo.py"))
    assert spec == ScriptSpec("echo", MINIATURES / "echo.py")
    assert run(spec)[1][0] == Text("one ")


def test_a_manifest_is_found_by_its_path_and_runs(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"{{kind: client, command: [python3, {MINIATURES / 'echo.py'}]}}")
    spec = resolve(str(path))
    assert isinstance(spec, ManifestSpec)
    assert spec.name == "mine"
    assert run(spec)[0] == CallerEnd("completed")


def test_a_system_in_a_module_is_found_by_its_place_and_runs() -> None:
    assert run(resolve(f"{HERE}:SYSTEM")) == (CallerEnd("completed"), [Text("hi")])


def test_a_class_in_a_module_is_called_for_its_system() -> None:
    assert load_system("tests.systems.test_in_process:Scripted").description.name == "scripted"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("opnai-python", "unknown system 'opnai-python'; did you mean openai-python?"),
        ("zzz", "the bundled ones are "),
        ("no/such/adapter.py", "there is no file no/such/adapter.py"),
        ("adapter.yaml", "there is no file adapter.yaml"),
        (README, "is neither an adapter script (.py, .mjs) nor a manifest (.yaml)"),
    ],
)
def test_a_wrong_name_says_what_would_do(spec: str, message: str) -> None:
    with pytest.raises(UnknownSystem, match=re.escape(message)):
        resolve(spec)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such_module_here:SYSTEM", "ModuleNotFoundError: No module named 'no_such_module_here'"),
        (f"{HERE}:NOTHING", "AttributeError"),
        (f"{HERE}:NOT_A_SYSTEM", "TypeError: 'object' object is not callable"),
        ("builtins:dict", "is no system: it needs a description and run(case)"),
    ],
)
def test_a_place_that_holds_no_system_says_so(target: str, message: str) -> None:
    with pytest.raises(UnknownSystem, match=re.escape(message)):
        asyncio.run(open_driver(resolve(target)))


def test_a_gateway_in_processes_of_its_own_needs_an_origin_that_it_can_reach(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(f"{{kind: gateway, command: [x], upstream: {dialect_names()[0]}, serves: [{dialect_names()[0]}]}}")
    with pytest.raises(
        SystemBroken, match="gateway: a gateway in processes of its own is run over sockets, never in process"
    ):
        asyncio.run(open_driver(resolve(str(path))))


def test_what_cannot_be_built_is_told_by_name_and_told_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    path = tmp_path / "mine.py"
    path.write_text('# /// script\n# dependencies = ["nobody-has-this-either"]\n# ///\n')
    specs = [resolve(str(path)), resolve("reference")]
    unbuilt = prepare(specs)
    assert list(unbuilt) == ["mine"]
    with pytest.raises(SystemBroken) as again:
        asyncio.run(open_driver(specs[0]))
    assert str(again.value) == str(unbuilt["mine"])


def test_what_could_be_started_at_once_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "unbuilt.py").write_text("# /// script\n# dependencies = []\n# ///\n")
    (tmp_path / "plain.py").write_text("")
    (tmp_path / "there.yaml").write_text("kind: client\ncommand: [sh, adapter.sh]\n")
    (tmp_path / "beside.yaml").write_text("kind: client\ncommand: [plain.py]\n")
    (tmp_path / "gone.yaml").write_text("kind: client\ncommand: [no-such-program-anywhere]\n")
    said = {path.name: installed(resolve(str(path))) for path in tmp_path.iterdir() if path.is_file()}
    assert said == {
        "unbuilt.py": False,
        "plain.py": True,
        "there.yaml": True,
        "beside.yaml": True,
        "gone.yaml": False,
    }
    assert installed(resolve("reference"))
