"""What kind of error a vendor's status, code, type and words amount to, in one place for all dialects.

The order of the rules matters more than the rules: an exhausted quota first (waiting does not help), then rate limits
(a tokens-per-minute limit speaks of too many tokens, and is no overflow), then context overflow, then everything
else. Codes are compared in lower case without punctuation; words are searched in a normalised message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.events import ErrorInfo, ErrorKind

_SEARCHED = 4000  # characters of a message; what identifies an error stands at its beginning

_RETRYABLE: frozenset[ErrorKind] = frozenset({"rate_limit", "overloaded", "server", "timeout", "connection"})
_NEVER_RETRIED = frozenset({400, 401, 402, 403, 404, 405, 413, 422, 451})

_STATUS_KINDS: Mapping[int, ErrorKind] = {
    400: "invalid_request",
    401: "auth",
    402: "quota",
    403: "auth",
    404: "not_found",
    408: "timeout",
    409: "server",  # a lock that timed out
    429: "rate_limit",
    499: "connection",
    503: "overloaded",
    504: "timeout",
    524: "timeout",
    529: "overloaded",
}

_QUOTA_CODES = """
    insufficientquota billinghardlimitreached billingerror billingnotactive insufficientbalance insufficientcredits
    insufficientfunds paymentrequired exceededcurrentquotaerror arrearage usagelimitreached usagelimitexceeded
    usagenotincluded creditsexhausted allocationquota freetieronly
""".split()
_RATE_CODES = """
    ratelimitexceeded ratelimiterror ratelimitreached ratelimited ratelimit toomanyrequests throttlingexception
    throttling throttled tokens requests resourceexhausted modelratelimit requestlimitexceeded limitrequests
    limitburstrate enginerate concurrencylimitexceeded
""".split()
_OVERFLOW_CODES = """
    contextlengthexceeded contextwindowexceeded modelmaxprompttokensexceeded exceedcontextsizeerror
    modelcontextwindowexceeded contextoverflow prompttoolong inputtoolong tokenlimitexceeded maxcontextlengthexceeded
""".split()
_CODE_KINDS: Mapping[ErrorKind, list[str]] = {
    "quota": _QUOTA_CODES,
    "rate_limit": _RATE_CODES,
    "context_overflow": _OVERFLOW_CODES,
    "content_filter": """
        contentfilter contentpolicyviolation datainspectionfailed responsibleaipolicyviolation moderation
        contentblocked safety promptblocked contentfiltererror guardrailintervened sensitive cyberpolicy bioetchpolicy
    """.split(),
    "auth": """
        invalidapikey authenticationerror permissionerror permissiondenied permissiondeniederror unauthenticated
        unauthorized unauthorizederror forbidden invalidauthentication invalidauthenticationerror accessdenied
        accessdeniedexception missingapikey incorrectapikey wrongapikey apikeyinvalid invalidissuer
        unrecognizedclientexception expiredtokenexception accountdeactivated unsupportedcountryregionterritory
        accessterminatederror tokenexpired
    """.split(),
    "not_found": """
        modelnotfound modelnotfounderror notfound notfounderror resourcenotfound resourcenotfounderror
        resourcenotfoundexception deploymentnotfound invalidmodel modelnotexist modelnotsupported unknownmodel
    """.split(),
    "overloaded": """
        overloadederror overloaded engineoverloaded engineoverloadederror serviceunavailable serviceunavailableerror
        serviceunavailableexception unavailable modeloverloaded serverisoverloaded serveroverloaded slowdown
        capacityexceeded servicetiercapacityexceeded modelnotreadyexception nocapacity
    """.split(),
    "timeout": """
        timeout requesttimeout timeouterror gatewaytimeout deadlineexceeded modeltimeoutexception
        responsetimeout operationtimeout
    """.split(),
    "server": """
        servererror apierror internalerror internalservererror internal badgateway upstreamerror processingerror
        internalserverexception modelerrorexception modelstreamerrorexception serverexception internalfailure
        backenderror
    """.split(),
    "invalid_request": """
        invalidrequesterror invalidrequest invalidargument badrequest badrequesterror validationerror
        validationexception invalidparameter invalidparametererror invalidparametervalue failedprecondition
        invalidprompt invalidvalue unsupportedvalue unsupportedparameter unknownparameter
        missingrequiredparameter toolusefailed jsonvalidatefailed unprocessableentity
        unprocessableentityerror requesttoolarge requesttoolargeerror stringabovemaxlength
        invalidfunctionparameters outofrange methodnotallowed invalidinput wronginput
    """.split(),
}
_KIND_OF_CODE: Mapping[str, ErrorKind] = {code: kind for kind, codes in _CODE_KINDS.items() for code in codes}

_QUOTA_WORDS = re.compile(
    r"""
    insufficient[ _](?:quota|credits?|balance|funds) | (?:credit )?balance is (?:too low|not enough|insufficient)
    | (?:out|run out|no more) of credits | (?:not enough|requires more|all available|exceeded .{0,30}) credits
    | billing (?:hard )?limit | payment required | spend(?:ing)?[ _-](?:limit|cap) | in arrears | overdue[ -]payment
    | per[ _-]?(?:day|week|month) | (?:daily|weekly|monthly) .{0,30}(?:limit|quota|credit) | \b[tr]pd\b
    | usage[ _]limits? (?:has been |have been |was )?(?:reached|exceeded|hit)
    | (?:reached|exceeded|hit) your .{0,30}usage limit | extra usage is required
    | allocated quota exceeded | free (?:tier|quota|allocated quota) .{0,30}exhausted
    | quota .{0,200}limit:\ 0\b
    """,
    re.VERBOSE,
)
_CURRENT_QUOTA = re.compile(r"exceeded your current quota|check your plan and billing")
_COMES_BACK = re.compile(r"(?:retry|try again) in \d|per[ _-]?(?:minute|second|hour)")
_RATE_WORDS = re.compile(
    r"""
    rate[ _-]?limit | too many (?:concurrent )?requests | \b(?:tokens|requests|tpm|rpm)[ _]?per[ _-]?(?:min|sec|hour)
    | per[ _-]?(?:minute|second|hour)\b | \b[tr]p[ms]\b | throttl | concurren(?:cy|t) .{0,30}limit
    | resource has been exhausted | quota exceeded | exceeded .{0,30}quota | please wait before trying again
    """,
    re.VERBOSE,
)
_OVERFLOW_WORDS = re.compile(
    r"""
    context[ _](?:length|window|size|limit)s? .{0,60}?(?:exceed|reached|overflow|too (?:small|long))
    | (?:exceed|longer|larger|greater|bigger|beyond|over|overflow|too (?:long|large|many)|surpass|outside|fit)
      .{0,120}?context[ _](?:length|window|size|limit)
    | maximum context (?:length|size|window) | max(?:imum)?[ _]context[ _]length | model_max_context
    | \d tokens, but the (?:configured )?context | context shift is disabled
    | (?:prompt|input|inputs|request|messages?|conversation|text) (?:is|are|was)? ?(?:too long|too many tokens)
    | too long for (?:the )?(?:requested |this )?model | too many (?:input |prompt )?tokens
    | (?:input|prompt|request|total|requested)[ _]?(?:tokens?|token count|length|size)\b .{0,60}?(?:exceed|larger|longer)
      .{0,60}?(?:max|limit|allowed|model)
    | tokens in request more than max | prompt exceeds max | range of input length should be
    | maximum prompt length is | model token limit | exceeds? .{0,40}limit of \d+ (?:input )?tokens
    | inputs? (?:tokens \+ max_new_tokens )?must (?:be <=|have less than) \d+
    | reduce the length of (?:the |your )?(?:messages|prompt|input)
    | (?:max_tokens|max_new_tokens|max_completion_tokens) exceeds? context
    """,
    re.VERBOSE,
)
_OTHER_WORDS: tuple[tuple[ErrorKind, re.Pattern[str]], ...] = (
    ("content_filter", re.compile(r"content (?:management )?policy|content[ _]filter|flagged .{0,40}moderation")),
    ("auth", re.compile(r"api[ _-]?key .{0,40}(?:invalid|not valid|incorrect|missing|expired)|(?:invalid|incorrect|"
                        r"missing|no|wrong) (?:auth\w* |x-)?(?:api[ _-]?key|credentials|bearer)|unauthori[sz]ed")),
    ("overloaded", re.compile(r"overloaded|at capacity|over capacity|no capacity|high demand|currently loading|"
                              r"temporarily unavailable|service unavailable")),
    ("not_found", re.compile(r"model .{0,100}(?:does not exist|not found|not exist)|no such model|unknown model")),
    ("timeout", re.compile(r"timed out|time-?out|deadline exceeded")),
    ("server", re.compile(r"internal (?:server )?error|bad gateway|upstream error")),
)  # fmt: skip

_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_THOUSANDS = re.compile(r"(?<=\d)[,_](?=\d{3}(?!\d))")
_NOISE = re.compile(r"[\s`'\"\\]+")


def classify(
    status: int | None = None,
    code: str | int | None = None,
    type: str | None = None,
    message: str = "",
    retry_after_s: float | None = None,
) -> ErrorInfo:
    """The error that a vendor describes by any of: HTTP status, code, type, message.

    A numeric `code` counts as the status where there is none. `retry_after_s` is kept as it is given.
    """
    if status is None:
        status = _status_in(code)
    kind = _kind(status, [word for word in (_plain(code), _plain(type)) if word], _normalised(message))
    return ErrorInfo(
        kind=kind,
        message=message,
        status=status,
        code=str(code) if code not in (None, "") else type or None,
        retryable=kind in _RETRYABLE and status not in _NEVER_RETRIED,
        retry_after_s=retry_after_s,
    )


def _kind(status: int | None, codes: list[str], words: str) -> ErrorKind:
    """The first rule that fits, in the order that the module's docstring gives."""
    kinds = [kind for code in codes if (kind := _KIND_OF_CODE.get(code))]
    if "quota" in kinds or _is_quota(words):
        return "quota"
    if "rate_limit" in kinds or _RATE_WORDS.search(words):
        return "rate_limit"
    if "context_overflow" in kinds or _OVERFLOW_WORDS.search(words) or _names_overflow(words):
        return "context_overflow"
    by_status = _STATUS_KINDS.get(status) if status is not None else None
    specific = [kind for kind in kinds if kind not in ("server", "invalid_request")]
    if specific:
        return specific[0]
    by_words = next((kind for kind, pattern in _OTHER_WORDS if pattern.search(words)), None)
    if by_words and (by_status in (None, "invalid_request") or by_words == "content_filter"):
        return by_words
    return by_status or next(iter(kinds), None) or _by_hundred(status)


def _is_quota(words: str) -> bool:
    """Whether waiting a little cannot help. One vendor says "current quota" of per-minute limits too."""
    if _QUOTA_WORDS.search(words):
        return True
    return bool(_CURRENT_QUOTA.search(words)) and not _COMES_BACK.search(words)


def _names_overflow(words: str) -> bool:
    """Whether the message holds an overflow code, as errors wrapped in an error's message do."""
    squeezed = _PUNCTUATION.sub("", words)
    return any(code in squeezed for code in _OVERFLOW_CODES)


def _by_hundred(status: int | None) -> ErrorKind:
    if status is None:
        return "unknown"
    return "server" if status >= 500 else "invalid_request" if status >= 400 else "unknown"


def _status_in(code: str | int | None) -> int | None:
    digits = str(code)
    return int(digits) if len(digits) == 3 and digits.isdecimal() and digits[0] in "45" else None


def _plain(code: str | int | None) -> str:
    """The code without case and punctuation; of a URL-like or dotted code, the last part as well counts."""
    return _PUNCTUATION.sub("", str(code).lower()) if code is not None else ""


def _normalised(message: str) -> str:
    return _NOISE.sub(" ", _THOUSANDS.sub("", message[:_SEARCHED].lower()))
