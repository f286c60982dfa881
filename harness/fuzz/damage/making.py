"""All damage that can be done to one stream, as a list, as a Hypothesis strategy, and from a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from harness.fuzz.damage.account import Account
from harness.fuzz.damage.cutting import CUT_ENDINGS, PROMPT_ENDINGS, cut_variant
from harness.fuzz.damage.demands import Demands, EndsInTime
from harness.fuzz.damage.editing import ORDERS, UNREADABLE, flipped, not_utf8, reordered, unreadable
from harness.fuzz.damage.erring import with_error
from harness.fuzz.damage.packed import PLAIN, UNPACKABLE, Unpacked, unpacked
from harness.fuzz.damage.sheet import Sheet
from harness.fuzz.damage.spec import damage_spec
from harness.fuzz.kinds import LARGE, Listed
from harness.fuzz.stream import Stream
from harness.fuzz.variant import Variant

Plan = Mapping[str, Any]
_STALLS = 4
"""How many places of a stream a silence is tried at: each costs a reader its whole patience."""


class BadPlan(ValueError):
    """The plan is none for damage, or not for this stream."""


def damage_variants(stream: Stream) -> Iterator[Variant]:
    """Every damage once: clean cuts first, then frames and errors, then cuts with other endings, then bytes.

    Of bodies of more than `LARGE` bytes, cuts and flipped bytes are a choice, spread evenly.
    """
    return (variant_of(stream, plan) for plan in _plans(stream))


def damage_list(stream: Stream) -> Iterator[Listed]:
    """The same, in the same order, none of them made; the families are those of the plans' own words."""
    return (Listed(" ".join(_words_of(plan)), plan) for plan in _plans(stream))


def _words_of(plan: Plan) -> Iterator[str]:
    return (str(value) for key, value in plan.items() if key not in ("at", "bit", "frame", "after"))


def damage_plans(stream: Stream) -> SearchStrategy[Variant]:
    """Any damage, shrinking towards the simplest kind and the earliest place."""
    plans = [_cut_plans(stream)]
    if not _is_packed(stream):
        plans += [*_frame_plans(stream), *([_flip_plans(stream)] if stream.body else [])]
    return st.one_of(plans).map(lambda plan: variant_of(stream, plan))


def variant_of(stream: Stream, plan: Plan) -> Variant:
    """The variant that a plan makes of the stream. Raises BadPlan."""
    variant = _variant_of(stream, plan)
    demand = variant.demand
    if not isinstance(demand, Demands):
        return variant
    rules = demand.rules if _forms_agree(stream) else ()
    timely = () if variant.response.ending == "stall" or _is_repeated(stream) else (EndsInTime(),)
    return replace(variant, demand=replace(demand, rules=(*timely, *rules)))


def _is_repeated(stream: Stream) -> bool:
    """Whether the request is repeated where it fails: then the pauses in between are the reader's own affair."""
    scenario = stream.planned.scenario
    return scenario.options.max_retries != 0 or len(stream.planned.rendered.responses) > 1


def _forms_agree(stream: Stream) -> bool:
    """Whether the stream says the same in each content coding that it may come in: variants come in none."""
    response = stream.response
    return all(
        form.ending == response.ending
        and (coding not in UNPACKABLE or _unpacked(coding, form.body).plain == response.body)
        for coding, form in response.codings
    )


def _variant_of(stream: Stream, plan: Plan) -> Variant:
    account, response = account_of(stream), stream.response
    match plan:
        case {"damage": "cut", "at": int(at), "ending": str(ending)} if ending in CUT_ENDINGS:
            at = _within(at, len(stream.body) + 1, "byte")
            return cut_variant(account, response, at, ending, come=_unpacked_of(stream).come(at))
        case {"damage": str()} if _is_packed(stream):
            raise BadPlan("a stream in a content coding can only be cut")
        case {"damage": "flip", "at": int(at), "bit": int(bit)} if 0 <= bit < 8:
            return flipped(account, response, _within(at, len(stream.body), "byte"), bit)
        case {"damage": "utf8", "at": int(at)}:
            return not_utf8(account, response, _within(at, len(stream.body), "byte"))
        case {"damage": "json", "frame": int(number), "how": str(how)} if how in UNREADABLE:
            noticed = bool(plan.get("noticed"))
            return unreadable(account, response, _frame(account, number), how, noticed=noticed)
        case {"damage": "error", "after": int(number), "error": str(error)} if error in account.dialect.errors:
            number = _within(number, len(account.frames) + 1, "place after frame")
            return with_error(account, response, number, error, goes_on=bool(plan.get("goes_on")))
        case {"damage": str(order), "frame": int(number)} if order in ORDERS:
            number = _frame(account, number)
            if order == "swap":
                _frame(account, number + 1)
            return reordered(account, response, number, order, gap=bool(plan.get("noticed")))
    raise BadPlan(f"this is no damage to a stream of {stream.dialect}: {dict(plan)!r}")


def simpler(stream: Stream, plan: Plan) -> Iterator[Variant]:
    """Simpler plans of the same sort, the simplest first: earlier places, and a clean end in the place of another."""
    return (variant_of(stream, each) for each in _simpler(stream, plan))


def _simpler(stream: Stream, plan: Plan) -> Iterator[Plan]:
    place = next((name for name in ("at", "frame", "after") if name in plan), "at")
    last = plan.get(place, 0)
    if plan.get("damage") == "cut" and plan.get("ending") != "clean":
        yield {**plan, "ending": "clean"}
    if plan.get("damage") == "flip" or (plan.get("damage") == "cut" and not _is_packed(stream)):
        ends = [frame.end for frame in account_of(stream).frames if frame.end < last]
        yield from ({**plan, place: at} for at in (0, *ends) if at < last)
    elif place != "at":
        yield from ({**plan, place: number} for number in range(last))


def account_of(stream: Stream) -> Account:
    """What the intact stream says, by the tables. Raises BadPlan for a dialect that they do not have."""
    return _account(stream.dialect, _unpacked_of(stream).plain)


def _unpacked_of(stream: Stream) -> Unpacked:
    return _unpacked(stream.response.header("content-encoding"), stream.body)


def _is_packed(stream: Stream) -> bool:
    return stream.response.header("content-encoding") not in PLAIN


@lru_cache(maxsize=16)
def _unpacked(coding: str | None, body: bytes) -> Unpacked:
    return unpacked(coding, body)


@lru_cache(maxsize=16)
def _account(dialect: str, body: bytes) -> Account:
    tables = damage_spec().dialects
    if dialect not in tables:
        raise BadPlan(f"specs/damage.yaml says nothing of {dialect!r}")
    return Account.of(tables[dialect], body)


def _plans(stream: Stream) -> Iterator[Plan]:
    places = range(0, len(stream.body), max(1, -(-len(stream.body) // LARGE)))
    if _is_packed(stream):
        yield from ({"damage": "cut", "at": at, "ending": ending} for ending in PROMPT_ENDINGS for at in places)
        return
    yield from ({"damage": "cut", "at": at, "ending": "clean"} for at in places)
    yield from _orders(stream)
    yield from _unreadables(stream)
    yield from _errors(stream)
    yield from ({"damage": "utf8", "at": at} for at in _in_texts(account_of(stream)))
    for ending in PROMPT_ENDINGS[1:]:
        yield from ({"damage": "cut", "at": at, "ending": ending} for at in places)
    yield from ({"damage": "flip", "at": at, "bit": at % 8} for at in places)
    yield from ({"damage": "cut", "at": at, "ending": "stall"} for at in _stalls(account_of(stream)))


def _orders(stream: Stream) -> Iterator[Plan]:
    account = account_of(stream)
    sheet = Sheet(stream.body, account.frames)
    for order in ORDERS:
        for number in range(len(account.frames)):
            alone = order == "drop"
            pair = number + 1 < len(account.frames) if order == "swap" else True
            if alone or (pair and sheet.ended(number) and (order != "swap" or sheet.ended(number + 1))):
                yield {"damage": order, "frame": number}
    if account.dialect.numbered:
        numbers = (number for number, pieces in enumerate(account.pieces) if _is_content(pieces))
        yield from ({"damage": "drop", "frame": number, "noticed": True} for number in numbers)


def _unreadables(stream: Stream) -> Iterator[Plan]:
    account = account_of(stream)
    for how in UNREADABLE:
        for number, frame in enumerate(account.frames):
            if frame.payload is not None:
                yield {"damage": "json", "frame": number, "how": how}
                if _is_content(account.pieces[number]):
                    yield {"damage": "json", "frame": number, "how": how, "noticed": True}


def _is_content(pieces: Any) -> bool:
    return any(piece.what in ("text", "reasoning", "refusal", "call") for piece in pieces)


def _errors(stream: Stream) -> Iterator[Plan]:
    account = account_of(stream)
    sheet = Sheet(stream.body, account.frames)
    for error in account.dialect.errors:
        for number in range(len(account.frames) + 1 if account.frames else 0):
            if number == 0 or sheet.ended(number - 1):
                yield {"damage": "error", "after": number, "error": error}
                if number < len(account.frames):
                    yield {"damage": "error", "after": number, "error": error, "goes_on": True}


def _in_texts(account: Account) -> Iterator[int]:
    """In each frame a place inside what it says: after its first letter."""
    for frame, pieces in zip(account.frames, account.pieces, strict=True):
        for piece in pieces:
            if piece.what in ("text", "reasoning") and piece.value[:1].isalnum():
                found = frame.data.find(b'"' + piece.value[:1].encode())
                if found >= 0 and b"\n" not in frame.data:
                    yield frame.data_start + found + 1 + len(piece.value[:1].encode())
                break


def _stalls(account: Account) -> list[int]:
    ends = [frame.end for frame in account.frames[:-1]]
    return ends[:: max(1, len(ends) // _STALLS)][:_STALLS]


def _cut_plans(stream: Stream) -> SearchStrategy[Plan]:
    last = max(0, len(stream.body) - 1)
    return st.fixed_dictionaries(
        {"damage": st.just("cut"), "at": st.integers(0, last), "ending": st.sampled_from(PROMPT_ENDINGS)}
    )


def _flip_plans(stream: Stream) -> SearchStrategy[Plan]:
    last = max(0, len(stream.body) - 1)
    return st.fixed_dictionaries({"damage": st.just("flip"), "at": st.integers(0, last), "bit": st.integers(0, 7)})


def _frame_plans(stream: Stream) -> list[SearchStrategy[Plan]]:
    groups = [[*_orders(stream)], [*_unreadables(stream)], [*_errors(stream)]]
    groups.append([{"damage": "utf8", "at": at} for at in _in_texts(account_of(stream))])
    return [st.sampled_from(group) for group in groups if group]


def _frame(account: Account, number: int) -> int:
    return _within(number, len(account.frames), "frame")


def _within(number: int, count: int, what: str) -> int:
    if not 0 <= number < count:
        raise BadPlan(f"there is no {what} {number}: there are {count}, counted from 0")
    return number
