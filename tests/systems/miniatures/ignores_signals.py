"""Does not leave when it is told to: not by the end of stdin, not by a signal that it can ignore."""

import json
import signal
import sys
import time

for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(name, signal.SIG_IGN)
sys.stdin.readline()
described = {"op": "described", "protocol": 1, "name": "ignores-signals", "version": "1", "language": "python"}
print(json.dumps({**described, "dialects": ["anthropic-messages"]}), flush=True)
while True:
    time.sleep(60)
