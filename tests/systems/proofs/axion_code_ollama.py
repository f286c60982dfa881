# /// script
# dependencies = ["axion-code==1.0.1", "httpx==0.28.1"]
# ///
import asyncio
import json
import sys

from axion.api.ollama import OllamaClient
from axion.api.types import InputMessage, MessageRequest, TextDelta

base_url = sys.argv[1]


async def main():
    request = MessageRequest("m", 9, [InputMessage.user_text("Hi")], stream=True)
    try:
        async for event in OllamaClient(base_url).stream_message(request):
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
