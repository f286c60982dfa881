"""Gateways that tell of errors or serve their clients wrongly: each has a mistake that a real one had."""

from __future__ import annotations

from tests.mutants.gateway_events import (
    all_at_the_end,
    finishes,
    full_queue,
    loses_one_in_a_hundred,
    remembers_the_last_answer,
    tells,
)
from tests.mutants.gateway_groups import EVERY_PAGE, EVERY_REFUSAL_OF_A_REQUEST, EVERY_REQUEST_AFTER_A_BAD_ONE
from tests.mutants.gateway_machine import MutantGateway, each_payload, keeping, with_settings, without_length
from tests.mutants.gateway_servers import (
    begins_before_it_asks,
    forgets_who_left,
    ignores_what_was_said,
    one_mistake_and_out,
    shows_its_inside,
)
from tests.mutants.gateway_wires import (
    as_a_page,
    as_a_success,
    decodes_each_read,
    no_time_to_wait,
    puts_strings_together,
    still_packed,
    whole_documents_lack,
)

SERVANTS = (
    MutantGateway(
        "every-error-is-a-500",
        "answers every error of the upstream with its own status 500",
        kills=EVERY_REFUSAL_OF_A_REQUEST,
        events=keeping(tells("server", 500)),
    ),
    MutantGateway(
        "every-error-is-the-clients",
        "answers every error of the upstream with status 400",
        kills=(
            "translate-errors/page-of-a-proxy",
            "translate-errors/plain-words-of-a-proxy",
            "translate-errors/error-without-a-body",
            "translate-errors/overloaded",
            "translate-errors/refused-upstream-key",
            "translate-errors/error-behind-the-first-words",
        ),
        events=keeping(tells("invalid_request", 400)),
    ),
    MutantGateway(
        "filters-are-stops",
        "takes filters and refusals for stops",
        kills=("translate-errors/blocked-prompt-in-a-stream", "translate-stream/refused-behind-a-call"),
        events=keeping(finishes("stop", "content_filter", "refusal")),
    ),
    MutantGateway(
        "full-queue",
        "drops what comes when forty kilobytes have gone by",
        kills=(
            "gateway/slow-reader",
            "gateway/one-frame-of-three-megabytes",
        ),
        events=full_queue,
    ),
    MutantGateway(
        "one-in-a-hundred",
        "loses one piece in a hundred",
        kills=("gateway/five-hundred-small-pieces",),
        events=loses_one_in_a_hundred,
    ),
    MutantGateway(
        "one-block-at-the-end",
        "holds the whole answer back until it is over",
        kills=(
            "gateway/each-word-in-turn",
            "gateway/thinking-comes-before-the-words",
            "gateway/pieces-of-a-call-in-turn",
            "gateway/packed-upstream",
        ),
        events=all_at_the_end,
    ),
    MutantGateway(
        "still-says-gzip",
        "unpacks the upstream's stream and hands its headers on",
        kills=("gateway/packed-upstream",),
        head=still_packed,
    ),
    MutantGateway(
        "decodes-each-read",
        "decodes each read by itself and drops what is no character",
        kills=("gateway/slow-upstream",),
        reads=decodes_each_read,
    ),
    MutantGateway(
        "never-hears-of-the-client",
        "does not listen for its client's leaving",
        kills=(
            "gateway/caller-leaves-and-the-next-one-comes",
            "gateway/caller-leaves-inside-a-call",
            "gateway/caller-gives-up-on-a-silent-upstream",
            "gateway/caller-gives-up-inside-a-pause",
        ),
        wraps=forgets_who_left,
        goes_on=True,
    ),
    MutantGateway(
        "tries-again-behind-words",
        "asks again when an answer breaks off, and sends the second behind the first",
        kills=("translate-errors/error-behind-the-first-words", "translate-errors/cut-behind-the-first-words"),
        tries_again=True,
    ),
    MutantGateway(
        "shows-its-inside",
        "answers with its traceback",
        kills=(
            "translate-errors/reset-before-the-status-line",
            "translate-errors/error-without-a-body",
            "translate-errors/error-is-a-word",
            *EVERY_REQUEST_AFTER_A_BAD_ONE,
        ),
        wraps=shows_its_inside,
    ),
    MutantGateway(
        "one-mistake-and-out",
        "serves nobody after a request that it could not serve",
        kills=(*EVERY_REQUEST_AFTER_A_BAD_ONE, "gateway/serves-on-after-a-failed-answer"),
        wraps=one_mistake_and_out,
    ),
    MutantGateway(
        "remembers-the-last-answer",
        "keeps what a broken answer left behind for the next one",
        kills=("gateway/serves-on-after-a-broken-answer", "gateway/caller-leaves-and-the-next-one-comes"),
        events=remembers_the_last_answer,
    ),
    MutantGateway(
        "small-requests-only",
        "has the limit of its web framework for requests",
        kills=("gateway/request-of-a-megabyte",),
        settings=with_settings(max_request_bytes=100_000),
    ),
    MutantGateway(
        "poor-documents",
        "fills documents of whole answers with the words alone",
        kills=("gateway/whole-answer", "gateway/whole-answer-at-the-limit", "gateway/whole-answer-with-calls"),
        says=each_payload(whole_documents_lack),
        head=without_length,
    ),
    MutantGateway(
        "errors-are-answers",
        "answers errors with status 200",
        kills=(
            "gateway/whole-answer-refused",
            "translate-errors/rate-limit-keeps-its-time",
        ),
        head=as_a_success,
    ),
    MutantGateway(
        "begins-before-it-asks",
        "begins its stream before it has asked, and tells every error within it",
        kills=(
            "gateway/whole-answer-refused",
            "translate-errors/bad-request-has-a-status",
            "translate-errors/overload-has-a-status",
            "translate-errors/page-of-a-proxy-has-a-status",
        ),
        wraps=begins_before_it_asks,
    ),
    MutantGateway(
        "no-time-to-wait",
        "leaves Retry-After out",
        kills=("translate-errors/rate-limit-keeps-its-time",),
        head=no_time_to_wait,
    ),
    MutantGateway(
        "pages-for-errors",
        "hands a proxy's page on under its own content type",
        kills=(*EVERY_PAGE,),
        head=as_a_page,
    ),
    MutantGateway(
        "puts-strings-together",
        "builds the frames of errors by putting strings together",
        kills=("translate-errors/words-that-look-like-frames",),
        says=puts_strings_together,
    ),
    MutantGateway(
        "ignores-what-was-said",
        "accepts the id of an earlier answer and does nothing with it",
        kills=("gateway/previous-response-goes-on",),
        wraps=ignores_what_was_said,
        serves=("openai-responses",),
    ),
)
