"""Ollama's chat: one JSON object a line."""

from __future__ import annotations

from .wire import Answer, Situation, gzip_broken_off, refused, stream, unended, without_length

NDJSON = "application/x-ndjson"


def _line(message: str, more: str = '"done":false') -> str:
    head = '"model":"m","created_at":"2026-01-01T00:00:00Z"'
    return f'{{{head},"message":{{"role":"assistant",{message}}},{more}}}\n'


HEL = _line('"content":"Hel"')
LO = _line('"content":"lo"')
_COUNTS = '"prompt_eval_count":9,"eval_count":4'
STOP = _line('"content":""', f'"done":true,"done_reason":"stop",{_COUNTS}')
LENGTH = _line('"content":""', f'"done":true,"done_reason":"length",{_COUNTS}')
OSLO = _line('"content":"","tool_calls":[{"function":{"name":"get_weather","arguments":{"city":"Oslo"}}}]')
BERGEN = _line('"content":"","tool_calls":[{"function":{"name":"get_time","arguments":{"city":"Bergen"}}}]')

CLEAN = Answer(stream(HEL, LO, STOP, content_type=NDJSON))
ERROR = '{"error":"the model failed"}'


def _whole(*lines: str) -> Situation:
    return (Answer(stream(*lines, content_type=NDJSON)),)


SITUATIONS: dict[str, Situation] = {
    "clean-answer": (CLEAN,),
    "blank-lines": _whole(HEL, "\n", LO, STOP),
    "ends-before-stop-reason": _whole(HEL, LO),
    "half-an-event": _whole(HEL, LO[:40]),
    "no-length-ends-before-stop-reason": (Answer(without_length(HEL, content_type=NDJSON)),),
    "no-last-chunk": (Answer(unended(HEL, content_type=NDJSON)),),
    "reset-mid-answer": (Answer(unended(HEL, content_type=NDJSON), "reset"),),
    "silence-mid-answer": (Answer(unended(HEL, content_type=NDJSON), "hold"),),
    "no-last-chunk-after-stop-reason": (Answer(unended(HEL, LO, STOP, content_type=NDJSON)),),
    "reset-after-stop-reason": (Answer(unended(HEL, LO, STOP, content_type=NDJSON), "reset"),),
    "open-after-end-marker": (Answer(unended(HEL, LO, STOP, content_type=NDJSON), "hold"),),
    "line-separators-in-text": _whole(_line('"content":"a\u2028b"'), STOP),
    "charset-that-is-not-so": (
        Answer(stream(_line('"content":"Grüße"'), STOP, content_type=f"{NDJSON}; charset=iso-8859-1")),
    ),
    "gzip-breaks-off": (Answer(gzip_broken_off(HEL, content_type=NDJSON)),),
    "output-limit": _whole(HEL, LENGTH),
    "tool-call": _whole(OSLO, STOP),
    "tool-call-with-id": _whole(OSLO.replace('{"function"', '{"id":"call_1","function"'), STOP),
    "two-calls-in-turn": _whole(OSLO, BERGEN, STOP),
    "error-in-stream": _whole(HEL, ERROR + "\n"),
    "error-in-stream-before-output": _whole(ERROR + "\n"),
    "429-then-clean": (Answer(refused("429 Too Many Requests", '{"error":"slow down"}', ["retry-after: 3"])), CLEAN),
    "500-then-clean": (Answer(refused("500 Internal Server Error", ERROR)), CLEAN),
    "500-always": (Answer(refused("500 Internal Server Error", ERROR)),),
    "503-then-clean": (Answer(refused("503 Service Unavailable", '{"error":"server busy"}')), CLEAN),
}
