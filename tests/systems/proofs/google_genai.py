# /// script
# dependencies = ["google-genai==3.4.0"]
# ///
import json
import sys

from google import genai
from google.genai import types

base_url, dialect, *more = sys.argv[1:]
retry_options = types.HttpRetryOptions(attempts=int(more[0]), initial_delay=0.01, jitter=0.0) if more else None
http_options = types.HttpOptions(base_url=base_url, retry_options=retry_options)
client = genai.Client(api_key="k", http_options=http_options)
try:
    for chunk in client.models.generate_content_stream(model="m", contents="Hi"):
        for candidate in chunk.candidates or ():
            for part in (candidate.content and candidate.content.parts) or ():
                print(json.dumps({"text": part.text}))
            if candidate.finish_reason:
                print(json.dumps({"finish": candidate.finish_reason.value}))
    print(json.dumps({"returned": True}))
except Exception as error:
    print(json.dumps({"raised": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}))
