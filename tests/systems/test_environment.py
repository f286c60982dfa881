"""An adapter gets the environment that its script block asks for: built once, whole, and never in silence."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
import uv

from harness.systems import environment
from harness.systems.environment import EnvironmentBroken, Wanted, cache_folder, is_built, python_for, read_block


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, and an installer that never asks the network."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    return tmp_path / "cache"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package called `tiny`, as a wheel."""
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    files = {
        "tiny.py": b"ANSWER = 42\n",
        "tiny-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {
        name: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=") for name, data in files.items()
    }
    record = "".join(f"{name},sha256={digests[name].decode()},{len(data)}\n" for name, data in files.items())
    files["tiny-1.0.dist-info/RECORD"] = f"{record}tiny-1.0.dist-info/RECORD,,\n".encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


BLANK = "a line that is no comment"


def script(folder: Path, *lines: str) -> Path:
    path = folder / "adapter.py"
    comments = [f"# {line}".rstrip() if line != BLANK else "" for line in lines]
    path.write_text("\n".join(["# /// script", *comments, "# ///", "import tiny", ""]))
    return path


def test_it_reads_what_a_script_asks_for(tmp_path: Path) -> None:
    path = script(
        tmp_path, 'requires-python = ">=3.10"', "dependencies = [", '  "b>=2",', '  "a",', "]", "", "[tool.x]"
    )
    assert read_block(path) == Wanted(("a", "b>=2"), ">=3.10")


def test_a_script_without_a_block_runs_on_our_own_interpreter(tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    path.write_text("print('# /// script')\n")
    assert python_for(path) == Path(sys.executable)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["dependencies = ["], "its script block is wrong"),
        (['dependencies = "a"'], "dependencies is a list of strings, not 'a'"),
        (['dependencies = ["a b c"]'], "its script block is wrong"),
        (['requires-python = "3.x"'], "Invalid specifier: '3.x'"),
        (["dependencies = []", "///", BLANK, "/// script", "dependencies = []"], "has 2 script blocks"),
        (["dependencies = []", "///", "", "more"], "its script block is wrong"),
    ],
)
def test_a_wrong_block_is_refused_with_the_file(tmp_path: Path, lines: list[str], message: str) -> None:
    path = script(tmp_path, *lines)
    with pytest.raises(EnvironmentBroken) as caught:
        read_block(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_a_script_that_is_not_there_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentBroken, match=r"cannot be read: .*No such file"):
        read_block(tmp_path / "none.py")


def test_it_builds_what_is_asked_for_and_builds_it_once(tmp_path: Path, wheel: Path, cache: Path) -> None:
    path = script(tmp_path, f'dependencies = ["tiny @ file://{wheel}"]')
    python = python_for(path)
    assert python.is_relative_to(cache)
    run = subprocess.run([python, "-c", "import tiny; print(tiny.ANSWER)"], capture_output=True, text=True, check=True)
    assert run.stdout == "42\n"
    built = python.stat().st_ino, python.parent.stat().st_mtime_ns
    environment._outcome.cache_clear()
    wheel.unlink()
    assert python_for(path) == python
    assert (python.stat().st_ino, python.parent.stat().st_mtime_ns) == built


def test_it_says_whether_an_environment_is_built_and_builds_nothing(tmp_path: Path, cache: Path) -> None:
    path = script(tmp_path, "dependencies = []")
    assert not is_built(path)
    assert not cache.exists()
    python = python_for(path)
    assert is_built(path)
    python.unlink()
    assert not is_built(path)


def test_an_environment_is_the_same_under_whichever_name_our_interpreter_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = script(tmp_path, "dependencies = []")
    python_for(path)
    other = tmp_path / "python-by-another-name"
    other.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(other))
    assert is_built(path)


def test_a_script_whose_block_is_wrong_or_missing_is_not_taken_for_built(tmp_path: Path) -> None:
    assert not is_built(script(tmp_path, "dependencies = 3"))
    assert not is_built(tmp_path / "nowhere.py")
    plain = tmp_path / "plain.py"
    plain.write_text("print()\n")
    assert is_built(plain)


def test_an_environment_whose_interpreter_is_gone_is_built_anew(tmp_path: Path) -> None:
    path = script(tmp_path, "dependencies = []")
    python = python_for(path)
    python.unlink()
    python.symlink_to("/no/such/python")
    environment._outcome.cache_clear()
    assert python_for(path) == python
    assert os.access(python, os.X_OK)


def test_those_who_want_the_same_environment_wait_for_each_other(tmp_path: Path, wheel: Path, cache: Path) -> None:
    wanted = Wanted((f"tiny @ file://{wheel}",))
    outcomes: list[Path | str] = []

    def build() -> None:
        outcomes.append(environment._outcome.__wrapped__(wanted, cache))

    builders = [threading.Thread(target=build) for _ in range(3)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert len(set(outcomes)) == 1
    assert isinstance(outcomes[0], Path)
    assert [entry.name for entry in (cache / "environments").iterdir() if entry.name.startswith("build-")] == []


def test_a_package_that_cannot_be_had_is_named_and_nothing_is_left(tmp_path: Path, cache: Path) -> None:
    path = script(tmp_path, 'dependencies = ["a-package-that-nobody-has==1.0"]')
    with pytest.raises(EnvironmentBroken) as caught:
        python_for(path)
    assert str(caught.value).startswith(
        f"{path}: its environment (a-package-that-nobody-has==1.0) could not be built: uv pip says:\n"
    )
    assert "a-package-that-nobody-has" in str(caught.value).partition("says:")[2]
    assert [entry.name for entry in (cache / "environments").iterdir() if entry.suffix != ".lock"] == []


def test_what_failed_once_fails_again_without_another_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = script(tmp_path, 'dependencies = ["a-package-that-nobody-has==2.0"]')
    with pytest.raises(EnvironmentBroken) as first:
        python_for(path)
    monkeypatch.setattr(environment, "_build", None)
    with pytest.raises(EnvironmentBroken) as second:
        python_for(path)
    assert str(first.value) == str(second.value)


def test_a_python_that_there_is_not_is_named(tmp_path: Path) -> None:
    path = script(tmp_path, 'requires-python = ">=3.99"')
    with pytest.raises(EnvironmentBroken, match=r"\(nothing on Python >=3\.99\) could not be built"):
        python_for(path)


def test_a_missing_uv_says_how_to_mend_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(uv, "find_uv_bin", not_found)
    with pytest.raises(EnvironmentBroken, match="pip install --force-reinstall uv"):
        python_for(script(tmp_path, 'dependencies = ["tiny==0.1"]'))


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file"))
    with pytest.raises(EnvironmentBroken, match="HARNESS_CACHE may name another folder"):
        python_for(script(tmp_path, "dependencies = []"))


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/harness"),
        ("linux", {}, "/home/me/.cache/harness"),
        ("darwin", {}, "/home/me/Library/Caches/harness"),
        ("darwin", {"HARNESS_CACHE": "/c"}, "/c"),
    ],
)
def test_the_cache_is_where_the_platform_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], folder: str
) -> None:
    for name in ("HARNESS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/me", **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder() == Path(folder)
