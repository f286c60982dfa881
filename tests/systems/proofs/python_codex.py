# /// script
# dependencies = ["python-codex==0.1.6", "requests==2.34.2", "fastapi==0.165.0", "uvicorn==0.54.0"]
# ///
import asyncio
import json
import os
import sys

from pycodex import AssistantMessage, Prompt, ReasoningItem, ResponsesModelClient, ResponsesProviderConfig, UserMessage
from responses_server import launch_chat_completion_compat_server

base_url, dialect = sys.argv[1:3]
url = f"{base_url}/v1"
os.environ["KEY"] = "k"
if dialect != "openai-responses":  # as the command line does with --use-chat-completion and --use-messages
    api = "messages" if dialect == "anthropic-messages" else "chat_completions"
    url = launch_chat_completion_compat_server(url, "KEY", outcomming_api=api).base_url


def show(event):
    if event.kind == "assistant_delta":
        print(json.dumps({"text": event.payload["delta"]}))
    elif event.kind == "stream_error":
        print(json.dumps({"repeats": event.payload["attempt"]}))


async def main():
    retries = 1 if "one-retry" in sys.argv else None if "its-retries" in sys.argv else 0
    client = ResponsesModelClient(ResponsesProviderConfig("m", "p", url, "KEY", stream_max_retries=retries))
    try:
        for item in (await client.complete(Prompt([UserMessage("Hi")], [], True, "Be brief."), show)).items:
            if isinstance(item, AssistantMessage):
                print(json.dumps({"answer": item.text}))
            elif isinstance(item, ReasoningItem):
                print(json.dumps({"reasoning": [part["text"] for part in item.payload["content"]]}))
            else:
                print(json.dumps({"tool_call": [item.call_id, item.name, item.arguments]}))
        print(json.dumps({"returned": True}))
    except Exception as error:
        print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))


asyncio.run(main())
