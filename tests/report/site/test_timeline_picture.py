import re
from xml.etree.ElementTree import fromstring

from msgspec import structs

from harness.report.case.timeline import timeline
from harness.report.site.timeline_picture import timeline_picture
from harness.runner.results import EventRecord, Evidence

from ..sample_wire import attempt


def picture(evidence: Evidence) -> str:
    drawn = timeline(evidence)
    assert drawn is not None
    return timeline_picture(drawn)


def retried() -> Evidence:
    refused = attempt("ollama", [b"a"], status=429, at_s=0.0)
    broken = attempt("ollama", [b"a"] * 500, number=2, at_s=2.0, gap_s=0.0001, how_ended="reset")
    return Evidence(wire=[refused, broken], events=[EventRecord(2.01, {"type": "text", "text": "a"})])


def test_a_picture_is_well_formed_and_has_a_name_and_a_description() -> None:
    html = picture(retried())
    root = fromstring(f"<figure>{html}</figure>")
    svg = root.find("svg")
    assert svg is not None
    assert svg.get("aria-label") == "Timeline from 0 ms to 2.05 s"
    assert [each.get("id") for each in root.iter("ul")] == [None, svg.get("aria-describedby")]


def test_its_legend_has_what_it_shows_and_nothing_else() -> None:
    legend = re.findall(r"</svg>([a-z ,]+)</li>", picture(retried()))
    assert legend == ["request", "chunk sent", "text", "clean end", "connection broken"]


def test_each_attempt_and_the_caller_have_a_line_with_a_name() -> None:
    html = picture(retried())
    assert re.findall(r'class="name">([^<]*)<', html) == ["attempt 1", "attempt 2", "caller"]
    assert '<tspan class="note bad">429 Too Many Requests</tspan>' in html
    assert html.count('class="pause"') == 1


def test_ticks_that_lie_close_together_are_one() -> None:
    dense = Evidence(wire=[attempt("ollama", [b"a"] * 500, at_s=0.0, gap_s=0.001)])
    paths = re.findall(r'class="chunk" d="([^"]*)"', picture(dense))
    assert len(paths[0]) < 60


def test_foreign_words_in_it_are_shown_as_text() -> None:
    hostile = structs.replace(attempt("ollama", [b"a"] * 3, gap_s=0.1), how_ended="<script>\u202e")
    events = [EventRecord(0.01, {"type": "<img src=x>"})]
    html = picture(Evidence(wire=[hostile], events=events))
    assert "<script" not in html and "<img" not in html and "\u202e" not in html
    assert "&lt;script&gt;\\u202e" in html
