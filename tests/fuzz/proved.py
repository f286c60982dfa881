"""Bodies of every framing and dialect, short enough that their proofs take no time, and readers with planted bugs."""

from __future__ import annotations

import json
import struct
from zlib import crc32

from harness.dialects import dialect
from harness.dialects.openai_chat.decode import Decoder as ChatDecoder
from harness.events import AnyEvent
from harness.fuzz.proof import Make
from harness.stack.think_tags import ThinkTags
from harness.stack.translate.translation import Translation
from harness.wire import json_array, sse
from harness.wire.blocks import Blocks
from harness.wire.frame import Frame, Framer


def chat(*deltas: str) -> bytes:
    """A chat stream of these deltas."""
    frames = [f'data: {{"id":"c1","model":"m","choices":[{{"index":0,"delta":{delta}}}]}}\n\n' for delta in deltas]
    return "".join(frames).encode() + b"data: [DONE]\n\n"


CHAT = chat('{"content":"Grüße \u2028 "}', '{"content":"<think>hm</th"}', '{"content":"ink>\\u00e9"}')
TWO_CALLS = (
    b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":'
    b'"{\\"x\\":1}"}}]}}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":'
    b'"{\\"y\\":2}"}}]}}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n'
)
ANTHROPIC = (
    b'event: message_start\r\ndata: {"type":"message_start","message":{"id":"m1","model":"c","content":[]}}\r\n\r\n'
    b'data: {"type":"content_block_start","index":0,\rdata: "content_block":{"type":"text","text":""}}\n\r\n'
    b": a comment\n\nid: 7\n"
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\xf0\x9f\x98\x80"}}\r\r'
    b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\ndata: {"type":"message_stop"}'
)
RESPONSES = (
    b'\xef\xbb\xbfdata: {"type":"response.created","response":{"id":"r1","model":"g"}}\n\n'
    b'data: {"type":"response.output_text.delta","output_index":0,"delta":"Hel"}\n\n'
    b'data: {"type":"response.completed","response":{"status":"completed","output":[{"type":"message","content":'
    b'[{"type":"output_text","text":"Hello"}]}]}}\n\n'
)
GEMINI = b'\n \ndata: [{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},{"x":1}]\n\n{"error":\n{"code":500}}\n\n'
GEMINI_ARRAY = (
    b' [{"candidates":[{"content":{"parts":[{"text":"],\\"}{ \\\\"}]}}]}\n,\r\n'
    b'{"candidates":[{"finishReason":"STOP","content":{"parts":[{"functionCall":{"name":"f","args":{"a":[1,2]}}}]}}]}]'
)
OLLAMA = b'{"model":"q","message":{"content":"\xc3\xa9"},"done":false}\r\n\n{"done":true,"done_reason":"stop"}\n{"x":'
UI = b'data: {"type":"start","messageId":"u"}\n\ndata: {"type":"finish","finishReason":"stop"}\n\ndata: [DONE]\n\n'


def message(payload: dict[str, object]) -> bytes:
    """A message of an AWS event stream, without headers."""
    data = json.dumps(payload).encode()
    prelude = struct.pack(">II", 12 + len(data) + 4, 0)
    head = prelude + struct.pack(">I", crc32(prelude))
    return head + data + struct.pack(">I", crc32(head + data))


BEDROCK = message({"type": "message_start", "message": {"id": "m1"}}) + message({"type": "message_stop"}) + b"\0\0\0"

BODIES = (
    ("openai-chat", CHAT),
    ("openai-chat", TWO_CALLS),
    ("anthropic-messages", ANTHROPIC),
    ("anthropic-messages", BEDROCK),
    ("openai-responses", RESPONSES),
    ("openai-responses", b'{"error": {"message": "no, \\"really\\"", "type": "x"}}'),
    ("gemini", GEMINI),
    ("gemini", GEMINI_ARRAY),
    ("ollama", OLLAMA),
    ("ai-sdk-ui", UI),
)


class Utf8PerRead(ChatDecoder):
    """Makes text of each read by itself."""

    def feed(self, data: bytes) -> list[AnyEvent]:
        return super().feed(data.decode("utf-8", "replace").encode())


class LooksAtReads(ChatDecoder):
    """Has an answer's id depend on how much has come."""

    def _start(self, id: str, model: str, out: list[AnyEvent]) -> None:
        super()._start(f"{id}-{self._size}", model, out)


class FirstOfRead(sse.Framer):
    """Takes one event out of each read."""

    def feed(self, data: bytes) -> list[Frame]:
        return super().feed(data)[:1]


class ForgetsCr(sse.Framer):
    """Does not know that an LF may belong to the CR before it."""

    def _without_leading(self, data: bytes) -> bytes:
        self._after_cr = False
        return super()._without_leading(data)


class ForgetsLines(sse.Framer):
    """Keeps the lines of an event for as long as a read."""

    def _lines(self, lines: list[bytes], gap: int, frames: list[Frame]) -> None:
        super()._lines(lines, gap, frames)
        self._values.clear()


class CountsBlocks(sse.Framer):
    """Its state depends on the reads; what it gives does not."""

    blocks = 0

    def _block(self, block: bytes, frames: list[Frame]) -> None:
        self.blocks += 1
        super()._block(block, frames)


class LongestLine(sse.Framer):
    """Drops what waits once it is longer than a line may be."""

    def feed(self, data: bytes) -> list[Frame]:
        frames = super().feed(data)
        if len(self._blocks.rest) > 64:
            self._blocks.rest.clear()
        return frames


class HalfEscapes(json_array.Framer):
    """Is given blocks that may end in a backslash."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks = Blocks(b"]},\\")


class Keeping(Blocks):
    """Gives what it holds, and holds it still."""

    def feed(self, data: bytes) -> bytes:
        rest = bytes(self.rest)
        block = super().feed(data)
        if block:
            self.rest[:0] = rest
        return block


class KeepsTheRest(sse.Framer):
    """A buffer that is not cleared."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks = Keeping(b"\r\n")


def chat_with(framer: type[Framer]) -> Make:
    """Our chat decoder with another framer."""

    def make() -> ChatDecoder:
        decoder = ChatDecoder()
        decoder.framing.framer = framer()
        return decoder

    return make


class TagsPerRead:
    """Looks for think tags in each read by itself."""

    def __init__(self) -> None:
        self.plain = ChatDecoder()

    def feed(self, data: bytes) -> list[AnyEvent]:
        tags = ThinkTags()
        return [*tags.feed(self.plain.feed(data)), *tags.close()]

    def close(self) -> list[AnyEvent]:
        return self.plain.close()


class TranslatesReads(Translation):
    """Has the calls of one read together."""

    def feed(self, data: bytes) -> list[bytes]:
        return self.writer.feed(self.decoder.feed(data))


def translates_reads() -> TranslatesReads:
    """From chat to Gemini, which has whole calls."""
    return TranslatesReads(dialect("openai-chat"), dialect("gemini"), ChatDecoder(), ())
