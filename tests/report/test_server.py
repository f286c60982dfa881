import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.report.server import SiteServer, serve_site
from harness.report.site.html import render_report
from harness.runner.results import read_run, write_run

from .sample import small_run
from .sample_cells import cell_pages

CELL = "cell.html?chunking/inside-a-character/openai-python@3.52.0/openai-chat"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = small_run()
    assert run.footer is not None
    path = tmp_path_factory.mktemp("results") / "r.jsonl"
    write_run(path, [run.header, *run.results, run.footer])
    return path


@pytest.fixture(scope="module")
def server(results: Path) -> Iterator[SiteServer]:
    with serve_site([read_run(results, evidence=False)]) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def ask(
    server: SiteServer, target: str, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.putrequest(method, target, skip_host=host is not None)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def test_it_listens_on_this_machine_alone(server: SiteServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.address == f"http://127.0.0.1:{server.server_port}/"


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/static/report.css", "text/css; charset=utf-8"),
        ("/static/cell.js", "text/javascript; charset=utf-8"),
    ],
)
def test_pages_and_their_files_are_served_with_their_type(server: SiteServer, target: str, kind: str) -> None:
    status, headers, body = ask(server, target)
    assert (status, headers["content-type"], int(headers["content-length"])) == (200, kind, len(body))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; script-src 'self'")


def test_a_cell_is_laid_out_when_it_is_asked_for_and_needs_no_script(server: SiteServer) -> None:
    status, _, body = ask(server, f"/{CELL}")
    page = body.decode()
    assert status == 200
    assert "<script" not in page
    assert "<title>A cut inside a three-byte character: openai-python, openai-chat</title>" in page
    assert "cut inside a UTF-8 character" in page


def test_a_served_cell_is_the_packed_one(server: SiteServer, results: Path, tmp_path: Path) -> None:
    render_report([read_run(results, evidence=False)], tmp_path)
    for address, html in cell_pages(tmp_path).items():
        served = ask(server, f"/cell.html?{address}")[2].decode()
        assert served.partition("<main")[2].split() == html.partition("<main")[2].split(), address


def test_nothing_is_packed_for_a_server(server: SiteServer) -> None:
    assert ask(server, "/cells/canary+plain-text.js")[0] == 404


def test_an_address_may_be_percent_encoded_otherwise(server: SiteServer) -> None:
    assert ask(server, f"/{CELL}")[2] == ask(server, f"/{CELL.replace('@', '%40').replace('-', '%2D')}")[2]


@pytest.mark.parametrize(
    "target",
    [
        "/../../../../etc/passwd",
        "/static/../../r.jsonl",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/static/%2e%2e/index.html",
        "//etc/passwd",
        "/static",
        "/index.html%00.css",
        "/cell.html?a",
        "/cell.html?canary/plain-text/nobody@1/openai-chat",
        "/nowhere.html",
    ],
)
def test_what_was_not_written_is_not_there(server: SiteServer, target: str) -> None:
    status, _, body = ask(server, target)
    assert (status, body) == (404, b"This report has no such page.\n")


def test_the_page_of_cells_without_a_cell_says_what_it_is_for(server: SiteServer) -> None:
    status, _, body = ask(server, "/cell.html?")
    assert status == 200
    assert b"<h1>A cell of the matrix</h1>" in body


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1", ""])
def test_it_answers_to_no_other_name(server: SiteServer, host: str) -> None:
    status, _, body = ask(server, "/index.html", host=host.format(port=server.server_port))
    assert status == 421
    assert b"alone" in body


def test_it_answers_to_localhost(server: SiteServer) -> None:
    assert ask(server, "/", host=f"localhost:{server.server_port}")[0] == 200


def test_it_tells_the_head_alone_when_asked_to(server: SiteServer) -> None:
    status, headers, body = ask(server, "/", method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 1000


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(server: SiteServer, method: str) -> None:
    assert ask(server, "/", method=method)[0] == 501


def test_a_results_file_that_changed_meanwhile_is_said_to_have(tmp_path: Path, results: Path) -> None:
    copy = tmp_path / "r.jsonl"
    copy.write_bytes(results.read_bytes())
    with serve_site([read_run(copy, evidence=False)]) as serving:
        copy.write_bytes(b"\n" * copy.stat().st_size)
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        status, _, body = ask(serving, f"/{CELL}")
        serving.shutdown()
        thread.join()
    assert status == 500
    assert b"the file has changed since it was read" in body


def test_its_pages_are_gone_when_it_ends(results: Path) -> None:
    with serve_site([read_run(results, evidence=False)]) as serving:
        files = list(serving.pages._files.values())
        assert all(path.exists() for path in files)
    assert not any(path.exists() for path in files)
