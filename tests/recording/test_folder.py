from __future__ import annotations

from pathlib import Path

import pytest

from harness.recording.cassette import UnreadableCassette
from harness.recording.folder import read_cassettes

CASSETTE = "version: 1\ninteractions: []\n"


def write(folder: Path, *names: str, content: str = CASSETTE) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return paths


def names(*paths: Path) -> list[str]:
    return [each.name for each in read_cassettes(paths).cassettes]


def test_a_folder_gives_its_cassettes_by_their_paths_in_order(tmp_path: Path) -> None:
    write(tmp_path, "b.yaml", "a/two.yml", "a/one.json", "a/.one.yaml.tmp", ".hidden/x.yaml", "notes.txt")
    (tmp_path / "a/one.json").write_text('{"version": 1, "interactions": []}')
    assert names(tmp_path) == ["a/one", "a/two", "b"]


def test_files_that_are_no_cassettes_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, "one.yaml")
    [other] = write(tmp_path, "servers.yaml", content="servers: [a]\n")
    found = read_cassettes([tmp_path])
    assert ([each.name for each in found.cassettes], found.others) == (["one"], (other,))


def test_two_of_one_name_go_by_their_paths(tmp_path: Path) -> None:
    one, two, three = write(tmp_path, "a/text.yaml", "b/text.yaml", "c/other.yaml")
    assert names(one, three) == ["text", "other"]
    below = tmp_path.as_posix().lstrip("/")
    assert names(one, two, three) == [f"{below}/a/text", f"{below}/b/text", "other"]


def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path) -> None:
    [broken] = write(tmp_path, "sub/broken.yaml", content="version: 1\ninteractions: {}\n")
    (tmp_path / "empty").mkdir()
    [other] = write(tmp_path, "others/servers.yaml", content="servers: []\n")
    for path, problem in (
        (tmp_path / "none.yaml", "none.yaml: cannot be read"),
        (tmp_path / "empty", "empty: no cassette lies there"),
        (other.parent, "others: no cassette lies there"),
        (other, "servers.yaml"),
        (broken.parent, "broken.yaml"),
    ):
        with pytest.raises(UnreadableCassette, match=problem):
            read_cassettes([path])
