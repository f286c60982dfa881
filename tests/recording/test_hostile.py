"""Cassettes that mean harm: each is refused with the file, the place and the reason, before it costs memory or time."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.recording import cassette, document, harness_key
from harness.recording.cassette import UnreadableCassette, load_cassette

HEAD = "version: 1\ninteractions:\n- request: {method: POST, uri: 'http://h.test/v1/messages'}\n  response:\n"
OURS = HEAD + "    status: {code: 200}\n    body: {string: abc}\n  x-harness: {version: 1, chunks: 3@5}\n"


def problem(folder: Path, text: str | bytes, name: str = "a.yaml") -> str:
    """What is said of a cassette that cannot be read, without the folder."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UnreadableCassette) as caught:
        load_cassette(folder / name)
    return str(caught.value).removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    "harm",
    [
        "!!python/object/apply:os.system ['touch {0}']",
        "!!python/object/apply:builtins.eval [\"open('{0}', 'w')\"]",
        "!!python/object/new:subprocess.Popen [['touch', '{0}']]",
        "!!python/name:os.system ''",
        "!!python/object:__main__.X {{}}",
        "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch {0}']",
    ],
)
@pytest.mark.parametrize("place", ["    body: {{string: {}}}\n", "    body: {}\n", "    headers: {{a: {}}}\n"])
def test_nothing_is_executed(tmp_path: Path, harm: str, place: str) -> None:
    canary = tmp_path / "canary"
    said = problem(tmp_path, HEAD + place.format(harm.format(canary)))
    assert said.startswith("a.yaml:5: the tag ")
    assert "is refused" in said
    assert not canary.exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("3@5", "4@5", "a.yaml:7: interactions[0].x-harness.chunks: the chunks have 4 bytes, and the body has 3"),
        ("3@5", "'3'", "'3' is no chunk: one is written SIZE@MICROSECONDS"),
        ("3@5", "3@", "'3@' is no chunk"),
        ("3@5", "'-1@5 4@6'", "'-1@5' is no chunk"),
        ("3@5", "3@٥", "is no chunk"),
        ("3@5", "3@5_0", "is no chunk"),
        ("3@5", "3@" + "9" * 400, "is no chunk"),
        ("3@5", "3@2592000000001", "'3@2592000000001' came later than 2592000000000 microseconds"),
        ("3@5", "[[3, 2592000000001]]", "x-harness.chunks[0][1]: Expected `int` <= 2592000000000"),
        ("3@5", "[[3, 0x" + "f" * 60 + "]]", "x-harness.chunks[0][1]: Expected `int` <= "),
        ("3@5", "[[-3, 1], [6, 2]]", "x-harness.chunks[0][0]: Expected `int` >= 0"),
        ("3@5", "[[true, 1]]", "x-harness.chunks[0][0]: Expected `int`, got `bool`"),
        ("3@5", "{3: 5}", "x-harness.chunks: Expected `str | array`, got `object`"),
        ("3@5", "3@5, head_us: -1", "x-harness.head_us: Expected `int` >= 0"),
        ("3@5", "3@5, head_us: .nan", "x-harness.head_us: Expected `int`"),
        ("3@5", "3@5, missing_bytes: -1", "x-harness.missing_bytes: Expected `int` >= 0"),
        ("3@5", "3@5, ending: [clean]", "x-harness.ending: Expected `str`"),
        ("3@5", "3@5, provider: ../../etc", "x-harness.provider: a name has no `..`"),
        ("3@5", "3@5, scenario: /etc/passwd", "x-harness.scenario: a name has no `..`"),
        ("3@5", "3@5, scenario: a/../../b", "x-harness.scenario: a name has no `..`"),
        ("3@5", 'a\n3@5, scenario: "a\\\\b"'.partition("\n")[2], "x-harness.scenario: a name has no `..`"),
        ("3@5", "3@5, transcript: '[]'", "x-harness.transcript: a transcript is a mapping"),
        ("3@5", "3@5, transcript: '{'", "x-harness.transcript: this is no JSON"),
        ("3@5", "3@5, transcript: '" + "[" * 100_000 + "'", "x-harness.transcript: this is no JSON"),
        ("3@5", "3@5, response_order: 0 1", "x-harness.response_order: these are not the numbers of the headers"),
        ("3@5", "3@5, request_order: x", "x-harness.request_order: these are not the numbers"),
        (
            "version: 1, ch",
            "version: 0x" + "f" * 60 + ", ch",
            "x-harness.version: version of another kind is not known",
        ),
        ("version: 1, ch", "version: [1], ch", "x-harness.version: version of another kind is not known"),
        ("version: 1\n", "version: {a: b}\n", "a.yaml:1: version: this is version of another kind of the format"),
        ("{string: abc}", "{string: [a]}", "interactions[0].response.body.string: a body is text"),
        ("{string: abc}", "[a]", "interactions[0].response.body: a body is text"),
        ("{string: abc}", "{string: {string: abc}}", "interactions[0].response.body: the body has no `string`"),
        ("code: 200", "code: true", "interactions[0].response.status: a response has a `status`"),
        ("code: 200", "code: 1e3", "interactions[0].response.status"),
        ("code: 200", "code: 0x" + "f" * 60, "interactions[0].response.status"),
        ("http://h.test/", "http://[::1/", "interactions[0].request.uri: this is no URL: Invalid IPv6 URL"),
        ("http://h.test/", "http://h.test:99999/", "interactions[0].request.uri: this is no URL: Port out of range"),
        ("method: POST", "method: [POST]", "interactions[0].request: a request has a `method` and a `uri`"),
        ("    status", "    headers: [a, b]\n    status", "interactions[0].response.headers: headers are a mapping"),
        ("    status", "    headers: {null: a}\n    status", "response.headers: a header's name is text"),
        ("    status", "    headers: {a: [[b]]}\n    status", "response.headers.a: a header's value is text"),
        ("    status", f"    headers: {{a: 0x{'f' * 60}}}\n    status", "response.headers.a: a header's value is text"),
        ("    status", "    headers: {[a]: b}\n    status", "a key is a list or a mapping"),
    ],
)
def test_wrong_types_and_limits_are_named_with_their_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "good.yaml").write_text(OURS)
    assert len(load_cassette(tmp_path / "good.yaml").exchanges) == 1
    assert old in OURS
    assert said in problem(tmp_path, OURS.replace(old, new, 1))


def test_aliases_that_amount_to_gigabytes_cost_nothing(tmp_path: Path) -> None:
    lines = ["lol0: &lol0 [" + "lol, " * 9 + "lol]"]
    lines += [f"lol{n}: &lol{n} [" + f"*lol{n - 1}, " * 9 + f"*lol{n - 1}]" for n in range(1, 12)]
    assert "amounts to too much once its aliases are written out" in problem(tmp_path, "\n".join(lines) + "\n" + OURS)


def test_one_long_body_that_is_named_often_counts_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "EXPANDED_LIMIT", 100_000)
    item = HEAD.partition("- ")[2]
    text = HEAD + f"    status: {{code: 200}}\n    body: &b {{string: {'x' * 10_000}}}\n"
    text += f"- {item}    status: {{code: 200}}\n    body: *b\n" * 10
    assert "amounts to too much" in problem(tmp_path, text)


def test_a_file_that_is_too_long_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(UnreadableCassette, match="the file has 67108865 bytes, and 67108864 are the limit"):
        load_cassette(path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero")
def test_a_device_without_end_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "a.yaml"
    link.symlink_to("/dev/zero")
    with pytest.raises(UnreadableCassette, match="are the limit"):
        load_cassette(link)


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "a\0b", Path("x" * 5000)):
        with pytest.raises(UnreadableCassette, match="cannot be read"):
            load_cassette(path)


def test_a_number_without_end_is_text(tmp_path: Path) -> None:
    """Its worth would take minutes to work out."""
    for number in ("1" * 100_000, ":".join(["1"] * 100_000), "0x" + "f" * 100_000):
        assert "a `status` with a `code`" in problem(tmp_path, OURS.replace("200", number))
        tagged = problem(tmp_path, OURS.replace("200", f"!!int '{number}'"))
        assert f"a value of the tag tag:yaml.org,2002:int has {len(number)} characters" in tagged


def test_bodies_that_unpack_to_too_much_together_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cassette, "BODY_LIMIT", 250_000)
    packed = base64.b64encode(gzip.compress(bytes(100_000))).decode()
    item = HEAD.partition("- ")[2] + "    status: {code: 200}\n    headers: {content-encoding: gzip}\n"
    text = "version: 1\ninteractions:\n" + f"- {item}    body: {{string: !!binary {packed}}}\n" * 5
    said = problem(tmp_path, text)
    assert said.startswith(
        "a.yaml:13: interactions[2]: up to here the bodies have 300000 bytes in 3 chunks; 250000 and"
    )


def test_chunks_without_number_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cassette, "CHUNK_LIMIT", 100)
    said = problem(tmp_path, OURS.replace("3@5", "'" + "0@1 " * 99 + "3@5 0@6'"))
    assert said.startswith("a.yaml:7: interactions[0].x-harness.chunks: these are more than 100 chunks")
    item = OURS.partition("- ")[2]
    text = "version: 1\ninteractions:\n" + f"- {item}".replace("3@5", "'" + "0@1 " * 59 + "3@5'") * 2
    assert "up to here the bodies have 6 bytes in 120 chunks" in problem(tmp_path, text)


def test_json_is_no_way_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for harm in ("[" * 100_000, '{"version": 1, "interactions": ' + "[" * 100_000):
        assert "this is no JSON" in problem(tmp_path, harm, "a.json")
    data = yaml.safe_load(OURS)
    data["interactions"][0]["request"]["uri"] = "http://h.test/\ud800"
    assert "request.uri: this is no URL" in problem(tmp_path, json.dumps(data), "b.json")
    assert "this is no JSON" in problem(tmp_path, '{"version": ' + "1" * 5000 + "}", "c.json")
    monkeypatch.setattr(document, "EXPANDED_LIMIT", 100_000)
    assert "the document has too many values" in problem(tmp_path, "{" + "[]," * 2000, "d.json")


MEMORY = """
import resource, sys
from harness.recording.cassette import UnreadableCassette, load_cassette
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
for path in sys.argv[1:]:
    try:
        load_cassette(path)
    except UnreadableCassette as error:
        print(str(error).rpartition("/")[2])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used) // 1024 < 400)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux does it")
def test_what_is_refused_costs_little_memory(tmp_path: Path) -> None:
    (tmp_path / "aliases.yaml").write_text("a: &a " + "x" * 1_000_000 + "\nb: [" + "*a, " * 300 + "]\n")
    (tmp_path / "lists.json").write_text("[" + "[]," * 20_000_000 + "[]]")
    with (tmp_path / "long.yaml").open("wb") as file:
        file.truncate(2**30)
    paths = [str(tmp_path / name) for name in ("aliases.yaml", "lists.json", "long.yaml")]
    done = subprocess.run([sys.executable, "-c", MEMORY, *paths], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    aliases, lists, long, within = done.stdout.splitlines()
    assert aliases.startswith("aliases.yaml:2: the document amounts to too much")
    assert lists.startswith("lists.json: this is no JSON: the document has too many values")
    assert long.startswith("long.yaml: the file has 67108865 bytes")
    assert within == "True"


PIECES = st.sampled_from(
    [
        *OURS.splitlines(keepends=True),
        "&a ",
        "*a ",
        "!!int ",
        "!!binary ",
        "? ",
        "- ",
        "[",
        "{",
        "'",
        '"',
        "|\n",
        "\0",
        "9",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=14))
def test_whatever_a_file_has_it_is_read_or_refused(pieces: list[str]) -> None:
    """Pieces of a cassette and what breaks one, in any order: nothing else is ever raised."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.yaml")
        path.write_bytes("".join(pieces).encode("utf-8", "replace"))
        try:
            loaded = load_cassette(path)
        except UnreadableCassette as error:
            assert str(error).startswith(str(path))
        else:
            assert loaded.path == path


def test_the_limits_are_those_that_are_told() -> None:
    assert (document.SIZE_LIMIT, document.DEPTH_LIMIT, harness_key.NAME_LENGTH) == (67_108_864, 100, 200)
    assert (cassette.CHUNK_LIMIT, cassette.BODY_LIMIT) == (1_000_000, 268_435_456)
