"""The programs in docs/recording.md, run as they stand there."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from harness.catalogue.loader import load_catalogue
from harness.catalogue.render import RenderedScenario, render
from harness.origin.case import CasePlan
from harness.origin.server import Origin
from harness.recording.cassette import load_cassette

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
