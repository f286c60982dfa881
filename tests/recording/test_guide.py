"""The programs and the commands in docs/recording.md, run as they stand there."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from harness.catalogue.loader import load_catalogue
from harness.catalogue.render import RenderedScenario, render
from harness.origin.case import CasePlan
from harness.origin.server import Origin
from harness.recording.cassette import load_cassette
from tests.cli.conftest import Harness

GUIDE = Path(__file__).parents[2] / "docs" / "recording.md"
ASK = """
import asyncio
async def ask():
    async with client:
        answer = await client.post("/v1/chat/completions", content=open("body.json", "rb").read())
        print(answer.status_code, len(answer.content))
asyncio.run(ask())
"""


def test_the_programs_of_the_guide_record_and_play(tmp_path: Path) -> None:
    record, _, play = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    rendered = render(load_catalogue().get("canary/plain-text"), "openai-chat")
    assert isinstance(rendered, RenderedScenario)

    def run(program: str, **environment: str) -> str:
        command = [sys.executable, "-c", program]
        variables = {**os.environ, **environment}
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    async def main() -> str:
        async with Origin() as origin:
            base_url = origin.add(CasePlan("live", "openai-chat", rendered.responses))
            return await asyncio.to_thread(run, record, OPENAI_BASE_URL=f"{base_url}/v1", OPENAI_API_KEY="sk-test")

    assert "ChatCompletionChunk" in asyncio.run(main())
    (exchange,) = load_cassette(tmp_path / "chat.yaml").exchanges
    assert (exchange.provider, exchange.response.ending) == ("openai", "clean")
    (tmp_path / "body.json").write_bytes(exchange.request.body)
    assert run(play + ASK) == f"200 {len(rendered.responses[0].body)}\n"


CAPTURE = Path(__file__).parent / "importers" / "miniatures"
ENDLESS = ("harness serve", "harness record --proxy")
"""Commands that run until they are ended; tests/cli holds them."""
NEEDS = ("--system openai-python",)
"""Commands with what only `make systems` installs."""
FINDS = {"harness drift --against cassettes --recorded tapes": 1}
"""Commands that fail: what was imported here is of another server than what it is compared with."""


def test_the_commands_of_the_guide_do_what_it_says(tmp_path: Path) -> None:
    """In its order, in a folder with a few recordings of one server, a HAR file, and a body."""
    blocks = re.findall(r"^```\n(harness .*?)```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    commands = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    recorded = Path(__file__).parents[2] / "cassettes" / "llama-cpp" / "openai-chat"
    (tmp_path / "cassettes").mkdir()
    for name in ("bad-key.yaml", "over-long.yaml", "stop-sequence.yaml"):
        shutil.copy(recorded / name, tmp_path / "cassettes")
    shutil.copy(CAPTURE / "playwright.har", tmp_path / "capture.har")
    (tmp_path / "answer.sse").write_bytes(
        b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n'
    )
    said = {}
    for command in commands:
        if not (command.startswith(ENDLESS) or any(need in command for need in NEEDS)):
            ran = Harness(tmp_path).inside(*shlex.split(command)[1:], status=FINDS.get(command, 0))
            said[command] = ran.out
    assert "3 exchanges, 3 as the golden transcript has it" in said["harness replay --cassette cassettes"]
    assert "nothing to update" in said["harness replay --cassette cassettes --update"]
    assert "no secret found" in said["harness scrub --check tapes"]
    assert "OPENAI_API_KEY" in said["harness providers list"]
    assert len(load_cassette(tmp_path / "tapes" / "answer.yaml").exchanges) == 1
