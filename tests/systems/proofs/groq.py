# /// script
# dependencies = ["groq==1.7.0"]
# ///
import json
import sys

import groq

base_url, dialect, *more = sys.argv[1:]
settings = dict(pair.split("=") for pair in more)
timeout, retries = float(settings.get("timeout", 60)), int(settings.get("retries", 0))
client = groq.Groq(api_key="k", base_url=base_url, max_retries=retries, timeout=timeout)
try:
    chunks = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}], stream=True)
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
