"""What gateways of others really do with literal bytes.

Each row of `gateway_proofs/<system>.yaml` is a failure that the catalogue finds; a new version that mends it fails the
row. docs/findings/README.md says how to write one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .gateway_proof import GatewayRow, Stage, all_rows, manifest_of


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


@pytest.mark.third_party
@pytest.mark.parametrize("row", all_rows(), ids=lambda row: row.id)
def test_proof(stage: Stage, row: GatewayRow) -> None:
    shown = stage.show(row)
    problem = f"status {shown.status}, {shown.requests} requests, {shown.headers}, body {shown.ends}: {shown.body}"
    assert shown.status == row.status, problem
    assert shown.ends == row.ends, problem
    place = 0
    for part in row.shows:
        assert part in shown.body[place:], f"{part!r} is not there; {problem}"
        place = shown.body.index(part, place) + len(part)
    assert [part for part in row.lacks if part in shown.body] == [], problem
    got = {name.lower(): value for name, value in shown.headers.items()}
    assert {name: got.get(name) for name in row.headers} == row.headers, problem
    if row.requests is not None:
        assert shown.requests == row.requests


@pytest.mark.parametrize("system", sorted({row.system for row in all_rows()}))
def test_a_proof_is_of_a_gateway_that_is_bundled(system: str) -> None:
    assert manifest_of(system).is_file()
