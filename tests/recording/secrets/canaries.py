"""Secrets that were made up for these tests, the exchanges that hide them, and what would give them away."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from collections.abc import Callable, Sequence
from urllib.parse import quote

from harness.recording.cassette import Exchange, RecordedRequest
from harness.recording.secrets import Redactor
from harness.wire.response import Chunk, WireResponse

KNOWN = "Xq7ZbR2mLw9TtYv4KpDs81"
"""Of no known shape: found because its value is known."""
SHAPED = "sk-proj-" + "aB3dE5fG7hJ9kL2mN4pQ6rS8"
"""Found because keys look like this."""
KNOWS = Redactor([KNOWN], environment={})
KNOWS_NOTHING = Redactor(environment={})

Frame = Callable[[str], bytes]


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def chat(text: str) -> bytes:
    """A frame of openai-chat with a delta of the text."""
    delta = {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    return b"data: " + _json(delta) + b"\n\n"


def chat_call(text: str) -> bytes:
    """A frame of openai-chat with a piece of a call's arguments."""
    call = {"index": 0, "function": {"arguments": text}}
    return b"data: " + _json({"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}) + b"\n\n"


def responses(text: str) -> bytes:
    """A frame of openai-responses with a delta of the text."""
    delta = {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0}
    return b"event: response.output_text.delta\ndata: " + _json({**delta, "delta": text}) + b"\n\n"


def messages(text: str) -> bytes:
    """A frame of anthropic-messages with a delta of the text."""
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    return b"event: content_block_delta\ndata: " + _json(delta) + b"\n\n"


def messages_input(text: str) -> bytes:
    """A frame of anthropic-messages with a piece of a call's input."""
    delta = {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": text}}
    return b"event: content_block_delta\ndata: " + _json(delta) + b"\n\n"


def gemini(text: str) -> bytes:
    """A frame of gemini with a part of the text, as SSE."""
    part = {"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}]}
    return b"data: " + _json(part) + b"\r\n\r\n"


def ollama(text: str) -> bytes:
    """A line of ollama with a piece of the text."""
    return _json({"model": "m", "message": {"role": "assistant", "content": text}, "done": False}) + b"\n"


FRAMES: tuple[Frame, ...] = (chat, chat_call, responses, messages, messages_input, gemini, ollama)

_SAID = re.compile(rb'"(?:content|arguments|delta|text|partial_json)":("(?:[^"\\]|\\.)*")')


def said(body: bytes) -> str:
    """The texts of the deltas of a body, joined by a reader that knows nothing but where these frames have theirs."""
    return "".join(json.loads(text) for text in _SAID.findall(body))


def in_pieces(text: str, size: int) -> list[str]:
    """The text in pieces of so many letters."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def exchange(
    *,
    url: str = "https://api.example.invalid/v1/chat/completions",
    request_headers: Sequence[tuple[str, str]] = (),
    request_body: bytes = b"{}",
    headers: Sequence[tuple[str, str]] = (),
    reads: Sequence[bytes] = (b"data: [DONE]\n\n",),
) -> Exchange:
    """An exchange with nothing but what is given."""
    request = RecordedRequest("POST", url, tuple(request_headers), request_body)
    response = WireResponse(200, tuple(headers), tuple(Chunk(read, 0.25) for read in reads))
    return Exchange(request, response)


def disguises(secret: str) -> dict[str, bytes]:
    """The secret in the ways in which texts have it."""
    raw = secret.encode()
    packed = gzip.compress(b'{"note": "the key is ' + raw + b'"}', mtime=0)
    letters = "".join(f"\\u{ord(letter):04x}" for letter in secret)
    return {
        "plain": b'{"a": "' + raw + b'"}',
        "json escapes": b'{"a": "' + letters.encode() + b'"}',
        "json in json": _json({"a": json.dumps({"b": json.dumps({"c": f'say "{secret}"'})})}),
        "percent signs": b"a=1&b=" + "".join(f"%{ord(letter):02X}" for letter in secret).encode(),
        "percent signs twice": b"b=" + quote(quote(f"{secret}/é", safe=""), safe="").encode(),
        "base64": b'{"a": "' + base64.b64encode(raw) + b'"}',
        "base64 one on": b'{"a": "' + base64.b64encode(b":" + raw + b". ") + b'"}',
        "base64 two on": b'{"a": "' + base64.b64encode(b": " + raw) + b'"}',
        "base64 for urls": b'{"a": "' + base64.urlsafe_b64encode(b"\xfb\xff\xfe" + raw) + b'"}',
        "base64 in base64": b'{"a": "' + base64.b64encode(base64.b64encode(b"key " + raw)) + b'"}',
        "base64 in lines": base64.encodebytes(b"." * 50 + raw + b"." * 50),
        "hexadecimal": b'{"a": "' + raw.hex().encode() + b'"}',
        "gzip in base64": b'{"a": "' + base64.b64encode(packed) + b'"}',
        "zlib in base64": b'{"a": "' + base64.b64encode(zlib.compress(b"the key is " + raw)) + b'"}',
    }


def undisguised(text: bytes) -> bytes:
    """What a thief would read in the text: it, and what it holds escaped, encoded and packed, three times over."""
    layer, everything = [text], [text]
    for _ in range(3):
        layer = [inner for one in layer for inner in _peeled(one)]
        everything += layer
    return b"\n".join(everything)


def _peeled(text: bytes) -> list[bytes]:
    found = [re.sub(rb"%([0-9a-fA-F]{2})", lambda each: bytes.fromhex(each[1].decode()), text)]
    found.append(re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda each: bytes.fromhex(each[1].decode()), text))
    found.append(re.sub(rb"\\(.)", rb"\1", text))
    for run in re.findall(rb"[A-Za-z0-9+/_-]{16,}", text + text.replace(b"\n", b"")):
        padded = run.translate(bytes.maketrans(b"-_", b"+/"))
        for start in range(4):
            part = padded[start:]
            inner = base64.b64decode(part[: len(part) - (len(part) % 4 == 1)] + b"===")
            found.append(inner)
            found += _unzipped(inner)
    for run in re.findall(rb"[0-9a-fA-F]{16,}", text):
        found.append(bytes.fromhex(run[: len(run) // 2 * 2].decode()))
    return [one for one in found if one != text]


def _unzipped(data: bytes) -> list[bytes]:
    try:
        return [zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data)]
    except zlib.error:
        return []
