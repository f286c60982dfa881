"""Sample results in which every field that came from outside is an attack on whoever looks at it."""

from __future__ import annotations

import base64
from typing import Any

from msgspec.structs import replace

from harness.catalogue.findings import Finding
from harness.runner.results import (
    AttemptRecord,
    ChunkRecord,
    EventRecord,
    Evidence,
    Footer,
    FuzzResult,
    RecordingResult,
    Result,
    Run,
    ScenarioNote,
    SystemNote,
)

from .sample import header_of, recording_of
from .sample_search import finding_of, search_of

SCRIPT = "<script>document.title='owned'</script>"
IMAGE = '"><img src=x onerror="document.title=\'owned\'">'
STYLE = "</pre></style><style>body{display:none}</style>"
BIDI = "safe\u202egnp.exe\u2066x\u2069\u200b"
CONTROLS = "nul\x00bell\x07escape\x1b[31mred delete\x7f next\x85line"
TAGS = "hidden" + "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all")
ALL = f"{SCRIPT} {IMAGE} {STYLE} {BIDI} {CONTROLS} {TAGS} ]]> {{{{7*7}}}} {{% raw %}} \\ud800"
SYSTEM = f"system {IMAGE}"
BODY = (
    b'data: {"choices":[{"index":0,"delta":{"content":"' + SCRIPT.encode() + b'\xff\xfe\xe2\x82"}}]}\n\n'
    b"data: " + b"A" * 1_000_000 + b"\n\n" + "\u202e\u2028</pre>\x00".encode()
)


def hostile_run() -> Run:
    notes = {"../../etc/passwd": ScenarioNote(why=ALL, incidents=["javascript:alert(1)", IMAGE, "https://a.example/x"])}
    described = {SYSTEM: SystemNote(language=SCRIPT, kind=IMAGE, dialects=[SCRIPT], features=[IMAGE, BIDI])}
    header = replace(
        header_of((), notes),
        harness=SCRIPT,
        catalogue=IMAGE,
        started=BIDI,
        python=STYLE,
        platform=ALL,
        described=described,
    )
    results = [_result("fail"), _result("error"), _result("pass"), _result("unsupported")]
    return Run(header, tuple(results), (hostile_recording(),), Footer(7, 1.0), searches=hostile_searches())


def hostile_searches() -> tuple[FuzzResult, ...]:
    """A search that found something, in a stream of one of our dialects and in one of another, and one that broke."""
    finding = finding_of(
        family=IMAGE,
        words=ALL,
        plan={SCRIPT: [ALL]},
        differences=[ALL, STYLE],
        body_b64=[base64.b64encode(each).decode() for each in (BODY[:70], BODY[70:])],
        headers=[(IMAGE, ALL), ("content-encoding", BIDI)],
        how_ended=SCRIPT,
        expected={"text": ALL, SCRIPT: ALL, "end": {"status": SCRIPT, "error": {"kind": IMAGE, "message": ALL}}},
        seen={"text": STYLE, "tool_calls": [{SCRIPT: BIDI}], "end": {"status": CONTROLS, "error": None}},
        reproduce=ALL,
        rule=ALL,
        known=ALL,
        known_proof=IMAGE,
    )
    changed: dict[str, Any] = {
        "provider": SCRIPT,
        "source": ALL,
        "tried": {IMAGE: 3},
        "note": ALL,
        "proof_note": ALL,
        "reproduce": ALL,
    }
    found = search_of(SYSTEM, "cuts", finding, stream=ALL, system_version=SCRIPT, **changed)
    return found, search_of(
        f"{IMAGE} {SCRIPT}", "damage", finding, dialect=SCRIPT, upstream=ALL, verdict="error", **changed
    )


def hostile_recording() -> RecordingResult:
    return replace(recording_of(ALL, "fail"), provider=IMAGE, dialect=SCRIPT, source=ALL, problems=[ALL], status=SCRIPT)


def _result(verdict: str) -> Result:
    finding = Finding(
        kind="leak",
        check=IMAGE,
        column="content",
        silent=True,
        message=ALL,
        expected=ALL,
        seen={"text": ALL, SCRIPT: [IMAGE]},
        attempt=1,
        offset=52,
    )
    return Result(
        system=SYSTEM,
        system_version=SCRIPT,
        dialect="openai-chat" if verdict in ("fail", "pass") else f"made-up {SCRIPT}",
        scenario="../../etc/passwd" if verdict in ("fail", "error") else f"{IMAGE}/{SCRIPT}",
        family="..",
        title=ALL,
        level="must",
        verdict=verdict,  # type: ignore[arg-type]
        content=verdict,  # type: ignore[arg-type]
        ending="pass" if verdict == "fail" else verdict,  # type: ignore[arg-type]
        failures=[finding] if verdict == "fail" else [],
        attempts=1,
        duration_s=0.1,
        reproduce=f"harness replay --system '{ALL}'",
        note=ALL,
        known=ALL if verdict == "fail" else None,
        evidence=_evidence(),
    )


def _evidence() -> Evidence:
    attempt = AttemptRecord(
        number=1,
        at_s=0.0,
        method=IMAGE,
        path=ALL,
        request_headers=[(SCRIPT, ALL)],
        request_body=ALL,
        request_faults=[ALL],
        status=200,
        headers=[("content-type", ALL), ("x-long", "B" * 100_000)],
        chunks=[ChunkRecord(0.001, base64.b64encode(BODY).decode()), ChunkRecord(None, "")],
        how_ended=SCRIPT,
        ended_s=0.1,
    )
    refused = replace(attempt, number=2, status=429)
    return Evidence(
        expected={"ending": ["completed"], "text": ALL, SCRIPT: IMAGE, "tool_calls": [{"name": SCRIPT}]},
        seen={"text": ALL + "!", "tool_calls": [{"name": IMAGE, "input": {SCRIPT: BIDI}}],
              "end": {"status": SCRIPT, "raised": IMAGE, "error": {"kind": SCRIPT, "message": ALL}}},
        events=[EventRecord(0.1, {"type": SCRIPT, IMAGE: ALL}), EventRecord(0.2, {"type": "text", "text": ALL})],
        wire=[attempt, refused],
        stderr=ALL * 50,
    )  # fmt: skip
