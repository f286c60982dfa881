"""What a failed plain scenario says of a gateway's manifest."""

from __future__ import annotations

import pytest

from harness.catalogue.findings import Finding
from harness.runner.adapter_check import diagnose
from harness.runner.results import AttemptRecord, Evidence, Result


def attempt(path: str, status: int | None = 200, faults: tuple[str, ...] = ()) -> AttemptRecord:
    return AttemptRecord(
        number=1,
        at_s=0.0,
        method="POST",
        path=path,
        request_headers=[],
        request_body="{}",
        request_faults=[*faults],
        status=status,
        headers=[],
        chunks=[],
        how_ended=None,
        ended_s=None,
        client_left=False,
        fallback=False,
        given_up=[],
    )


def failed(front: list[AttemptRecord], wire: list[AttemptRecord], verdict: str = "fail") -> Result:
    return Result(
        system="relay",
        system_version="1",
        dialect="anthropic-messages",
        scenario="canary/plain-text",
        family="canary",
        title="",
        level="must",
        verdict=verdict,  # type: ignore[arg-type]
        content="fail",
        ending="fail",
        failures=[Finding("loss", "text-as-sent", "content", False, "the text is '', not 'Hello'")],
        attempts=len(wire),
        duration_s=0.1,
        reproduce="harness replay",
        note="it was not ready" if verdict == "error" else "",
        evidence=Evidence(front=front, wire=wire),
        upstream="openai-chat",
    )


@pytest.mark.parametrize(
    ("front", "wire", "suspect", "problem", "mend"),
    [
        (
            *([attempt("/v1/messages", 404)], [], "manifest"),
            *("answers POST /v1/messages with 404, and asks no upstream", "serves: {anthropic-messages: {path: …}}"),
        ),
        (
            *([attempt("/v1/messages", 401)], [], "manifest"),
            *("refuses our client's key: POST /v1/messages is answered 401", "as `api_key`"),
        ),
        (
            *([attempt("/v1/messages", 500)], [], "manifest"),
            *("no request came to the upstream that the case was given; our client was answered 500", "{{ upstream }}"),
        ),
        (
            *([attempt("/v1/messages", 404)], [attempt("/chat", None, ("no-such-endpoint at path: x",))], "manifest"),
            *("asked its upstream POST /chat, where openai-chat is not served", "add /v1"),
        ),
        (
            *([attempt("/v1/messages", 400)], [attempt("/v1/chat/completions", None, ("missing at model: x",))]),
            *("manifest or system", "would refuse the request: missing at model: x", "the gateway sends it so"),
        ),
        (
            *([attempt("/v1/messages")], [attempt("/v1/chat/completions")], "manifest or system"),
            *("the text is '', not 'Hello'", "both sides' wire logs"),
        ),
    ],
)
def test_a_mistake_is_named_with_what_mends_it(
    front: list[AttemptRecord], wire: list[AttemptRecord], suspect: str, problem: str, mend: str
) -> None:
    [said] = diagnose([failed(front, wire)])
    assert said.suspect == suspect
    assert problem in said.problem
    assert mend in said.mend


def test_one_that_broke_down_is_told_as_it_is() -> None:
    [said] = diagnose([failed([], [], "error")])
    assert (said.suspect, said.problem) == ("manifest", "it was not ready")
