# /// script
# dependencies = ["axion-code==1.0.1", "httpx==0.28.1"]
# ///
import asyncio
import json
import sys

from axion.api.anthropic import AnthropicClient, AuthCredentials
from axion.api.openai_compat import OpenAiCompatClient, OpenAiCompatConfig
from axion.api.openai_responses import OpenAiResponsesClient
from axion.api.types import InputMessage, MessageRequest, TextDelta

base_url, dialect = sys.argv[1:3]


async def slept(seconds, wait=asyncio.sleep):
    if seconds:
        print(json.dumps({"slept": seconds}))
    await wait(0)


def client():
    if dialect == "anthropic-messages":
        return AnthropicClient(AuthCredentials.from_api_key("k"), base_url=base_url)
    if dialect == "openai-responses":
        return OpenAiResponsesClient("k", base_url=f"{base_url}/v1")
    return OpenAiCompatClient("k", OpenAiCompatConfig.openai(), base_url=f"{base_url}/v1")


async def main():
    if "no-sleep" in sys.argv:
        asyncio.sleep = slept
    request = MessageRequest("m", 9, [InputMessage.user_text("Hi")], stream=True)
    try:
        async for event in client().stream_message(request):
            name = type(event).__name__
            if name == "ContentBlockDeltaEvent":
                delta = event.delta
                print(json.dumps({"text": delta.text} if isinstance(delta, TextDelta) else {"delta": vars(delta)}))
            elif name == "ContentBlockStartEvent" and type(event.content_block).__name__ == "ToolUseOutputBlock":
                print(json.dumps({"tool_call": [event.content_block.id, event.content_block.name]}))
            elif name == "MessageDeltaEvent":
                print(json.dumps({"finish": event.delta.stop_reason}))
        print(json.dumps({"returned": True}))
    except Exception as error:
        print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))


asyncio.run(main())
