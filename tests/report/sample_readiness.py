"""Planted clients, scenarios and servers: small runs in which it is plain what each client reads."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from harness.catalogue.findings import FailureKind, Finding, Verdict
from harness.report.served import Alike, Server, Where
from harness.runner.results import AttemptRecord, ChunkRecord, Evidence, Footer, Header, Result, Run

DIALECT = "openai-chat"
BASE = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
COUNTS = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}

PLAIN = "canary/plain-text"
COMMENTS = "framing/comments"
CRLF = "framing/crlf"
CRLF_AND_COMMENTS = "framing/crlf-and-comments"
REASONING = "thinking/reasoning"
STREAMS: dict[str, bytes] = {}


def frame(delta: dict[str, Any], finish: str | None = None, **fields: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({**BASE, 'choices': [choice], **fields})}\n\n".encode()


def stream(*frames: bytes) -> bytes:
    """These frames between the first delta and the end, with counts on the last chunk."""
    first = frame({"role": "assistant", "content": "Hi"})
    return b"".join([first, *frames, frame({}, "stop", usage=COUNTS), b"data: [DONE]\n\n"])


STREAMS = {
    PLAIN: stream(),
    COMMENTS: stream(b": hello\n\n"),
    CRLF: stream().replace(b"\n", b"\r\n"),
    CRLF_AND_COMMENTS: stream(b": hello\n\n").replace(b"\n", b"\r\n"),
    REASONING: stream(frame({"reasoning_content": "Hm"})),
}


def attempt(body: bytes, **fields: Any) -> AttemptRecord:
    known: dict[str, Any] = {
        "number": 1,
        "at_s": 0.0,
        "method": "POST",
        "path": "/v1/chat/completions",
        "request_headers": [],
        "request_body": '{"stream": true}',
        "request_faults": [],
        "status": 200,
        "headers": [("content-type", "text/event-stream")],
        "chunks": [ChunkRecord(0.1, base64.b64encode(body).decode())],
        "how_ended": "clean",
    }
    return AttemptRecord(**{**known, **fields})


def finding(kind: FailureKind = "loss", check: str = "text-as-sent", *, silent: bool = True) -> Finding:
    return Finding(kind, check, "content", silent, "the text is not what was sent")


def result(
    scenario: str, verdict: Verdict = "pass", *findings: Finding, system: str = "client", **fields: Any
) -> Result:
    """One case; a failed one has a silent loss of text unless it says otherwise."""
    failures = list(findings) or ([finding()] if verdict == "fail" else [])
    body = fields.pop("body", STREAMS.get(scenario, STREAMS[PLAIN]))
    evidence = Evidence(
        expected=fields.pop("expected", {"attempts": {"at_least": 1, "at_most": 1}}),
        wire=fields.pop("wire", [attempt(body)]),
        front=fields.pop("front", []),
    )
    known: dict[str, Any] = {
        "system": system,
        "system_version": "1.0",
        "dialect": DIALECT,
        "scenario": scenario,
        "family": scenario.partition("/")[0],
        "title": scenario,
        "level": "must",
        "verdict": verdict,
        "content": verdict,
        "ending": "pass" if verdict == "fail" else verdict,
        "failures": failures,
        "attempts": 0 if verdict == "unsupported" else 1,
        "duration_s": 0.1,
        "reproduce": "harness replay",
        "evidence": None if verdict == "unsupported" else evidence,
    }
    return Result(**{**known, **fields})


def run(*results: Result) -> Run:
    header = Header(1, "0.1.0", "2026.11", "2026-11-20T10:00:00Z", "sockets", "3.11.7", "Linux x86_64")
    return Run(header, results, (), Footer(len(results), 1.0))


def server(streams: Mapping[Iterable[str], int] | list[tuple[Iterable[str], int]], name: str = "acme") -> Server:
    """A recorded server with so many streams of these traits."""
    pairs = list(streams.items()) if isinstance(streams, Mapping) else streams
    alike = tuple(Alike(frozenset(traits), count, Where(f"{name}.jsonl#0")) for traits, count in pairs)
    places = {trait: Where(f"{name}.jsonl#0", 7) for traits, _ in pairs for trait in traits}
    return Server(name, DIALECT, "recorded", alike, places)
