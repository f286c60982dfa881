# /// script
# dependencies = ["litellm==1.106.2", "mcp==2.3.0"]
# ///
import asyncio
import json
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm

litellm.suppress_debug_info = True  # it prints hints to stdout else
base_url, dialect, *more = sys.argv[1:]
options = {name: json.loads(value) for name, _, value in (each.partition("=") for each in more)}
models = {"openai-chat": "openai/m", "anthropic-messages": "anthropic/m", "gemini": "gemini/m"}
bases = {"openai-chat": f"{base_url}/v1", "openai-responses": f"{base_url}/v1", "gemini": f"{base_url}/v1beta"}
common = {"api_base": bases.get(dialect, base_url), "api_key": "k", "stream": True, "num_retries": 0, **options}


async def main():
    if dialect == "openai-responses":
        litellm.register_model({"openai/m": {"litellm_provider": "openai", "supports_native_streaming": True}})
        async for event in await litellm.aresponses(model="openai/m", input="Hi", **common):
            if event.type == "response.output_text.delta":
                print(json.dumps({"text": event.delta}), flush=True)
            elif event.type == "response.completed":
                print(json.dumps({"finish": event.response.status}), flush=True)
        return
    messages = [{"role": "user", "content": "Hi"}]
    asked = {"messages": messages, "stream_options": {"include_usage": True}, **common}
    async for chunk in await litellm.acompletion(model=models.get(dialect, "ollama_chat/m"), **asked):
        for choice in chunk.choices:
            if choice.delta.content:
                print(json.dumps({"text": choice.delta.content}), flush=True)
            for call in choice.delta.tool_calls or ():
                function = call.function
                call = {"index": call.index, "id": call.id, "name": function.name, "arguments": function.arguments}
                print(json.dumps({"tool_call": call}), flush=True)
            if choice.finish_reason:
                print(json.dumps({"finish": choice.finish_reason}), flush=True)
        if getattr(chunk, "usage", None):
            print(json.dumps({"usage": [chunk.usage.prompt_tokens, chunk.usage.completion_tokens]}), flush=True)


try:
    asyncio.run(main())
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
