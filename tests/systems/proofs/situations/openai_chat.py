"""OpenAI's chat completions."""

from __future__ import annotations

from .wire import (
    Answer,
    Situation,
    data,
    gzip_broken_off,
    refused,
    stream,
    unended,
    untyped,
    with_extensions,
    without_length,
)


def _chunk(choice: str) -> str:
    head = '"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"m"'
    return data(f'{{{head},"choices":[{{"index":0,{choice}}}]}}')


ROLE = _chunk('"delta":{"role":"assistant","content":""},"finish_reason":null')
HEL = _chunk('"delta":{"content":"Hel"},"finish_reason":null')
LO = _chunk('"delta":{"content":"lo"},"finish_reason":null')
STOP = _chunk('"delta":{},"finish_reason":"stop"')
LENGTH = _chunk('"delta":{},"finish_reason":"length"')
CALLS = _chunk('"delta":{},"finish_reason":"tool_calls"')
USAGE = data(
    '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1790000000,"model":"m","choices":[],'
    '"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}}'
)
DONE = "data: [DONE]\n\n"


def _begin(index: int, call_id: str, name: str, arguments: str = "") -> str:
    function = f'{{"name":"{name}","arguments":"{arguments}"}}'
    call = f'{{"index":{index},"id":"{call_id}","type":"function","function":{function}}}'
    return _chunk(f'"delta":{{"tool_calls":[{call}]}},"finish_reason":null')


def _go_on(index: int, arguments: str) -> str:
    call = f'{{"index":{index},"function":{{"arguments":"{arguments}"}}}}'
    return _chunk(f'"delta":{{"tool_calls":[{call}]}},"finish_reason":null')


OSLO = (_begin(0, "call_1", "get_weather"), _go_on(0, r"{\"city\""), _go_on(0, r": \"Oslo\"}"))
HALF_OSLO = OSLO[:2]
BERGEN = (_begin(1, "call_2", "get_time"), _go_on(1, r"{\"city\": \"Bergen\"}"))
INTERLEAVED = (OSLO[0], BERGEN[0], OSLO[1], BERGEN[1], OSLO[2])

OSLO_WHOLE = _begin(0, "call_1", "get_weather", r"{\"city\": \"Oslo\"}")
ROME_WHOLE = _begin(0, "call_2", "get_weather", r"{\"city\": \"Rome\"}")
SEPARATORS = _chunk('"delta":{"content":"a\u2028b"},"finish_reason":null')
UMLAUTS = _chunk('"delta":{"content":"Grüße"},"finish_reason":null')


def _says(text: str) -> str:
    return _chunk(f'"delta":{{"content":"{text}"}},"finish_reason":null')


def _thinks(name: str, text: str) -> str:
    return _chunk(f'"delta":{{"{name}":"{text}"}},"finish_reason":null')


CLEAN = Answer(stream(ROLE, HEL, LO, STOP, USAGE, DONE))
RATE_LIMIT = '{"error":{"message":"Slow down.","type":"requests","param":null,"code":"rate_limit_exceeded"}}'
QUOTA = '{"error":{"message":"You exceeded your quota.","type":"insufficient_quota","code":"insufficient_quota"}}'
OVERFLOW = (
    '{"error":{"message":"This model\'s maximum context length is 8192 tokens. However, your messages resulted in '
    '9000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}'
)
FILTERED = '{"error":{"message":"The response was filtered.","type":null,"param":null,"code":"content_filter"}}'
SERVER_ERROR = '{"error":{"message":"The server had an error.","type":"server_error","param":null,"code":null}}'
BAD_REQUEST = '{"error":{"message":"Unknown parameter.","type":"invalid_request_error","param":"x","code":null}}'
OVERLOADED = '{"error":{"message":"Overloaded","type":"server_error","code":"server_error"}}'


def _limited(*headers: str) -> Answer:
    return Answer(refused("429 Too Many Requests", RATE_LIMIT, headers))


SITUATIONS: dict[str, Situation] = {
    "clean-answer": (CLEAN,),
    "ends-before-first-word": (Answer(stream(ROLE)),),
    "ends-before-stop-reason": (Answer(stream(ROLE, HEL, LO)),),
    "bare-cr-line-ends": (Answer(stream(*(piece.replace("\n", "\r") for piece in (ROLE, HEL, LO, STOP, DONE)))),),
    "all-in-one-read": (Answer(stream("".join((ROLE, HEL, LO, STOP, USAGE, DONE)))),),
    "byte-order-mark-before-the-first-word": (Answer(stream("\ufeff", HEL, LO, STOP, DONE)),),
    "half-an-event": (Answer(stream(ROLE, HEL, LO[:60])),),
    "no-length-ends-before-stop-reason": (Answer(without_length(ROLE, HEL)),),
    "no-last-chunk": (Answer(unended(ROLE, HEL)),),
    "reset-mid-answer": (Answer(unended(ROLE, HEL), "reset"),),
    "silence-mid-answer": (Answer(unended(ROLE, HEL), "hold"),),
    "no-last-chunk-after-stop-reason": (Answer(unended(ROLE, HEL, LO, STOP, DONE)),),
    "reset-after-stop-reason": (Answer(unended(ROLE, HEL, LO, STOP), "reset"),),
    "open-after-end-marker": (Answer(unended(ROLE, HEL, LO, STOP, USAGE, DONE), "hold"),),
    "end-marker-without-stop-reason": (Answer(stream(ROLE, HEL, DONE)),),
    "last-event-without-blank-line": (Answer(stream(ROLE, HEL, LO, STOP.removesuffix("\n"))),),
    "output-limit": (Answer(stream(ROLE, HEL, LENGTH, USAGE, DONE)),),
    "tool-call": (Answer(stream(ROLE, *OSLO, CALLS, USAGE, DONE)),),
    "two-calls-in-turn": (Answer(stream(ROLE, *OSLO, *BERGEN, CALLS, USAGE, DONE)),),
    "interleaved-calls": (Answer(stream(ROLE, *INTERLEAVED, CALLS, USAGE, DONE)),),
    "ends-in-arguments": (Answer(stream(ROLE, *HALF_OSLO)),),
    "reset-in-arguments": (Answer(unended(ROLE, *HALF_OSLO), "reset"),),
    "output-limit-in-arguments": (Answer(stream(ROLE, *HALF_OSLO, LENGTH, USAGE, DONE)),),
    "think-tag-in-one-delta": (
        Answer(stream(_chunk('"delta":{"content":"<think>Hm.</think>Hello"},"finish_reason":null'), STOP, DONE)),
    ),
    "think-tag-cut-in-two": (Answer(stream(_says("<thi"), _says("nk>Hm.</thi"), _says("nk>Hello"), STOP, DONE)),),
    "think-block-closed-and-opened": (
        Answer(stream(_says("<think>Hm."), _says("</think>One<think>Well."), _says("</think>Two"), STOP, DONE)),
    ),
    "think-tag-as-text": (Answer(stream(_says("Write <think> here."), STOP, DONE)),),
    "reasoning-content": (Answer(stream(_thinks("reasoning_content", "Hm."), HEL, LO, STOP, DONE)),),
    "reasoning-field": (Answer(stream(_thinks("reasoning", "Hm."), HEL, LO, STOP, DONE)),),
    "reasoning-in-two-fields": (
        Answer(
            stream(
                _chunk('"delta":{"reasoning":"Hm.","reasoning_content":"Hm."},"finish_reason":null'),
                HEL,
                LO,
                STOP,
                DONE,
            )
        ),
    ),
    "content-as-a-list": (
        Answer(stream(_chunk('"delta":{"content":[{"type":"text","text":"Hello"}]},"finish_reason":null'), STOP, DONE)),
    ),
    "filtered": (Answer(stream(ROLE, HEL, STOP.replace('"stop"', '"content_filter"'), DONE)),),
    "no-end-marker": (Answer(stream(ROLE, HEL, LO, STOP, USAGE)),),
    "null-calls-in-continuation": (
        Answer(stream(OSLO[0], *OSLO[1:], _chunk('"delta":{"tool_calls":null},"finish_reason":null'), CALLS, DONE)),
    ),
    "id-comes-late": (
        Answer(stream(_begin(0, "", "get_weather"), _begin(0, "call_late", "", r"{}"), CALLS, USAGE, DONE)),
    ),
    "error-in-stream": (Answer(stream(ROLE, HEL, data(OVERLOADED), DONE)),),
    "error-in-stream-before-output": (Answer(stream(data(OVERLOADED), DONE)),),
    "json-error-200": (Answer(stream(OVERLOADED, content_type="application/json")),),
    "filter-error-in-stream": (Answer(stream(ROLE, HEL, data(FILTERED), DONE)),),
    "error-beside-choices": (
        Answer(stream(ROLE, HEL, data(f'{{"id":"c","model":"m","choices":[],{OVERLOADED[1:]}'), DONE)),
    ),
    "calls-without-index": (
        Answer(
            stream(ROLE, *(each.replace('"index":0,"id"', '"id"') for each in (OSLO_WHOLE, ROME_WHOLE)), CALLS, DONE)
        ),
    ),
    "calls-all-of-index-zero": (Answer(stream(ROLE, OSLO_WHOLE, ROME_WHOLE, CALLS, DONE)),),
    "fields-without-data": (Answer(stream("retry: 3000\n\nid: 7\n\n", ROLE, HEL, LO, STOP, DONE)),),
    "chunk-extensions": (Answer(with_extensions(ROLE, HEL, LO, STOP, DONE)),),
    "named-event-without-data": (Answer(stream("event: ping\n\n", HEL, LO, STOP, DONE)),),
    "keep-alive-comments": (Answer(stream(": waiting\n\n", ROLE, HEL, ": waiting\n\n", LO, STOP, DONE)),),
    "no-space-after-colon": (
        Answer(stream(*(each.replace("data: ", "data:") for each in (ROLE, HEL, LO, STOP, DONE)))),
    ),
    "data-over-several-lines": (Answer(stream(ROLE, HEL.replace('"choices"', '\ndata: "choices"'), LO, STOP, DONE)),),
    "line-separators-in-text": (Answer(stream(ROLE, SEPARATORS, STOP, DONE)),),
    "byte-that-is-no-utf8": (Answer(stream(ROLE, HEL, LO.replace("lo", "lo~"), STOP, DONE).replace(b"~", b"\xff")),),
    "lone-surrogate": (Answer(stream(ROLE, LO.replace("lo", r"Hi \ud83d"), LO.replace("lo", r"\ude00!"), STOP, DONE)),),
    "charset-that-is-not-so": (
        Answer(stream(ROLE, UMLAUTS, STOP, DONE, content_type="text/event-stream; charset=iso-8859-1")),
    ),
    "content-type-in-capitals": (
        Answer(stream(ROLE, HEL, LO, STOP, DONE, content_type="Text/Event-Stream;charset=UTF-8")),
    ),
    "no-content-type": (Answer(untyped(CLEAN.data)),),
    "gzip-breaks-off": (Answer(gzip_broken_off(ROLE, HEL)),),
    "choice-without-finish-reason": (Answer(stream(ROLE, HEL.replace(',"finish_reason":null', ""), LO, STOP, DONE)),),
    "choice-without-delta": (Answer(stream(ROLE, HEL, STOP, _chunk('"finish_reason":null'), DONE)),),
    "429-then-clean": (_limited("retry-after: 3"), CLEAN),
    "429-without-time-then-clean": (_limited(), CLEAN),
    "429-asks-for-a-day": (_limited("retry-after: 86400"), CLEAN),
    "429-always": (_limited("retry-after: 1"),),
    "quota-exhausted": (Answer(refused("429 Too Many Requests", QUOTA)),),
    "500-then-clean": (Answer(refused("500 Internal Server Error", SERVER_ERROR)), CLEAN),
    "500-always": (Answer(refused("500 Internal Server Error", SERVER_ERROR)),),
    "503-then-clean": (Answer(refused("503 Service Unavailable", OVERLOADED)), CLEAN),
    "504-then-clean": (Answer(refused("504 Gateway Timeout", SERVER_ERROR)), CLEAN),
    "529-then-clean": (Answer(refused("529 Overloaded", OVERLOADED)), CLEAN),
    "529-always": (Answer(refused("529 Overloaded", OVERLOADED)),),
    "400-always": (Answer(refused("400 Bad Request", BAD_REQUEST)),),
    "429-not-to-be-repeated": (_limited("x-should-retry: false"), CLEAN),
    "context-overflow-in-other-words": (
        Answer(refused("400 Bad Request", '{"error":{"message":"the request exceeds the available context size"}}')),
    ),
    "context-overflow": (Answer(refused("400 Bad Request", OVERFLOW)),),
}
