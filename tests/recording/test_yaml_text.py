from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.recording.yaml_text import Body, yaml_lines

LOADERS = [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)]

CHARACTERS = st.characters(exclude_categories=["Cs"])
AWKWARD = st.sampled_from(
    [*" \t\n\r\x85\u2028\u2029\ufeff\0\x7f'\"\\|>-:#&*!%@`,[]{}?~=ab0", "\n\n", "👋", "\r\n", "- "]
)
TEXTS = st.one_of(st.text(CHARACTERS, max_size=30), st.lists(AWKWARD, max_size=12).map("".join))
SCALARS = st.one_of(TEXTS, TEXTS.map(Body), st.binary(max_size=120), st.integers(), st.booleans(), st.none())
VALUES = st.recursive(
    st.one_of(SCALARS, st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_is_written_is_read_by_both_of_pyyamls_readers(value: dict[str, Any]) -> None:
    text = yaml_lines(value) or "{}\n"
    for loader in LOADERS:
        assert yaml.load(text, Loader=loader) == value
    assert text.endswith("\n")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.fixed_dictionaries({"a": TEXTS, "b": TEXTS.map(Body)}), min_size=1, max_size=3))
def test_items_written_one_by_one_make_a_list(items: list[dict[str, str]]) -> None:
    text = "top:\n" + "".join(f"- {yaml_lines(item, '  ')[2:]}" for item in items) + "last: end\n"
    for loader in LOADERS:
        assert yaml.load(text, Loader=loader) == {"top": items, "last": "end"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text/event-stream", "k: text/event-stream\n"),
        ("https://a.b/v1?x=1", "k: https://a.b/v1?x=1\n"),
        ("51@120044 17@131870", "k: 51@120044 17@131870\n"),
        ("a: b", "k: 'a: b'\n"),
        ("it's", "k: 'it''s'\n"),
        ("No", "k: 'No'\n"),
        ("12", "k: '12'\n"),
        ("", "k: ''\n"),
        ("a\tb", 'k: "a\\tb"\n'),
        ("data: 👋 \n\ndata\n\n", "k: |+\n  data: 👋 \n\n  data\n\n"),
        ("a\nb", "k: |-\n  a\n  b\n"),
        (" a\nb\n", "k: |2\n   a\n  b\n"),
        (Body("{}"), "k: |-\n  {}\n"),
        ("\n\n", 'k: "\\n\\\n  \\n"\n'),
        ("a\r\n b\r\n", 'k: "a\\r\\n\\\n  \\ b\\r\\n"\n'),
        ("a\x85\ufeff\U0001fffe", 'k: "a\\x85\\ufeff🿾"\n'),
        ("\ud83d", 'k: "\\ufffd"\n'),
        (b"\xff", "k: !!binary |\n  /w==\n"),
        (1e16, "k: 1.0e+16\n"),
        (float("-inf"), "k: -.inf\n"),
        ([[1], {"a": []}, {}], "k:\n-\n  - 1\n- a: []\n- {}\n"),
        ({"x" * 200: 1}, f'k:\n  ? "{"x" * 200}"\n  : 1\n'),
    ],
)
def test_values_are_set_as_a_reader_wants_them(value: Any, text: str) -> None:
    assert yaml_lines({"k": value}) == text
