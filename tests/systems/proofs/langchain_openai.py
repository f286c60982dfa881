# /// script
# dependencies = ["langchain-openai==1.7.3"]
# ///
import json
import sys

from langchain_openai import ChatOpenAI

base_url, dialect = sys.argv[1:3]
responses = dialect == "openai-responses"
model = ChatOpenAI(model="m", api_key="k", base_url=f"{base_url}/v1", max_retries=0, use_responses_api=responses)
whole = None
try:
    for chunk in model.stream("Hi"):
        whole = chunk if whole is None else whole + chunk
        if chunk.text:
            print(json.dumps({"text": chunk.text}))
    for call in whole.tool_calls:
        print(json.dumps({"tool_call": {"id": call["id"], "name": call["name"], "args": call["args"]}}))
    print(json.dumps({"finish": whole.response_metadata.get("finish_reason")}))
    for block in whole.content_blocks:
        if block["type"] == "reasoning":
            print(json.dumps({"reasoning": block.get("reasoning")}))
    print(json.dumps({"refusal": whole.additional_kwargs.get("refusal"), "returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
