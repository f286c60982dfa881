# /// script
# dependencies = ["langchain-anthropic==1.7.7"]
# ///
import json
import sys

from langchain_anthropic import ChatAnthropic

base_url = sys.argv[1]
model = ChatAnthropic(model="m", api_key="k", base_url=base_url, max_retries=0, timeout=5)
whole = None
try:
    for chunk in model.stream("Hi"):
        whole = chunk if whole is None else whole + chunk
        if chunk.text:
            print(json.dumps({"text": chunk.text}))
    for call in whole.tool_calls:
        print(json.dumps({"tool_call": {"id": call["id"], "name": call["name"], "args": call["args"]}}))
    usage = whole.usage_metadata or {}
    print(json.dumps({"usage": [usage.get("input_tokens"), usage.get("output_tokens")]}))
    print(json.dumps({"finish": whole.response_metadata.get("stop_reason")}))
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
