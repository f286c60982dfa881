from __future__ import annotations

import subprocess
import sys

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.recording import document
from harness.recording.document import DocumentError, end_of_list, read_document


def read(text: str) -> object:
    return read_document(text.encode(), only_json=False).data


def refused(text: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(text)
    return caught.value


def test_plain_values_are_read() -> None:
    assert read("a: [1, 2.5, true, null, 'x', !!binary aGk=]") == {"a": [1, 2.5, True, None, "x", b"hi"]}


def test_dates_and_merge_keys_are_plain_strings() -> None:
    assert read("{'x': 2024-99-99, <<: y}") == {"x": "2024-99-99", "<<": "y"}


def test_the_values_that_older_vcrpy_tagged_are_read() -> None:
    assert read("[!!python/str a, !!python/tuple [b, [c]]]") == ["a", ["b", ["c"]]]


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system",
        "!!python/object/new:subprocess.Popen",
        "!!python/name:os.system",
        "!!python/module:os",
        "!custom",
        "!<tag:example.test,2024:x>",
    ],
)
def test_foreign_tags_are_refused_with_their_line(tag: str) -> None:
    error = refused(f"a: b\nc: {tag} ['true']\n")
    assert "is refused" in str(error)
    assert error.line == 2


def test_nesting_that_would_end_the_process_is_refused() -> None:
    assert "nested more than 100 levels deep" in str(refused("[" * 200_000))
    assert "nested more than 100 levels deep" in str(refused("- " * 200_000))


def test_it_is_the_composer_that_cannot_bear_deep_nesting() -> None:
    """Should this fail one day, the check of the events has lost its first reason."""
    program = "import yaml; yaml.compose('[' * 200_000, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode != 0


def test_aliases_that_amount_to_gigabytes_are_refused_at_once() -> None:
    lines = ["a0: &a0 [" + "x, " * 9 + "x]"]
    lines += [f"a{n}: &a{n} [" + f"*a{n - 1}, " * 9 + f"*a{n - 1}]" for n in range(1, 12)]
    error = refused("\n".join(lines))
    assert "amounts to too much" in str(error)
    assert error.line is not None
    assert error.line < 10


def test_a_long_text_that_is_named_often_counts_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "EXPANDED_LIMIT", 100_000)
    assert "amounts to too much" in str(refused("- &a " + "x" * 30_000 + "\n" + "- *a\n" * 4))
    assert len(read("- &a " + "x" * 30_000 + "\n- *a\n")) == 2  # type: ignore[arg-type]  # it is a list


def test_an_alias_inside_of_what_it_names_is_refused() -> None:
    assert "*a lies inside of what it names" in str(refused("a: &a [b, *a]"))


def test_a_file_has_a_size_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "SIZE_LIMIT", 10)
    assert "has 11 bytes, and 10 are the limit" in str(refused("a" * 11))


def test_a_byte_order_mark_is_no_part_of_the_document() -> None:
    assert read_document(b"\xef\xbb\xbfa: 1", only_json=False).data == {"a": 1}
    assert read_document(b'\xef\xbb\xbf{"a": 1}', only_json=True).data == {"a": 1}


def test_places_have_lines() -> None:
    found = read_document(b"a:\n- b: 1\n- c:\n    d: 2\n", only_json=False)
    assert found.line_of(("a", 1, "c", "d")) == 4
    assert found.line_of(("a", 1, "c", "nothing")) == 4
    assert found.line_of(("a", 7)) == 2
    assert found.line_of(()) == 1


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(alphabet="[]{}:,-&*!<|>'\"?# \n\tab1", max_size=60).map(str.encode)))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for only_json in (True, False):
        try:
            found = read_document(raw, only_json=only_json)
        except DocumentError as error:
            assert str(error)
            assert error.line is None or 1 <= error.line <= max(1, len(raw.decode("utf-8", "replace").splitlines()))
        else:
            assert found.text.encode() == raw.removeprefix(b"\xef\xbb\xbf")


class PlainLoader(yaml.SafeLoader):
    """PyYAML's, without dates and merge keys."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # as PyYAML has it
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":merge"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="[]{}:,-&*<|>'\"?# \n\tab1.~ey", max_size=60))
def test_both_of_pyyamls_parsers_give_the_same_values(text: str) -> None:
    """Those that PyYAML's own loader gives, where it gives any; the parser in Python takes a little more."""
    try:
        found = read(text)
    except DocumentError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "_LOADER", yaml.SafeLoader)
        try:
            assert read(text) == found
        except DocumentError:
            return
    try:
        assert yaml.load(text, Loader=PlainLoader) == found
    except (yaml.YAMLError, ValueError):
        return


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nlist:\n- b\n- c: |+\n    d\n\n\nend: 2\n", (31, 0)),
        ("list:\n  - b\n", (12, 2)),
        ("list:\n- é\n# a comment\nend: 2\n", (22, 0)),
        ("{list: [b]}", None),
        ("list: b\n", None),
        ("? {list: c}\n: [b]\nother:\n- c\n", None),
    ],
)
@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_the_end_of_a_list_is_found(
    monkeypatch: pytest.MonkeyPatch, loader: object, text: str, found: tuple[int, int] | None
) -> None:
    monkeypatch.setattr(document, "_LOADER", loader)
    assert end_of_list(text, "list") == found


def test_a_line_is_found_behind_keys_and_values_of_any_kind() -> None:
    found = read_document(b"? 1\n: [a, {b: c}]\nd: {e: f}\ng:\n  - h: [i]\n    j: k\n", only_json=False)
    assert found.line_of(("g", 0, "j")) == 6
    assert found.line_of(("g", 0, "h", 0)) == 5
    assert found.line_of(("d", "e", "f")) == 3
