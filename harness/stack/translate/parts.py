"""What is said, fitted to what a vendor takes: images, files and hidden reasoning."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from harness.dialects.base import Loss
from harness.dialects.rules import ANYBODY, RequestRules
from harness.request import FilePart, ImagePart, Message, Part, ReasoningPart, ToolCallPart, ToolResultPart

MEDIA_FOLLOW = "(What the tool gave follows.)"
"""The text of a result whose images had to go into a user's message."""


def fitted_parts(
    messages: Sequence[Message], rules: RequestRules, signed_by: str | None
) -> tuple[list[Message], list[Loss]]:
    """The talk with the parts that the vendor takes; `signed_by` is whose signatures it has, None for the vendor's."""
    fitting = _Fitting(rules, signed_by)
    return fitting.talk(messages), fitting.losses


@dataclass(slots=True)
class _Fitting:
    rules: RequestRules
    signed_by: str | None
    losses: list[Loss] = field(default_factory=list)

    def talk(self, messages: Sequence[Message]) -> list[Message]:
        talk: list[Message] = []
        waiting: list[Part] = []  # what tools gave, until all results of the turn are there
        for message in messages:
            if waiting and not _is_results(message):
                talk.append(Message("user", waiting))
                waiting = []
            content: list[Part] = []
            for part in message.content:
                content += self._part(part, message, waiting)
            talk.append(message if content == message.content else Message(message.role, content))
        return [*talk, Message("user", waiting)] if waiting else talk

    def _part(self, part: Part, message: Message, waiting: list[Part]) -> Iterator[Part]:
        match part:
            case ImagePart() | FilePart():
                yield from self._medium(part, message.role)
            case ReasoningPart():
                yield from self._reasoning(part)
            case ToolCallPart(signature=str()) if not (self.rules.signs_calls and self.signed_by in (None, "google")):
                self._lose("tool-call-signature", f"the signature of {part.name}")
                yield replace(part, signature=None)
            case ToolResultPart(media=[_, *_]):
                yield self._result(part, waiting)
            case _:
                yield part

    def _medium(self, part: ImagePart | FilePart, role: str) -> Iterator[ImagePart | FilePart]:
        kind, media = ("image", self.rules.images) if isinstance(part, ImagePart) else ("file", self.rules.files)
        if role == "assistant" and not self.rules.assistant_images:
            self._lose("assistant-image", f"an assistant's message holds no {kind}s")
        elif not media.takes(part.media_type, part.url):
            why = f"-url {part.url[:80]}" if part.url is not None else f"-type {part.media_type or 'unknown'}"
            self._lose(kind + why.partition(" ")[0], why.partition(" ")[2])
        elif part.url is None and not _is_base64(part.data):
            self._lose(f"{kind}-unreadable", "its data is no base64")
        else:
            yield part

    def _reasoning(self, part: ReasoningPart) -> Iterator[ReasoningPart]:
        """The reasoning with the hidden data that is the vendor's own, if anything is left that it takes."""
        rules, dropped = self.rules, dict[str, Any]()
        if part.signature and rules.signs != ANYBODY and not (rules.signs and self.signed_by in (None, rules.signs)):
            self._lose("reasoning-signature", "the signature of reasoning is another vendor's")
            dropped["signature"] = None
        if part.redacted and not rules.redacted:
            self._lose("reasoning-redacted", "redacted reasoning is another vendor's")
            dropped["redacted"] = None
        if part.encrypted and not rules.encrypted:
            self._lose("reasoning-encrypted", "encrypted reasoning is another vendor's")
            dropped["encrypted"] = None
        if part.id and not rules.encrypted:
            dropped["id"] = None
        kept = replace(part, **dropped) if dropped else part
        if rules.unsigned_reasoning or kept.signature or kept.redacted or kept.encrypted:
            yield kept
        elif kept.text:
            self._lose("reasoning-unsigned", "reasoning is taken back only as its vendor made it")

    def _result(self, part: ToolResultPart, waiting: list[Part]) -> ToolResultPart:
        media = [kept for medium in part.media for kept in self._medium(medium, "tool")]
        if self.rules.result_media or not media:
            return replace(part, media=media, content=part.content)
        self._lose("tool-result-media", "images and files of a tool are said by the user")
        waiting += media
        return replace(part, media=[], content=part.content or MEDIA_FOLLOW)

    def _lose(self, what: str, detail: str) -> None:
        self.losses.append(Loss(what, detail))


def _is_results(message: Message) -> bool:
    return bool(message.content) and all(isinstance(part, ToolResultPart) for part in message.content)


def _is_base64(data: str) -> bool:
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return False
    return bool(data)
