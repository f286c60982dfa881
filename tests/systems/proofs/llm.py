# /// script
# dependencies = ["llm==0.36"]
# ///
import json
import os
import sys

os.environ["LLM_USER_PATH"] = os.environ["TMPDIR"]

from llm.default_plugins.openai_models import Chat, Responses

base_url, dialect = sys.argv[1:3]
kind = Chat if dialect == "openai-chat" else Responses
model = kind("m", model_name="m", api_base=f"{base_url}/v1", supports_tools=True)


def get_weather(city: str) -> str:
    return "3 degrees"


try:
    response = model.prompt("Hi", tools=[get_weather], key="k")
    for text in response:
        print(json.dumps({"text": text}))
    for call in response.tool_calls():
        print(json.dumps({"tool_call": {"name": call.name, "arguments": call.arguments}}))
    whole = response.json() or {}
    print(json.dumps({"finish": whole.get("finish_reason") or whole.get("status"), "output": response.usage().output}))
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
