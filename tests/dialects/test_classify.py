"""What kind of error a vendor means: a corpus of wordings, most of them from public bug reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.classify import classify
from harness.dialects.wordings import KIND_OF_CODE
from harness.events import ERROR_KINDS, ErrorKind

OVERFLOWS = [
    "This model's maximum context length is 4097 tokens. However, your messages resulted in 4294 tokens. Please reduce "
    "the length of the messages.",
    "This model's maximum context length is 262144 tokens. However, you requested 0 output tokens and your prompt "
    "contains at least 262145 input tokens, for a total of at least 262145 tokens.",
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "Input length 131393 exceeds the maximum allowed input length of 131040 tokens.",
    "Input length (265330) exceeds model's maximum context length (262144).",
    "The input (263000 tokens) is longer than the model's context length (262144 tokens).",
    "Requested token count exceeds the model's maximum context length of 262144 tokens.",
    "Prompt has 5,958,968 tokens, but the configured context size is 256,000 tokens",
    "tokens in request more than max tokens allowed",
    "context shift is disabled",
    "Context size has been exceeded.",
    "request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it",
    "prompt token count of 74490 exceeds the limit of 72000",
    '{"error":{"message":"too big","code":"model_max_prompt_tokens_exceeded"}}\n',
    "Input is too long for requested model.",
    "The input is too long",
    "total tokens exceeds the model's max of 4096",
    "input length and `max_tokens` exceed context limit: 170636 + 34048 > 200000, decrease input length",
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens",
    "Please reduce the length of the messages or completion",
    "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575)",
    "The number of tokens to keep from the initial prompt is greater than the context length",
    "invalid params, context window exceeds limit",
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "Prompt too long: 5152 tokens exceeds max_seq_len 2048 (leave room for output tokens)",
    "prompt is too long: 200016 tokens > 200000 maximum",
    "prompt too long; exceeded max context length by 12 tokens",
    "too many tokens: size limit exceeded by 25836 tokens. Try using shorter or fewer inputs.",
    "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 20 `max_new_tokens`",
    "Range of input length should be [1, 30720]",
    "this model supports only 256K context",
    "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 287000 tokens.",
    "Your request exceeded model token limit: 262144 (requested: 291351)",
    "Prompt exceeds max length",
]
RATE_LIMITS = [
    "Tokens per minute limit exceeded - too many tokens processed",
    "This request exceeds the limit of 30000 tokens per minute",
    "Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 58000. The "
    "input or output tokens must be reduced in order to run successfully.",
    "Request too large for model `x` on tokens per minute (TPM): Limit 8000, Requested 32979, please reduce your "
    "message size and try again.",
    "This request would exceed your organization's rate limit of 450,000 input tokens per minute. Please reduce the "
    "prompt length or the maximum tokens requested, or try again later.",
    "Rate limit reached for gpt-4. Limit: 10000 / min. Please add a payment method to your account to increase it.",
    "Rate limit exceeded: free-models-per-min. ",
    "Too many requests",
    "Model is getting throttled. Try your request again.",
    "Resource has been exhausted (e.g. check quota).",
    "You exceeded your current quota, please check your plan and billing details. Quota exceeded for metric: "
    "generate_content_free_tier_requests, limit: 10\nPlease retry in 45.837906927s.",
]
QUOTAS = [
    "You exceeded your current quota, please check your plan and billing details.",
    "Too many tokens per day, please wait before trying again.",
    "Your credit balance is too low to access the API. Please go to Plans & Billing to upgrade or purchase credits.",
    "Rate limit reached for model `x` on tokens per day (TPD): Limit 100000, Used 99999. Please try again in 7m12s.",
    "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day",
    "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens",
    "Monthly usage limit reached. Resets in 16 days.",
    "Insufficient Balance",
    "You have reached your specified API usage limits. You will regain access on 2026-01-01 at 00:00 UTC.",
    "Quota exceeded for quota metric 'Generate Content API requests per day'",
    "You exceeded your current quota. Quota exceeded for metric: x/requests, limit: 0. Please retry in 45s",
    "You have exceeded your monthly included credits for Inference Providers.",
]
REFUSALS = [
    "max_tokens: 200000 > 128000, which is the maximum allowed number of output tokens",
    "max_tokens is too large: 200000. This model supports at most 16384 completion tokens",
    "Schema is too complex for compilation. Try reducing the number of tools or simplifying tool schemas.",
    "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    "request body exceeds the configured payload limit",
    "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 10 instead.",
    "string too long. Expected a string with maximum length 10485760, but got a string with length 20000000 instead.",
    "image exceeds 5 MB maximum: 5316852 bytes > 5242880 bytes",
    "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 129.",
    "Download multimodal file timed out",
]


def kind(status: int | None, message: str) -> ErrorKind:
    return classify(status, message=message).kind


@pytest.mark.parametrize("message", OVERFLOWS)
@pytest.mark.parametrize("status", [400, 500, None])
def test_overflows(status: int | None, message: str) -> None:
    error = classify(status, message=message)
    assert (error.kind, error.retryable) == ("context_overflow", False)


@pytest.mark.parametrize("message", RATE_LIMITS)
def test_rate_limits_are_no_overflows_and_no_quotas(message: str) -> None:
    assert kind(429, message) == kind(None, message) == "rate_limit"
    assert classify(429, message=message).retryable


@pytest.mark.parametrize("message", QUOTAS)
@pytest.mark.parametrize("status", [400, 429, None])
def test_exhausted_quotas_are_never_retryable(status: int | None, message: str) -> None:
    error = classify(status, message=message)
    assert (error.kind, error.retryable) == ("quota", False)


@pytest.mark.parametrize("message", REFUSALS)
def test_other_refusals_are_none_of_these(message: str) -> None:
    error = classify(400, message=message)
    assert (error.kind, error.retryable) == ("invalid_request", False)


@pytest.mark.parametrize(
    ("status", "expected", "retryable"),
    [
        (400, "invalid_request", False),
        (401, "auth", False),
        (402, "quota", False),
        (403, "auth", False),
        (404, "not_found", False),
        (408, "timeout", True),
        (409, "server", True),
        (413, "invalid_request", False),
        (422, "invalid_request", False),
        (429, "rate_limit", True),
        (451, "invalid_request", False),
        (500, "server", True),
        (502, "server", True),
        (503, "overloaded", True),
        (504, "timeout", True),
        (529, "overloaded", True),
        (200, "unknown", False),
        (None, "unknown", False),
    ],
)
def test_a_status_alone(status: int | None, expected: ErrorKind, retryable: bool) -> None:
    error = classify(status)
    assert (error.kind, error.retryable, error.status) == (expected, retryable, status)


@pytest.mark.parametrize(
    ("status", "code", "type", "expected"),
    [
        (429, "insufficient_quota", "insufficient_quota", "quota"),
        (413, "rate_limit_exceeded", "tokens", "rate_limit"),
        (429, "context_length_exceeded", None, "context_overflow"),
        (400, "context_length_exceeded", "invalid_request_error", "context_overflow"),
        (400, None, "exceed_context_size_error", "context_overflow"),
        (None, "overloaded_error", None, "overloaded"),
        (None, None, "api_error", "server"),
        (500, None, "api_error", "server"),
        (401, None, "api_error", "auth"),
        (401, "invalid_api_key", "invalid_request_error", "auth"),
        (400, "model_not_found", "invalid_request_error", "not_found"),
        (400, "content_filter", None, "content_filter"),
        (None, "invalid_prompt", None, "invalid_request"),
        (None, "RESOURCE_EXHAUSTED", None, "rate_limit"),
        (None, "Throttling.AllocationQuota", None, "rate_limit"),
        (None, "DEADLINE_EXCEEDED", None, "timeout"),
        (None, "UNAVAILABLE", None, "overloaded"),
        (None, "insufficient_system_resource", "server_error", "overloaded"),
        (400, "ThrottlingException", None, "rate_limit"),
    ],
)
def test_codes_and_types(status: int | None, code: str | None, type: str | None, expected: ErrorKind) -> None:
    assert classify(status, code, type).kind == expected


@pytest.mark.parametrize("code", [429, "429"])
def test_a_numeric_code_counts_as_the_status_where_there_is_none(code: int | str) -> None:
    error = classify(code=code, message="Provider returned error")
    assert (error.kind, error.status, error.code) == ("rate_limit", 429, "429")
    assert classify(500, code=code).status == 500


def test_other_numbers_are_no_status() -> None:
    assert classify(code=3051).status is None
    assert classify(code="٤٢٩").status is None


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (None, "Overloaded", "overloaded"),
        (500, "The model is at capacity, try later", "overloaded"),
        (400, "API key not valid. Please pass a valid API key.", "auth"),
        (400, "The model `x` does not exist or you do not have access to it.", "not_found"),
        (400, "The response was filtered due to the prompt triggering our content management policy", "content_filter"),
        (None, "upstream request timeout", "timeout"),
        (None, "Internal server error", "server"),
        (401, "this model supports only 256K context", "context_overflow"),
        (400, "This prompt contains words that violate our Responsible AI practices.", "content_filter"),
        (400, "The supported API model names are a or b, but you passed c.", "not_found"),
    ],
)
def test_words_where_nothing_else_says_more(status: int | None, message: str, expected: ErrorKind) -> None:
    assert kind(status, message) == expected


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_refused_request_is_not_repeated_whatever_else_is_said(status: int) -> None:
    error = classify(status, "rate_limit_exceeded", message="Limit 8000 tokens per minute, requested 32979")
    assert (error.kind, error.retryable) == ("rate_limit", False)


def test_what_was_given_is_kept() -> None:
    error = classify(429, "rate_limit_exceeded", "requests", "Slow down", retry_after_s=2.5)
    assert (error.code, error.message, error.retry_after_s) == ("rate_limit_exceeded", "Slow down", 2.5)
    assert classify(type="api_error").code == "api_error"
    assert classify(code="", type="").code is None


def test_every_code_is_written_as_codes_are_compared() -> None:
    assert all(code.isalnum() and code == code.lower() for code in KIND_OF_CODE)
    assert set(KIND_OF_CODE.values()) == set(ERROR_KINDS) - {"unknown"}


@given(
    st.none() | st.integers(100, 599),
    st.none() | st.text(max_size=20) | st.integers(),
    st.none() | st.text(max_size=20),
    st.text() | st.sampled_from(OVERFLOWS + RATE_LIMITS + QUOTAS),
)
def test_anything_is_classified(status: int | None, code: str | int | None, type: str | None, message: str) -> None:
    error = classify(status, code, type, message)
    assert error.kind in ERROR_KINDS
    assert not (error.retryable and error.status in (400, 401, 403, 404, 413, 422))


@pytest.mark.parametrize("filler", ["context ", "exceeds ", "per ", "input ", "quota ", "1,000", "limit: 0"])
def test_a_huge_message_is_searched_in_bounded_time(filler: str) -> None:
    assert kind(400, filler * 200_000) in ERROR_KINDS
