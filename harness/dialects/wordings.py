"""The codes and wordings by which vendors' errors are told apart; what is done with them is in `classify`.

Codes are in lower case, without anything but letters and digits. Wordings are searched in a message that is in lower
case, without quotes and thousands separators, and with single spaces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.events import ErrorKind

_CODES: Mapping[ErrorKind, tuple[str, ...]] = {
    "quota": (
        *("insufficientquota", "insufficientbalance", "insufficientcredits", "insufficientfunds"),
        *("billinghardlimitreached", "billingerror", "billingnotactive", "paymentrequired", "arrearage"),
        *("exceededcurrentquotaerror", "usagelimitreached", "usagelimitexceeded", "usagenotincluded"),
        *("creditsexhausted", "creditserror", "allocationquotafreetieronly", "quotaexhausted", "spendinglimitreached"),
    ),
    "rate_limit": (
        *("ratelimitexceeded", "ratelimiterror", "ratelimitreached", "ratelimited", "ratelimit", "ratelimitedexceeded"),
        *("toomanyrequests", "throttlingexception", "throttling", "throttlingerror", "resourceexhausted"),
        *("throttlingallocationquota", "throttlingratequota", "throttlingburstrate", "limitrequests", "limitburstrate"),
        *("tokens", "requests", "requestlimitexceeded", "concurrencylimitexceeded", "toomanyrequestsexception"),
    ),
    "context_overflow": (
        *("contextlengthexceeded", "contextwindowexceeded", "contextwindowexceedederror", "contextoverflow"),
        *("modelmaxprompttokensexceeded", "exceedcontextsizeerror", "modelcontextwindowexceeded", "toomanytokens"),
        *("prompttoolong", "inputtoolong", "tokenlimitexceeded", "maxcontextlengthexceeded", "contextlengtherror"),
    ),
    "content_filter": (
        *("contentfilter", "contentfiltered", "contentpolicyviolation", "datainspectionfailed", "contentblocked"),
        *("responsibleaipolicyviolation", "moderation", "contentfiltererror", "guardrailintervened", "promptblocked"),
        *("cyberpolicy", "sensitivecontent", "moderationblocked"),
    ),
    "auth": (
        *("invalidapikey", "missingapikey", "incorrectapikey", "apikeyinvalid", "authenticationerror", "autherror"),
        *("permissionerror", "permissiondenied", "permissiondeniederror", "unauthenticated", "unauthorized"),
        *("unauthorizederror", "forbidden", "invalidauthentication", "invalidauthenticationerror", "accessdenied"),
        *("accessdeniedexception", "unrecognizedclientexception", "expiredtokenexception", "invalidtoken"),
        *("accountdeactivated", "unsupportedcountryregionterritory", "accessterminatederror", "tokenexpired"),
    ),
    "not_found": (
        *("modelnotfound", "modelnotfounderror", "notfound", "notfounderror", "resourcenotfound", "modelnotexist"),
        *("resourcenotfounderror", "resourcenotfoundexception", "deploymentnotfound", "invalidmodel", "unknownmodel"),
    ),
    "overloaded": (
        *("overloadederror", "overloaded", "engineoverloaded", "engineoverloadederror", "modeloverloaded"),
        *("serviceunavailable", "serviceunavailableerror", "serviceunavailableexception", "unavailable"),
        *("serverisoverloaded", "serveroverloaded", "slowdown", "capacityexceeded", "servicetiercapacityexceeded"),
        *("modelnotreadyexception", "nocapacity", "modelcapacityexceeded", "insufficientsystemresource"),
    ),
    "timeout": (
        *("timeout", "requesttimeout", "timeouterror", "gatewaytimeout", "deadlineexceeded", "responsetimeout"),
        *("modeltimeoutexception", "operationtimeout"),
    ),
    "connection": ("connectionerror", "apiconnectionerror"),
    "protocol": ("protocolerror",),
    "server": (
        *("servererror", "apierror", "internalerror", "internalservererror", "internal", "badgateway"),
        *("upstreamerror", "processingerror", "internalserverexception", "modelerrorexception"),
        *("modelstreamerrorexception", "serverexception", "internalfailure", "backenderror", "networkerror"),
    ),
    "invalid_request": (
        *("invalidrequesterror", "invalidrequest", "invalidargument", "badrequest", "badrequesterror"),
        *("validationerror", "validationexception", "invalidparameter", "invalidparametererror", "invalidprompt"),
        *("failedprecondition", "invalidvalue", "unsupportedvalue", "unsupportedparameter", "unknownparameter"),
        *("missingrequiredparameter", "toolusefailed", "jsonvalidatefailed", "requesttoolarge"),
        *("unprocessableentity", "unprocessableentityerror", "requesttoolargeerror", "stringabovemaxlength"),
        *("invalidfunctionparameters", "outofrange", "methodnotallowed", "invalidinput"),
    ),
}
KIND_OF_CODE: Mapping[str, ErrorKind] = {code: kind for kind, codes in _CODES.items() for code in codes}
OVERFLOW_CODES = _CODES["context_overflow"]


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


QUOTA = _any_of(
    r"insufficient[ _](?:quota|credit|balance|funds|account balance)",
    r"balance is (?:too low|not enough|insufficient|exhausted)",
    r"(?:out|run out|no more) of credits|(?:not enough|requires more|used all available|purchase more) credits",
    r"exceeded .{0,40}(?:credits|budget|spend)|billing (?:hard )?limit|payment (?:is )?required",
    r"spend(?:ing)?[ _-]?(?:limit|cap)|in arrears|overdue[ -]payment|account is not active",
    r"per[ _-]?(?:day|week|month)\b|perday|(?:daily|weekly|monthly) .{0,40}(?:limit|quota|credit|allowance)",
    r"\b[tr]pd\b|(?:tokens|requests)_per_day",
    r"usage[ _]limits? (?:has been |have been |was )?(?:reached|exceeded|hit)",
    r"(?:reached|exceeded|hit) your .{0,40}usage limit|extra usage is required",
    r"free (?:tier|quota|allocated quota) .{0,40}(?:exhausted|used up)|quota .{0,300}limit: 0\b",
)
CURRENT_QUOTA = _any_of("exceeded your current quota", "check your plan and billing")
"""One vendor says so of a per-minute limit too, and then names the time to wait."""
COMES_BACK = _any_of(r"(?:retry|try again|again) (?:in|after) \d", r"per[ _-]?(?:minute|second|hour)\b", "perminute")
RATE_LIMIT = _any_of(
    r"rate[ _-]?limit|too many (?:concurrent |api )?requests|throttl|concurren(?:cy|t) .{0,40}limit",
    r"per[ _-]?(?:min|minute|sec|second|hour)\b|perminute|\b[tr]p[ms]\b|/min\b",
    r"resource has been exhausted|quota exceeded|exceeded .{0,40}quota|please wait before trying again",
)
_EXCEEDS = (
    r"(?:exceed|longer|larger|greater|bigger|more than|beyond|overflow|too (?:long|large|many|big)|surpass|outside)"
)
_CONTEXT = r"(?:context[ _]?(?:length|window|size|limit)|max_model_len|max_seq_len|model_max_length|sequence length)"
OVERFLOW = _any_of(
    rf"{_EXCEEDS}.{{0,120}}?{_CONTEXT}",
    rf"{_CONTEXT}s?.{{0,80}}?(?:{_EXCEEDS}|reached|too small)",
    r"max(?:imum)?[ _]context|tokens, but the (?:configured )?context|context shift is disabled",
    r"supports only .{0,20}context",
    r"(?:prompt|inputs?|request|messages?|conversation|text|instructions) (?:is |are |was |has )?"
    r"(?:too long|too many tokens)",
    r"too long for .{0,30}model|too many (?:input |prompt |total )?tokens|too large for model",
    r"(?:input|prompt|request|total|requested|message)s?(?: \(?\d+\)?)? ?_?(?:tokens?|token count|length|size)\b"
    rf".{{0,60}}?{_EXCEEDS}.{{0,60}}?(?:max|limit|allowed|model)",
    r"tokens in request more than max|prompt exceeds max|range of input length should be|maximum prompt length is",
    r"exceed\w* .{0,20}model token limit|exceeds? .{0,40}limit of \d+ (?:input )?tokens",
    r"inputs? (?:tokens \+ max_new_tokens )?must (?:be <=|have less than) \d+",
    r"reduce the length of (?:the |your )?(?:messages|prompt|inputs?)",
)
OTHERS: tuple[tuple[ErrorKind, re.Pattern[str]], ...] = (
    (
        "content_filter",
        _any_of(
            *(r"content (?:management )?policy", r"content[ _]filter", r"flagged .{0,60}moderation", "content violat"),
            r"responsible ai (?:practices|policy)",
        ),
    ),
    (
        "auth",
        _any_of(
            r"api[ _-]?key .{0,40}(?:invalid|not valid|incorrect|missing|expired)",
            r"(?:invalid|incorrect|missing|no|wrong) (?:auth\w* |x-)?(?:api[ _-]?key|credentials|bearer)",
            r"unauthori[sz]ed|user not found|security token",
        ),
    ),
    (
        "overloaded",
        _any_of(
            r"overloaded|(?:at|over|no|insufficient) capacity|high demand|currently loading|loading model",
            r"(?:temporarily|service|currently) unavailable|insufficient_system_resource",
        ),
    ),
    (
        "not_found",
        _any_of(
            r"models? .{0,120}(?:does not|doesn t|not) exist",
            r"model .{0,120}not found",
            "not a valid model",
            "supported (?:api )?model names are",
        ),
    ),
    ("timeout", _any_of(r"timed out", r"time-?out", "deadline exceeded")),
    ("server", _any_of(r"internal (?:server )?error", "bad gateway", "upstream error")),
)
