from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from textwrap import indent

import pytest
import yaml

from harness.recording import writer as writer_module
from harness.recording.cassette import Exchange, RecordedRequest, UnreadableCassette, load_cassette
from harness.recording.writer import CassetteFull, CassetteWriter, save_cassette
from harness.wire.response import Chunk, WireResponse

VCRPY = """\
# recorded by hand
interactions:
- request:
    body: null
    headers: {}
    method: GET
    uri: http://h.test/vcrpy
  response:
    body: {string: "héllo"}
    headers: {}
    status: {code: 200, message: OK}
version: 1
"""


END = "version: 1\n"


def exchange(name: str, body: str = "data: {}\n\n") -> Exchange:
    request = RecordedRequest("GET", f"http://h.test/{name}", (), b"")
    return Exchange(request, WireResponse(200, (), (Chunk(body.encode()),)))


def names(path: Path) -> list[str]:
    return [one.request.url.rpartition("/")[2] for one in load_cassette(path).exchanges]


def test_each_exchange_is_in_the_file_once_it_was_appended(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.yaml"
    with CassetteWriter(path) as writer:
        assert not path.exists()
        for number in range(3):
            writer.append(exchange(str(number)))
            assert names(path) == [str(number) for number in range(number + 1)]
    assert [one.name for one in path.parent.iterdir()] == ["a.yaml"]
    assert path.read_text().startswith("version: 1\ninteractions:\n- request:\n    method: GET\n")


def test_the_first_exchange_replaces_a_cassette_unless_it_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    save_cassette(path, [exchange("old")])
    before = path.read_bytes()
    writer = CassetteWriter(path)
    assert path.read_bytes() == before
    writer.append(exchange("new"))
    assert names(path) == ["new"]
    CassetteWriter(path, append=True).append(exchange("newer"))
    assert names(path) == ["new", "newer"]


@pytest.mark.parametrize("margin", ["", "    "])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_cassette_of_vcrpy_is_appended_to_and_stays_as_it_was(tmp_path: Path, margin: str, start: str) -> None:
    path = tmp_path / "a.yaml"
    begins = VCRPY.index("- request")
    text = start + VCRPY[:begins] + indent(VCRPY[begins:].removesuffix(END), margin)
    path.write_text(text + END)
    writer = CassetteWriter(path, append=True)
    writer.append(exchange("one", "a\n\n  b"))
    writer.append(exchange("two"))
    assert names(path) == ["vcrpy", "one", "two"]
    assert load_cassette(path).exchanges[1].response.body == b"a\n\n  b"
    assert path.read_text().startswith(f"{text}{margin}- request:\n{margin}    method: GET\n")
    assert path.read_text().endswith(f"\n{END}")


def test_what_another_program_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    one, other = CassetteWriter(path), CassetteWriter(path, append=True)
    for number in range(3):
        one.append(exchange(f"one{number}"))
        other.append(exchange(f"other{number}"))
    assert names(path) == ["one0", "other0", "one1", "other1", "one2", "other2"]
    path.unlink()
    one.append(exchange("again"))
    assert names(path) == ["again"]


def test_what_another_program_made_of_the_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    writer = CassetteWriter(path)
    writer.append(exchange("one"))
    path.write_text("mine now\n")
    with pytest.raises(UnreadableCassette):
        writer.append(exchange("two"))
    assert path.read_text() == "mine now\n"


def test_many_threads_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    writer = CassetteWriter(path)

    def record(thread: int) -> None:
        for number in range(10):
            writer.append(exchange(f"{thread}-{number}"))

    running = [threading.Thread(target=record, args=(number,)) for number in range(8)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    found = names(path)
    assert sorted(found) == sorted(f"{thread}-{number}" for thread in range(8) for number in range(10))
    for thread in range(8):
        assert [name for name in found if name.startswith(f"{thread}-")] == [f"{thread}-{n}" for n in range(10)]


PROCESS = """
import sys
from pathlib import Path
from tests.recording.test_writer import CassetteWriter, exchange
writer = CassetteWriter(Path(sys.argv[1]), append=True)
for number in range(15):
    writer.append(exchange(f"{sys.argv[2]}-{number}"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks of folders")
def test_several_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    commands = [[sys.executable, "-c", PROCESS, str(path), str(number)] for number in range(3)]
    processes = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for command in commands]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert sorted(names(path)) == sorted(f"{process}-{number}" for process in range(3) for number in range(15))


@pytest.mark.parametrize("text", ['{"version": 1, "interactions": [%s]}', "version: 1\ninteractions: [%s]\n"])
def test_a_cassette_that_does_not_stand_line_by_line_is_not_appended_to(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yaml"
    interaction = '{"request": {"method": "GET", "uri": "u"}, "response": {"status": {"code": 200}}}'
    path.write_text(text % interaction)
    with pytest.raises(UnreadableCassette, match="do not stand line by line"):
        CassetteWriter(path, append=True)
    path.write_text(text % "")
    CassetteWriter(path, append=True).append(exchange("one"))
    assert names(path) == ["one"]


def test_what_is_no_cassette_is_not_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: b\n")
    with pytest.raises(UnreadableCassette, match="a cassette has"):
        CassetteWriter(path, append=True)


def test_a_cassette_that_could_not_be_loaded_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    writer = CassetteWriter(path)
    writer.append(exchange("one"))
    before = path.read_bytes()
    monkeypatch.setattr(writer_module, "SIZE_LIMIT", 700)
    with pytest.raises(CassetteFull, match=r"a\.yaml: the cassette would have \d+ bytes and 2 chunks; 700 and"):
        writer.append(exchange("two", "x" * 400))
    with pytest.raises(CassetteFull, match="make several"):
        save_cassette(path, [exchange("two", "x" * 800)])
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.yaml"]
    monkeypatch.undo()
    monkeypatch.setattr(writer_module, "CHUNK_LIMIT", 1)
    with pytest.raises(CassetteFull, match="2 chunks"):
        writer.append(exchange("two"))
    assert path.read_bytes() == before


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.yaml"
    writer = CassetteWriter(path)
    writer.append(exchange("one"))

    def refuse(self: Path, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        writer.append(exchange("two"))
    monkeypatch.undo()
    assert [one.name for one in tmp_path.iterdir()] == ["a.yaml"]
    assert names(path) == ["one"]
    writer.append(exchange("three"))
    assert names(path) == ["one", "three"]


def test_what_a_killed_recorder_left_behind_does_not_pile_up(tmp_path: Path) -> None:
    (tmp_path / ".a.yaml.part").write_text("half")
    CassetteWriter(tmp_path / "a.yaml").append(exchange("one"))
    assert [one.name for one in tmp_path.iterdir()] == ["a.yaml"]


def test_links_and_modes_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    save_cassette(real, [exchange("one")])
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(real.stat().st_mode) == 0o666 & ~umask
    real.chmod(0o640)
    link.symlink_to(real)
    CassetteWriter(link, append=True).append(exchange("two"))
    assert link.is_symlink()
    assert names(real) == ["one", "two"]
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_closed_writer_takes_nothing(tmp_path: Path) -> None:
    with CassetteWriter(tmp_path / "a.yaml") as writer:
        pass
    with pytest.raises(ValueError, match="closed"):
        writer.append(exchange("one"))
    assert list(tmp_path.iterdir()) == []


def test_no_exchanges_make_an_empty_cassette(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    save_cassette(path, [])
    assert yaml.safe_load(path.read_text()) == {"version": 1, "interactions": []}
    assert load_cassette(path).exchanges == ()
    CassetteWriter(path, append=True).append(exchange("one"))
    assert names(path) == ["one"]


class Masks:
    """Masks one word, as a redactor does it."""

    def clean(self, one: Exchange) -> tuple[Exchange, tuple[str, ...]]:
        hidden = one.request.url.replace("canary", "******")
        return Exchange(RecordedRequest("GET", hidden, (), b""), one.response, masked=1), ("canary",)


def test_what_is_written_and_given_back_is_cleaned(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    kept = CassetteWriter(path, redactor=Masks()).append(exchange("canary"))
    assert kept.request.url == "http://h.test/******"
    assert load_cassette(path).exchanges == (kept,)
    assert b"canary" not in path.read_bytes()


def test_the_default_is_a_redactor_that_knows_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789abcdef")
    path = tmp_path / "a.yaml"
    request = RecordedRequest("POST", "http://h.test/", (("authorization", "Bearer sk-canary-0123456789abcdef"),), b"")
    kept = CassetteWriter(path).append(Exchange(request, exchange("x").response))
    save_cassette(tmp_path / "b.yaml", [Exchange(request, exchange("x").response)])
    assert kept.request.headers == (("authorization", "Bearer **************************"),)
    assert kept.masked == 1
    assert b"canary" not in path.read_bytes() + (tmp_path / "b.yaml").read_bytes()
