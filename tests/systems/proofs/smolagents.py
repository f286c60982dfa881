# /// script
# dependencies = ["smolagents[openai]==1.26.0", "openai==3.52.0"]
# ///
import json
import sys

from smolagents import OpenAIModel

base_url, dialect, *more = sys.argv[1:]
client = {"max_retries": int(more[0]) if more else 0, "timeout": 60}
model = OpenAIModel("m", api_base=f"{base_url}/v1", api_key="k", client_kwargs=client, retry=False)
try:
    for delta in model.generate_stream([{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]):
        if delta.content:
            print(json.dumps({"text": delta.content}))
        for call in delta.tool_calls or ():
            function = call.function
            print(json.dumps({"tool_call": {"index": call.index, "name": function.name, "args": function.arguments}}))
        if delta.token_usage:
            print(json.dumps({"usage": sorted(vars(delta.token_usage))}))
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
