"""Hypothesis strategies for what a model says, as canonical events that a dialect can express without loss."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hypothesis import strategies as st

from harness.events import AnyEvent, Finish, Reasoning, Refusal, Start, Text, ToolCall, Usage

DIALECTS = ("anthropic-messages", "gemini", "ollama", "openai-chat", "openai-responses")
STREAMS = (*DIALECTS, "ai-sdk-ui")
"""The dialects, and the stream that is only served."""

CAN_REFUSE_IN_WORDS = ("openai-chat", "openai-responses")
REFUSES_WITH_ITS_REASON = ("openai-responses",)  # where there is a refusal and no text
CAN_COUNT_REASONING = ("ai-sdk-ui", "gemini", "openai-chat", "openai-responses")
HAS_NO_ID = ("ollama",)

_WORDS = st.text(min_size=1, max_size=12)
_NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(-1e9, 1e9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def answers(draw: st.DrawFn, name: str) -> list[AnyEvent]:
    """A whole answer: deltas, tool calls, usage, stop reason."""
    deltas = [st.builds(Text, _WORDS), st.builds(Reasoning, _WORDS)]
    said: list[AnyEvent] = list(draw(st.lists(st.one_of(deltas), max_size=6)))
    refusals: list[AnyEvent] = []
    if name in CAN_REFUSE_IN_WORDS:
        refusals += draw(st.lists(st.builds(Refusal, _WORDS), max_size=2))
    calls = draw(tool_calls())
    only_refused = refusals and not any(isinstance(event, Text) for event in said)
    good_end = "refusal" if only_refused and name in REFUSES_WITH_ITS_REASON else "stop"
    reason = "tool_calls" if calls else draw(st.sampled_from([good_end, "length"]))
    start = Start(None if name in HAS_NO_ID else draw(_NAMES), draw(_NAMES))
    counted = draw(st.integers(1, 10**6)) if name in CAN_COUNT_REASONING else None
    usage = Usage(draw(st.integers(1, 10**6)), draw(st.integers(1, 10**6)), counted)
    return [start, *said, *refusals, *calls, Finish(reason), usage]


@st.composite
def tool_calls(draw: st.DrawFn) -> list[AnyEvent]:
    """Calls in fragments, one call after the other or all of them at once."""
    arguments = draw(st.lists(st.dictionaries(st.text(max_size=4), _JSON, max_size=3), max_size=3))
    fragments: list[ToolCall] = []
    for index, value in enumerate(arguments):
        spelled = json.dumps(value, ensure_ascii=draw(st.booleans()))
        cut = draw(st.integers(0, len(spelled)))
        fragments.append(ToolCall(index, f"call_{index}_{draw(_NAMES)}", draw(_NAMES), spelled[:cut]))
        fragments.append(ToolCall(index, arguments=spelled[cut:]))
    if draw(st.booleans()):
        fragments = fragments[::2] + fragments[1::2]
    return [fragment for fragment in fragments if fragment.id or fragment.arguments]


FULL: list[AnyEvent] = [
    Start("resp-1", "test-model"),
    Reasoning("Thinking… "),
    Reasoning("é"),
    Text("Hé"),
    Text("llo 😀"),
    ToolCall(0, "call_a", "get_weather", '{"city": "Os'),
    ToolCall(0, arguments='lo"}'),
    ToolCall(1, "call_b", "add", '{"n": 12345678901234567890123}'),
    Finish("tool_calls"),
    Usage(9, 4),
]
"""One answer with a bit of everything that every dialect can express."""

STOP_REASON_OF_FULL: Mapping[str, bytes] = {
    "ai-sdk-ui": b'"finishReason":"tool-calls"',
    "anthropic-messages": b'"stop_reason":"tool_use"',
    "gemini": b'"finishReason":"STOP"',
    "ollama": b'"done":true',
    "openai-chat": b'"finish_reason":"tool_calls"',
    "openai-responses": b"event: response.completed",
}
"""What every dialect says of it when the model stops."""
