"""Anthropic's messages."""

from __future__ import annotations

from .wire import Answer, Situation, event, refused, stream, unended, without_length

START = event(
    "message_start",
    '{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],'
    '"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}}',
)


def _begin(index: int, block: str) -> str:
    return event("content_block_start", f'{{"type":"content_block_start","index":{index},"content_block":{block}}}')


def _delta(index: int, delta: str) -> str:
    return event("content_block_delta", f'{{"type":"content_block_delta","index":{index},"delta":{delta}}}')


def _end(index: int) -> str:
    return event("content_block_stop", f'{{"type":"content_block_stop","index":{index}}}')


def _stopped(reason: str) -> str:
    delta = f'{{"stop_reason":"{reason}","stop_sequence":null}}'
    return event("message_delta", f'{{"type":"message_delta","delta":{delta},"usage":{{"output_tokens":4}}}}')


TEXT = _begin(0, '{"type":"text","text":""}')
HEL = _delta(0, '{"type":"text_delta","text":"Hel"}')
LO = _delta(0, '{"type":"text_delta","text":"lo"}')
STOP = event("message_stop", '{"type":"message_stop"}')
ENDING = (_end(0), _stopped("end_turn"), STOP)
OSLO = (
    _begin(0, '{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}}'),
    _delta(0, r'{"type":"input_json_delta","partial_json":"{\"city\""}'),
    _delta(0, r'{"type":"input_json_delta","partial_json":": \"Oslo\"}"}'),
)
HALF_OSLO = OSLO[:2]
BERGEN = (
    _begin(1, '{"type":"tool_use","id":"toolu_2","name":"get_time","input":{}}'),
    _delta(1, r'{"type":"input_json_delta","partial_json":"{\"city\": \"Bergen\"}"}'),
)
CALLED = (_stopped("tool_use"), STOP)

CLEAN = Answer(stream(START, TEXT, HEL, LO, *ENDING))


def _failure(kind: str, message: str) -> str:
    return f'{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}'


OVERLOADED = _failure("overloaded_error", "Overloaded")


def _limited(*headers: str) -> Answer:
    return Answer(refused("429 Too Many Requests", _failure("rate_limit_error", "Slow down."), headers))


SITUATIONS: dict[str, Situation] = {
    "clean-answer": (CLEAN,),
    "byte-order-mark": (Answer(stream("\ufeff", START, TEXT, HEL, LO, *ENDING)),),
    "ends-before-first-word": (Answer(stream(START)),),
    "ends-before-stop-reason": (Answer(stream(START, TEXT, HEL, LO)),),
    "half-an-event": (Answer(stream(START, TEXT, HEL, LO[:60])),),
    "no-length-ends-before-stop-reason": (Answer(without_length(START, TEXT, HEL)),),
    "no-last-chunk": (Answer(unended(START, TEXT, HEL)),),
    "reset-mid-answer": (Answer(unended(START, TEXT, HEL), "reset"),),
    "silence-mid-answer": (Answer(unended(START, TEXT, HEL), "hold"),),
    "no-last-chunk-after-stop-reason": (Answer(unended(START, TEXT, HEL, LO, *ENDING)),),
    "reset-after-stop-reason": (Answer(unended(START, TEXT, HEL, LO, *ENDING[:2]), "reset"),),
    "open-after-end-marker": (Answer(unended(START, TEXT, HEL, LO, *ENDING), "hold"),),
    "no-message-stop": (Answer(stream(START, TEXT, HEL, LO, *ENDING[:2])),),
    "events-without-event-lines": (
        Answer(stream(*(each[each.index("data: ") :] for each in (START, TEXT, HEL, LO, *ENDING)))),
    ),
    "output-limit": (Answer(stream(START, TEXT, HEL, _end(0), _stopped("max_tokens"), STOP)),),
    "refusal": (Answer(stream(START, TEXT, HEL, _end(0), _stopped("refusal"), STOP)),),
    "pause-turn": (Answer(stream(START, TEXT, HEL, _end(0), _stopped("pause_turn"), STOP)),),
    "tool-call": (Answer(stream(START, *OSLO, _end(0), *CALLED)),),
    "two-calls-in-turn": (Answer(stream(START, *OSLO, _end(0), *BERGEN, _end(1), *CALLED)),),
    "interleaved-calls": (
        Answer(stream(START, OSLO[0], BERGEN[0], OSLO[1], BERGEN[1], OSLO[2], _end(0), _end(1), *CALLED)),
    ),
    "ends-in-arguments": (Answer(stream(START, *HALF_OSLO)),),
    "reset-in-arguments": (Answer(unended(START, *HALF_OSLO), "reset"),),
    "output-limit-in-arguments": (Answer(stream(START, *HALF_OSLO, _end(0), _stopped("max_tokens"), STOP)),),
    "line-separators-in-text": (Answer(stream(START, TEXT, HEL.replace("Hel", "Hel\u2028lo"), *ENDING)),),
    "error-in-stream": (Answer(stream(START, TEXT, HEL, event("error", OVERLOADED))),),
    "error-in-stream-before-output": (Answer(stream(event("error", OVERLOADED))),),
    "json-error-200": (Answer(stream(OVERLOADED, content_type="application/json")),),
    "429-then-clean": (_limited("retry-after: 3"), CLEAN),
    "429-without-time-then-clean": (_limited(), CLEAN),
    "429-asks-for-a-day": (_limited("retry-after: 86400"), CLEAN),
    "429-always": (_limited("retry-after: 1"),),
    "529-then-clean": (Answer(refused("529 Overloaded", OVERLOADED)), CLEAN),
    "529-always": (Answer(refused("529 Overloaded", OVERLOADED)),),
    "500-then-clean": (Answer(refused("500 Internal Server Error", _failure("api_error", "Oops."))), CLEAN),
    "500-always": (Answer(refused("500 Internal Server Error", _failure("api_error", "Oops."))),),
    "503-then-clean": (Answer(refused("503 Service Unavailable", OVERLOADED)), CLEAN),
    "504-then-clean": (Answer(refused("504 Gateway Timeout", _failure("timeout_error", "Too late."))), CLEAN),
    "400-always": (Answer(refused("400 Bad Request", _failure("invalid_request_error", "Unknown parameter."))),),
    "context-overflow": (
        Answer(refused("400 Bad Request", _failure("invalid_request_error", "prompt is too long: 9000 > 8192"))),
    ),
}
