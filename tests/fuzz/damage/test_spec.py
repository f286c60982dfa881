"""`specs/damage.yaml` is read strictly: what is wrong in it is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.dialects import dialect_names
from harness.endpoints.data_file import BadDataFile, read_data_file
from harness.fuzz.damage.account import Account
from harness.fuzz.damage.spec import DamageSpec, damage_spec

GOOD = """\
authorities: {sense: what follows from the words alone}
rules:
  ends-in-time: {level: must, says: It ends., by: sense}
dialects:
  ollama:
    framing: ndjson
    by: sense
    reads:
      - {when: {done: true}, end: done}
    errors: {line: '{"error":"busy"}'}
"""


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "damage.yaml"
    path.write_text(text)
    with pytest.raises(BadDataFile) as caught:
        read_data_file(path, DamageSpec)
    return str(caught.value).removeprefix(str(path))


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "damage.yaml"
    path.write_text(GOOD)
    assert read_data_file(path, DamageSpec).dialects["ollama"].reads[0].when == {"done": [True]}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("end: done}", "ends: done}", ":9: dialects.ollama.reads.0.ends: unknown key 'ends'; did you mean 'end'?"),
        ("by: sense}", "by: sens}", ":3: rules.ends-in-time.by: unknown authority 'sens'; did you mean 'sense'?"),
        ("    by: sense\n", "    by: dialect\n", ":7: dialects.ollama.by: unknown authority 'dialect'"),
        ("level: must", "level: always", ":3: rules.ends-in-time.level: "),
        ("framing: ndjson", "framing: xml", ":6: dialects.ollama.framing: "),
        ("{sense:", "{http: what nobody asks, sense:", ":1: authorities: authorities that nothing rests on: http"),
        ('errors: {line: \'{"error":"busy"}\'}', "errors: {}", ":10: dialects.ollama.errors: "),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert refusal(tmp_path, GOOD.replace(old, new, 1)).startswith(said)


def test_every_dialect_has_its_tables() -> None:
    assert sorted(damage_spec().dialects) == sorted(dialect_names())


@pytest.mark.parametrize("dialect", damage_spec().dialects)
def test_the_errors_of_a_dialect_are_errors_by_its_own_tables(dialect: str) -> None:
    tables = damage_spec().dialects[dialect]
    for frame in tables.errors.values():
        account = Account.of(tables, frame.replace("NUMBER", "7").encode() + b"\n\n")
        assert [piece.what for pieces in account.pieces for piece in pieces] == ["error"]
