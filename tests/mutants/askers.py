"""Clients that send something else than they were asked to, or than the next turn needs."""

from __future__ import annotations

import json

from msgspec.structs import replace

from harness.request import ImagePart, ReasoningPart, ToolCallPart, ToolResultPart
from tests.mutants.asking import (
    as_words,
    ascii,
    calls,
    calls_alone,
    flat,
    images_first,
    in_pythons_notation,
    last_round_alone,
    one_call_a_name,
    only_signed_words,
    parts,
    results,
    results_by_place,
    results_swallow_texts,
    results_together,
    texts,
    through_doubles,
    tools_once,
    unsigned,
    with_empty_texts,
    without,
)
from tests.mutants.machine import Mutant

EVERY_RESULT = (
    "requests/tool-result",
    "requests/parallel-results",
    "requests/results-in-another-order",
    "requests/two-rounds-of-tools",
    "requests/tool-result-is-an-error",
    "requests/tool-result-empty",
    "requests/text-beside-a-call",
    "requests/text-after-tool-result",
    "multi-turn/one-call",
    "multi-turn/two-parallel-calls",
    "multi-turn/same-tool-twice",
    "multi-turn/call-without-arguments",
    "multi-turn/call-after-text",
    "multi-turn/two-rounds",
    "multi-turn/calls-without-ids",
)

ASKERS = (
    Mutant(
        "drops-the-system-text",
        "has a system text of its own, and does not send the caller's",
        kills=("requests/system-text", "multi-turn/tools-stay-on-offer"),
        asks=lambda request: replace(request, system=None),
    ),
    Mutant(
        "tells-the-last-message-alone",
        "takes each request for a new conversation",
        kills=("requests/earlier-turns", "requests/text-after-tool-result", "requests/parallel-results"),
        asks=lambda request: replace(request, messages=request.messages[-1:]),
    ),
    Mutant(
        "keeps-texts-alone",
        "knows texts, and drops every part that is none",
        kills=(*EVERY_RESULT, "requests/image", "requests/images-between-texts"),
        asks=without(ToolCallPart, ToolResultPart, ImagePart, ReasoningPart),
    ),
    Mutant(
        "drops-tool-results",
        "sends the calls back and forgets what the tools said",
        kills=EVERY_RESULT,
        asks=without(ToolResultPart),
    ),
    Mutant(
        "sends-calls-as-text",
        "writes calls and results out as words",
        kills=(*EVERY_RESULT, "requests/call-without-arguments"),
        asks=parts(as_words),
    ),
    Mutant(
        "answers-calls-by-place",
        "gives the first result to the first call, whatever id it has",
        kills=("requests/results-in-another-order",),
        asks=results_by_place,
        literal=True,
    ),
    Mutant(
        "results-at-the-end",
        "gathers all results behind the last call",
        kills=("requests/two-rounds-of-tools", "multi-turn/two-rounds"),
        asks=results_together,
    ),
    Mutant(
        "one-call-a-name",
        "keeps calls in a dictionary by the names of their tools",
        kills=("requests/parallel-results", "multi-turn/same-tool-twice"),
        asks=one_call_a_name,
    ),
    Mutant(
        "an-empty-result-is-none",
        "asks whether there is a result, and an empty text is falsy",
        kills=("requests/tool-result-empty", "multi-turn/tool-that-says-nothing"),
        asks=parts(lambda part: [] if isinstance(part, ToolResultPart) and not part.content else [part]),
    ),
    Mutant(
        "results-are-no-errors",
        "has no place for the mark of a tool that failed",
        kills=("requests/tool-result-is-an-error",),
        asks=parts(lambda part: [replace(part, is_error=False) if isinstance(part, ToolResultPart) else part]),
    ),
    Mutant(
        "results-are-written-as-json",
        "turns what a tool said into JSON, texts among it",
        kills=("requests/tool-result-of-several-lines", "multi-turn/tool-result-of-several-lines"),
        asks=results(json.dumps),
    ),
    Mutant(
        "results-in-pythons-notation",
        "reads a tool's JSON and sends `str()` of it",
        kills=("requests/tool-result-is-json",),
        asks=results(in_pythons_notation),
    ),
    Mutant(
        "sends-numbers-through-doubles",
        "reads arguments and results with a parser whose numbers are doubles",
        kills=("requests/big-integers-in-arguments", "requests/tool-result-is-json", "multi-turn/big-integers"),
        asks=lambda request: results(through_doubles)(calls(through_doubles)(request)),
    ),
    Mutant(
        "no-arguments-are-null",
        "takes an empty object for nothing",
        kills=("requests/call-without-arguments", "multi-turn/call-without-arguments"),
        asks=calls(lambda text: "null" if text == "{}" else text),
    ),
    Mutant(
        "escapes-once-more",
        "escapes the backslashes of arguments that are escaped already",
        kills=("requests/arguments-with-unicode-and-escapes", "multi-turn/arguments-in-fragments-with-escapes"),
        asks=calls(lambda text: text.replace("\\", "\\\\")),
    ),
    Mutant(
        "forgets-signatures",
        "has no place for what the vendor signed",
        kills=(
            "requests/anthropic-thinking-signature",
            "requests/anthropic-redacted-thinking",
            "requests/responses-encrypted-reasoning",
            "requests/gemini-thought-signature",
            "multi-turn/anthropic-signed-thinking",
            "multi-turn/anthropic-redacted-thinking",
            "multi-turn/responses-encrypted-reasoning",
            "multi-turn/gemini-signed-call",
            "multi-turn/reasoning-comes-back",
        ),
        asks=parts(unsigned),
    ),
    Mutant(
        "thinking-must-have-words",
        "keeps signed thinking, and drops that which is redacted",
        kills=("requests/anthropic-redacted-thinking", "multi-turn/anthropic-redacted-thinking"),
        asks=parts(only_signed_words),
        dialects=("anthropic-messages",),
    ),
    Mutant(
        "edits-signed-thinking",
        "trims and shortens thinking that it sends back, and leaves the signature as it is",
        kills=("requests/anthropic-thinking-signature", "multi-turn/anthropic-signed-thinking"),
        asks=parts(lambda part: [replace(part, text=part.text[:10])] if isinstance(part, ReasoningPart) else [part]),
        dialects=("anthropic-messages",),
    ),
    Mutant(
        "a-turn-is-text-or-calls",
        "drops the words of a turn that has calls",
        kills=("requests/text-beside-a-call", "multi-turn/call-after-text"),
        asks=calls_alone,
    ),
    Mutant(
        "results-swallow-texts",
        "turns a message with a result into that result alone",
        kills=("requests/text-after-tool-result",),
        asks=results_swallow_texts,
    ),
    Mutant(
        "sends-empty-texts",
        "makes a block of each text that it has, empty ones among them",
        kills=("requests/empty-text-beside-a-call",),
        sends=with_empty_texts,
        dialects=("anthropic-messages",),
    ),
    Mutant(
        "images-come-first",
        "puts the images before the texts",
        kills=("requests/images-between-texts",),
        asks=images_first,
    ),
    Mutant(
        "writes-images-again",
        "reads each image and writes it as another one",
        kills=("requests/image", "requests/images-between-texts"),
        asks=parts(lambda part: [ImagePart("image/jpeg", "/9j/4AAQ")] if isinstance(part, ImagePart) else [part]),
    ),
    Mutant(
        "flat-schemas",
        "knows schemas of one level",
        kills=("requests/tool-schema-nested", "requests/tool-schema-with-definitions"),
        asks=lambda request: replace(request, tools=[flat(tool) for tool in request.tools or []] or None),
    ),
    Mutant(
        "tools-need-parameters",
        "leaves out tools without parameters",
        kills=("requests/tool-without-parameters",),
        asks=lambda request: replace(request, tools=[tool for tool in request.tools or [] if tool.parameters] or None),
    ),
    Mutant(
        "offers-tools-once",
        "sends tools and system text with the first request of a conversation only",
        kills=("multi-turn/tools-stay-on-offer",),
        asks=tools_once,
    ),
    Mutant(
        "last-round-alone",
        "keeps what was asked first, and the last round",
        kills=("multi-turn/two-rounds", "requests/two-rounds-of-tools"),
        asks=last_round_alone,
    ),
    Mutant(
        "letters-beyond-ascii-are-lost",
        "writes its requests in ASCII, and leaves out the rest",
        kills=(
            "requests/unicode-in-the-prompt",
            "requests/tool-result-of-several-lines",
            "multi-turn/tool-result-of-several-lines",
            "multi-turn/arguments-in-fragments-with-escapes",
        ),
        asks=lambda request: texts(ascii)(results(ascii)(calls(ascii)(request))),
    ),
    Mutant(
        "cuts-long-prompts",
        "keeps within a window of its own, and does not say so",
        kills=("requests/very-long-prompt",),
        asks=texts(lambda text: text[:65_536]),
    ),
    Mutant(
        "zero-is-nothing",
        "leaves out every setting that is falsy",
        kills=("requests/temperature-zero", "requests/one-call-at-a-time"),
        asks=lambda request: replace(
            request, temperature=request.temperature or None, parallel_tool_calls=request.parallel_tool_calls or None
        ),
    ),
    Mutant(
        "keeps-settings-to-itself",
        "takes settings and sends none",
        kills=(
            "requests/tool-choice-required",
            "requests/tool-choice-of-one",
            "requests/tool-choice-none",
            "requests/stop-sequences",
            "requests/output-limit",
        ),
        asks=lambda request: replace(request, tool_choice=None, stop=None, max_output_tokens=None),
    ),
)
