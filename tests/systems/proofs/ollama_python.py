# /// script
# dependencies = ["ollama==0.6.3"]
# ///
import json
import sys

import ollama

base_url, dialect, *more = sys.argv[1:]
client = ollama.Client(host=base_url, timeout=float(more[0]) if more else None)
try:
    for chunk in client.chat(model="m", messages=[{"role": "user", "content": "Hi"}], stream=True):
        if chunk.message.content:
            print(json.dumps({"text": chunk.message.content}))
        for call in chunk.message.tool_calls or ():
            print(json.dumps({"tool_call": call.model_dump(), "id": getattr(call, "id", None)}))
        if chunk.done:
            print(json.dumps({"finish": chunk.done_reason}))
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
