"""Gateways that translate streams wrongly: each has a mistake that a real one had."""

from __future__ import annotations

from harness.events import Finish, Refusal, Signature, Start
from tests.mutants.gateway_events import (
    adds_counts_up,
    all_calls_are_one,
    calls_come_last,
    calls_decide,
    escapes_once_more,
    finishes,
    knows_three_reasons,
    makes_signatures_up,
    one_open_part,
    opens_and_forgets,
    text_alone,
    thinks_only_at_first,
    waits_for_counts,
    without,
)
from tests.mutants.gateway_groups import EVERY_BROKEN_ANSWER, EVERY_CALL
from tests.mutants.gateway_machine import MutantGateway, each_payload, keeping
from tests.mutants.gateway_wires import (
    begins_twice,
    calls_need_arguments,
    copies_counts,
    counts_parts,
    deltas_alone,
    ends_at_the_first_reason,
    first_kind_alone,
    forwards_pings,
    knows_a_closed_list,
    reads_on,
    reason_first,
    runs_server_tools,
    signed_parts_think,
    waits_for_a_role,
    waits_for_announcements,
)
from tests.mutants.machine import swallows_errors

OPENAI = ("openai-chat",)
RESPONSES = ("openai-responses",)
ANTHROPIC = ("anthropic-messages",)

TRANSLATORS = (
    MutantGateway(
        "ends-every-stream-well",
        "closes its own stream well, whatever became of the upstream's",
        kills=EVERY_BROKEN_ANSWER,
        events=keeping(swallows_errors),
    ),
    MutantGateway(
        "text-alone",
        "forwards the words of a stream and not its calls",
        kills=EVERY_CALL,
        events=text_alone,
    ),
    MutantGateway(
        "all-calls-are-one",
        "gives every call the index 0",
        kills=(
            "translate-stream/thinking-words-and-two-calls",
            "translate-stream/thinking-between-two-calls",
            "translate-stream/three-calls-interleave",
            "translate-stream/eight-calls",
            "translate-stream/two-calls-under-one-index",
            "translate-stream/encrypted-reasoning-before-two-calls",
            "gateway/whole-answer-with-calls",
        ),
        events=all_calls_are_one,
    ),
    MutantGateway(
        "calls-come-last",
        "gathers the calls of a stream and sends them behind everything else",
        kills=(
            "translate-stream/words-behind-a-call",
            "translate-stream/thinking-between-two-calls",
            "translate-stream/responses-call-before-the-message",
        ),
        events=calls_come_last,
    ),
    MutantGateway(
        "thinks-only-at-first",
        "knows no way from words back to thinking",
        kills=("translate-stream/words-before-thinking", "translate-stream/thinking-between-two-calls"),
        events=thinks_only_at_first,
    ),
    MutantGateway(
        "one-open-part",
        "closes a call for good when something else begins",
        kills=("translate-stream/words-inside-a-call", "translate-stream/three-calls-interleave"),
        events=one_open_part,
    ),
    MutantGateway(
        "opens-and-forgets",
        "opens a call and forgets the arguments that came with its name",
        kills=("translate-stream/arguments-begin-with-the-name",),
        events=keeping(opens_and_forgets),
    ),
    MutantGateway(
        "waits-for-a-role",
        "begins its stream when the upstream names the role",
        kills=("translate-stream/no-chunk-names-the-role",),
        reads=waits_for_a_role,
        upstreams=OPENAI,
    ),
    MutantGateway(
        "one-kind-per-event",
        "looks for one kind of content in each event",
        kills=("translate-stream/all-kinds-in-one-event",),
        reads=each_payload(first_kind_alone),
    ),
    MutantGateway(
        "reason-before-words",
        "looks at the stop reason first, and then at nothing else in that event",
        kills=("translate-stream/last-words-beside-the-stop-reason", "translate-stream/all-kinds-in-one-event"),
        reads=each_payload(reason_first),
    ),
    MutantGateway(
        "calls-decide-the-reason",
        'says "tool_calls" wherever it has seen a call',
        kills=("translate-stream/limit-behind-a-whole-call", "translate-stream/refused-behind-a-call"),
        events=calls_decide,
    ),
    MutantGateway(
        "calls-stop-the-model",
        'takes the stop reason of a call for "stop"',
        kills=("translate-stream/call-and-stop-in-two-lines", "translate-stream/events-behind-the-end-marker"),
        events=keeping(finishes("stop", "tool_calls")),
    ),
    MutantGateway(
        "limits-are-stops",
        "takes an answer that was cut at its limit for one that is whole",
        kills=(
            "translate-stream/length-behind-the-last-word",
            "translate-stream/limit-behind-a-whole-call",
            "gateway/whole-answer-at-the-limit",
        ),
        events=keeping(finishes("stop", "length")),
    ),
    MutantGateway(
        "knows-three-reasons",
        "drops the stop reasons that it has no word for",
        kills=("translate-stream/stop-sequence-was-met", "translate-stream/refused-behind-a-call"),
        events=keeping(knows_three_reasons),
        upstreams=ANTHROPIC,
    ),
    MutantGateway(
        "no-refusals",
        "translates words and no refusals",
        kills=("translate-stream/refusal-and-nothing-else",),
        events=keeping(without(Refusal)),
    ),
    MutantGateway(
        "adds-counts-up",
        "adds up counts that are totals",
        kills=("translate-stream/usage-grows-on-every-event",),
        events=adds_counts_up,
    ),
    MutantGateway(
        "copies-counts",
        "hands counts of input on as they are, whatever they include",
        kills=("translate-stream/usage-cached-input-and-thinking", "translate-stream/usage-cache-read-and-written"),
        says=each_payload(copies_counts),
    ),
    MutantGateway(
        "waits-for-counts",
        "closes its stream when the counts have come",
        kills=("translate-stream/no-usage-and-no-end-marker",),
        events=waits_for_counts,
        upstreams=OPENAI,
    ),
    MutantGateway(
        "makes-signatures-up",
        "signs thinking that nobody signed",
        kills=("translate-stream/no-signature-is-made-up",),
        events=makes_signatures_up,
    ),
    MutantGateway(
        "no-signatures",
        "translates thinking and not its signatures",
        kills=(
            "translate-stream/signed-thinking-before-a-call",
            "translate-stream/redacted-thinking-before-a-call",
            "translate-stream/encrypted-reasoning-before-two-calls",
        ),
        events=keeping(without(Signature)),
        serves=("anthropic-messages", "openai-responses"),
    ),
    MutantGateway(
        "signed-is-thought",
        "takes every signed part for thinking",
        kills=("translate-stream/gemini-signatures-on-call-and-text",),
        reads=each_payload(signed_parts_think),
        upstreams=("gemini",),
    ),
    MutantGateway(
        "ends-at-the-first-reason",
        "ends its stream at the first stop reason",
        kills=("translate-stream/gemini-stop-on-every-event",),
        reads=ends_at_the_first_reason,
        upstreams=("gemini",),
    ),
    MutantGateway(
        "calls-need-arguments",
        "skips calls that have no arguments",
        kills=("translate-stream/gemini-call-without-args",),
        reads=each_payload(calls_need_arguments),
        upstreams=("gemini",),
    ),
    MutantGateway(
        "waits-for-announcements",
        "writes only into items that were announced",
        kills=("translate-stream/responses-text-without-announcement",),
        reads=waits_for_announcements,
        upstreams=RESPONSES,
    ),
    MutantGateway(
        "deltas-alone",
        "reads deltas and no event that says that something is done",
        kills=("translate-stream/responses-rest-only-in-done",),
        reads=each_payload(deltas_alone),
        upstreams=RESPONSES,
    ),
    MutantGateway(
        "closed-list-of-events",
        "fails at an event whose type it does not know",
        kills=("translate-stream/responses-keepalive-between-deltas",),
        reads=each_payload(knows_a_closed_list),
        upstreams=RESPONSES,
    ),
    MutantGateway(
        "reads-on-behind-the-end",
        "goes on reading behind the end marker",
        kills=("translate-stream/events-behind-the-end-marker",),
        reads=reads_on,
        upstreams=OPENAI,
    ),
    MutantGateway(
        "server-tools-are-calls",
        "hands the server's own tools on as calls",
        kills=("translate-stream/server-tool-before-a-call",),
        reads=each_payload(runs_server_tools),
        upstreams=ANTHROPIC,
    ),
    MutantGateway(
        "escapes-arguments-again",
        "puts arguments into JSON that are JSON already",
        kills=("translate-stream/long-arguments-in-pieces",),
        events=keeping(escapes_once_more),
    ),
    MutantGateway(
        "begins-with-content",
        "begins its stream with the first content, and ends none that it has not begun",
        kills=("translate-stream/nothing-but-the-stop-reason",),
        events=keeping(without(Start, Finish)),
    ),
    MutantGateway(
        "counts-parts-not-calls",
        "takes the place of a part among all parts for the number of a call",
        kills=(
            "translate-stream/thinking-words-and-two-calls",
            "translate-stream/server-tool-before-a-call",
            "translate-stream/encrypted-reasoning-before-two-calls",
        ),
        says=each_payload(counts_parts),
        serves=OPENAI,
    ),
    MutantGateway(
        "forwards-pings",
        "forwards the upstream's pings as they are",
        kills=("translate-stream/ping-inside-a-call",),
        says=forwards_pings,
        upstreams=ANTHROPIC,
        serves=OPENAI,
    ),
    MutantGateway(
        "begins-twice",
        "says twice that its own stream begins",
        kills=("translate-stream/no-chunk-names-the-role",),
        says=begins_twice,
        upstreams=OPENAI,
        serves=ANTHROPIC,
    ),
)
