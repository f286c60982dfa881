"""A response object: the whole answer in one document, for those who asked for no stream."""

from __future__ import annotations

from collections.abc import Sequence

from harness.dialects.answers import body_json, frame_payloads, read_document, to_answer, written
from harness.dialects.base import Answer
from harness.dialects.decoding import as_str
from harness.dialects.openai_responses.decode import Decoder
from harness.dialects.openai_responses.encode import Encoder
from harness.events import AnyEvent, End, ErrorInfo, Failure

_UNFINISHED = ("queued", "in_progress", "cancelled")


def write_answer(events: Sequence[AnyEvent]) -> Answer:
    """The response. Raises ValueError for events that did not end well."""
    return written(Encoder(), events, join_frames)


def join_frames(frames: Sequence[bytes]) -> Answer:
    """The response that the frames of a whole stream amount to. Raises ValueError for those of one that failed."""
    *_, last = frame_payloads(frames)
    return to_answer(last["response"])


def read_answer(body: bytes) -> list[AnyEvent]:
    """The events of a response, or of the error in its place; the last is End. Never raises."""
    document = body_json(body)
    if type(document) is dict and type(document.get("output")) is list:
        document = {"object": "response", **document}
        status = as_str(document.get("status")) or "completed"
        if status in _UNFINISHED:
            return _unfinished(document, status)
        document["status"] = status
    return read_document(Decoder(), "openai-responses", body, document)


def _unfinished(document: dict[str, object], status: str) -> list[AnyEvent]:
    """A response that is still being made, or was stopped: what it holds so far, and that it is no whole one."""
    said = read_document(Decoder(), "openai-responses", b"", {**document, "status": "incomplete"})[:-2]
    return [*said, Failure(ErrorInfo("protocol", f"the response is {status}, not completed")), End("failed")]
