"""The readiness pages: verdicts, reasons with their cells, servers with their streams, and hostile names."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from harness.lint.record import LintRecord, StreamRecord
from harness.report.site.html import render_report

from ..sample import small_run
from ..sample_readiness import CRLF, PLAIN, STREAMS, attempt, result, run

HOSTILE = "<script>alert(1)</script>"


def linted(traits: list[list[str]], provider: str = "acme", file: str = "acme.sse") -> LintRecord:
    return LintRecord(
        streams=tuple(
            StreamRecord(
                file=file,
                exchange=number,
                dialect="openai-chat",
                provider=provider,
                bytes=9,
                note="",
                findings=(),
                traits=dict.fromkeys(each, 7),
            )
            for number, each in enumerate(traits)
        )
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A client that fails on CRLF, a gateway that sends it, and a server of the user's own that does three times."""
    folder = tmp_path_factory.mktemp("site")
    gateway = [
        result(f"padding/{n}", system="proxy", upstream="openai-chat", front=[attempt(STREAMS[CRLF])])
        for n in range(12)
    ]
    cells = [result(PLAIN), result(CRLF, "fail"), *(result(f"padding/{n}") for n in range(12)), *gateway]
    streams = [["usage-with-finish"]] * 10 + [["usage-with-finish", "lines-crlf"]] * 3 + [["refusal"]]
    render_report([run(*cells)], folder, linted=linted(streams))
    return folder


def page(site: Path, name: str = "") -> str:
    path = next((site / "readiness").glob("client-*.html")) if name == "" else site / name
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", path.read_text("utf-8"))))


def test_the_page_of_a_client_says_what_to_mend_first_and_shows_the_cell(site: Path) -> None:
    text = page(site)
    assert "fails silently where lines end in CRLF openai-chat" in text
    spoiled = text.partition("Spoils ")[2].partition(". Among the reasons")[0]
    assert "proxy 12/12" in spoiled
    assert "acme 3/14" in spoiled
    assert f"Shown by {CRLF} : loss the text is not what was sent" in text
    raw = next((site / "readiness").glob("client-*.html")).read_text("utf-8")
    assert f'href="../cell.html?{CRLF}/client@1.0/openai-chat"' in raw


def test_it_names_the_streams_that_were_counted(site: Path) -> None:
    assert re.search(r"First seen at [\w./-]+#\d+, byte \d+\. Shown by", page(site))
    assert "10 reads, 1 not known, 3 fails silently" in page(site)


def test_it_says_aloud_what_is_not_known(site: Path) -> None:
    text = page(site)
    assert re.search(r"1\. [^.]+ openai-chat no scenario of this run has it", text)
    assert "Ready : each stream is one that the client reads" in text
    assert "How this is judged, and what it does not say" in text


def test_the_page_of_all_clients_has_every_verdict_in_words(site: Path) -> None:
    raw = (site / "readiness.html").read_text("utf-8")
    row = next(line for line in raw.splitlines() if '<th scope="row">acme' in line)
    assert 'aria-label="not ready"' in row
    href = re.search(r'href="(readiness/client-[^"#]+)#([^"]+)"', row)
    assert href is not None
    assert f'id="{href[2]}"' in (site / href[1]).read_text("utf-8")
    assert "lines end in CRLF silently" in page(site, "readiness.html")


def test_every_page_leads_to_it(site: Path) -> None:
    assert '<a href="readiness.html">Readiness</a>' in (site / "index.html").read_text("utf-8")


def test_links_lead_to_what_is_there(site: Path) -> None:
    raw = next((site / "readiness").glob("client-*.html")).read_text("utf-8")
    wanted = set(re.findall(r'href="#([^"]+)"', raw))
    assert wanted - {"main"} <= set(re.findall(r'id="([^"]+)"', raw))
    assert len(set(re.findall(r'id="([^"]+)"', raw))) == len(re.findall(r'id="([^"]+)"', raw))


def test_names_that_came_from_outside_stay_text(tmp_path: Path) -> None:
    record = linted([["lines-crlf"]] * 12, provider=HOSTILE, file=HOSTILE)
    render_report([run(result(PLAIN), result(CRLF, "fail", system=HOSTILE), result(PLAIN, system=HOSTILE))],
                  tmp_path, linted=record)  # fmt: skip
    pages = [tmp_path / "readiness.html", *(tmp_path / "readiness").iterdir()]
    assert len(pages) == 3
    assert not [path for path in pages if HOSTILE in path.read_text("utf-8")]


def test_the_same_results_give_the_same_pages(tmp_path: Path, site: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        render_report([small_run()], folder)
    assert (one / "readiness.html").read_bytes() == (two / "readiness.html").read_bytes()
    assert (site / "readiness.html").read_bytes() != (one / "readiness.html").read_bytes()


def test_pages_of_an_earlier_report_are_removed(tmp_path: Path) -> None:
    render_report([run(result(PLAIN))], tmp_path)
    assert (tmp_path / "readiness.html").exists()
    render_report([run(result(PLAIN, dialect="ai-sdk-ui"))], tmp_path)
    assert not (tmp_path / "readiness.html").exists()
    assert not list((tmp_path / "readiness").glob("*.html"))
