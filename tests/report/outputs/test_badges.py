import json
from xml.etree import ElementTree

from harness.report.outputs.badges import Badge, badge, badge_json, badge_svg

from ..sample import SITUATIONS, run_of, small_run


def outcome(*verdicts: str) -> Badge:
    run = run_of(("ollama-python",), SITUATIONS[1 : 1 + len(verdicts)], {"ollama-python": verdicts.__getitem__})
    return badge(run.results)


def test_green_only_where_every_must_was_measured_and_passed() -> None:
    assert outcome("pass", "pass") == Badge("llm streaming", "2/2 must", "brightgreen")
    assert outcome("pass", "error") == Badge("llm streaming", "1/1 must", "orange")
    assert outcome("pass", "fail") == Badge("llm streaming", "1/2 must, 1 silent", "red")
    assert outcome("unsupported") == Badge("llm streaming", "not judged", "lightgrey")


def test_the_json_is_what_a_badge_service_reads() -> None:
    fields = json.loads(badge_json(badge(small_run().results)))
    assert fields == {
        "schemaVersion": 1,
        "label": "llm streaming",
        "message": "49/68 must, 12 silent",
        "color": "red",
    }


def test_the_svg_is_well_formed_and_escapes_its_words() -> None:
    svg = ElementTree.fromstring(badge_svg(Badge("<b>\x00", "1/1", "red")))
    assert svg.get("aria-label") == "<b>\\x00: 1/1"
    assert [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")] == ["<b>\\x00", "1/1"]
