"""A record-replay conformance harness for LLM streaming.

The public names are few, and the same things the command line does. They are imported when first asked for, so that
`import harness` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.api import decode, decoder, translate, translate_request
    from harness.catalogue.loader import load_catalogue
    from harness.lint.linter import lint
    from harness.recording.cassette import load_cassette
    from harness.recording.tape import Recorder
    from harness.recording.writer import CassetteWriter
    from harness.stack.client import Client
    from harness.stack.policy import Policy
    from harness.transcript import Transcript, fold

__version__ = "0.1.0"

__all__ = [
    "CassetteWriter",
    "Client",
    "Policy",
    "Recorder",
    "Transcript",
    "decode",
    "decoder",
    "fold",
    "lint",
    "load_cassette",
    "load_catalogue",
    "translate",
    "translate_request",
]

_HOMES = {
    "CassetteWriter": "harness.recording.writer",
    "Client": "harness.stack.client",
    "Policy": "harness.stack.policy",
    "Recorder": "harness.recording.tape",
    "Transcript": "harness.transcript",
    "decode": "harness.api",
    "decoder": "harness.api",
    "fold": "harness.transcript",
    "lint": "harness.lint.linter",
    "load_cassette": "harness.recording.cassette",
    "load_catalogue": "harness.catalogue.loader",
    "translate": "harness.api",
    "translate_request": "harness.api",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
