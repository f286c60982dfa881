"""The adapter protocol, line by line, from the code that speaks it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any, get_args

from described import about, cell, table

from harness.catalogue.models import FEATURES, LACKS, Options
from harness.events import AnyEvent, End, ErrorInfo, Retry
from harness.systems import base, protocol
from harness.systems.kit import harness_kit

_CASE = base.Case(
    id="canary/plain-text",
    dialect="openai-chat",
    base_url="http://127.0.0.1:40001/c17",
    api_key="sk-harness",
    request={"model": "test-model", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]},
    options={"max_retries": 0, "timeout_s": 30.0},
    fallback_base_url="http://127.0.0.1:40001/c17-fallback",
)
_RUN = {
    "op": "`run`",
    "case": "The name of this case: every line about it says it.",
    "dialect": "The dialect in which the client is to ask.",
    "base_url": "Where it is to ask. The vendor's own path follows, version and all: `/v1/chat/completions`.",
    "api_key": "The key that the server takes.",
    "request": "What to ask: a [request](scenarios.md#request) in canonical form.",
    "options": "How to set the client up; see [below](#options).",
    "fallback_base_url": "Where a second provider answers; only for clients that claim `fallback`.",
}
_END = {
    "status": ", ".join(f"`{each}`" for each in (*protocol.END_STATUSES, "broken")),
    "error": "With `error`: the [error](#errorinfo) as the client's caller sees it. With `broken`: a `message`.",
    "raised": "The type of what was raised, as its language names it.",
}


def adapter_protocol() -> Iterator[str]:
    """The page."""
    yield from ("# Adapter protocol", "", f"Version {base.PROTOCOL}. An adapter is a program that reads JSON lines on")
    yield "stdin and writes JSON lines on stdout; stderr is its log. [How to write one](../adapters.md) has whole"
    yield "examples in three languages, and kits that speak all this for Python and Node. Many cases run at once."
    yield from _from_the_harness()
    yield from _from_the_adapter()
    yield from _options()
    yield from _features()
    yield from _kit()


def _from_the_harness() -> Iterator[str]:
    yield from ("", "## What the harness writes", "", "### describe", "", "Who are you? It may come at any time.")
    yield from _lines(protocol.DESCRIBE)
    yield from ("", "### run", "", "Run this case.")
    line = protocol.encode_run(_CASE, "c17")
    yield from _lines(line)
    yield from ("", "| member | |", "| --- | --- |")
    yield from (f"| `{name}` | {cell(_RUN[name])} |" for name in json.loads(line))
    yield from (
        "",
        "### cancel",
        "",
        "Give this case up: its deadline has passed.",
        *_lines(protocol.encode_cancel("c17")),
    )
    yield from ("", "### quit", "", "No more cases: end.", *_lines(protocol.QUIT))


def _from_the_adapter() -> Iterator[str]:
    yield from ("", "## What an adapter writes", "", "### described", "", "The answer to `describe`.")
    yield from _lines(*DESCRIBED)
    yield from ("", *table(protocol.Described, {"default_retries": "integer, or a mapping by dialect to one"}))
    yield from ("", "### event", "", "Something that the client's own caller would see, as it comes.", *_lines(*EVENTS))
    for kind in EVENT_KINDS:
        yield from ("", f"#### {kind.__struct_config__.tag}", "", about(kind), "")
        yield from table(kind, {"data": "JSON"} if kind.__name__ == "Other" else None)
        if kind is Retry:
            yield from ("", "`max_attempts` and `reason` may be left out.")
    yield from ("", "### end", "", "How the case ended, once. Nothing of the case comes after it.", *_lines(*ENDS))
    yield from ("", "| member | |", "| --- | --- |", *(f"| `{name}` | {cell(words)} |" for name, words in _END.items()))
    yield from ("", "#### ErrorInfo", "", about(ErrorInfo), "")
    yield from table(ErrorInfo)
    yield from ("", "`kind` and `message` may be left out: a client that does not say is not guessed at.")


EVENT_KINDS: list[Any] = [kind for kind in get_args(AnyEvent) if kind is not End]
DESCRIBED = (
    b'{"op": "described", "protocol": 1, "name": "my-client", "version": "1.2.3", "language": "perl", '
    b'"dialects": ["openai-chat"], "features": ["tool_calls"]}',
)
EVENTS = (
    b'{"case": "c17", "event": {"type": "text", "text": "Hel"}}',
    b'{"case": "c17", "event": {"type": "tool_call", "index": 0, "id": "call_1", "name": "get_weather"}}',
    b'{"case": "c17", "event": {"type": "finish", "reason": "stop", "raw": "stop"}}',
)
ENDS = (
    b'{"case": "c17", "end": {"status": "completed"}}',
    b'{"case": "c17", "end": {"status": "error", "error": {"kind": "rate_limit", "status": 429}, "raised": "Busy"}}',
    b'{"case": "c17", "end": {"status": "broken", "error": {"message": "the adapter cannot find its client"}}}',
)


def _options() -> Iterator[str]:
    yield from ("", "## Options", "", "What `options` may say.", "", *table(Options))


def _features() -> Iterator[str]:
    yield from (
        "",
        "## Features",
        "",
        "What a client claims in `features`. What it does not claim is `unsupported`.",
        "",
    )
    yield from ("| feature | the client |", "| --- | --- |")
    yield from (f"| `{name}` | {cell(words)} |" for name, words in (FEATURES | LACKS).items())


def _kit() -> Iterator[str]:
    yield from ("", "## The kit for Python", "", inspect.cleandoc(harness_kit.__doc__ or ""), "", "### serve", "")
    parameters = inspect.signature(harness_kit.serve).parameters.values()
    yield from ("```python", "serve(", *(f"    {_parameter(each)}," for each in parameters), ")", "```", "")
    yield inspect.cleandoc(harness_kit.serve.__doc__ or "")
    yield from (
        "",
        "### Case",
        "",
        about(harness_kit.Case),
        "",
        *table(harness_kit.Case, KIT_CASE),
    )
    yield from ("", "### Failed", "", about(harness_kit.Failed))


KIT_CASE = {"request": "mapping: the canonical request", "options": "mapping: the [options](#options)"}


def _parameter(parameter: inspect.Parameter) -> str:
    given = "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {parameter.annotation}{given}"


def _lines(*lines: bytes) -> Iterator[str]:
    yield from ("", "```json", *(line.decode().rstrip("\n") for line in lines), "```")
