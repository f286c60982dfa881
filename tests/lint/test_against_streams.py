"""What vendors really send, and what we send ourselves, breaks no `must`."""

from __future__ import annotations

import random
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dialects import dialect, dialect_names, stream_names
from harness.events import AnyEvent, End, ErrorInfo, Failure, Start, Text, ToolCall
from harness.lint.corrections import read_corrections
from harness.lint.linter import lint
from harness.lint.standing import lint_record
from harness.lint.streams import lint_files
from harness.stack.translate.stream import StreamWriter

from ..dialects.decoded import encoded, events
from ..dialects.recorded import FOLDER as RECORDINGS
from ..dialects.recorded import Recording, recordings
from ..dialects.said import FULL, STREAMS, answers

FILES = {name: "ollama-chat" if name == "ollama" else name for name in dialect_names()}
HOSTS = {
    "anthropic-messages": ("api.anthropic.com",),
    "gemini": ("generativelanguage.googleapis.com",),
    "ollama": ("localhost", "127.0.0.1", "ollama.com"),
    "openai-chat": ("api.openai.com",),
    "openai-responses": ("api.openai.com",),
}
"""Where a vendor serves its own dialect."""
FINDINGS = Path(__file__).parents[2] / "docs/findings"
EDITED = read_corrections(FINDINGS / "recordings.yaml")
"""Bodies that are said to be a vendor's, and are not as the vendor sent them."""


def musts(name: str, body: bytes) -> list[str]:
    return [finding.rule for finding in lint(name, body) if finding.level == "must"]


def of_the_vendor(name: str, one: Recording) -> bool:
    is_own = (urlsplit(one.url).hostname or "") in HOSTS[name]
    return is_own and one.id not in EDITED and not one.body.startswith(b"\0")


@pytest.mark.parametrize("name", FILES)
def test_what_a_vendor_itself_sends_breaks_no_must(name: str) -> None:
    own = [one for one in recordings(FILES[name], "stream") if of_the_vendor(name, one)]
    assert len(own) > 10
    assert {one.id: musts(name, one.body) for one in own if musts(name, one.body)} == {}


@pytest.mark.parametrize("name", STREAMS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_our_encoders_write_breaks_no_must(name: str, data: st.DataObject) -> None:
    assert musts(name, encoded(name, data.draw(answers(name)))) == []


@pytest.mark.parametrize("name", STREAMS)
def test_an_answer_that_we_end_with_an_error_breaks_no_must(name: str) -> None:
    encoder = dialect(name).encoder()
    broke = Failure(ErrorInfo("overloaded", "busy", 529))
    said: list[AnyEvent] = [Start("r", "m"), Text("so f"), ToolCall(0, "c", "f", '{"a'), broke]
    assert musts(name, b"".join(frame for event in said for frame in encoder.feed(event))) == []


@pytest.mark.parametrize("target", stream_names())
@pytest.mark.parametrize("source", dialect_names())
@pytest.mark.parametrize("ending", ["completed", "truncated"])
def test_what_is_translated_breaks_no_must(source: str, target: str, ending: str) -> None:
    seen = events(source, encoded(source, FULL))
    ended = [event for event in seen if not isinstance(event, End)]
    writer = StreamWriter(dialect(source), dialect(target))
    last = End("completed") if ending == "completed" else End("truncated")
    assert musts(target, b"".join(writer.feed([*ended, last]))) == []


@pytest.mark.parametrize("source", dialect_names())
def test_real_answers_in_other_dialects_break_no_must(source: str) -> None:
    streams = recordings(FILES[source], "stream")
    found = {}
    for one in random.Random(11).sample(streams, min(40, len(streams))):
        seen = events(source, one.body)
        for target in stream_names():
            if target != source:
                body = b"".join(StreamWriter(dialect(source), dialect(target)).feed(seen))
                found[one.id, target] = musts(target, body)
    assert {place: rules for place, rules in found.items() if rules} == {}


ROW = re.compile(r"\| ([\w-]+) \| `([\w-]+)` \| (\w+) \| (\d+) of (\d+) \| ([\w-]+)#(\d+) at ([\d,]+) \|")


def test_the_published_findings_are_those_of_the_linter() -> None:
    if not RECORDINGS.exists():
        pytest.skip("the recordings are not here")
    found = lint_record(lint_files([RECORDINGS], corrections=EDITED))
    told: set[tuple[str, ...]] = set()
    dialect = ""
    for line in (FINDINGS / "endpoints.md").read_text(encoding="utf-8").splitlines():
        dialect = line.removeprefix("## ") if line.startswith("## ") else dialect
        if row := ROW.match(line):
            told.add((dialect, *(part.replace(",", "") for part in row.groups())))
    assert told == {
        (
            *(endpoint.dialect, endpoint.provider, broken.rule, broken.level),
            *(str(broken.streams), str(broken.judged), Path(broken.first.file).name.removesuffix(".jsonl.gz")),
            *(str(broken.first.exchange), str(broken.first.offset)),
        )
        for endpoint in found.endpoints
        for broken in endpoint.broken
    }
