# /// script
# requires-python = ">=3.12"
# dependencies = ["navaia-code==1.0.65", "openai==3.52.0"]
# ///
import asyncio
import json
import os
import sys

base_url = sys.argv[1]
os.environ.update(NAVAIA_INTERNAL_BASE_URL=f"{base_url}/v1", NAVAIA_INTERNAL_MODEL="m")

from navaia.api.client import create_client  # noqa: E402
from navaia.api.streaming import accumulate_tool_calls, finalise_tool_calls, stream_message  # noqa: E402
from navaia.api.types import UserMessage  # noqa: E402


async def slept(seconds, wait=asyncio.sleep):
    if seconds:
        print(json.dumps({"slept": seconds}))
    await wait(0)


async def main():
    client, calls = create_client("internal"), {}
    assert client.base_url.host == "127.0.0.1", client.base_url
    if "no-sleep" in sys.argv:
        asyncio.sleep = slept
    try:
        async for event in stream_message(client, "m", [UserMessage("Hi")], "Be brief."):
            match event.type:
                case "tool_call_delta":
                    accumulate_tool_calls(calls, event)
                case "text_delta":
                    print(json.dumps({"text": event.text}))
                case "thinking_delta":
                    print(json.dumps({"reasoning": event.text}))
                case "finish":
                    print(json.dumps({"finish": event.reason}))
                case "usage":
                    print(json.dumps({"usage": [event.usage.input_tokens, event.usage.output_tokens]}))
        for call in finalise_tool_calls(calls):
            print(json.dumps({"tool_call": {"name": call.name, "input": call.input}}))
        print(json.dumps({"returned": True}))
    except Exception as error:
        print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))


asyncio.run(main())
