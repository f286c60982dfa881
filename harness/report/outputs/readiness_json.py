"""Readiness as data: every client with every server, the streams that were counted, and what is shown, or is not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from harness.lint.traits import trait_words
from harness.report.matrix import Cell
from harness.report.mending import ClientReadiness, Gap, Hit, Mend
from harness.report.readiness import OUTCOMES, Pairing
from harness.report.served import Server

FORMAT = "harness-readiness/1"


def readiness_json(clients: Iterable[ClientReadiness]) -> str:
    """The document: `clients`, each with its `servers`, `failures` and `not_known`; places are file#exchange, byte."""
    document = {"format": FORMAT, "clients": [_client(each) for each in clients]}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _client(client: ClientReadiness) -> dict[str, Any]:
    return {
        "system": client.system,
        "version": client.version,
        "suspect": [standing.column.dialect for standing in client.suspects],
        "servers": [_pairing(each) for each in client.pairings],
        "failures": [_mend(each) for each in client.mends],
        "not_known": [_gap(each) for each in client.gaps],
    }


def _pairing(pairing: Pairing) -> dict[str, Any]:
    return {
        **_server(pairing.server),
        "verdict": pairing.verdict,
        "streams": pairing.every,
        **{outcome: pairing.streams(outcome) for outcome in OUTCOMES},
    }


def _server(server: Server) -> dict[str, Any]:
    gateway = {"version": server.version, "upstream": server.upstream} if server.source == "gateway" else {}
    return {"server": server.name, "dialect": server.dialect, "source": server.source, **gateway}


def _mend(mend: Mend) -> dict[str, Any]:
    return {
        "dialect": mend.dialect,
        "traits": {trait: trait_words(mend.dialect, trait) for trait in mend.traits},
        "aspect": mend.aspect,
        "silent": mend.silent,
        "shown_by": [_cell(failed.cell) for failed in mend.shown_by],
        "servers": [_hit(hit, mend.traits) for hit in mend.hits],
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "dialect": gap.dialect,
        "trait": gap.trait,
        "words": trait_words(gap.dialect, gap.trait),
        "why": gap.why,
        "cells": [_cell(cell) for cell in gap.cells],
        "servers": [_hit(hit, (gap.trait,)) for hit in gap.hits],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    findings = [{"kind": each.kind, "check": each.check, "message": each.message} for each in cell.result.failures]
    return {"scenario": cell.result.scenario, "verdict": cell.result.verdict, "cell": cell.href, "failures": findings}


def _hit(hit: Hit, traits: Iterable[str]) -> dict[str, Any]:
    server = hit.pairing.server
    where = next((server.places[trait] for trait in traits if trait in server.places), None)
    place = {"first": where.words, "byte": where.offset} if where else {}
    return {**_server(server), "streams": hit.streams, **place}
