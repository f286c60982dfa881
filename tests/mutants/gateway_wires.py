"""What broken gateways make of the bytes that they read and write, and of the heads of their answers."""

from __future__ import annotations

import re

from tests.mutants.gateway_machine import Payload, each_payload
from tests.mutants.machine import ByteFilter


def copies_counts(payload: Payload) -> Payload:
    """The counts of input as the other convention has them."""
    usage = payload.get("usage") or {}
    if cached := usage.get("cache_read_input_tokens"):
        usage["input_tokens"] += cached
    elif cached := (usage.get("prompt_tokens_details") or {}).get("cached_tokens"):
        usage["prompt_tokens"] -= cached
    return payload


def ends_at_the_first_reason() -> ByteFilter:
    over = False

    def edit(payload: Payload) -> Payload | None:
        nonlocal over
        after, over = over, over or any(each.get("finishReason") for each in payload.get("candidates", ()))
        return None if after else payload

    return each_payload(edit)()


def first_kind_alone(payload: Payload) -> Payload:
    """Words, or else a call: not both from one event."""
    for choice in payload.get("choices") or [{}]:
        message = choice.get("delta") or payload.get("message") or {}
        if message.get("content"):
            message.pop("tool_calls", None)
    return payload


def reason_first(payload: Payload) -> Payload:
    for choice in payload.get("choices", ()):
        if choice.get("finish_reason"):
            choice["delta"] = {}
    for candidate in payload.get("candidates", ()):
        if candidate.get("finishReason"):
            candidate["content"] = {"role": "model", "parts": []}
    if payload.get("done"):
        payload["message"] = {"role": "assistant", "content": ""}
    return payload


def signed_parts_think(payload: Payload) -> Payload:
    for candidate in payload.get("candidates", ()):
        for part in candidate.get("content", {}).get("parts", ()):
            if "thoughtSignature" in part and "text" in part:
                part["thought"] = True
    return payload


def calls_need_arguments(payload: Payload) -> Payload:
    for candidate in payload.get("candidates", ()):
        content = candidate.get("content", {})
        content["parts"] = [
            part for part in content.get("parts", ()) if part.get("functionCall", {"args": 1}).get("args")
        ]
    return payload


def waits_for_a_role() -> ByteFilter:
    begun = False

    def change(data: bytes) -> bytes:
        nonlocal begun
        begun = begun or b'"role"' in data or b'"choices"' not in data
        return data if begun or b'finish_reason":"' in data else b""

    return change


def waits_for_announcements() -> ByteFilter:
    announced = False

    def edit(payload: Payload) -> Payload | None:
        nonlocal announced
        announced = announced or payload.get("type") == "response.output_item.added"
        return None if str(payload.get("type")).endswith(".delta") and not announced else payload

    return each_payload(edit)()


def deltas_alone(payload: Payload) -> Payload | None:
    kind = str(payload.get("type"))
    if kind == "response.completed":
        payload["response"]["output"] = []
        return payload
    return None if kind.endswith(".done") else payload


def knows_a_closed_list(payload: Payload) -> Payload:
    if payload.get("type") == "keepalive":
        return {"type": "error", "code": "server_error", "message": "Unhandled response stream event"}
    return payload


def runs_server_tools(payload: Payload) -> Payload:
    block = payload.get("content_block") or {}
    if block.get("type") == "server_tool_use":
        block["type"] = "tool_use"
    return payload


def whole_documents_lack(payload: Payload) -> Payload:
    """A document of a whole answer with no counts, and with "stop" for a stop reason."""
    for choice in payload.get("choices", ()):
        if "message" in choice:
            choice["finish_reason"] = "stop"
            payload.pop("usage", None)
    if payload.get("type") == "message":
        payload["stop_reason"] = "end_turn"
        payload.pop("usage", None)
    return payload


def puts_strings_together() -> ByteFilter:
    def change(data: bytes) -> bytes:
        return data.replace(rb"\n", b"\n").replace(rb"\"", b'"') if rb"\n\n" in data else data

    return change


def decodes_each_read() -> ByteFilter:
    return lambda data: data.decode("utf-8", "ignore").encode()


def reads_on() -> ByteFilter:
    return lambda data: re.sub(rb"data: \[DONE\]\n\n|event: message_stop\ndata: [^\n]*\n\n", b"", data)


def as_a_success(status: int, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    return 200, headers


def as_a_page(status: int, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    return status, {**headers, "content-type": "text/html"} if status >= 500 else headers


def no_time_to_wait(status: int, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    return status, {name: value for name, value in headers.items() if name != "retry-after"}


def still_packed(status: int, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    return status, {**headers, "content-encoding": "gzip"}


def counts_parts(payload: Payload) -> Payload:
    """Every call one further than it is, as if the words before it were one."""
    for choice in payload.get("choices", ()):
        for call in choice.get("delta", {}).get("tool_calls", ()):
            call["index"] += 1
    return payload


def forwards_pings() -> ByteFilter:
    pinged = False

    def change(data: bytes) -> bytes:
        nonlocal pinged
        first, pinged = not pinged, True
        return data + b'event: ping\ndata: {"type": "ping"}\n\n' if first and data else data

    return change


def begins_twice() -> ByteFilter:
    return lambda data: re.sub(rb"(event: message_start\ndata: [^\n]*\n\n)", rb"\1\1", data)
