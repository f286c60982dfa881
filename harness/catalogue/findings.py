"""What the checks say: findings with their kind, and the verdict over them."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

import msgspec

Verdict: TypeAlias = Literal["pass", "fail", "unsupported", "error"]
"""`unsupported`: the system never claimed it. `error`: the harness, the adapter or the environment broke."""

Column: TypeAlias = Literal["content", "ending"]

FailureKind: TypeAlias = Literal[
    "loss",
    "leak",
    "order",
    "merge",
    "duplicate",
    "corruption",
    "arguments",
    "silent-truncation",
    "silent-error",
    "wrong-error",
    "hang",
    "late",
    "retry",
    "request",
]
FAILURE_KINDS: tuple[FailureKind, ...] = get_args(FailureKind)

KIND_MEANINGS: dict[FailureKind, str] = {
    "loss": "something that the server sent never reached the caller",
    "leak": "markers or reasoning reached the caller as answer text",
    "order": "the parts of the answer came in another order than they were sent",
    "merge": "two things that were sent apart reached the caller as one",
    "duplicate": "something reached the caller more often than it was sent",
    "corruption": "something reached the caller changed",
    "arguments": "a tool call's arguments are not those that were sent",
    "silent-truncation": "an answer that was cut off passed for a finished one",
    "silent-error": "an error passed for an answer",
    "wrong-error": "the caller learnt of an error, but of another one",
    "hang": "nothing more happened, and the caller was not told",
    "late": "content was held back instead of being streamed",
    "retry": "requests were repeated too soon, too often, or not at all",
    "request": "what was sent is not what was asked, or the vendor would refuse it",
}


class Finding(msgspec.Struct, frozen=True, omit_defaults=False):
    """One rule that a system broke, with the evidence.

    `silent` means that the caller had no way to notice. `check` is the rule's stable slug. `offset` is the place in
    the response body (bytes) and `attempt` the attempt it belongs to, where there is one.
    """

    kind: FailureKind
    check: str
    column: Column
    silent: bool
    message: str
    expected: Any = None
    seen: Any = None
    attempt: int | None = None
    offset: int | None = None


class Judgement(msgspec.Struct, frozen=True):
    """The verdict of one case, and of its two columns."""

    verdict: Verdict
    content: Verdict
    ending: Verdict
    findings: tuple[Finding, ...]
    note: str = ""
    """Why it is `unsupported` or `error`."""
