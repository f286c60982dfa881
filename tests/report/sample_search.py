"""Sample searches: a reader that stands everything, one that decodes UTF-8 by reads, one that could not be asked."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

from harness.catalogue.findings import FailureKind, Verdict
from harness.catalogue.models import Level
from harness.runner.results import Footer, FuzzFinding, FuzzResult, Run

from .sample import WHOLE, header_of
from .sample_wire import text_frames

BODY = b"".join(text_frames("openai-chat", ("Oslo", " today:", " 3 °C", ", light", " snow ❄")))
IN_DEGREE = BODY.index("°".encode()) + 1
"""Inside the two bytes of the degree sign."""
INTACT: dict[str, Any] = {"text": WHOLE, "finish": "stop", "end": {"status": "completed", "error": None, "note": ""}}
BROKEN: dict[str, Any] = {**INTACT, "text": WHOLE.replace("°", "\ufffd\ufffd")}


def finding_of(
    *,
    family: str = "literal",
    kind: FailureKind = "corruption",
    silent: bool = True,
    level: Level = "must",
    cuts: Sequence[int] = (IN_DEGREE,),
    **changes: Any,
) -> FuzzFinding:
    """A finding of a stream that was cut at these offsets."""
    ends = [0, *cuts, len(BODY)]
    pieces = [BODY[start:end] for start, end in pairwise(ends)]
    values: dict[str, Any] = {
        "words": f"cut after byte {cuts[0]}, inside the second byte of °" if cuts else "one read",
        "plan": {"cuts": list(cuts)},
        "differences": ["the text changed: '°' became '\ufffd\ufffd'"],
        "body_b64": [base64.b64encode(piece).decode() for piece in pieces],
        "status": 200,
        "headers": [("content-type", "text/event-stream")],
        "how_ended": "clean",
        "expected": INTACT,
        "seen": BROKEN,
        "reproduce": "harness fuzz --system junior --scenario text/plain --cuts --plan '{\"cuts\": [412]}'",
    }
    return FuzzFinding(family=family, level=level, kind=kind, silent=silent, **{**values, **changes})


def search_of(
    system: str = "junior",
    kind: Literal["cuts", "neutral", "damage"] = "cuts",
    *findings: FuzzFinding,
    stream: str = "text/plain",
    **changes: Any,
) -> FuzzResult:
    """A search that found these."""
    verdict: Verdict = "fail" if findings else "pass"
    values: dict[str, Any] = {
        "system_version": "1.0",
        "dialect": "openai-chat",
        "source": "",
        "size": len(BODY),
        "tried": {"single": 400, "plan": 30},
        "verdict": verdict,
        "seed": 7,
        "examples": 30,
        "duration_s": 1.5,
        "reproduce": f"harness fuzz --system {system} --scenario {stream} --{kind} --seed 7",
        "proof": "sampled" if kind == "cuts" else "",
    }
    return FuzzResult(system=system, stream=stream, kind=kind, findings=list(findings), **{**values, **changes})


def searched_run() -> Run:
    """Three systems: one that stands everything, one with findings of every level, one that could not be started."""
    proved = {"proof": "complete", "proof_note": "every slice of its framing"}
    hang = finding_of(family="reset", kind="hang", silent=False, rule="no success after a cut before the stop reason")
    mild = finding_of(family="comment", kind="leak", silent=False, level="should")
    known = finding_of(family="literal", kind="loss", silent=False, known="reported upstream", known_proof="tests/x.py")
    searches = (
        search_of("reference", "cuts", **proved),
        search_of("reference", "neutral", tried={"comment": 12}),
        search_of("reference", "damage", tried={"reset": 9}),
        search_of("junior", "cuts", finding_of()),
        search_of("junior", "cuts", finding_of(cuts=(IN_DEGREE, IN_DEGREE + 40)), stream="text/long"),
        search_of("junior", "neutral", mild, known),
        search_of("junior", "damage", hang),
        search_of("absent", "cuts", verdict="error", tried={}, note="the worker died with signal 9", proof=""),
    )
    return Run(header_of((), {}), (), (), Footer(len(searches), 9.5), searches=searches)
