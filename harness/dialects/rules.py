"""What a dialect's vendor accepts in a request, as data: what a request is fitted to before it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_SAMPLING: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
    "choices": (1, 128),
}


ANYBODY = "anybody"
"""Signs where nobody asks who did."""


@dataclass(frozen=True, slots=True)
class Media:
    """Which images or files a vendor takes; `types` and `urls` are beginnings, an empty text is any."""

    types: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def takes(self, media_type: str, url: str | None) -> bool:
        """Whether it takes one of that type (empty where it is not known), at that URL or in the request itself."""
        if url is not None:
            return url.startswith(self.urls) and (not media_type or media_type.startswith(self.types))
        return media_type.startswith(self.types)


@dataclass(frozen=True, slots=True)
class RequestRules:
    """The rules of one vendor. The defaults refuse nothing."""

    tool_name: str = r"(?s).+"
    """What a tool's name must match as a whole."""
    tool_name_limit: int = 64
    """The longest name that is made where one does not match."""
    call_id: str = r"(?s).+"
    """What the id of a tool call must match as a whole."""
    call_id_limit: int = 64
    calls_have_ids: bool = True
    """False: an answer's calls may come without ids."""
    arguments_are_objects: bool = False
    """Whether the arguments of a call must be a JSON object; else any text will do."""
    user_first: bool = False
    """Whether a user's message must begin the talk."""
    talks: bool = False
    """Whether there must be a message besides the system text."""
    blank_texts: bool = True
    """Whether texts of white space alone are accepted, and a last assistant's message that ends in some."""
    lone_reasoning: bool = True
    """Whether reasoning may stand without what it led to."""
    unsigned_reasoning: bool = True
    """Whether reasoning is taken back without a signature."""
    signs: str | None = ANYBODY
    """Whose signatures the dialect's reasoning has, None where it has none: those of other vendors are refused."""
    stand_in_signature: str = ""
    """What the vendor documents for calls that its model did not make itself, where it demands a signature."""
    signed_models: str = r"(?!)"
    """Which models demand one, by the beginnings of their names."""
    signs_calls: bool = True
    redacted: bool = True
    encrypted: bool = True
    """Which forms of hidden reasoning there are: signatures of calls, redacted and encrypted data."""
    images: Media = Media(("",), ("",))
    files: Media = Media(("",), ("",))
    assistant_images: bool = True
    result_media: bool = True
    """Whether a tool's result may hold images and files."""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=lambda: _SAMPLING)
    """The least and the most of numeric settings."""
    least_output_tokens: int = 1
    stops: int | None = None
    """How many stop sequences are taken."""
