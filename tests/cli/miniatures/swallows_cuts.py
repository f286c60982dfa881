"""Takes the end of the body for the end of the answer."""

import json

import httpx
from harness_kit import Finish, Text, serve


async def run(case):
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    headers = {"authorization": f"Bearer {case.api_key}"}
    try:
        with httpx.stream("POST", f"{case.base_url}/v1/chat/completions", json=body, headers=headers) as response:
            for line in response.iter_lines():
                if not line.startswith("data: {"):
                    continue
                for choice in json.loads(line[6:])["choices"]:
                    if text := choice["delta"].get("content"):
                        yield Text(text)
                    if choice["finish_reason"]:
                        yield Finish(choice["finish_reason"])
    except httpx.HTTPError:
        pass


serve(name="swallows-cuts", version="1", dialects=["openai-chat"], run=run)
