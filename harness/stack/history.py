"""History repair: a talk that a vendor would refuse becomes one that it accepts, and each step is a named loss.

| shape | what is done | name |
|---|---|---|
| an empty text or empty reasoning; one of white space, where the vendor refuses it | left out | `empty-text` |
| white space at the talk's end, said by the assistant, where the vendor refuses it | cut off | `trailing-space` |
| a message that says nothing | left out | `empty-message` |
| a call or reasoning in a message that is not the assistant's | left out | `part-misplaced` |
| an image or file in an instruction | said by the user | `part-moved` |
| an assistant's message split behind a call | joined | `assistant-joined` |
| results that do not stand right behind their calls, in the calls' order | put there | `results-moved` |
| a second result of one call | the last one stands | `result-repeated` |
| a result without an id, behind a call without a result | it is that call's | `result-without-id` |
| a call without a result | a result is made, an error that says so | `result-made` |
| a result without a call | becomes the user's text | `result-orphan` |
| calls that share an id, or have none | the later ones get ids of their own | `call-id-made` |
| reasoning without what it led to, where the vendor refuses it | left out | `reasoning-alone` |
| an empty talk; one that the assistant begins, where that is refused | the user begins | `user-message-made` |

A talk that has none of these shapes stays as it is, and a repaired one is not repaired again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal, TypeAlias

from msgspec.structs import replace

from harness.dialects.base import Loss
from harness.dialects.rules import RequestRules
from harness.request import (
    FilePart,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from harness.stack.pairing import paired

FIRST_WORDS = "(The conversation begins with the assistant.)"
NO_WORDS = "(empty message)"
"""What a made user's message says."""

_Role: TypeAlias = Literal["user", "assistant", "tool", "system", "developer"]


def repaired(messages: Sequence[Message], rules: RequestRules) -> tuple[list[Message], tuple[Loss, ...]]:
    """The talk that keeps to the rules, and what had to be done for it, each thing once."""
    losses: list[Loss] = []
    talk = [placed for message in messages for placed in _placed(message, losses)]
    talk = _without_empty(talk, rules, losses)
    talk = paired(_joined(talk, losses), losses)
    if not rules.lone_reasoning:
        talk = _without_lone_reasoning(talk, losses)
    if not rules.blank_texts:
        talk = _trimmed(talk, losses)
    talk = _begun(talk, rules, losses)
    return talk, tuple({loss.what: loss for loss in reversed(losses)}.values())[::-1]


def _placed(message: Message, losses: list[Loss]) -> Iterator[Message]:
    """The message, or several: what the tools said apart from what the user says."""
    spoken = [(role, part) for part in message.content if (role := _speaker(message.role, part, losses))]
    if all(role == message.role for role, _ in spoken) and len(spoken) == len(message.content):
        yield message
        return
    for role, run in groupby(spoken, key=lambda pair: pair[0]):
        yield Message(role, [part for _, part in run])


def _speaker(role: _Role, part: Part, losses: list[Loss]) -> _Role | None:
    """Who can say that part; None where nobody can but who did not."""
    match part:
        case ToolResultPart():
            return "tool"
        case ToolCallPart() | ReasoningPart() if role != "assistant":
            losses.append(Loss("part-misplaced", f"a {type(part).__name__} in a {role} message"))
            return None
        case ImagePart() | FilePart() if role in ("system", "developer"):
            losses.append(Loss("part-moved", f"a {type(part).__name__} in a {role} message"))
            return "user"
        case _:
            return "user" if role == "tool" else role


def _without_empty(talk: Iterable[Message], rules: RequestRules, losses: list[Loss]) -> list[Message]:
    kept: list[Message] = []
    for message in talk:
        parts = [part for part in message.content if not _is_empty(part, rules)]
        if len(parts) < len(message.content):
            losses.append(Loss("empty-text", f"in a {message.role} message"))
            message = Message(message.role, parts)
        if parts:
            kept.append(message)
        else:
            losses.append(Loss("empty-message", f"a {message.role} message"))
    return kept


def _is_empty(part: Part, rules: RequestRules) -> bool:
    match part:
        case TextPart(text=text):
            return not (text if rules.blank_texts else text.strip())
        case ReasoningPart():
            return not (part.text or part.signature or part.redacted or part.encrypted)
    return False


def _joined(talk: Iterable[Message], losses: list[Loss]) -> list[Message]:
    """Assistant's messages in a row are one where an earlier one has calls, whose results must come next."""
    joined: list[Message] = []
    for message in talk:
        if message.role == "assistant" and joined and joined[-1].role == "assistant" and _calls(joined[-1]):
            losses.append(Loss("assistant-joined"))
            joined[-1] = Message("assistant", [*joined[-1].content, *message.content])
        else:
            joined.append(message)
    return joined


def _calls(message: Message) -> bool:
    return any(isinstance(part, ToolCallPart) for part in message.content)


def _without_lone_reasoning(talk: list[Message], losses: list[Loss]) -> list[Message]:
    """Reasoning that nothing of the assistant's follows leads nowhere."""
    kept: list[Message] = []
    for position, message in enumerate(talk):
        follower = talk[position + 1] if position + 1 < len(talk) else None
        if message.role == "assistant" and (follower is None or follower.role != "assistant"):
            parts = list(message.content)
            while parts and isinstance(parts[-1], ReasoningPart):
                parts.pop()
            if len(parts) < len(message.content):
                losses.append(Loss("reasoning-alone"))
                message = Message("assistant", parts)
        if message.content:
            kept.append(message)
    return kept


def _trimmed(talk: list[Message], losses: list[Loss]) -> list[Message]:
    """The last message without white space at its end, if it is the assistant's."""
    match talk:
        case [*before, Message("assistant", [*parts, TextPart(text=text) as last])] if text != text.rstrip():
            losses.append(Loss("trailing-space"))
            return [*before, Message("assistant", [*parts, replace(last, text=text.rstrip())])]
    return talk


def _begun(talk: list[Message], rules: RequestRules, losses: list[Loss]) -> list[Message]:
    """The talk with a user's message at its beginning, where it needs one."""
    place = next((place for place, message in enumerate(talk) if message.role not in ("system", "developer")), None)
    if place is None:
        if not rules.talks:
            return talk
        losses.append(Loss("user-message-made", "nobody says anything"))
        return [*talk, Message("user", [TextPart(NO_WORDS)])]
    if rules.user_first and talk[place].role == "assistant":
        losses.append(Loss("user-message-made", "the assistant begins"))
        return [*talk[:place], Message("user", [TextPart(FIRST_WORDS)]), *talk[place:]]
    return talk
