# /// script
# dependencies = ["pydantic-ai-slim[openai,anthropic,google]==2.68.0"]
# ///
import asyncio
import json
import sys

from pydantic_ai import Agent, ModelRequest
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import TextPart, ToolCallPart
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider

base_url, dialect = sys.argv[1:3]
if dialect == "anthropic-messages":
    model = AnthropicModel("m", provider=AnthropicProvider(api_key="k", base_url=base_url))
elif dialect == "gemini":
    model = GoogleModel("m", provider=GoogleProvider(api_key="k", base_url=base_url))
else:
    kind = OpenAIChatModel if dialect == "openai-chat" else OpenAIResponsesModel
    model = kind("m", provider=OpenAIProvider(api_key="k", base_url=f"{base_url}/v1"))


def get_weather(city: str) -> str:
    return ""


async def one_answer() -> None:
    settings = {"max_retries": 0}
    history = [ModelRequest.user_text_prompt("Hi")]
    async with model_request_stream(model, history, model_settings=settings) as stream:
        async for _ in stream:
            pass
    answer = stream.get()
    for part in answer.parts:
        if isinstance(part, TextPart):
            print(json.dumps({"text": part.content}))
        elif isinstance(part, ToolCallPart):
            print(json.dumps({"tool_call": {"name": part.tool_name, "arguments": part.args}}))
    print(
        json.dumps({"finish": answer.finish_reason, "state": answer.state, "input_tokens": answer.usage.input_tokens})
    )


async def agent() -> None:
    result = await Agent(model, tools=[get_weather], model_settings={"max_retries": 0}).run("Hi")
    print(json.dumps({"text": result.output}))


try:
    asyncio.run(agent() if "agent" in sys.argv else one_answer())
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
