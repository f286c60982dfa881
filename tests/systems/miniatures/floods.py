"""Never stops talking of a case: in whole lines, in one line without an end, or on stderr, as the request says."""

import json
import sys

DESCRIBED = {"op": "described", "protocol": 1, "name": "floods", "version": "1", "language": "python"}

for line in sys.stdin:
    message = json.loads(line)
    if message["op"] == "describe":
        print(json.dumps({**DESCRIBED, "dialects": ["anthropic-messages"]}), flush=True)
    if message["op"] != "run":
        continue
    flood = message["request"]["messages"][-1]["content"][0]["text"]
    if flood == "stderr":
        print("first words", "x" * 1_000_000, "last words", file=sys.stderr, flush=True)
        print(json.dumps({"case": message["case"], "end": {"status": "completed"}}), flush=True)
        continue
    event = json.dumps({"case": message["case"], "event": {"type": "text", "text": "flood" * 1000}})
    while True:
        print(event, end="\n" if flood == "events" else "")
