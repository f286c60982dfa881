# /// script
# dependencies = ["mistralai==3.7.0"]
# ///
import json
import sys

from mistralai.client import Mistral

base_url, dialect = sys.argv[1:3]
try:
    with (
        Mistral(api_key="k", server_url=base_url) as client,
        client.chat.stream(model="m", messages=[{"role": "user", "content": "Hi"}]) as events,
    ):
        for event in events:
            for choice in event.data.choices:
                if choice.delta.content:
                    print(json.dumps({"text": choice.delta.content}))
                for call in choice.delta.tool_calls or ():
                    function = {"name": call.function.name, "arguments": call.function.arguments}
                    print(json.dumps({"tool_call": {"index": call.index, "id": call.id, **function}}))
                if choice.finish_reason:
                    print(json.dumps({"finish": choice.finish_reason}))
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
