"""The kit of a Python adapter: it speaks the adapter protocol, so that the adapter only drives its client.

An adapter writes a `run(case)` that yields events as its client's own user would see them, and calls `serve`. Raising
is the honest way to fail. Many cases run at once: async generators and coroutines on one event loop, anything else in a
thread of its own for each case. What the adapter prints goes to stderr; stdout belongs to the protocol.

Standard library only, Python 3.9 or later. The modules beside this one (`harness_kit.chat`, `.responses`, `.messages`)
are for clients whose parameters and chunks have a vendor's own form, and want Python 3.10.
"""

from .errors import Failed, error_of, raised_name
from .events import (
    CONTENT,
    Case,
    End,
    Event,
    Finish,
    Other,
    Reasoning,
    Refusal,
    Retry,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
)
from .worker import serve

__all__ = [
    "CONTENT",
    "Case",
    "End",
    "Event",
    "Failed",
    "Finish",
    "Other",
    "Reasoning",
    "Refusal",
    "Retry",
    "Signature",
    "Start",
    "Text",
    "ToolCall",
    "Usage",
    "error_of",
    "raised_name",
    "serve",
]
