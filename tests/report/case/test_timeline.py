from harness.report.case.timeline import timeline
from harness.runner.results import EventRecord, Evidence

from ..sample_wire import attempt


def test_wire_and_caller_share_one_axis() -> None:
    wire = [attempt("ollama", [b"a", b"b"], at_s=0.0, gap_s=0.5)]
    both = timeline(Evidence(wire=wire, events=[EventRecord(1.0, {"type": "text", "text": "a"})]))
    assert both is not None
    assert both.end_s == 1.0
    assert [lane.name for lane in both.lanes] == ["wire 1", "caller"]
    assert both.lanes[0].span == (0, 504)
    assert both.lanes[1].path == "M1000 3v10"


def test_ticks_that_lie_close_together_are_one_run() -> None:
    wire = [attempt("ollama", [b"a"] * 500, at_s=0.0, gap_s=0.001)]
    lanes = timeline(Evidence(wire=wire)).lanes  # type: ignore[union-attr]
    assert len(lanes[0].path) < 60


def test_what_took_no_time_has_no_timeline() -> None:
    assert timeline(Evidence()) is None
    assert timeline(Evidence(wire=[attempt("ollama", [], at_s=0.0)])) is None
