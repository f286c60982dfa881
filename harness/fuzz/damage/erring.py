"""Streams that break off with an error in the vendor's own form, after any of their frames."""

from __future__ import annotations

from harness.fuzz.damage.account import Account
from harness.fuzz.damage.demands import Beginning, CallsCut, Demands, ErrorWins, Kept, Rule
from harness.fuzz.damage.sheet import Sheet
from harness.fuzz.variant import Variant
from harness.wire.response import WireResponse


def with_error(account: Account, response: WireResponse, number: int, error: str, *, goes_on: bool = False) -> Variant:
    """An error after the first `number` frames. `goes_on`: the rest comes all the same."""
    sheet = Sheet(response.body, account.frames)
    frame = _written(account, number, error, sheet)
    frames = [*sheet.frames[:number], frame, *(sheet.frames[number:] if goes_on else ())]
    at = account.frames[number - 1].end if number else 0
    before_the_end = account.finished_at() > at
    return Variant(
        kind="damage",
        family=f"error-{'and-on' if goes_on else 'injected'}",
        words=f"an error ({error}) after frame {number} of {len(account.frames)}"
        + (", and the rest behind it" if goes_on else ", and then the end"),
        plan={"damage": "error", "after": number, "error": error, **({"goes_on": True} if goes_on else {})},
        response=sheet.built(response, frames) if goes_on else sheet.cut_off(response, frames),
        level="should" if goes_on else "must",
        demand=Demands(_rules(account, at, number, before_the_end=before_the_end, goes_on=goes_on), account.by),
    )


def _rules(account: Account, at: int, number: int, *, before_the_end: bool, goes_on: bool) -> tuple[Rule, ...]:
    if goes_on:
        return (ErrorWins(account, "error-stands"),) if before_the_end else ()
    rules: list[Rule] = [Beginning(account, at), CallsCut(), Kept(account, number)]
    return (*rules, ErrorWins(account, "error-is-no-answer")) if before_the_end else tuple(rules)


def _written(account: Account, number: int, error: str, sheet: Sheet) -> bytes:
    """The error as a frame of this body."""
    text = account.dialect.errors[error].replace("NUMBER", str(number)).encode()
    if sheet.is_array:
        return text.partition(b"data: ")[2]
    return text + (b"\n" if account.dialect.framing == "ndjson" else b"\n\n")
