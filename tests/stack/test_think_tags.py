"""Think tags: the split of the text is the same however it was cut, and nothing is ever lost."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.events import (
    AnyEvent,
    End,
    ErrorInfo,
    Failure,
    Finish,
    Reasoning,
    Signature,
    Text,
    ToolCall,
    Usage,
    Warning,
)
from harness.stack.think_tags import ThinkTags

Runs = list[tuple[str, str]]


def runs(events: Iterable[AnyEvent]) -> Runs:
    """Text (`t`) and reasoning (`r`) in order, neighbours of one kind joined; other events by their name."""
    joined: Runs = []
    for event in events:
        match event:
            case Text(text=text):
                kind = "t"
            case Reasoning(text=text):
                kind = "r"
            case Warning(rule=rule):
                kind, text = "!", rule
            case _:
                kind, text = type(event).__name__, ""
        if joined and kind in "tr" and joined[-1][0] == kind:
            joined[-1] = (kind, joined[-1][1] + text)
        else:
            joined.append((kind, text))
    return joined


def split(*texts: str, assume_open: bool = False) -> Runs:
    tags = ThinkTags(assume_open=assume_open)
    return runs([*tags.feed([Text(text) for text in texts]), *tags.close()])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", [("t", "plain")]),
        ("<think>secret</think>ANSWER", [("r", "secret"), ("t", "ANSWER")]),
        ("<thinking>a</thinking>b", [("r", "a"), ("t", "b")]),
        ("<thought>a</thought>b", [("r", "a"), ("t", "b")]),
        ("before<think>in</think>after", [("t", "before"), ("r", "in"), ("t", "after")]),
        ("<think>\na\n</think>\n\nb", [("r", "\na\n"), ("t", "\n\nb")]),
        ("<think>1</think>B<think></think>A<think>2</think>", [("r", "1"), ("t", "BA"), ("r", "2")]),
        ("<thin air", [("t", "<thin air")]),
        ("a < b", [("t", "a < b")]),
        ("if a <", [("t", "if a <")]),
        ("<my-tag>x</my-tag>", [("t", "<my-tag>x</my-tag>")]),
        ("<<think>x</think>>", [("t", "<"), ("r", "x"), ("t", ">")]),
        ("<think >x", [("t", "<think >x")]),
        ("<THINK>x", [("t", "<THINK>x")]),
        ("<think>a < b </thi", [("r", "a < b </thi"), ("!", "think-tag-unclosed")]),
        ("<think>Hello, here", [("r", "Hello, here"), ("!", "think-tag-unclosed")]),
        ("<think>", [("!", "think-tag-unclosed")]),
    ],
)
def test_it_splits(text: str, expected: Runs) -> None:
    assert split(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>Outer <think>in</think> on</think>Seen", [("r", "Outer in on"), ("t", "Seen")]),
        ("<think>a<thinking>b</think>Seen", [("r", "ab"), ("t", "Seen")]),
        ("<think>a</thinking>Seen", [("r", "a"), ("t", "Seen")]),
        ("<thought>a<think>b</think>c</thought>d", [("r", "abc"), ("t", "d")]),
    ],
)
def test_nested_blocks_leave_no_tag_in_the_text(text: str, expected: Runs) -> None:
    assert split(text) == expected


def test_an_orphan_close_tag_is_dropped_once_with_a_warning() -> None:
    text = [("t", "Okay"), ("!", "think-tag-orphan"), ("t", "The answer, twice")]
    assert split("Okay</think>The answer</think>, twice") == text


def test_a_stream_of_orphans_gives_one_warning() -> None:
    assert split("</think>" * 1000) == [("!", "think-tag-orphan")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Okay, the user</think>\n\nThe answer", [("r", "Okay, the user"), ("t", "\n\nThe answer")]),
        ("<think>Okay</think>Answer", [("r", "Okay"), ("t", "Answer")]),
        ("a<think>b</think>c", [("r", "ab"), ("t", "c")]),
        ("a</think>b<think>c</think>d", [("r", "a"), ("t", "b"), ("r", "c"), ("t", "d")]),
        ("never closed", [("r", "never closed"), ("!", "think-tag-unclosed")]),
        ("", []),
    ],
)
def test_with_assume_open_the_text_begins_inside_a_block(text: str, expected: Runs) -> None:
    assert split(*([text] if text else []), assume_open=True) == expected


def test_native_reasoning_ends_the_assumption() -> None:
    tags = ThinkTags(assume_open=True)
    events = tags.feed([Text("\n"), Reasoning("native"), Text("The answer"), Finish("stop"), End("completed")])
    assert runs(events) == [("r", "\nnative"), ("t", "The answer"), ("Finish", ""), ("End", "")]


def test_an_answer_of_nothing_but_a_tool_call_warns_of_no_block() -> None:
    tags = ThinkTags(assume_open=True)
    assert runs(tags.feed([ToolCall(0, name="f"), Finish("tool_calls")])) == [("ToolCall", ""), ("Finish", "")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Use the `<think>` tag.", [("t", "Use the `<think>` tag.")]),
        ('Say "</think>" aloud.', [("t", 'Say "</think>" aloud.')]),
        ("<think>only the `</think>` is cut</think>Yes", [("r", "only the `</think>` is cut"), ("t", "Yes")]),
        ("<think>use `foo`</think>`bar` is", [("r", "use `foo`"), ("t", "`bar` is")]),
        ("<think>one ` here\n`a`</think>`b`", [("r", "one ` here\n`a`"), ("t", "`b`")]),
        ("<think>odd ` here</think>b `</think>` c", [("r", "odd ` here"), ("t", "b `</think>` c")]),
        ("<think>odd `</think>Answer", [("r", "odd `"), ("t", "Answer")]),
        ("<think>odd `</think>", [("r", "odd `")]),
    ],
)
def test_a_quoted_tag_is_text(text: str, expected: Runs) -> None:
    assert split(text) == expected
    assert split(*text) == expected


def test_a_flood_of_open_tags_is_forgotten() -> None:
    assert split("<think>" * 5000 + "</think>" * 100 + "Answer") == [("t", "Answer")]


def test_choices_are_kept_apart() -> None:
    tags = ThinkTags()
    parts = [Text("<thi", 0), Text("<think>b", 1), Text("nk>a", 0), Text("</think>B", 1), Text("</think>A", 0)]
    events = [*tags.feed(parts), *tags.close()]
    assert [event for event in events if isinstance(event, Text)] == [Text("B", 1), Text("A", 0)]
    assert [event for event in events if isinstance(event, Reasoning)] == [Reasoning("b", 1), Reasoning("a", 0)]


def test_reasoning_is_streamed_as_it_comes() -> None:
    tags = ThinkTags()
    assert tags.feed([Text("<think>wei")]) == [Reasoning("wei")]
    assert tags.feed([Text("ghing </thi")]) == [Reasoning("ghing ")]
    assert tags.feed([Text("nk>Answer <")]) == [Text("Answer ")]
    assert tags.close() == [Text("<")]


def test_a_tool_call_releases_what_is_held_and_closes_the_block() -> None:
    tags = ThinkTags()
    events = tags.feed([Text("<think>Write</thi"), ToolCall(0, "c", "f"), Text("Answer")])
    assert runs(events) == [("r", "Write</thi"), ("!", "think-tag-unclosed"), ("ToolCall", ""), ("t", "Answer")]


def test_the_finish_of_one_choice_leaves_the_other_open() -> None:
    tags = ThinkTags()
    events = tags.feed([Text("<think>a", 0), Text("<think>b", 1), Finish("stop", choice=0), Text("c", 1)])
    assert events[-1] == Reasoning("c", 1)


def test_a_signature_comes_after_the_text_that_it_followed() -> None:
    assert runs(ThinkTags().feed([Text("a <"), Signature("s")])) == [("t", "a <"), ("Signature", "")]


def test_a_failure_comes_after_the_text_that_it_followed() -> None:
    failure = Failure(ErrorInfo("server", "broken"))
    assert runs(ThinkTags().feed([Text("<think>a</t"), failure])) == [("r", "a</t"), ("Failure", "")]


def test_usage_between_the_halves_of_a_tag_parts_nothing() -> None:
    events = ThinkTags().feed([Text("<thi"), Usage(input_tokens=1), Text("nk>a</think>b")])
    assert runs(events) == [("Usage", ""), ("r", "a"), ("t", "b")]


def test_the_end_comes_last() -> None:
    events = ThinkTags().feed([Text("<think>a <"), End("truncated")])
    assert runs(events) == [("r", "a <"), ("!", "think-tag-unclosed"), ("End", "")]


TAG_SOUP = st.lists(
    st.sampled_from(
        [
            "<think>",
            "</think>",
            "<thinking>",
            "</thinking>",
            "<",
            "</",
            "think",
            ">",
            "`",
            '"',
            "\n",
            "a",
            "é b",
            "<thin",
        ]
    ),
    max_size=14,
).map("".join)


@settings(deadline=None)
@given(TAG_SOUP, st.data(), st.booleans())
def test_any_cutting_gives_the_same_split(text: str, data: st.DataObject, assume_open: bool) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))))
    pieces = [text[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = split(text, assume_open=assume_open)
    assert split(*pieces, assume_open=assume_open) == whole
    assert split(*text, assume_open=assume_open) == whole


@settings(deadline=None)
@given(TAG_SOUP.map(lambda text: re.sub('[`"]', "", text)), st.booleans())
def test_nothing_but_tags_is_taken_away(text: str, assume_open: bool) -> None:
    kept = "".join(part for kind, part in split(text, assume_open=assume_open) if kind in "tr")
    assert kept == re.sub("</?think(ing)?>", "", text)


@settings(deadline=None)
@given(st.text(alphabet="<thinkg/> ab", max_size=60))
def test_what_is_held_back_is_shorter_than_a_tag(text: str) -> None:
    tags = ThinkTags()
    given_out = tags.feed([Text(letter) for letter in text])
    held = sum(len(event.text) for event in tags.close() if isinstance(event, Text | Reasoning))
    assert held <= len("</thinking>")
    assert all(event.text for event in given_out if isinstance(event, Text | Reasoning))


@settings(deadline=None)
@given(st.text(max_size=80).filter(lambda text: "think" not in text and "thought" not in text))
def test_text_without_tags_is_left_alone(text: str) -> None:
    assert split(*text) == ([("t", text)] if text else [])
