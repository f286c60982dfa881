"""What a system sends: without keys, without what is of HTTP or of the case, and laid out to be read."""

from __future__ import annotations

from msgspec.structs import replace

from harness.report.sent import sent_request

from .sample_wire import attempt

SENT = attempt("openai-chat", [b""])


def test_headers_lose_noise_and_keys_and_keep_the_rest_in_their_order() -> None:
    headers = [
        ("Host", "127.0.0.1:4"),
        ("Content-Length", "9"),
        ("Authorization", "Bearer sk-test-1"),
        ("X-Api-Key", "sk-2"),
        ("X-Goog-Api-Key", "sk-3"),
        ("User-Agent", "sample/1.0"),
        ("traceparent", "00-1"),
        ("x-stainless-lang", "python"),
    ]
    found = sent_request(replace(SENT, request_headers=headers))
    assert found.headers == (
        ("authorization", "Bearer …"),
        ("x-api-key", "…"),
        ("x-goog-api-key", "…"),
        ("user-agent", "sample/1.0"),
        ("x-stainless-lang", "python"),
    )


def test_the_path_loses_the_case_and_the_key() -> None:
    path = "/c17/v1beta/models/m:generate?key=sk-test&alt=sse"
    assert sent_request(replace(SENT, path=path)).path == "/v1beta/models/m:generate?key=…&alt=sse"


def test_a_body_of_json_is_laid_out_and_any_other_is_as_it_came() -> None:
    assert sent_request(replace(SENT, request_body='{"a":"ö","b":[1]}')).body == (
        '{\n  "a": "ö",\n  "b": [\n    1\n  ]\n}'
    )
    assert sent_request(replace(SENT, request_body="not {json")).body == "not {json"


def test_the_rules_that_it_breaks_come_with_it() -> None:
    broken = replace(SENT, request_faults=["max-tokens at max_tokens: it must be positive"])
    assert sent_request(broken).faults == ("max-tokens at max_tokens: it must be positive",)
