"""Where to look when a rule is broken: what usually causes such a failure, and what to check in a client's own code.

By check and kind alone: what a hint says holds of programs in general, and guesses nothing about any one system.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.catalogue.findings import FailureKind, Finding


@dataclass(frozen=True, slots=True)
class Hint:
    """What usually is behind a failure, and what to look at first; each one or two sentences."""

    cause: str
    look_at: str

    def __str__(self) -> str:
        return f"{self.cause} {self.look_at}"


def fix_hint(finding: Finding) -> Hint:
    """The hint for a finding: by its check and kind, else by its check, else by its kind. There is always one."""
    return BY_CHECK.get((finding.check, finding.kind)) or BY_CHECK.get((finding.check, None)) or BY_KIND[finding.kind]


BY_KIND: Final[dict[FailureKind, Hint]] = {
    "loss": Hint(
        "An event or a field was skipped: its name, its place or its neighbours were not what the reader looks for.",
        "Look at what the reader does with events that it does not know, with null and empty fields, and with whatever "
        "stands beside what it takes.",
    ),
    "leak": Hint(
        "Something that is no part of the answer was taken for text.",
        "Look at how reasoning, markers and error bodies are told from the answer, and where chunks cut them in two.",
    ),
    "order": Hint(
        "Parts are collected by kind and joined at the end, so that it is lost which came first.",
        "Hand parts on as they come, or keep one list of all of them.",
    ),
    "merge": Hint(
        "Two things share a buffer, since what tells them apart (index, id, position) is not read.",
        "Look at what opens a new part or call, and at the key under which its pieces are collected.",
    ),
    "duplicate": Hint(
        "The same content is read twice: from deltas and again from a summary, or before and after a repeat.",
        "Look at events that hold the whole once more at the end, and at what happens to output of a failed attempt.",
    ),
    "corruption": Hint(
        "Bytes are decoded chunk by chunk, or values are converted on their way.",
        "Decode whole frames, not chunks; look at the character set, at numbers read as doubles, and at trimming.",
    ),
    "arguments": Hint(
        "The arguments of a call were put together or parsed wrongly.",
        "Append the pieces as text, by index, and parse once the call is whole.",
    ),
    "silent-truncation": Hint(
        "The end of the body passes for the end of the answer.",
        "Treat an answer as finished only once its stop reason (or its closing event) has come, and raise otherwise.",
    ),
    "silent-error": Hint(
        "An error within the stream is skipped as an event of an unknown form.",
        "Look at what happens to events with an error in them, to error statuses, and to bodies that are no stream.",
    ),
    "wrong-error": Hint(
        "The error is another one than the server's, or one was raised where all was well.",
        "Look at how statuses, codes and types are mapped, and at which oddities make the reader give up.",
    ),
    "hang": Hint(
        "Somewhere a wait has no limit.",
        "Look for reads, sleeps and retries without a time-out, and for a connection that nobody closes.",
    ),
    "late": Hint(
        "Content is collected before it is handed on.",
        "Look for buffers that wait for a size, a line, a whole event too many, or the end of the body.",
    ),
    "retry": Hint(
        "The rule for repeating a request does not fit what the server said.",
        "Look at which statuses are repeated, how often, after how long, and whether another layer repeats as well.",
    ),
    "request": Hint(
        "The request is not what was asked, or not what the vendor accepts.",
        "Compare the request in the wire log, field by field, with what was asked.",
    ),
}
"""By kind of failure: for checks without a hint of their own, and for searches, which have no checks."""

_TEXT_LOSS = Hint(
    "A delta was skipped: it shared a frame or a chunk with something else, or looked empty or unknown.",
    "Look at frames that were cut across reads, at deltas with several fields, and at conditions that take an empty or "
    "falsy piece for none.",
)

BY_CHECK: Final[dict[tuple[str, FailureKind | None], Hint]] = {
    ("text-as-sent", "loss"): _TEXT_LOSS,
    ("text-as-sent", "leak"): Hint(
        "Reasoning, or the markers around it, reached the text.",
        "Look at how think tags are found when a chunk cuts them, and at fields of reasoning that are joined to the "
        "text for want of a place of their own.",
    ),
    ("text-as-sent", "corruption"): Hint(
        "Bytes were decoded before a character was whole, or in another character set than UTF-8.",
        "Use an incremental decoder, or decode whole frames; never guess the character set from the content type's "
        "silence. Look at line ends and escapes, too.",
    ),
    ("text-as-sent", "duplicate"): Hint(
        "The text was read twice: as deltas, and again from an event that holds the whole.",
        "Look at closing events and at running totals, which replace what came before instead of adding to it.",
    ),
    ("reasoning-as-sent", "loss"): Hint(
        "Reasoning comes under another field, or as another kind of block, than the reader looks for.",
        "Look at the names that servers of this dialect use for it, and at deltas with reasoning and text at once.",
    ),
    ("reasoning-as-sent", "leak"): Hint(
        "A think tag is part of the reasoning, or text behind it is.",
        "Look at how the closing tag is found when it is cut, or doubled, or followed by text in the same delta.",
    ),
    ("refusal-as-sent", None): Hint(
        "A refusal has a field or a block of its own, which is not read.",
        "Hand it on apart from the text: a caller must be able to tell it from an answer.",
    ),
    ("tool-calls-as-sent", "loss"): Hint(
        "A call was dropped: it lacked a field that the reader insists on, or came behind the stop reason.",
        "Look at calls without arguments, without an id, with a sparse index, or several in one delta.",
    ),
    ("tool-calls-as-sent", "merge"): Hint(
        "The pieces of two calls were collected in one buffer.",
        "Collect by index (or by id where there is no index), and begin a new call when either changes.",
    ),
    ("tool-calls-as-sent", "duplicate"): Hint(
        "A call is counted once for each event that holds it.",
        "Look at closing events that repeat the whole call, and at servers that repeat the id in every piece.",
    ),
    ("tool-calls-as-sent", "corruption"): Hint(
        "A piece of a call was taken for a call of its own, or for one of the caller's that is the server's.",
        "Look at empty lists of calls, at pieces without an id, and at tools which the server runs itself.",
    ),
    ("tool-calls-as-sent", "arguments"): Hint(
        "The arguments were parsed and written again, or a piece of them was lost or replaced.",
        "Append pieces as they are. Look at large integers, at escapes that a chunk cuts, and at what stands for no "
        "arguments.",
    ),
    ("cut-calls-not-executable", None): Hint(
        "A call that was cut off is completed, or its arguments replaced by an empty object.",
        "Give a call to the caller only when its arguments are whole and the answer did not break off.",
    ),
    ("parts-in-order", None): Hint(
        "Parts are collected by kind, so that it is lost which came first or where one ended.",
        "Begin a new part whenever the kind changes, in one list for all kinds.",
    ),
    ("signatures-kept", None): Hint(
        "The signature of reasoning comes in an event of its own, or beside a call, and was not kept.",
        "The vendor refuses the next turn without it: keep it with the part that it belongs to, as it is.",
    ),
    ("usage-as-sent", "loss"): Hint(
        "The counts come in a chunk without content, or behind the stop reason, and are not read there.",
        "Read on to the end of the body, and take counts from chunks without choices, too.",
    ),
    ("usage-as-sent", "corruption"): Hint(
        "Counts that replace each other were added up, or counts that add up replaced each other.",
        "Find out which of the two this dialect does, and whether cached tokens and reasoning are counted in.",
    ),
    ("choices-as-sent", None): Hint(
        "Deltas of several choices come in turn, told apart by their index alone.",
        "Collect by the choice's index, or say that only one choice is read.",
    ),
    ("warnings-given", None): Hint(
        "Something odd was put right in silence.",
        "Tell the caller: what is mended here may be data that is lost.",
    ),
    ("streamed-at-once", None): Hint(
        "What had come was held back until more came.",
        "Look for reads of a fixed size, for readers of lines that wait for the next one, for compression without "
        "flushes, and for a proxy that buffers.",
    ),
    ("requests-as-asked", None): Hint(
        "Something that was asked did not survive the way into the vendor's request.",
        "Compare both in the wire log: texts, ids of calls and results, images, signatures, schemas and numbers.",
    ),
    ("requests-acceptable", None): Hint(
        "The request breaks one of the vendor's rules, and would be refused with a 400.",
        "The rule's name says which. Look at how turns are joined, results paired and required fields filled.",
    ),
    ("ended-in-time", None): Hint(
        "A wait has no limit: a read without a time-out, or a sleep as long as the server asked for.",
        "Set a limit on silence between reads, cap what a server may ask for, and tell the caller when either is met.",
    ),
    ("ending-as-it-was", "silent-truncation"): Hint(
        "The end of the body passes for the end of the answer, and half of it for the whole.",
        "Count an answer as finished only when its stop reason or closing event has come; raise for every other end, "
        "a clean one included.",
    ),
    ("ending-as-it-was", "silent-error"): Hint(
        "An error within the stream, or an error's body, was skipped as an event of an unknown form.",
        "Look for errors before content in every event, whatever its name, and check that the body is a stream.",
    ),
    ("ending-as-it-was", "wrong-error"): Hint(
        "A good answer was given up for an oddity, or a cut or cancelled one is called by another name.",
        "Look at what the exception complains of: unknown events and fields are to be skipped, not refused.",
    ),
    ("finish-as-sent", "loss"): Hint(
        "The stop reason stands in a chunk that is not read, or has no place in what the caller gets.",
        "Look at chunks with a stop reason and no content, and at how the answer is given to the caller.",
    ),
    ("finish-as-sent", "silent-truncation"): Hint(
        "An answer that ran into a limit is told as one that ended by itself.",
        "Hand the stop reason on as it is; look for a default of `stop` where a reason is not known.",
    ),
    ("finish-as-sent", None): Hint(
        "The stop reason is derived, or mapped by a table that does not have this one.",
        "Hand the server's own reason on; look for defaults, and for one that calls in the answer replace.",
    ),
    ("error-as-sent", None): Hint(
        "Kind, status or words of the error were lost when it was turned into an exception.",
        "Look at errors in other shapes than the vendor's own: nested, as a string, as a page, or inside the stream.",
    ),
    ("attempts-counted", None): Hint(
        "The request is repeated where it must not be, by more than one layer, or not at all.",
        "Look at which statuses and codes are repeated, whether a limit of 0 is obeyed, whether output had been handed "
        "on, and whether the HTTP client below repeats as well.",
    ),
    ("waits-kept", None): Hint(
        "The server's time is not read in this form, or loses against the client's own backoff.",
        "Look at seconds with fractions, at HTTP dates, at `retry-after-ms` and at times in the body; wait at least as "
        "long as the server says.",
    ),
    ("fallback-used", None): Hint(
        "The second provider is asked too soon, too late, or once output had been handed on.",
        "Look at which errors exhaust the first provider, and at what has reached the caller by then.",
    ),
    ("request-compacted", None): Hint(
        "The request that overflowed was sent again as it was.",
        "Drop or shorten old turns before repeating it, and stop where there is nothing left to drop.",
    ),
    ("upstream-stopped", None): Hint(
        "The caller is gone, but nobody closes the connection to the server, which goes on and bills.",
        "Cancel the request, close the response on every way out of the loop, and look for tasks that read on.",
    ),
    ("front-status", None): Hint(
        "The upstream's status was replaced, or an exception of the gateway's own became a 500.",
        "Hand error statuses on as they are, and begin with 200 only when the upstream has.",
    ),
    ("front-error", "silent-error"): Hint(
        "The error was handed on in the upstream's form, or not at all, so that the client's own reader skips it.",
        "Write errors in the client's dialect, within the stream once it has begun.",
    ),
    ("front-error", None): Hint(
        "The error's kind changed on its way through the gateway.",
        "Map kinds, not words: a rate limit must stay one, or the client's repeats go wrong.",
    ),
    ("front-headers", None): Hint(
        "Headers that clients act on were dropped or replaced.",
        "Hand on `retry-after` and request ids, and set the content type of what is really sent.",
    ),
    ("front-contains", None): Hint(
        "What the client needs to know is not in the answer.",
        "Look at how the gateway words its own errors, and at what it leaves out of the upstream's.",
    ),
    ("front-hides", None): Hint(
        "A key, an address or a trace of the gateway's own went out with an error.",
        "Never send exception texts as they are; look at debug modes and at headers that are handed on unseen.",
    ),
    ("front-well-formed", None): Hint(
        "The stream to the client breaks a rule of its dialect: an event is missing, doubled, or in the wrong place.",
        "Close what was opened, also when the upstream breaks off; `harness lint` shows the place.",
    ),
    ("front-heartbeats", None): Hint(
        "While the upstream thinks, nothing is sent, and clients or proxies give up; or far too much is.",
        "Send a comment, or the dialect's own ping, every few seconds of silence.",
    ),
}
"""By check and kind of failure; a kind of None: whatever the kind."""
