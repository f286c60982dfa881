# /// script
# dependencies = ["sseclient-py==1.9.0", "requests==2.34.2"]
# ///
import json
import sys

import requests
import sseclient

base_url, dialect = sys.argv[1:3]
try:
    response = requests.post(f"{base_url}/v1/chat/completions", json={}, stream=True)
    for event in sseclient.SSEClient(response).events():
        if event.data == "[DONE]":
            print(json.dumps({"end_marker": True}))
            continue
        for choice in json.loads(event.data)["choices"]:
            if text := choice["delta"].get("content"):
                print(json.dumps({"text": text}))
            if choice["finish_reason"]:
                print(json.dumps({"finish": choice["finish_reason"]}))
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
