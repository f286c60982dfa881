# /// script
# dependencies = ["huggingface_hub==2.4.0"]
# ///
import json
import sys

from huggingface_hub import InferenceClient

base_url, dialect, *more = sys.argv[1:]
client = InferenceClient(base_url=f"{base_url}/v1", api_key="k")
chunks = client.chat_completion([{"role": "user", "content": "Hi"}], model="m", stream=True)
if more == ["forget-the-client"]:
    del client
try:
    for chunk in chunks:
        for choice in chunk.choices:
            if choice.delta.content:
                print(json.dumps({"text": choice.delta.content}))
            for call in choice.delta.tool_calls or ():
                function = call.function
                call = {"index": call.index, "id": call.id, "name": function.name, "arguments": function.arguments}
                print(json.dumps({"tool_call": call}))
            if choice.finish_reason:
                print(json.dumps({"finish": choice.finish_reason}))
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
