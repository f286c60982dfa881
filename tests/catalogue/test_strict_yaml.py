"""The YAML that scenario files are written in: what it reads, what it refuses, and that nothing makes it slow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalogue.strict_yaml import FILE_LIMIT, BadYaml, line_of, read_yaml


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("7", 7),
        ("-7", -7),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("no", "no"),
        ("on", "on"),
        ("True", "True"),
        ("2026-01-02", "2026-01-02"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ('"7"', "7"),
        ("!!str 7", "7"),
        ("!!binary aGk=", b"hi"),
        ('!repeat ["na ", 3]', "na na na "),
        ("'a: b'", "a: b"),
        ('"\\u00e9\\t"', "é\t"),
    ],
)
def test_scalars_follow_the_core_schema(scalar: str, value: object) -> None:
    read = read_yaml(f"key: {scalar}\n".encode())["key"]
    assert read == value
    assert type(read) is type(value)


def test_aliases_repeat_what_their_anchor_names() -> None:
    assert read_yaml(b"a: &x {k: [1]}\nb: *x\n") == {"a": {"k": [1]}, "b": {"k": [1]}}


LAUGHS = b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"a: 1\nb: 2\na: 3\n", 3, "'a' is given twice"),
        (b"a: 1\n<<: {b: 2}\n", 2, "merge keys"),
        (b"a: !!python/object/apply:os.system [true]\n", 1, "the tag"),
        (b"a: !!python/name:os.system\n", 1, "the tag"),
        (b"a: !!set {b}\n", 1, "the tag !!set"),
        (b"--- 1\n--- 2\n", 2, "one document"),
        (b"", 1, "empty"),
        (b"a:\n - b\n - [c\n", 4, "not YAML"),
        (b"a: \x00\n", 1, "not YAML"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        (b"a: *b\n", 1, "no anchor"),
        (b"a: &b [*b]\n", 1, "no anchor"),
        (b"? [a]\n: 1\n", 1, "a key"),
        (b"a: !!binary '?'\n", 1, "base64"),
        (b"a: !repeat [x]\n", 1, "a repetition"),
        (b"a: !repeat [x, -1]\n", 1, "a repetition"),
        (b"a: !repeat [x, 99999999999]\n", 1, "characters together"),
        (b"[" * 100_000, 1, "nest deeper"),
        (b"- " * 100_000, 1, "nest deeper"),
        (b"{a: " * 50_000, 1, "nest deeper"),
        (LAUGHS, 5, "more than 50000 values"),
        (b"#" * (FILE_LIMIT + 1), 1, "the limit is"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(data: bytes, line: int, words: str) -> None:
    with pytest.raises(BadYaml) as refusal:
        read_yaml(data)
    assert (refusal.value.line, words in refusal.value.message) == (line, True), refusal.value.message


def test_a_line_is_found_for_every_field() -> None:
    data = b"a:\n  b:\n    - c: 1\n      d: [2, 3]\n"
    assert [line_of(data, path) for path in (["a"], ["a", "b", 0, "d"], ["a", "b", 0, "d", 1])] == [1, 4, 4]


def test_the_line_of_a_field_that_is_not_there_is_the_nearest_around_it() -> None:
    assert line_of(b"a: 1\nb:\n  c: 2\n", ["b", "missing", 3]) == 2


@given(st.binary(max_size=300) | st.text(alphabet="ab:-[]{}&*!<>|'\"#\n ,", max_size=120).map(str.encode))
def test_no_input_makes_it_raise_anything_else(data: bytes) -> None:
    try:
        read_yaml(data)
    except BadYaml as error:
        assert error.line >= 1
