"""OpenAI's responses."""

from __future__ import annotations

from .openai_chat import BAD_REQUEST, OVERFLOW, OVERLOADED, QUOTA, RATE_LIMIT, SERVER_ERROR
from .wire import Answer, Situation, event, refused, stream, unended, without_length

_REST = (
    '"object":"response","created_at":1790000000,"model":"m","parallel_tool_calls":true,"tool_choice":"auto","tools":[]'
)
USAGE = (
    '{"input_tokens":9,"input_tokens_details":{"cached_tokens":0},"output_tokens":4,'
    '"output_tokens_details":{"reasoning_tokens":0},"total_tokens":13}'
)
CREATED = event(
    "response.created",
    f'{{"type":"response.created","sequence_number":0,"response":'
    f'{{"id":"resp_1",{_REST},"status":"in_progress","output":[],"error":null,"incomplete_details":null}}}}',
)


def _item(step: str, index: int, item: str) -> str:
    name = f"response.output_item.{step}"
    return event(name, f'{{"type":"{name}","sequence_number":1,"output_index":{index},"item":{item}}}')


def _text(step: str, content: str) -> str:
    name = f"response.{step}"
    place = '"item_id":"msg_1","output_index":0,"content_index":0,"logprobs":[]'
    return event(name, f'{{"type":"{name}","sequence_number":2,{place},{content}}}')


def _arguments(step: str, index: int, content: str) -> str:
    name = f"response.function_call_arguments.{step}"
    place = f'"item_id":"fc_{index + 1}","output_index":{index}'
    return event(name, f'{{"type":"{name}","sequence_number":3,{place},{content}}}')


def _final(status: str, output: str, details: str = "null", error: str = "null") -> str:
    name = f"response.{status}"
    body = f'"status":"{status}","output":[{output}],"usage":{USAGE},"error":{error},"incomplete_details":{details}'
    return event(name, f'{{"type":"{name}","sequence_number":9,"response":{{"id":"resp_1",{_REST},{body}}}}}')


_PART = '{"type":"output_text","text":"Hello","annotations":[]}'
_MESSAGE = '{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[' + _PART + "]}"
BEGUN = (
    _item("added", 0, '{"id":"msg_1","type":"message","role":"assistant","status":"in_progress","content":[]}'),
    _text("content_part.added", '"part":{"type":"output_text","text":"","annotations":[]}'),
)
THOUGHT = _text("reasoning_text.delta", '"delta":"They greet me."')
HEL = _text("output_text.delta", '"delta":"Hel"')
LO = _text("output_text.delta", '"delta":"lo"')
ENDED = (
    _text("output_text.done", '"text":"Hello"'),
    _text("content_part.done", f'"part":{_PART}'),
    _item("done", 0, _MESSAGE),
)
COMPLETED = _final("completed", _MESSAGE)


def _call(index: int, name: str, arguments: str, status: str) -> str:
    named = f'"call_id":"call_{index + 1}","name":"{name}","arguments":"{arguments}"'
    return f'{{"id":"fc_{index + 1}","type":"function_call",{named},"status":"{status}"}}'


_OSLO = r"{\"city\": \"Oslo\"}"
_BERGEN = r"{\"city\": \"Bergen\"}"
_OSLO_CALL = _call(0, "get_weather", _OSLO, "completed")
_BERGEN_CALL = _call(1, "get_time", _BERGEN, "completed")
OSLO = (
    _item("added", 0, _call(0, "get_weather", "", "in_progress")),
    _arguments("delta", 0, r'"delta":"{\"city\""'),
    _arguments("delta", 0, r'"delta":": \"Oslo\"}"'),
    _arguments("done", 0, f'"arguments":"{_OSLO}"'),
    _item("done", 0, _OSLO_CALL),
)
HALF_OSLO = OSLO[:2]
BERGEN = (
    _item("added", 1, _call(1, "get_time", "", "in_progress")),
    _arguments("delta", 1, f'"delta":"{_BERGEN}"'),
    _arguments("done", 1, f'"arguments":"{_BERGEN}"'),
    _item("done", 1, _BERGEN_CALL),
)
INTERLEAVED = (OSLO[0], BERGEN[0], OSLO[1], BERGEN[1], OSLO[2], *OSLO[3:], *BERGEN[2:])

_CUT_OFF = _final("incomplete", "", '{"reason":"max_output_tokens"}')
_FAILURE = '{"code":"server_error","message":"The server had an error."}'
CLEAN = Answer(stream(CREATED, *BEGUN, HEL, LO, *ENDED, COMPLETED))


def _limited(*headers: str) -> Answer:
    return Answer(refused("429 Too Many Requests", RATE_LIMIT, headers))


SITUATIONS: dict[str, Situation] = {
    "reasoning-text": (Answer(stream(CREATED, THOUGHT, *BEGUN, HEL, LO, *ENDED, COMPLETED)),),
    "clean-answer": (CLEAN,),
    "bare-cr-line-ends": (
        Answer(stream(*(piece.replace("\n", "\r") for piece in (CREATED, *BEGUN, HEL, LO, *ENDED, COMPLETED)))),
    ),
    "ends-before-first-word": (Answer(stream(CREATED)),),
    "ends-before-stop-reason": (Answer(stream(CREATED, *BEGUN, HEL, LO)),),
    "half-an-event": (Answer(stream(CREATED, *BEGUN, HEL, LO[:60])),),
    "no-length-ends-before-stop-reason": (Answer(without_length(CREATED, *BEGUN, HEL)),),
    "no-last-chunk": (Answer(unended(CREATED, *BEGUN, HEL)),),
    "reset-mid-answer": (Answer(unended(CREATED, *BEGUN, HEL), "reset"),),
    "silence-mid-answer": (Answer(unended(CREATED, *BEGUN, HEL), "hold"),),
    "no-last-chunk-after-stop-reason": (Answer(unended(CREATED, *BEGUN, HEL, LO, *ENDED, COMPLETED)),),
    "open-after-end-marker": (Answer(unended(CREATED, *BEGUN, HEL, LO, *ENDED, COMPLETED), "hold"),),
    "done-marker-without-completed": (Answer(stream(CREATED, *BEGUN, HEL, "data: [DONE]\n\n")),),
    "output-limit": (Answer(stream(CREATED, *BEGUN, HEL, _CUT_OFF)),),
    "tool-call": (Answer(stream(CREATED, *OSLO, _final("completed", _OSLO_CALL))),),
    "two-calls-in-turn": (
        Answer(stream(CREATED, *OSLO, *BERGEN, _final("completed", f"{_OSLO_CALL},{_BERGEN_CALL}"))),
    ),
    "interleaved-calls": (Answer(stream(CREATED, *INTERLEAVED, _final("completed", f"{_OSLO_CALL},{_BERGEN_CALL}"))),),
    "ends-in-arguments": (Answer(stream(CREATED, *HALF_OSLO)),),
    "reset-in-arguments": (Answer(unended(CREATED, *HALF_OSLO), "reset"),),
    "output-limit-in-arguments": (Answer(stream(CREATED, *HALF_OSLO, _CUT_OFF)),),
    "filtered": (Answer(stream(CREATED, *BEGUN, HEL, _final("incomplete", "", '{"reason":"content_filter"}'))),),
    "text-only-in-done": (Answer(stream(CREATED, *BEGUN, *ENDED, COMPLETED)),),
    "arguments-only-in-done": (Answer(stream(CREATED, OSLO[0], *OSLO[3:], _final("completed", _OSLO_CALL))),),
    "failed-response": (Answer(stream(CREATED, *BEGUN, HEL, _final("failed", "", error=_FAILURE))),),
    "line-separators-in-text": (Answer(stream(CREATED, *BEGUN, HEL.replace("Hel", "Hel\u2028lo"), *ENDED, COMPLETED)),),
    "error-in-stream": (
        Answer(
            stream(
                CREATED,
                *BEGUN,
                HEL,
                event("error", '{"type":"error","sequence_number":5,"code":"server_error","message":"Overloaded"}'),
            )
        ),
    ),
    "json-error-200": (Answer(stream(OVERLOADED, content_type="application/json")),),
    "429-then-clean": (_limited("retry-after: 3"), CLEAN),
    "429-without-time-then-clean": (_limited(), CLEAN),
    "429-asks-for-a-day": (_limited("retry-after: 86400"), CLEAN),
    "429-always": (_limited("retry-after: 1"),),
    "quota-exhausted": (Answer(refused("429 Too Many Requests", QUOTA)),),
    "500-then-clean": (Answer(refused("500 Internal Server Error", SERVER_ERROR)), CLEAN),
    "500-always": (Answer(refused("500 Internal Server Error", SERVER_ERROR)),),
    "503-then-clean": (Answer(refused("503 Service Unavailable", OVERLOADED)), CLEAN),
    "504-then-clean": (Answer(refused("504 Gateway Timeout", SERVER_ERROR)), CLEAN),
    "529-always": (Answer(refused("529 Overloaded", OVERLOADED)),),
    "400-always": (Answer(refused("400 Bad Request", BAD_REQUEST)),),
    "context-overflow": (Answer(refused("400 Bad Request", OVERFLOW)),),
}
