# /// script
# dependencies = ["openai-agents==0.24.0"]
# ///
import asyncio
import json
import sys

import agents
import openai

base_url, dialect = sys.argv[1:3]
agents.set_tracing_disabled(True)
client = openai.AsyncOpenAI(api_key="k", base_url=f"{base_url}/v1", max_retries=0)
kind = agents.OpenAIChatCompletionsModel if dialect == "openai-chat" else agents.OpenAIResponsesModel


@agents.function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return "3 degrees"


async def main() -> None:
    agent = agents.Agent("assistant", model=kind("m", client), tools=[get_weather])
    agent.tool_use_behavior = "stop_on_first_tool"
    result = agents.Runner.run_streamed(agent, "Hi")
    async for event in result.stream_events():
        if event.type == "raw_response_event":
            data = event.data
            if data.type == "response.output_text.delta":
                print(json.dumps({"text": data.delta}))
            elif data.type in ("response.reasoning_summary_text.delta", "response.reasoning_text.delta"):
                print(json.dumps({"reasoning": data.delta}))
            elif data.type == "response.function_call_arguments.delta":
                print(json.dumps({"arguments": data.delta}))
            elif data.type == "response.completed":
                details = data.response.incomplete_details
                print(json.dumps({"finish": data.response.status, "details": details and details.reason}))
    print(json.dumps({"output": result.final_output}))


try:
    asyncio.run(main())
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
