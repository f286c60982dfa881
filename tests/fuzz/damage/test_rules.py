"""Every rule of `specs/damage.yaml`: an outcome that keeps it, and outcomes that break it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from harness.fuzz.damage.spec import damage_spec
from harness.fuzz.outcome import Outcome
from tests.fuzz.damage.bodies import CALL, CHAT, MESSAGES, OLLAMA, RESPONSES, breaches, call, damaged, outcome

WHOLE = outcome("One, two.")
CALLED = outcome("", "completed", call('{"q": "old files"}', {"q": "old files"}))
CALLED_1 = outcome("", "completed", call('{"q": 1}', {"q": 1}))
WARNED: list[dict[str, Any]] = [{"rule": "frame-not-json", "offset": 0, "message": ""}]
ERROR = {"damage": "error", "after": 2, "error": "object"}


def cut(at: int, ending: str = "clean") -> dict[str, Any]:
    return {"damage": "cut", "at": at, "ending": ending}


class Example(NamedTuple):
    """What a reader made of a damaged stream; `breaks` are the kinds of what does not hold, none where it keeps all."""

    rule: str
    plan: dict[str, Any]
    got: Outcome
    breaks: list[str]
    body: bytes = CHAT
    dialect: str = "openai-chat"
    intact: Outcome = WHOLE


EXAMPLES = {
    "an error after a reset": Example("ends-in-time", cut(100, "reset"), outcome("", "error"), []),
    "a hang after a reset": Example("ends-in-time", cut(100, "reset"), outcome("", "hung"), ["hang"]),
    "still at its third request after a reset": Example(
        "ends-in-time", cut(100, "reset"), replace(outcome("", "hung"), attempts=3), []
    ),
    "silence may last as long as the reader's patience": Example(
        "ends-in-time", cut(100, "stall"), outcome("", "hung"), []
    ),
    "a hang behind a changed byte": Example(
        "ends-in-time", {"damage": "flip", "at": 3, "bit": 0}, outcome("", "hung"), ["hang"]
    ),
    "cut off, and so it says": Example("not-finished", cut(178), outcome("One, ", "truncated"), []),
    "cut off, and it raises": Example("not-finished", cut(178), outcome("One, ", "error"), []),
    "cut off, and it finishes": Example("not-finished", cut(178), outcome("One, "), ["silent-truncation unnoticed"]),
    "cut off, and it finishes with a warning": Example(
        "not-finished", cut(178), outcome("One, ", warnings=WARNED), ["silent-truncation"]
    ),
    "cut off within the stop reason's frame": Example(
        "not-finished", cut(323), outcome("One, two."), ["silent-truncation unnoticed"]
    ),
    "cut off behind the stop reason, before its delimiter": Example("not-finished", cut(324), outcome("One, two."), []),
    "finished without the end marker": Example("not-finished", cut(326, "reset"), outcome("One, two."), []),
    "raised without the end marker": Example("not-finished", cut(326, "reset"), outcome("One, two.", "error"), []),
    "cut off before done": Example(
        "not-finished", cut(204), outcome("One, two."), ["silent-truncation unnoticed"], OLLAMA, "ollama"
    ),
    "cut off behind done": Example("not-finished", cut(205), outcome("One, two."), [], OLLAMA, "ollama"),
    "the final event is dropped": Example(
        "not-finished",
        {"damage": "drop", "frame": 3},
        outcome("One, two."),
        ["silent-truncation unnoticed"],
        RESPONSES,
        "openai-responses",
    ),
    "the stop reason is dropped, and the end marker stands": Example(
        "not-finished", {"damage": "drop", "frame": 3}, outcome("One, two."), []
    ),
    "the final line cannot be read": Example(
        "not-finished",
        {"damage": "json", "frame": 2, "how": "garbage"},
        outcome("One, two."),
        ["silent-truncation unnoticed"],
        OLLAMA,
        "ollama",
    ),
    "the final line's first brace is another byte": Example(
        "not-finished",
        {"damage": "flip", "at": 127, "bit": 0},
        outcome("One, two."),
        ["silent-truncation unnoticed"],
        OLLAMA,
        "ollama",
    ),
    "nothing at all of a cut stream": Example("beginning", cut(178, "reset"), outcome("", "error"), []),
    "other words": Example("beginning", cut(178, "reset"), outcome("Once", "error"), ["corruption"]),
    "the words twice, by a second request": Example(
        "beginning", cut(259, "reset"), outcome("One, two.One, two.", "error"), ["duplicate"]
    ),
    "words that had come": Example("kept", cut(178), outcome("One, ", "truncated"), []),
    "words that had come, without their last blank": Example("kept", cut(178), outcome("One,", "truncated"), []),
    "words that had come are lost": Example("kept", cut(178), outcome("", "truncated"), ["loss"]),
    "words that had come, and a reset": Example("kept", cut(178, "reset"), outcome("", "truncated"), []),
    "words whose frame had no delimiter yet": Example("kept", cut(177), outcome("", "truncated"), []),
    "half of the arguments": Example(
        "call-not-executable", cut(281), outcome("", "truncated", call('{"q": "old')), [], CALL, intact=CALLED
    ),
    "no call at all": Example("call-not-executable", cut(281), outcome("", "truncated"), [], CALL, intact=CALLED),
    "the whole arguments": Example(
        "call-not-executable",
        cut(409),
        outcome("", "truncated", call('{"q": "old files"}', {"q": "old files"})),
        [],
        CALL,
        intact=CALLED,
    ),
    "half of the arguments, mended": Example(
        "call-not-executable",
        cut(281),
        outcome("", "truncated", call('{"q": "old"}', {"q": "old"})),
        ["arguments"],
        CALL,
        intact=CALLED,
    ),
    "no arguments instead of half": Example(
        "call-not-executable",
        cut(281),
        outcome("", "error", call("{}", {})),
        ["arguments"],
        CALL,
        intact=CALLED,
    ),
    "a call that nobody made": Example(
        "call-not-executable", cut(178), outcome("One, ", "truncated", call("")), ["arguments"]
    ),
    "a piece is missing": Example("what-is-there", {"damage": "drop", "frame": 1}, outcome("two."), []),
    "a piece came twice": Example("what-is-there", {"damage": "repeat", "frame": 1}, outcome("One, One, two."), []),
    "a piece came twice, and the reader knew": Example(
        "what-is-there", {"damage": "repeat", "frame": 1}, outcome("One, two."), []
    ),
    "two pieces in the other order": Example("what-is-there", {"damage": "swap", "frame": 1}, outcome("two.One, "), []),
    "an error where pieces changed places": Example(
        "what-is-there", {"damage": "swap", "frame": 1}, outcome("two.", "error"), []
    ),
    "words behind the stop reason are not read": Example(
        "what-is-there", {"damage": "swap", "frame": 2}, outcome("One, "), []
    ),
    "a piece is missing, and the blank at the end": Example(
        "what-is-there", {"damage": "drop", "frame": 2}, outcome("One,"), []
    ),
    "more is missing than was dropped": Example(
        "what-is-there", {"damage": "drop", "frame": 1}, outcome(""), ["corruption unnoticed"]
    ),
    "the role is dropped, and words with it": Example(
        "what-is-there", {"damage": "drop", "frame": 0}, outcome("two."), ["corruption unnoticed"]
    ),
    "a piece came twice, and what it wrote over is lost": Example(
        "what-is-there", {"damage": "repeat", "frame": 2}, outcome("two."), ["corruption unnoticed"]
    ),
    "another letter": Example("rest-untouched", {"damage": "flip", "at": 150, "bit": 0}, outcome("Nne, two."), []),
    "an error at what cannot be read": Example(
        "rest-untouched", {"damage": "json", "frame": 1, "how": "cut"}, outcome("", "error"), []
    ),
    "what cannot be read is left out": Example(
        "rest-untouched", {"damage": "json", "frame": 1, "how": "cut"}, outcome("two."), []
    ),
    "a letter that is none": Example("rest-untouched", {"damage": "utf8", "at": 148}, outcome("O\ufffdne, two."), []),
    "the frame behind it is lost, too": Example(
        "rest-untouched", {"damage": "json", "frame": 1, "how": "cut"}, outcome(""), ["loss unnoticed"]
    ),
    "the frame before it is lost, too": Example(
        "rest-untouched", {"damage": "json", "frame": 2, "how": "word"}, outcome(""), ["corruption unnoticed"]
    ),
    "the words before it are other words": Example(
        "rest-untouched", {"damage": "flip", "at": 200, "bit": 1}, outcome("Ome, ", "error"), ["corruption"]
    ),
    "a call of what is left": Example(
        "no-other-call",
        {"damage": "drop", "frame": 2},
        outcome("", "completed", call('{"q": "old')),
        [],
        CALL,
        intact=CALLED,
    ),
    "a call of no arguments at all where those of one frame were lost": Example(
        "no-other-call",
        {"damage": "drop", "frame": 2},
        outcome("", "completed", call("{}", {})),
        [],
        MESSAGES,
        "anthropic-messages",
        CALLED_1,
    ),
    "a mended call of what is left": Example(
        "no-other-call",
        {"damage": "drop", "frame": 2},
        outcome("", "completed", call('{"q": "old"}', {"q": "old"})),
        ["arguments unnoticed"],
        CALL,
        intact=CALLED,
    ),
    "a call made as soon as its arguments were whole": Example(
        "no-other-call",
        {"damage": "swap", "frame": 1},
        outcome("", "completed", call('{"q": ""}', {"q": ""})),
        [],
        CALL.replace(b'"arguments":""', b'"arguments":"{\\"q\\": \\""')
        .replace(b'{\\"q\\": \\"old', b"old")
        .replace(b" files", b""),
        intact=outcome("", "completed", call('{"q": "old"}', {"q": "old"})),
    ),
    "arguments of which the tables know nothing": Example(
        "no-other-call",
        {"damage": "drop", "frame": 2},
        outcome("", "completed", call('{"q": ""}', {"q": ""})),
        [],
        CALL,
        intact=outcome("", "completed", call('{"p": 2}', {"p": 2})),
    ),
    "a name put together of two": Example(
        "no-other-call",
        {"damage": "repeat", "frame": 0},
        outcome("", "completed", call('{"q": "old files"}', {"q": "old files"}, "searchsearch")),
        ["arguments unnoticed"],
        CALL,
        intact=CALLED,
    ),
    "no arguments instead of those that could not be read": Example(
        "no-other-call",
        {"damage": "json", "frame": 2, "how": "cut"},
        outcome("", "completed", call("{}", {})),
        ["arguments unnoticed"],
        MESSAGES,
        "anthropic-messages",
        CALLED_1,
    ),
    "arguments that could not be read are left out": Example(
        "no-other-call",
        {"damage": "json", "frame": 2, "how": "cut"},
        outcome("", "completed", call("")),
        [],
        MESSAGES,
        "anthropic-messages",
        CALLED_1,
    ),
    "arguments that say something else, since a byte was changed": Example(
        "no-other-call",
        {"damage": "flip", "at": 265, "bit": 0},
        outcome("", "completed", call('{"q": 0}', {"q": 0})),
        [],
        MESSAGES,
        "anthropic-messages",
        CALLED_1,
    ),
    "an error in the stream": Example("error-is-no-answer", ERROR, outcome("One, ", "error"), []),
    "an error in the stream, and it finishes": Example(
        "error-is-no-answer", ERROR, outcome("One, "), ["silent-error unnoticed"]
    ),
    "an error behind the stop reason": Example("error-is-no-answer", {**ERROR, "after": 4}, outcome("One, two."), []),
    "an error, and the words before it are lost": Example("kept", ERROR, outcome("", "error"), ["loss"]),
    "an error with a good end behind it": Example(
        "error-stands", {**ERROR, "goes_on": True}, outcome("One, ", "error"), []
    ),
    "an error that a good end undid": Example(
        "error-stands", {**ERROR, "goes_on": True}, outcome("One, two."), ["silent-error unnoticed"]
    ),
    "a lost piece that the final text has": Example(
        "gap-noticed",
        {"damage": "drop", "frame": 1, "noticed": True},
        outcome("One, two."),
        [],
        RESPONSES,
        "openai-responses",
    ),
    "a lost piece that is warned of": Example(
        "gap-noticed",
        {"damage": "drop", "frame": 1, "noticed": True},
        outcome("two.", warnings=WARNED),
        [],
        RESPONSES,
        "openai-responses",
    ),
    "a lost piece that nobody misses": Example(
        "gap-noticed",
        {"damage": "drop", "frame": 1, "noticed": True},
        outcome("two."),
        ["loss unnoticed"],
        RESPONSES,
        "openai-responses",
    ),
    "what could not be read is warned of": Example(
        "unreadable-noticed",
        {"damage": "json", "frame": 1, "how": "cut", "noticed": True},
        outcome("two.", warnings=WARNED),
        [],
    ),
    "what could not be read was not needed": Example(
        "unreadable-noticed", {"damage": "json", "frame": 1, "how": "cut", "noticed": True}, outcome("One, two."), []
    ),
    "what could not be read is passed over": Example(
        "unreadable-noticed",
        {"damage": "json", "frame": 1, "how": "cut", "noticed": True},
        outcome("two."),
        ["loss unnoticed"],
    ),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_a_rule_is_kept_or_broken(example: Example) -> None:
    variant = damaged(example.plan, example.body, example.dialect)
    assert breaches(variant, example.got, example.intact) == example.breaks


@pytest.mark.parametrize("rule", damage_spec().rules)
def test_each_rule_has_an_example_of_both(rule: str) -> None:
    kept = {bool(example.breaks) for example in EXAMPLES.values() if example.rule == rule}
    assert kept == {False, True}


@pytest.mark.parametrize("example", [each for each in EXAMPLES.values() if each.breaks], ids=lambda each: each.rule)
def test_what_is_broken_names_its_rule(example: Example) -> None:
    variant = damaged(example.plan, example.body, example.dialect)
    assert variant.demand is not None
    (found,) = variant.demand.broken_by(example.got, example.intact)
    assert found.what.endswith(f"({example.rule})")


@pytest.mark.parametrize(
    ("got", "intact"),
    [
        (outcome("One, ", "broken"), WHOLE),
        (outcome("One, "), outcome("", "broken")),
        (outcome("x"), outcome("", "hung")),
    ],
)
def test_nothing_is_demanded_where_nothing_is_known(got: Outcome, intact: Outcome) -> None:
    assert breaches(damaged(cut(178)), got, intact) == []


def test_a_reader_that_knows_an_end_that_the_tables_do_not_is_not_accused() -> None:
    body = b'data: {"choices":[{"index":0,"delta":{"content":"One"},"finishReason":"stop"}]}\n\n'
    assert breaches(damaged(cut(20), body), outcome(""), outcome("One")) == []
    assert breaches(damaged({**ERROR, "after": 1}, body), outcome("One"), outcome("One")) == []


def test_an_answer_that_is_not_whole_even_uncut_is_not_finished_when_it_is_cut() -> None:
    body = b'data: {"choices":[{"index":0,"delta":{"content":"One"},"finish_reason":null}]}\n\n'
    got = breaches(damaged(cut(len(body)), body), outcome("One"), outcome("One", "truncated"))
    assert got == ["silent-truncation unnoticed"]


def test_other_choices_count_where_the_reader_gives_them() -> None:
    body = (
        b'data: {"choices":[{"index":0,"delta":{"content":"A"},"finish_reason":null}]}\n\n'
        b'data: {"choices":[{"index":1,"delta":{"content":"B"},"finish_reason":null}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
        b'data: {"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}\n\n'
    )
    variant = damaged(cut(len(body) - 20), body)
    other = {"index": 1, "text": "B", "tool_calls": []}
    assert breaches(variant, outcome("A"), outcome("A", other_choices=[other])) == ["silent-truncation unnoticed"]
    assert breaches(variant, outcome("A"), outcome("A")) == []


def test_half_a_tag_or_an_open_block_may_come_out_of_a_reader_of_tags() -> None:
    body = b"".join(
        b'data: {"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n' % piece
        for piece in (b"<think>Hm", b"</thi", b"nk>Yes", b" <", b"b>")
    )
    first, second = body.index(b"nk>Yes"), body.index(b"b>")
    intact = outcome("Yes <b>", reasoning="Hm")
    assert breaches(damaged(cut(first), body), outcome("", "truncated", reasoning="Hm</thi"), intact) == []
    assert breaches(damaged(cut(second), body), outcome("Yes <", "truncated", reasoning="Hm"), intact) == []
    assert breaches(damaged(cut(second), body), outcome("No", "truncated", reasoning="Hm"), intact) == ["corruption"]


def test_half_a_surrogate_pair_is_no_other_text() -> None:
    body = CHAT.replace(b"One, ", b"One\\ud83d").replace(b"two.", b"\\ude42.")
    intact = outcome("One\U0001f642.")
    for half in ("One", "One\ufffd", "One\ud83d"):
        assert breaches(damaged(cut(body.index(b"\\ude42")), body), outcome(half, "truncated"), intact) == []
    assert breaches(damaged({"damage": "drop", "frame": 2}, body), outcome("One\ufffd"), intact) == []


def test_what_lies_beside_the_outcome_is_judged_as_well() -> None:
    def beside(status: str) -> dict[str, Any]:
        return {"in gemini": {"status": status, "text": "One, ", "tool_calls": []}, "order": ["text"]}

    intact = Outcome(
        WHOLE.transcript,
        "completed",
        extra={**beside("completed"), "in gemini": {**beside("completed")["in gemini"], "text": "One, two."}},
    )
    variant = damaged(cut(178))
    assert variant.demand is not None
    got = outcome("One, ", "truncated")
    good = Outcome(got.transcript, "truncated", extra=beside("failed"))
    bad = Outcome(got.transcript, "truncated", extra=beside("completed"))
    assert variant.demand.broken_by(good, intact) == []
    assert [each.what[:11] for each in variant.demand.broken_by(bad, intact)] == ["in gemini: "]


def test_why_gives_the_rules_and_their_authority() -> None:
    demand = damaged(ERROR).demand
    assert demand is not None
    assert (
        "An error in the vendor's own form, before the stop reason, never passes for a finished answer." in demand.why
    )
    assert "(OpenAI's reference of chat completion chunks, on finish_reason and [DONE])" in demand.why
