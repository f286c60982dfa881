# /// script
# dependencies = ["openai==3.52.0"]
# ///
import json
import sys

import openai

base_url, dialect = sys.argv[1:3]
client = openai.OpenAI(api_key="k", base_url=f"{base_url}/v1", max_retries=0)
try:
    if dialect == "openai-chat":
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
    else:
        for event in client.responses.create(model="m", input="Hi", stream=True):
            if event.type == "response.output_text.delta":
                print(json.dumps({"text": event.delta}))
            elif event.type == "response.completed":
                print(json.dumps({"finish": event.response.status}))
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
