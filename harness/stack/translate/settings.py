"""A request's tools and settings, fitted to what a vendor takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from harness.dialects.base import Loss
from harness.dialects.decoding import compact_json
from harness.dialects.rules import RequestRules
from harness.request import NamedTool, Part, Request, Tool, ToolCallPart
from harness.transcript import parse_arguments


def fitted_settings(request: Request, rules: RequestRules) -> tuple[Request, list[Loss]]:
    """The request with settings in their ranges, each tool once, and no choice of a tool that is not there."""
    losses: list[Loss] = []
    changed: dict[str, Any] = {}
    for name, value in (*_numbers(request, rules, losses), *_choice(request, losses), *_stop(request, rules, losses)):
        changed[name] = value
    if request.tools is not None and (tools := _tools(request.tools, losses)) != request.tools:
        changed["tools"] = tools
    return (replace(request, **changed) if changed else request), losses


def _numbers(request: Request, rules: RequestRules, losses: list[Loss]) -> Iterator[tuple[str, Any]]:
    for name, (least, most) in rules.ranges.items():
        value = getattr(request, name)
        if value is not None and not least <= value <= most:
            near = least if not value > least else most
            losses.append(Loss(name.replace("_", "-"), f"{value!r} is sent as {near}"))
            yield name, near
    limit = request.max_output_tokens
    if limit is not None and limit < rules.least_output_tokens:
        losses.append(Loss("max-output-tokens", f"{limit} is sent as {rules.least_output_tokens}"))
        yield "max_output_tokens", rules.least_output_tokens
    if request.top_k is not None and request.top_k < 1:
        losses.append(Loss("top-k", f"{request.top_k} says nothing"))
        yield "top_k", None
    asked = request.reasoning
    if asked is not None and asked.budget_tokens is not None and asked.budget_tokens < 0:
        losses.append(Loss("reasoning-budget", f"{asked.budget_tokens} tokens are no budget"))
        yield "reasoning", replace(asked, budget_tokens=None)


def _choice(request: Request, losses: list[Loss]) -> Iterator[tuple[str, Any]]:
    choice, names = request.tool_choice, {tool.name for tool in request.tools or []}
    if isinstance(choice, NamedTool) and choice.name not in names:
        losses.append(Loss("tool-choice", f"there is no tool {choice.name!r}"))
        yield "tool_choice", None
    elif not names and choice in ("required", "auto"):
        if choice == "required":
            losses.append(Loss("tool-choice", "a tool cannot be demanded where there is none"))
        yield "tool_choice", None
    if not names and request.parallel_tool_calls is not None:
        losses.append(Loss("parallel-tool-calls", "there are no tools"))
        yield "parallel_tool_calls", None


def _stop(request: Request, rules: RequestRules, losses: list[Loss]) -> Iterator[tuple[str, Any]]:
    if not request.stop:
        return
    stops = [stop for stop in request.stop if stop and (rules.blank_texts or stop.strip())]
    stops = stops if rules.stops is None else stops[: rules.stops]
    if stops != request.stop:
        losses.append(Loss("stop", f"of {len(request.stop)} stop sequences {len(stops)} are sent"))
        yield "stop", stops or None


def _tools(tools: list[Tool], losses: list[Loss]) -> list[Tool] | None:
    kept: dict[str, Tool] = {}
    for tool in tools:
        if kept.setdefault(tool.name, tool) is not tool:
            losses.append(Loss("tool-repeated", tool.name))
    return list(kept.values()) or None


def fitted_arguments(part: Part, losses: list[Loss]) -> Part:
    """A call whose arguments are an object: what is none becomes the only value of one."""
    if not isinstance(part, ToolCallPart):
        return part
    if not part.arguments.strip():
        return replace(part, arguments="{}")
    if parse_arguments(part.arguments) is not None:
        return part
    losses.append(Loss("tool-arguments", f"the arguments of {part.name} are no object"))
    return replace(part, arguments=compact_json({"arguments": part.arguments}))
