"""The names under which secrets travel: headers, query parameters, JSON fields, environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from harness.recording.secrets.randomness import is_plausible, is_stand_in

SECRET_HEADERS = frozenset(
    {
        "api-key",
        "apikey",
        "authorization",
        "authentication",
        "cf-access-client-secret",
        "cf-access-jwt-assertion",
        "cf-aig-authorization",
        "cookie",
        "ocp-apim-subscription-key",
        "openai-ephemeral-key",
        "proxy-authorization",
        "set-cookie",
        "set-cookie2",
        "x-access-token",
        "x-amz-security-token",
        "x-api-key",
        "x-api-token",
        "x-auth-key",
        "x-auth-token",
        "x-csrf-token",
        "x-forwarded-access-token",
        "x-functions-key",
        "x-goog-api-key",
        "x-goog-iam-authorization-token",
        "x-portkey-api-key",
        "x-session-token",
        "x-subscription-token",
        "x-vault-token",
        "x-xsrf-token",
    }
)
"""Headers whose whole value is a secret, whatever it looks like."""
_SECRET_HEADER = re.compile(
    r"(?:^|[-_])(?:api[-_]?key|secret|password|passwd|(?:access|auth|refresh|session|security)[-_]token)(?:[-_]|$)"
)
_PERHAPS_HEADER = re.compile(r"(?:^|[-_])(?:key|token|auth|authorization|credentials?|session|sid|jwt)(?:[-_]|$)")
_HARMLESS_HEADERS = frozenset(
    {"idempotency-key", "x-idempotency-key", "sec-websocket-key", "surrogate-key", "cache-key"}
)

SECRET_PARAMETERS = frozenset(
    {
        "access_key",
        "access_token",
        "api-key",
        "api_key",
        "apikey",
        "auth",
        "auth_token",
        "authorization",
        "bearer",
        "client_secret",
        "code_verifier",
        "id_token",
        "jwt",
        "key",
        "passwd",
        "password",
        "pwd",
        "refresh_token",
        "secret",
        "session_token",
        "sig",
        "subscription-key",
        "token",
        "x-amz-credential",
        "x-amz-security-token",
        "x-amz-signature",
        "x-api-key",
        "x-goog-credential",
        "x-goog-signature",
    }
)
"""Query parameters whose value is a secret."""

Kind: TypeAlias = Literal["header", "plain", "vague"]
"""What a name in a text says: a header of secrets, nothing but a key, or a word that stands for other things too."""

_PLAIN = re.compile(
    r".*(?:(?:api|access|secret|private|subscription|account|master|encryption)[-_]?key|client[-_]?secret|app[-_]?secret"
    r"|(?:access|refresh|id|auth|session|security|bearer|api)[-_]?token|password|passwd"
    r"|x-(?:amz|goog)-(?:signature|credential))"
)
_VAGUE = re.compile(r"(?:.*[-_.])?(?:key|token|secret|auth|bearer|credentials?|jwt|sig|pwd)")
_HARMLESS = re.compile(
    r"cache|idempoten|page|public|primary|partition|sort|rout|dedup|sync|next|contin|resume|cursor|limit|foreign|object"
    r"|stop|eos|bos|pad|unk|mask"
)
"""In a vague name: what tells that it is no secret, such as a prompt_cache_key or a next_page_token."""

_VARIABLE = re.compile(r".*(?:_|^)(?:API_KEY|APIKEY|ACCESS_KEY|SECRET_KEY|SECRET|TOKEN|AUTH_KEY|PASSWORD|CREDENTIALS)")
KEY_VARIABLES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AZURE_OPENAI_KEY", "GOOGLE_KEY")
"""Variables that hold a key besides those whose names end as keys' do: in `_API_KEY`, `_TOKEN`, `_SECRET` and so on."""


def is_secret_header(name: str) -> bool:
    """Whether a header of that name holds a secret whatever its value looks like."""
    name = name.lower()
    return name in SECRET_HEADERS or _SECRET_HEADER.search(name) is not None


def may_be_secret_header(name: str) -> bool:
    """Whether a header of that name holds a secret if its value looks random."""
    name = name.lower()
    return name not in _HARMLESS_HEADERS and _PERHAPS_HEADER.search(name) is not None


def kind_of_name(name: str) -> Kind | None:
    """What a name in a text says of what stands behind it."""
    name = name.lower()
    if name in SECRET_HEADERS:
        return "header"
    if _PLAIN.fullmatch(name):
        return "plain"
    return "vague" if _VAGUE.fullmatch(name) and not _HARMLESS.search(name) else None


def is_secret_parameter(name: str) -> bool:
    """Whether a query parameter of that name holds a secret."""
    return name.lower() in SECRET_PARAMETERS or _SECRET_HEADER.search(name.lower()) is not None


def known_values(environment: Mapping[str, str], variables: Iterable[str] | None) -> list[str]:
    """The values of the key variables that are set: of `variables`, or of all that have the name of a key."""
    named = (
        [*variables]
        if variables is not None
        else [name for name in environment if name in KEY_VARIABLES or _VARIABLE.fullmatch(name.upper())]
    )
    values = (environment.get(name, "").strip() for name in named)
    return [value for value in values if _may_be_key(value.encode("utf-8", "replace"))]


def _may_be_key(value: bytes) -> bool:
    """Whether the value of a key's variable is a key: `production` and `changeme` would be found in many a text."""
    return is_plausible(value) and not is_stand_in(value)
