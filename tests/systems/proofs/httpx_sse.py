# /// script
# dependencies = ["httpx-sse==0.4.3", "httpx==0.28.1"]
# ///
import json
import sys

import httpx
from httpx_sse import connect_sse

base_url, dialect = sys.argv[1:3]
try:
    with httpx.Client() as client, connect_sse(client, "POST", f"{base_url}/v1/chat/completions", json={}) as source:
        for event in source.iter_sse():
            if event.data == "[DONE]":
                print(json.dumps({"end_marker": True}))
                continue
            for choice in event.json()["choices"]:
                if text := choice["delta"].get("content"):
                    print(json.dumps({"text": text}))
                if choice["finish_reason"]:
                    print(json.dumps({"finish": choice["finish_reason"]}))
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
