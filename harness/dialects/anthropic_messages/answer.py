"""A message: the whole answer in one document, for those who asked for no stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from harness.dialects.answers import body_json, frame_payloads, read_document, to_answer, written
from harness.dialects.anthropic_messages.decode import Decoder
from harness.dialects.anthropic_messages.encode import Encoder
from harness.dialects.base import Answer, Loss
from harness.events import AnyEvent
from harness.transcript import parse_arguments

_CUT_SHORT = ("max_tokens", "model_context_window_exceeded")
_GROWING = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


def write_answer(events: Sequence[AnyEvent]) -> Answer:
    """The message. Raises ValueError for events that did not end well."""
    return written(Encoder(), events, join_frames)


def join_frames(frames: Sequence[bytes]) -> Answer:
    """The message that the frames of a whole stream amount to. Raises ValueError for those of one that failed."""
    message: dict[str, Any] = {}
    blocks: dict[int, dict[str, Any]] = {}
    inputs: dict[int, str] = {}
    for payload in frame_payloads(frames):
        match payload:
            case {"type": "message_start", "message": started}:
                message = started
            case {"type": "content_block_start", "index": index, "content_block": block}:
                blocks[index] = block
            case {"type": "content_block_delta", "index": index, "delta": delta}:
                _grow(blocks[index], delta, index, inputs)
            case {"type": "message_delta", "delta": delta, "usage": usage}:
                message |= {**delta, "usage": {**message["usage"], **usage}}
    losses = _give_inputs(blocks, inputs, cut_short=message["stop_reason"] in _CUT_SHORT)
    message["content"] = [blocks[index] for index in sorted(blocks)]
    return to_answer(message, losses)


def read_answer(body: bytes) -> list[AnyEvent]:
    """The events of a message, or of the error in its place; the last is End. Never raises."""
    document = body_json(body)
    if type(document) is dict and type(document.get("content")) is list:
        document = {"type": "message", **document}
    return read_document(Decoder(), "anthropic-messages", body, document)


def _grow(block: dict[str, Any], delta: dict[str, Any], index: int, inputs: dict[int, str]) -> None:
    """Put a delta into its block; the pieces of an input are gathered apart."""
    kind = delta["type"]
    if kind == "input_json_delta":
        inputs[index] = inputs.get(index, "") + delta["partial_json"]
    elif kind == "citations_delta":
        block["citations"] = [*(block.get("citations") or []), delta["citation"]]
    elif name := _GROWING.get(kind):
        block[name] += delta[name]


def _give_inputs(blocks: dict[int, dict[str, Any]], inputs: dict[int, str], *, cut_short: bool) -> list[Loss]:
    """Give every call its input, an object. One that was cut off would look whole and is left out.

    Raises ValueError for a call whose input is none though nothing cut it off.
    """
    losses = []
    for index, arguments in inputs.items():
        arguments = arguments or ("" if cut_short else "{}")
        value = parse_arguments(arguments)
        name = blocks[index]["name"]
        if value is not None:  # as it is spelled, save that half a surrogate pair is mended
            blocks[index]["input"] = value if "\\u" in arguments else msgspec.Raw(arguments.encode())
        elif cut_short:
            del blocks[index]
            losses.append(Loss("tool-arguments-not-object", f"{name}: {arguments[:80]!r}"))
        else:
            raise ValueError(f"the arguments of {name} are no object: {arguments[:80]!r}")
    return losses
