# /// script
# dependencies = ["ollama==0.6.3"]
# ///
import json
import sys

import ollama


def show_tools(request):
    tools = json.loads(request.content).get("tools")
    if tools:
        print(json.dumps({"sent": tools[0]["function"]["parameters"]["properties"]}))


base_url, dialect, *more = sys.argv[1:]
settings = dict(pair.split("=", 1) for pair in more)
timeout = float(settings["timeout"]) if "timeout" in settings else None
properties = json.loads(settings.get("properties", "{}"))
function = {"name": "f", "parameters": {"type": "object", "properties": properties}}
tools = [{"type": "function", "function": function}] if properties else None
client = ollama.Client(host=base_url, timeout=timeout, event_hooks={"request": [show_tools]})
try:
    for chunk in client.chat(model="m", messages=[{"role": "user", "content": "Hi"}], tools=tools, stream=True):
        if chunk.message.content:
            print(json.dumps({"text": chunk.message.content}))
        for call in chunk.message.tool_calls or ():
            print(json.dumps({"tool_call": call.model_dump(), "id": getattr(call, "id", None)}))
        if chunk.done:
            print(json.dumps({"finish": chunk.done_reason}))
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
