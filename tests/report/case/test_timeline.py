from msgspec import structs

from harness.report.case.timeline import timeline
from harness.runner.results import EventRecord, Evidence

from ..sample_wire import attempt


def event(at_s: float, kind: str = "text") -> EventRecord:
    return EventRecord(at_s, {"type": kind, "text": "a"})


def test_wire_and_caller_share_one_axis() -> None:
    wire = [attempt("ollama", [b"a", b"b"], at_s=0.0, gap_s=0.5)]
    both = timeline(Evidence(wire=wire, events=[event(0.3), event(1.0)]))
    assert both is not None
    assert (both.start_s, both.end_s) == (0.0, 1.0)
    assert [lane.name for lane in both.lanes] == ["attempt 1", "caller"]
    assert (both.lanes[0].start, both.lanes[0].end) == (0, 504)
    assert both.lanes[1].ticks == {"text": [300, 1000]}


def test_events_are_told_apart_by_their_kind() -> None:
    kinds = ("start", "reasoning", "text", "tool_call", "failure", "end")
    drawn = timeline(Evidence(events=[event(0.1 * place, kind) for place, kind in enumerate(kinds)]))
    assert drawn is not None
    assert drawn.lanes[0].ticks == {
        "other": [0, 1000], "reasoning": [200], "text": [400], "tool": [600], "error": [800],
    }  # fmt: skip


def test_a_long_pause_is_drawn_short_and_says_how_long_it_was() -> None:
    refused = attempt("ollama", [b"a"], status=429, at_s=0.0)
    both = timeline(Evidence(wire=[refused, attempt("ollama", [b"a", b"b"], number=2, at_s=7.0, gap_s=0.01)]))
    assert both is not None
    [pause] = both.pauses
    assert (pause.end - pause.start, round(pause.length_s, 1)) == (80, 7.0)
    first, second, _ = both.lanes
    assert first.end == pause.start
    assert second.start == pause.end
    assert second.end == 1000
    assert both.labels[1] == (second.start, 7.0)
    assert "Nothing happened for 6.99 s." in both.words or "Nothing happened for 7.00 s." in both.words


def test_even_pauses_are_drawn_as_long_as_they_are() -> None:
    even = timeline(Evidence(events=[event(float(second)) for second in range(5)]))
    assert even is not None
    assert even.pauses == ()
    assert even.lanes[0].ticks == {"text": [0, 250, 500, 750, 1000]}


def test_an_attempt_tells_its_answer_and_how_it_ended() -> None:
    whole = attempt("ollama", [b"a", b"b"], gap_s=0.1)
    records = [
        structs.replace(whole, number=1, status=529),
        structs.replace(whole, number=2, status=None, how_ended="reset"),
        structs.replace(whole, number=3, how_ended="no_last_chunk"),
        structs.replace(whole, number=4, how_ended="stall"),
        structs.replace(whole, number=5, how_ended="stall", client_left=True),
        structs.replace(whole, number=6, request_faults=["no model"]),
    ]
    drawn = timeline(Evidence(wire=records))
    assert drawn is not None
    assert [(lane.note, lane.ending, lane.refused) for lane in drawn.lanes[:-1]] == [
        ("529 Overloaded", "clean", True),
        ("no answer", "broken", True),
        ("200 OK", "broken", False),
        ("200 OK", "silent", False),
        ("200 OK", "left", False),
        ("200 OK", "clean", True),
    ]


def test_all_of_it_is_said_in_words() -> None:
    cut = attempt("ollama", [b"a", b"b"], at_s=0.1, gap_s=0.1, how_ended="reset")
    drawn = timeline(Evidence(wire=[structs.replace(cut, client_left=True)], events=[event(0.15), event(0.3, "end")]))
    assert drawn is not None
    assert drawn.words == (
        "Attempt 1 at 100 ms: status 200, 2 chunks, ended at 204 ms (connection reset), the client had left before.",
        "The caller got 2 events from 150 ms to 300 ms: 1 text, 1 end.",
    )


def test_a_caller_who_got_nothing_is_said_to_have_got_nothing() -> None:
    drawn = timeline(Evidence(wire=[attempt("ollama", [b"a", b"b"], gap_s=0.1)]))
    assert drawn is not None
    assert drawn.words[1] == "The caller got no event."
    assert (drawn.lanes[-1].name, drawn.lanes[-1].note, drawn.lanes[-1].ticks) == ("caller", "no event", {})


def test_what_took_no_time_has_no_timeline() -> None:
    assert timeline(Evidence()) is None
    assert timeline(Evidence(wire=[attempt("ollama", [], at_s=0.0)])) is None
