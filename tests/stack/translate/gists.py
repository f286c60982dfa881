"""What a translated answer must amount to: the original's gist, after the rules of the losses that were reported.

Every rule is written here by hand, from what specs/losses.yaml says of the loss; none asks the translator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from harness.events import AnyEvent, ErrorInfo, Failure, Usage
from harness.transcript import MADE_ID_PREFIX, Choice, Transcript, fold

KNOW_TWO_ENDS = ("gemini", "ollama", "openai-responses")
ENDED_WELL = ("stop", "tool_calls")
NOT_CUT = (*ENDED_WELL, "refusal", "pause", None)


@dataclass(frozen=True)
class Said:
    """One choice: its pieces in order, its calls, its stop reason. Ids that were made are all called `made`."""

    index: int
    parts: tuple[tuple[Any, ...], ...]
    calls: tuple[tuple[str, str, str | None, Any], ...]
    finish: str | None
    raw: str | None


@dataclass(frozen=True)
class Gist:
    """What of a transcript must survive."""

    status: str
    id: str | None
    model: str | None
    usage: Usage | None
    error: ErrorInfo | None
    choices: tuple[Said, ...]
    extras: tuple[Any, ...] | None


def gist(transcript: Transcript) -> Gist:
    """The gist of a transcript. A count of zero is none."""
    counts = {name: getattr(transcript.usage, name) or None for name in Usage.__struct_fields__}
    choices = [transcript.choice, *transcript.other_choices]
    return Gist(
        transcript.status,
        transcript.id,
        transcript.model,
        Usage(**counts),
        transcript.error,
        tuple(_said(choice) for choice in choices),
        tuple((other.kind, other.data) for other in transcript.others),
    )


def _said(choice: Choice) -> Said:
    calls = [(_id(call.id), call.name, call.arguments, call.input) for call in choice.tool_calls]
    parts = [(part.kind, part.text, part.call, _signature(part.signature)) for part in choice.parts]
    return Said(choice.index, _joined(parts), tuple(calls), choice.finish, choice.finish_raw)


def _id(id: str) -> str:
    return "made" if id.startswith(MADE_ID_PREFIX) else id


def _signature(signature: Any) -> Any:
    return signature and (signature.form, signature.data, signature.tool_index, signature.id)


def _joined(parts: Iterable[tuple[Any, ...]]) -> tuple[tuple[Any, ...], ...]:
    """Pieces of one kind that follow each other are one piece."""
    joined: list[tuple[Any, ...]] = []
    for kind, text, call, signature in parts:
        if joined and joined[-1][0] == kind and kind in ("text", "reasoning", "refusal"):
            joined[-1] = (kind, joined[-1][1] + text, None, None)
        else:
            joined.append((kind, text, call, signature))
    return tuple(joined)


def each(whole: Gist, change: Callable[[Said], Said]) -> Gist:
    """The gist with a change to every choice."""
    return replace(whole, choices=tuple(change(said) for said in whole.choices))


# --- what holds for every pair


def counted(whole: Gist, source: str, target: str) -> Gist:
    """Anthropic's input leaves cached tokens out, Gemini's output the reasoning; the others count them in."""
    usage = whole.usage or Usage()
    given, made = usage.input_tokens, usage.output_tokens
    cached = (usage.cache_read_tokens or 0) + (usage.cache_write_tokens or 0)
    thought = usage.reasoning_tokens or 0
    if source == "anthropic-messages" != target:
        given = (given or 0) + cached
    elif target == "anthropic-messages" != source and given is not None:
        given -= cached if cached <= given else 0
    if source == "gemini" != target:
        made = (made or 0) + thought
    elif target == "gemini" != source and made is not None:
        made -= thought if thought <= made else 0
    return replace(whole, usage=msgspec.structs.replace(usage, input_tokens=given or None, output_tokens=made or None))


def ended(whole: Gist) -> Gist:
    """An answer that was cut off arrives as one that failed."""
    if whole.status != "truncated":
        return whole
    message = "the upstream's answer ended before it was finished"
    return replace(whole, status="failed", error=ErrorInfo("connection", message, retryable=True))


def in_target_words(whole: Gist, source: str, target: str) -> Gist:
    """Other vendors' own words for a stop reason are not the target's; one word for two ends is no loss."""
    if source == target:
        return whole
    changed = each(whole, lambda said: replace(said, raw=None))
    return no_extras(changed, target)


# --- one rule for each loss


def first_choice(whole: Gist, target: str) -> Gist:
    kept = tuple(said for said in whole.choices if said.index == 0)
    return replace(whole, choices=kept or (Said(0, (), (), None, None),))


FINISHES: dict[str, dict[str | None, str]] = {
    "openai-chat": {"refusal": "content_filter", "pause": "stop", "context_overflow": "length", "other": "stop"},
    "anthropic-messages": {"content_filter": "refusal", "other": "stop"},
    "gemini": {"refusal": "content_filter", "context_overflow": "length"},
    "ollama": {"content_filter": "other", "refusal": "other", "pause": "other", "context_overflow": "other"},
    "openai-responses": {"context_overflow": "length", "other": "length"},
}


def finish_reason(whole: Gist, target: str) -> Gist:
    def change(said: Said) -> Said:
        finish = FINISHES[target].get(said.finish, said.finish)
        words = {kind for kind, *_ in said.parts if kind in ("text", "refusal")}
        if target == "openai-responses" and words == {"refusal"} and not said.calls and finish in NOT_CUT:
            finish = "refusal"
        elif target == "openai-responses" and finish == "refusal":
            finish = "content_filter"
        elif target in KNOW_TWO_ENDS and finish in NOT_CUT:
            finish = "tool_calls" if said.calls else "stop"
        return replace(said, finish=finish)

    return each(whole, change)


def refusal_as_text(whole: Gist, target: str) -> Gist:
    def change(said: Said) -> Said:
        kinds = [("text" if kind == "refusal" else kind, *rest) for kind, *rest in said.parts]
        return replace(said, parts=_joined(kinds))

    return each(whole, change)


GONE_FORMS = {
    "ai-sdk-ui": (),
    "openai-chat": ("redacted",),
    "openai-responses": ("signature", "redacted"),
    "anthropic-messages": ("encrypted",),
    "gemini": ("encrypted", "redacted"),
    "ollama": ("signature", "redacted", "encrypted"),
}


def signature(whole: Gist, target: str) -> Gist:
    def stays(part: tuple[Any, ...]) -> bool:
        if part[0] != "signature":
            return True
        form, _, tool_index, _ = part[3]
        calls_too = target in ("openai-chat", "gemini")
        return form not in GONE_FORMS[target] and (tool_index is None or calls_too)

    return each(whole, lambda said: replace(said, parts=_joined(filter(stays, said.parts))))


def count_gone(name: str) -> Callable[[Gist, str], Gist]:
    return lambda whole, target: replace(
        whole, usage=whole.usage and msgspec.structs.replace(whole.usage, **{name: None})
    )


def no_extras(whole: Gist, target: str) -> Gist:
    return replace(whole, extras=None if target == "ai-sdk-ui" else ())  # which shows some of them, as sources


def respelled(whole: Gist, target: str) -> Gist:
    def change(said: Said) -> Said:
        calls = [(id, name, None, _readable(input)) for id, name, _, input in said.calls]
        return replace(said, calls=tuple(calls))

    return each(whole, change)


def _readable(value: Any) -> Any:
    """A number that no double holds is read as null where arguments are objects."""
    match value:
        case dict():
            return {key: _readable(item) for key, item in value.items()}
        case list():
            return [_readable(item) for item in value]
    return None if value in (float("inf"), float("-inf")) else value


def empty_objects(whole: Gist, target: str) -> Gist:
    """A call without arguments has an empty object, where the answer ended well."""

    def change(said: Said) -> Said:
        is_well = whole.status == "completed" and said.finish in (*ENDED_WELL, None, "refusal", "pause")
        calls = [(*call[:2], "{}", {}) if call[2] == "" and is_well else call for call in said.calls]
        return replace(said, calls=tuple(calls))

    return each(whole, change)


def any_id(whole: Gist, target: str) -> Gist:
    return each(whole, lambda said: replace(said, calls=tuple(("any", *call[1:]) for call in said.calls)))


def no_broken_calls(whole: Gist, target: str) -> Gist:
    """A call without arguments is whole if the answer ended well; one that is broken is gone, and so is the end."""

    def change(said: Said) -> Said:
        broken = [place for place, (*_, input) in enumerate(said.calls) if input is None]
        kept = [place for place in range(len(said.calls)) if place not in broken]
        parts = [
            (kind, text, kept.index(call) if call is not None else None, sign)
            for kind, text, call, sign in said.parts
            if call not in broken
        ]
        finish = "other" if target == "gemini" and broken and said.finish in ENDED_WELL else said.finish
        calls = tuple(said.calls[place] for place in kept)
        return replace(said, parts=_joined(parts), calls=calls, finish=finish)

    return each(whole, change)


def end_missing(whole: Gist, target: str) -> Gist:
    missing = "stop" if target == "anthropic-messages" else "other"
    return each(whole, lambda said: replace(said, finish=said.finish or missing))


def without_order(whole: Gist) -> Gist:
    """A call goes out when it is whole: what was said meanwhile stands before it."""
    return each(whole, lambda said: replace(said, parts=_joined(sorted(said.parts, key=lambda part: part[0]))))


def no_id(whole: Gist, target: str) -> Gist:
    return replace(whole, id=None)


ERRORS: dict[str, dict[str, str]] = {
    "ai-sdk-ui": {},
    "openai-chat": {},
    "openai-responses": {},
    "anthropic-messages": dict.fromkeys(("connection", "protocol", "unknown"), "server"),
    "gemini": {
        "connection": "overloaded",
        "protocol": "server",
        "unknown": "server",
        "content_filter": "invalid_request",
    },
    "ollama": dict.fromkeys(
        ("auth", "not_found", "invalid_request", "content_filter", "timeout", "connection", "protocol"), "unknown"
    ),
}


def error_kind(whole: Gist, target: str) -> Gist:
    if whole.error is None:
        return whole
    kind = ERRORS[target].get(whole.error.kind, whole.error.kind)
    allowed = "any" if target == "ollama" else whole.error.kind  # there the words alone say what kind it is
    return replace(whole, error=ErrorInfo(kind, whole.error.message, code=allowed, status=-1))  # type: ignore[arg-type]


def end_of_failed(whole: Gist, target: str) -> Gist:
    changed = each(whole, lambda said: replace(said, finish=None, raw=None))
    if target != "openai-responses":
        changed = replace(changed, usage=None)
    return replace(changed, model=None) if target == "ollama" else changed


def nothing(whole: Gist, target: str) -> Gist:
    return whole


RULES: dict[str, Callable[[Gist, str], Gist]] = {
    "choices": first_choice,
    "finish-reason": finish_reason,
    "finish-missing": end_missing,
    "refusal-as-text": refusal_as_text,
    "signature": signature,
    "redacted-reasoning": signature,
    "reasoning-summary": nothing,  # no transcript says so
    "extras": no_extras,
    "reasoning-tokens": count_gone("reasoning_tokens"),
    "cache-read-tokens": count_gone("cache_read_tokens"),
    "cache-write-tokens": count_gone("cache_write_tokens"),
    "arguments-empty": empty_objects,
    "arguments-respelled": respelled,
    "tool-arguments-not-object": no_broken_calls,
    "tool-call-id-made": nothing,  # a transcript makes them too
    "tool-call-id-late": any_id,
    "call-order": nothing,  # the parts are compared without their order
    "after-error": nothing,  # the original is read no further than to its error
    "error-kind": error_kind,
    "end-of-failed": end_of_failed,
    "response-id": no_id,
}
ORDER = tuple(RULES)


def expected(source: str, target: str, events: list[AnyEvent], losses: Iterable[str]) -> Gist:
    """The gist that the translation must have, if these are the losses that were reported."""
    lost = set(losses)
    if "after-error" in lost:
        failed = next(place for place, event in enumerate(events) if isinstance(event, Failure))
        events = [*events[: failed + 1], events[-1]]
    whole = ended(counted(gist(fold(source, events)), source, target))
    for slug in sorted(lost, key=ORDER.index):
        whole = RULES[slug](whole, target)
    if target == "ollama" and "tool-arguments-not-object" in lost:
        whole = _failing(whole, fold(source, events))
    return in_target_words(whole, source, target)


def _failing(whole: Gist, original: Transcript) -> Gist:
    """Ollama's own word for a call that is broken is an error."""
    broken = any(call.input is None and call.arguments for call in original.tool_calls)
    if broken and original.finish in ENDED_WELL and original.status == "completed":
        return end_of_failed(
            replace(whole, status="failed", error=ErrorInfo("unknown", "", code="any", status=-1)), "ollama"
        )
    return whole


def arranged(want: Gist, got: Gist, losses: Iterable[str]) -> tuple[Gist, Gist]:
    """Both, without the order of their parts where that is lost."""
    return (without_order(want), without_order(got)) if "call-order" in set(losses) else (want, got)


def differences(want: Gist, got: Gist) -> list[str]:
    """Where a translation differs from what it must be; what the original does not name may be made."""
    told = [
        f"{name}: {getattr(want, name)!r} became {getattr(got, name)!r}"
        for name in ("status", "usage", "extras")
        if getattr(want, name) not in (None, getattr(got, name))
    ]
    for name in ("id", "model"):
        if getattr(want, name) not in (None, getattr(got, name)):
            told.append(f"{name}: {getattr(want, name)!r} became {getattr(got, name)!r}")
    if not _same_error(want.error, got.error):
        told.append(f"error: {want.error!r} became {got.error!r}")
    indices = [said.index for said in want.choices], [said.index for said in got.choices]
    if indices[0] != indices[1]:
        return [*told, f"choices: {indices[0]} became {indices[1]}"]
    return told + [line for one, other in zip(want.choices, got.choices, strict=True) for line in _unlike(one, other)]


def _same_error(want: ErrorInfo | None, got: ErrorInfo | None) -> bool:
    if want is None or got is None or want.status != -1:
        return want == got
    kind_stands = want.code == "any" or got.kind in (want.kind, want.code)
    return kind_stands and got.message.endswith(want.message)  # its other fields are gone


def _unlike(want: Said, got: Said) -> list[str]:
    told = []
    if want.parts != got.parts and _without_ids(want.parts) != _without_ids(got.parts):
        told.append(f"parts: {want.parts!r} became {got.parts!r}")
    if want.finish != got.finish:
        told.append(f"finish: {want.finish!r} became {got.finish!r}")
    if want.raw is not None and want.raw != got.raw:
        told.append(f"finish_raw: {want.raw!r} became {got.raw!r}")
    calls = [
        (got_id if id == "any" else id, name, got_spelled if spelled is None else spelled, input)
        for (id, name, spelled, input), (got_id, _, got_spelled, _) in zip(want.calls, got.calls, strict=False)
    ]
    if len(want.calls) != len(got.calls) or tuple(calls) != got.calls:
        told.append(f"calls: {want.calls!r} became {got.calls!r}")
    return told


def _without_ids(parts: tuple[tuple[Any, ...], ...]) -> list[tuple[Any, ...]]:
    return [(kind, text, call, sign and sign[:3]) for kind, text, call, sign in parts]
