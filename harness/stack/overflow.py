"""What is done about a context overflow: a compaction hook, asked once, and one simple such hook."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from inspect import isawaitable
from typing import TypeAlias

import msgspec

from harness.events import ErrorInfo
from harness.request import (
    FilePart,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    Request,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

Compaction: TypeAlias = Callable[[Request, ErrorInfo], Request | Awaitable[Request | None] | None]
"""(the request, the error) -> a shorter request, or None where there is nothing to be done. May be a coroutine."""


class CompactionFailed(Exception):
    """The hook raised; the cause is kept."""


async def compacted(hook: Compaction, request: Request, error: ErrorInfo) -> Request | None:
    """What the hook makes of the request; None also where it changed nothing. Raises CompactionFailed."""
    try:
        result = hook(request, error)
        shorter = await result if isawaitable(result) else result
    except Exception as problem:  # the user's own code: whatever it raises, the original error is what matters
        raise CompactionFailed(f"{type(problem).__name__}: {problem}") from problem
    return None if shorter == request else shorter


def drop_oldest_turns(request: Request, error: ErrorInfo | None = None) -> Request | None:
    """The request without the older half of its history; None where nothing can be dropped.

    System and developer messages stay, and so do the last user message and the last round after it. What is dropped
    goes in whole rounds (a user message with its answer, tool calls with their results), so that no result loses its
    call. A history of one turn loses the oldest of its tool rounds.
    """
    oldest = _oldest_half(_droppable_rounds(request.messages))
    if not oldest:
        return None
    dropped = {id(message) for messages in oldest for message in messages}
    kept = [message for message in request.messages if id(message) not in dropped]
    return msgspec.structs.replace(request, messages=kept)


Round: TypeAlias = list[Message]


def _droppable_rounds(messages: Iterable[Message]) -> list[Round]:
    """The rounds that may go, oldest first: all but the one of the last user message and the last of all."""
    history = [message for message in messages if message.role not in ("system", "developer")]
    last_user = max((place for place, message in enumerate(history) if _is_question(message)), default=0)
    rounds = list(_rounds(history, last_user))
    return [each for each in rounds[:-1] if each[0] is not history[last_user]]


def _rounds(history: list[Message], last_user: int) -> Iterator[Round]:
    """Up to the last user message, a round is a whole turn; after it, an assistant message with its results."""
    current: Round = []
    for place, message in enumerate(history):
        begins = _is_question(message) if place <= last_user else message.role == "assistant"
        if begins and current:
            yield current
            current = []
        current.append(message)
    if current:
        yield current


def _is_question(message: Message) -> bool:
    """Whether the user speaks, rather than a tool through the user's role."""
    return message.role == "user" and not all(isinstance(part, ToolResultPart) for part in message.content)


def _oldest_half(rounds: list[Round]) -> list[Round]:
    """The first rounds that together hold half of what all of them hold."""
    half = sum(map(_weight, rounds)) / 2
    dropped: list[Round] = []
    while rounds[len(dropped) :] and (not dropped or sum(map(_weight, dropped)) < half):
        dropped.append(rounds[len(dropped)])
    return dropped


def _weight(messages: Round) -> int:
    """Roughly how much of the context the messages take: characters, images by their base64."""
    return sum(_length(part) for message in messages for part in message.content)


def _length(part: Part) -> int:
    match part:
        case TextPart(text=text) | ReasoningPart(text=text):
            return len(text)
        case ImagePart(data=data) | FilePart(data=data):
            return len(data)
        case ToolCallPart(name=name, arguments=arguments):
            return len(name) + len(arguments)
        case ToolResultPart(content=content, media=media):
            return len(content) + sum(map(_length, media))
