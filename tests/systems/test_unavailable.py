"""What cannot be put under test is listed with its reason, and a wrong list says where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.systems.registry import bundled_names
from harness.systems.unavailable import UnreadableList, unavailable


def test_nothing_is_both_there_and_not_there() -> None:
    assert not {entry.name for entry in unavailable()} & set(bundled_names())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- name: a\n  reason: It cannot be had.\n", "0.tried: Field required"),
        ("- {name: a, reason: none, tried: pip install a}\n", "0.reason: String should have at least 10 characters"),
        ("- [\n", "cannot be read"),
    ],
)
def test_a_wrong_list_says_where(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(text)
    with pytest.raises(UnreadableList, match=r"list\.yaml: ") as raised:
        unavailable(path)
    assert said in str(raised.value)
