"""Gemini's generateContent, as server-sent events."""

from __future__ import annotations

from .wire import Answer, Situation, data, gzip_broken_off, refused, stream, unended, without_length


def _candidate(parts: str, more: str = "") -> str:
    content = f'"content":{{"role":"model","parts":[{parts}]}},"index":0'
    return data(f'{{"candidates":[{{{content}{more}}}],"modelVersion":"m","responseId":"r1"}}')


HEL = _candidate('{"text":"Hel"}')
LO = _candidate('{"text":"lo"}')
_USAGE = '"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":4,"totalTokenCount":13}'
STOP = data(f'{{"candidates":[{{"finishReason":"STOP","index":0}}],{_USAGE},"modelVersion":"m","responseId":"r1"}}')
LENGTH = STOP.replace("STOP", "MAX_TOKENS")
OSLO = _candidate('{"functionCall":{"name":"get_weather","args":{"city":"Oslo"}}}')
BERGEN = _candidate('{"functionCall":{"name":"get_time","args":{"city":"Bergen"}}}')

CLEAN = Answer(stream(HEL, LO, STOP))


def _failure(code: int, status: str, message: str, details: str = "") -> str:
    return f'{{"error":{{"code":{code},"message":"{message}","status":"{status}","details":[{details}]}}}}'


RATE_LIMIT = _failure(429, "RESOURCE_EXHAUSTED", "Slow down.")
OVERLOADED = _failure(503, "UNAVAILABLE", "The model is overloaded.")
DAILY_QUOTA = _failure(
    429,
    "RESOURCE_EXHAUSTED",
    "You exceeded your current quota.",
    '{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDay"}]}',
)
INTERNAL = _failure(500, "INTERNAL", "Internal error.")


def _limited(*headers: str) -> Answer:
    return Answer(refused("429 Too Many Requests", RATE_LIMIT, headers))


SITUATIONS: dict[str, Situation] = {
    "clean-answer": (CLEAN,),
    "ends-before-stop-reason": (Answer(stream(HEL, LO)),),
    "half-an-event": (Answer(stream(HEL, LO[:40])),),
    "no-length-ends-before-stop-reason": (Answer(without_length(HEL)),),
    "no-last-chunk": (Answer(unended(HEL)),),
    "reset-mid-answer": (Answer(unended(HEL), "reset"),),
    "silence-mid-answer": (Answer(unended(HEL), "hold"),),
    "no-last-chunk-after-stop-reason": (Answer(unended(HEL, LO, STOP)),),
    "reset-after-stop-reason": (Answer(unended(HEL, LO, STOP), "reset"),),
    "output-limit": (Answer(stream(HEL, LENGTH)),),
    "tool-call": (Answer(stream(OSLO, STOP)),),
    "two-calls-in-turn": (Answer(stream(OSLO, BERGEN, STOP)),),
    "error-in-stream": (Answer(stream(HEL, data(OVERLOADED))),),
    "json-error-200": (Answer(stream(OVERLOADED, content_type="application/json")),),
    "error-in-a-list": (Answer(stream(HEL, data(f"[{OVERLOADED}]"))),),
    "fields-without-data": (Answer(stream("retry: 3000\n\nid: 7\n\n", HEL, LO, STOP)),),
    "keep-alive-comments": (Answer(stream(": waiting\n\n", HEL, ": waiting\n\n", LO, STOP)),),
    "no-space-after-colon": (Answer(stream(*(each.replace("data: ", "data:") for each in (HEL, LO, STOP)))),),
    "comment-glued-to-an-event": (Answer(stream(HEL, f": keep-alive\n{LO}", STOP)),),
    "byte-order-mark": (Answer(stream("\ufeff", HEL, LO, STOP)),),
    "gzip-breaks-off": (Answer(gzip_broken_off(HEL)),),
    "daily-quota": (Answer(refused("429 Too Many Requests", DAILY_QUOTA)),),
    "reset-then-clean": (Answer(b"", "reset"), CLEAN),
    "429-then-clean": (_limited("retry-after: 3"), CLEAN),
    "429-without-time-then-clean": (_limited(), CLEAN),
    "429-asks-for-a-day": (_limited("retry-after: 86400"), CLEAN),
    "429-always": (_limited("retry-after: 1"),),
    "500-then-clean": (Answer(refused("500 Internal Server Error", INTERNAL)), CLEAN),
    "500-always": (Answer(refused("500 Internal Server Error", INTERNAL)),),
    "503-then-clean": (Answer(refused("503 Service Unavailable", OVERLOADED)), CLEAN),
}
