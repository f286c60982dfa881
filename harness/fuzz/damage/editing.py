"""Streams whose frames are not as they were sent: dropped, repeated, swapped, unreadable, or with a byte changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias, get_args

from harness.fuzz.damage.account import NEVER, Account
from harness.fuzz.damage.demands import Demands, NoEndLeft, Rule
from harness.fuzz.damage.frames import WireFrame, parsed
from harness.fuzz.damage.remains import (
    GapNoticed,
    NoEmptiedCall,
    NoOtherCall,
    RestUntouched,
    UnreadableNoticed,
    WhatIsThere,
)
from harness.fuzz.damage.sheet import Sheet
from harness.fuzz.variant import Variant
from harness.wire.response import WireResponse

Order: TypeAlias = Literal["drop", "repeat", "swap"]
ORDERS: tuple[Order, ...] = get_args(Order)
Unreadable: TypeAlias = Literal["cut", "garbage", "word"]
UNREADABLE: tuple[Unreadable, ...] = get_args(Unreadable)
_FAMILIES: dict[Order, str] = {"drop": "dropped-frame", "repeat": "repeated-frame", "swap": "swapped-frames"}
_DONE: dict[Order, str] = {"drop": "is dropped", "repeat": "comes twice", "swap": "changes places with the next"}
_MADE: dict[Unreadable, str] = {
    "cut": "lacks its last brace",
    "garbage": "is no JSON",
    "word": "is a mere string",
}


def reordered(account: Account, response: WireResponse, number: int, order: Order, *, gap: bool = False) -> Variant:
    """A frame dropped, repeated, or swapped with the next. `gap`: all that is demanded is that this is noticed."""
    sheet = Sheet(response.body, account.frames)
    numbers = list(range(len(account.frames)))
    match order:
        case "drop":
            del numbers[number]
        case "repeat":
            numbers.insert(number, number)
        case "swap":
            numbers[number : number + 2] = reversed(numbers[number : number + 2])
    changed = Account(account.dialect, [account.frames[each] for each in numbers])
    touched = [number, number + 1] if order == "swap" else [number]
    rules: list[Rule] = [NoOtherCall(account, changed, _opens_call(account, touched))]
    rules += _no_end(account, changed)
    if all(_is_plain(account, each) for each in touched):
        rules.append(WhatIsThere(account, changed))
    return Variant(
        kind="damage",
        family=f"{_FAMILIES[order]}{'-noticed' if gap else ''}",
        words=f"frame {number + 1} of {len(account.frames)} {_DONE[order]}",
        plan={"damage": order, "frame": number, **({"noticed": True} if gap else {})},
        response=sheet.built(response, [sheet.frames[each] for each in numbers]),
        level="should" if gap else "must",
        demand=Demands((GapNoticed(account, changed),) if gap else tuple(rules), account.by),
    )


def unreadable(
    account: Account, response: WireResponse, number: int, how: Unreadable, *, noticed: bool = False
) -> Variant:
    """A frame that spells no JSON object. `noticed`: all that is demanded is that this is noticed."""
    sheet, frame = Sheet(response.body, account.frames), account.frames[number]
    data = {"cut": frame.data.rstrip()[:-1], "garbage": b"<html>busy</html>", "word": b'"busy"'}[how]
    frames = [*sheet.frames]
    offset = frame.data_start - (frame.data_start if sheet.is_array else frame.start)
    size = frame.data_end - frame.data_start
    frames[number] = frames[number][:offset] + data + frames[number][offset + size :]
    changed = _with(account, number, replace(frame, data=data, payload=None))
    rules = _touched_rules(account, [number], after=not sheet.is_array)
    rules += [NoOtherCall(account, changed, _opens_call(account, [number])), *_no_end(account, changed)]
    if not _opens_call(account, [number]):
        rules.append(NoEmptiedCall(account))
    return Variant(
        kind="damage",
        family=f"broken-json{'-noticed' if noticed else ''}",
        words=f"frame {number + 1} of {len(account.frames)} {_MADE[how]}",
        plan={"damage": "json", "frame": number, "how": how, **({"noticed": True} if noticed else {})},
        response=sheet.built(response, frames),
        level="should" if noticed else "must",
        demand=Demands((UnreadableNoticed(),) if noticed else tuple(rules), account.by),
    )


def flipped(account: Account, response: WireResponse, at: int, bit: int) -> Variant:
    """One bit of one byte turned round."""
    body = bytearray(response.body)
    body[at] ^= 1 << bit
    touched = _touched(account, at)
    rules: list[Rule] = []
    if touched:
        rules = _flip_rules(account, touched, bytes(body), at)
    old, new = response.body[at], body[at]
    return Variant(
        kind="damage",
        family="flipped-byte",
        words=f"byte {at} of {len(body)} is 0x{new:02x} and not 0x{old:02x}",
        plan={"damage": "flip", "at": at, "bit": bit},
        response=_with_bytes(response, bytes(body)),
        demand=Demands(tuple(rules), account.by),
    )


def not_utf8(account: Account, response: WireResponse, at: int) -> Variant:
    """A byte that no UTF-8 has, put in at a place inside a frame's text."""
    body = response.body[:at] + b"\xff" + response.body[at:]
    rules = _touched_rules(account, _touched(account, at), after=True)
    return Variant(
        kind="damage",
        family="invalid-utf8",
        words=f"a byte 0xff comes after byte {at} of {len(response.body)}",
        plan={"damage": "utf8", "at": at},
        response=_with_bytes(response, body),
        demand=Demands(tuple(rules), account.by),
    )


def _touched_rules(account: Account, touched: Sequence[int], *, after: bool) -> list[Rule]:
    """What holds of the other frames where some were touched."""
    if not all(_is_plain(account, number) for number in touched):
        return []
    return [RestUntouched(account, touched[0], touched[-1] + 1, after=after)]


def _flip_rules(account: Account, touched: Sequence[int], body: bytes, at: int) -> list[Rule]:
    """What holds where a byte was changed: of a call's frame only that nothing is made of what cannot be read."""
    frame, is_array = account.frames[touched[0]], Sheet(body, account.frames).is_array
    rules = _touched_rules(account, touched, after=account.stands_alone and not is_array)
    makes_calls = _opens_call(account, touched) or any(
        piece.what == "call" for number in touched for piece in account.pieces[number]
    )
    if not makes_calls:
        rules.append(NoOtherCall(account, account, opens=False))
    data = body[frame.data_start : frame.data_end]
    if is_array or not frame.data_start <= at < frame.data_end or len(data) != len(frame.data.rstrip()):
        return rules
    if parsed(data, strict=True) is None and not _opens_call(account, touched):
        rules.append(NoEmptiedCall(account))
    if parsed(data) is None and not frame.name:  # a name alone may tell a reader that it is the end
        rules += _no_end(account, _with(account, touched[0], replace(frame, data=data, payload=None)))
    return rules


def _no_end(account: Account, changed: Account) -> list[Rule]:
    return [NoEndLeft(changed)] if account.finished_at() < NEVER else []


def _is_plain(account: Account, number: int) -> bool:
    """Whether nothing else in the stream hangs on a frame, as far as texts go."""
    if account.stands_alone:
        return True
    pieces = account.pieces[number]
    return bool(pieces) and all(piece.what in ("text", "reasoning", "refusal") and not piece.opens for piece in pieces)


def _opens_call(account: Account, numbers: Sequence[int]) -> bool:
    """Whether one of the frames begins a call, or what calls hang on."""
    if not account.stands_alone and not all(account.pieces[number] for number in numbers):
        return True
    return any(
        piece.what == "call" and (piece.id or piece.name) for number in numbers for piece in account.pieces[number]
    )


def _touched(account: Account, at: int) -> list[int]:
    """The frames that a changed byte may reach: the one that it is in, and the next if it is no part of the data."""
    number = min(account.frames_before(at), len(account.frames) - 1)
    if number < 0:
        return []
    frame = account.frames[number]
    within = frame.data_start <= at < frame.data_end
    return [number] if within or number + 1 == len(account.frames) else [number, number + 1]


def _with(account: Account, number: int, frame: WireFrame) -> Account:
    frames: list[Any] = [*account.frames]
    frames[number] = frame
    return Account(account.dialect, frames)


def _with_bytes(response: WireResponse, body: bytes) -> WireResponse:
    """The response with other bytes in chunks of the same sizes; the last takes what there is more."""
    chunks, position = [], 0
    for number, chunk in enumerate(response.chunks):
        end = len(body) if number + 1 == len(response.chunks) else position + len(chunk.data)
        chunks.append(replace(chunk, data=body[position:end]))
        position = end
    return replace(response, chunks=tuple(chunks), codings=())
