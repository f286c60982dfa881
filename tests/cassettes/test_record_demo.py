"""`make record-demo`: what it says of servers can be carried out, and a server is up, asked, and gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.endpoints.providers import load_providers

FOLDER = Path(__file__).parents[1] / "model_servers"
sys.path.insert(0, str(FOLDER))  # its scripts are run from there

import servers as demo  # noqa: E402
from situations import SITUATIONS  # noqa: E402

ANSWERS = """\
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/up" else 404)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


def one_server(command: list[str]) -> demo.Servers:
    server = demo.Server("none", 18_299, command, "/up", "m", ["openai-chat"], 512)
    return demo.Servers({"none": demo.Environment([])}, {"fake": server})


@pytest.fixture(autouse=True)
def _this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "installed", lambda name, wanted: Path(sys.prefix))


def test_every_server_has_what_it_names() -> None:
    known = demo.load()
    for name, server in known.servers.items():
        assert set(server.dialects) <= set(load_providers()[name].endpoints)
        assert server.environment in known.environments
        assert server.behind is None or server.behind in known.servers
        assert set(server.situations) <= set(SITUATIONS)
        assert "127.0.0.1" in server.command


def test_a_server_is_up_and_then_gone() -> None:
    with demo.running("fake", one_server(["{python}", "-c", ANSWERS, "{port}"])) as up:
        assert up.process.poll() is None
        assert up.url.startswith("http://127.0.0.1:")
        home = up.home
    assert up.process.poll() is not None
    assert not home.exists()


def test_a_server_that_does_not_start_is_told_of() -> None:
    with (
        pytest.raises(demo.Broken, match="fake ended before it was up: no weights here"),
        demo.running("fake", one_server(["{python}", "-c", "raise SystemExit('no weights here')"])),
    ):
        pass


def test_its_help_says_how_it_is_called() -> None:
    told = subprocess.run(
        [sys.executable, FOLDER / "record_demo.py", "--help"], capture_output=True, text=True, check=True
    )
    assert "make record-demo" in told.stdout
