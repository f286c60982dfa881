"""Scenarios of gateways that belong together, since the same broken gateways fail them."""

EVERY_BROKEN_ANSWER = (
    "translate-stream/error-inside-a-call",
    "translate-stream/error-behind-a-whole-call",
    "translate-stream/error-while-thinking",
    "translate-stream/error-and-then-a-good-end",
    "translate-stream/cut-behind-the-last-word",
    "translate-stream/cut-behind-a-whole-call",
    "translate-stream/cut-between-thinking-and-answer",
    "translate-stream/cut-inside-a-refusal",
    "translate-stream/cut-behind-fifty-kilobytes",
    "translate-errors/cut-behind-the-first-words",
    "translate-errors/error-behind-the-first-words",
    "translate-errors/first-event-is-an-error-and-reaches-the-client",
    "translate-errors/json-error-under-status-200",
    "translate-errors/redirect",
    "translate-errors/words-that-look-like-frames",
    "gateway/serves-on-after-a-broken-answer",
)
EVERY_REFUSAL_OF_A_REQUEST = (
    "translate-errors/rate-limit-keeps-its-time",
    "translate-errors/exhausted-quota",
    "translate-errors/prompt-too-long",
    "translate-errors/bad-request-keeps-its-words",
    "translate-errors/unknown-model",
    "translate-errors/filtered-prompt",
    "gateway/serves-on-after-a-failed-answer",
    "gateway/whole-answer-refused",
)
EVERY_PAGE = (
    "translate-errors/page-of-a-proxy",
    "translate-errors/plain-words-of-a-proxy",
    "translate-errors/error-without-a-body",
    "translate-errors/reset-before-the-status-line",
)
EVERY_REQUEST_AFTER_A_BAD_ONE = (
    "gateway/serves-on-after-broken-json",
    "gateway/serves-on-after-an-empty-body",
    "gateway/serves-on-after-odd-messages",
    "gateway/brackets-all-the-way-down",
)
EVERY_CALL = (
    "translate-stream/thinking-words-and-two-calls",
    "translate-stream/arguments-begin-with-the-name",
    "translate-stream/no-chunk-names-the-role",
    "translate-stream/call-and-stop-in-two-lines",
    "translate-stream/responses-rest-only-in-done",
    "translate-stream/server-tool-before-a-call",
    "translate-stream/long-arguments-in-pieces",
    "gateway/slow-upstream",
    "gateway/whole-answer-with-calls",
)
