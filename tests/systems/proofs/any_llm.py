# /// script
# dependencies = ["any-llm-sdk[anthropic,gemini,ollama,openai]==1.40.2"]
# ///
import asyncio
import json
import sys

from any_llm import AnyLLM

base_url, dialect = sys.argv[1:3]
provider = {"anthropic-messages": "anthropic", "gemini": "gemini", "ollama": "ollama"}.get(dialect, "openai")
options = {} if provider == "ollama" else {"max_retries": 0}
llm = AnyLLM.create(provider, api_key="k", api_base=f"{base_url}/v1" if provider == "openai" else base_url, **options)


async def main():
    if dialect == "openai-responses":
        async for event in await llm.aresponses(model="m", input_data="Hi", stream=True):
            if event.type == "response.output_text.delta":
                print(json.dumps({"text": event.delta}))
            elif event.type == "response.completed":
                print(json.dumps({"finish": event.response.status}))
        return
    messages = [{"role": "user", "content": "Hi"}]
    async for chunk in await llm.acompletion(model="m", messages=messages, stream=True):
        for choice in chunk.choices:
            if choice.delta.content:
                print(json.dumps({"text": choice.delta.content}))
            for call in choice.delta.tool_calls or ():
                function = call.function
                call = {"index": call.index, "id": call.id, "name": function.name, "arguments": function.arguments}
                print(json.dumps({"tool_call": call}))
            if choice.finish_reason:
                print(json.dumps({"finish": choice.finish_reason}))


try:
    asyncio.run(main())
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
