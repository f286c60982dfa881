"""A gateway of a few lines: it hands what it gets to its upstream, and the answer back.

relay_gateway.py PORT CONFIG [HABIT…], where CONFIG is a JSON file: model -> base URL. The last word of the user picks
what goes wrong: `crash` ends the process, `freeze` stops every thread of it, `hold everybody` makes all others wait
for four seconds, `drop me` waits for that and hangs up. Habits: `stay` ignores SIGTERM and starts
a child that does so too, `sulk` never listens, `die` ends at once.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT, UPSTREAMS, HABITS = int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), sys.argv[3:]


GATE = threading.Event()
"""Closed while one request keeps all others waiting."""
GATE.set()


class Relay(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        GATE.wait()
        self._answer(200 if self.path == "/health" else 404, "text/plain", b"well")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if b"crash" in body:
            print("it was too much", file=sys.stderr, flush=True)
            os._exit(3)
        if b"freeze" in body:
            os.kill(os.getpid(), signal.SIGSTOP)
        if b"hold everybody" in body:
            GATE.clear()
            time.sleep(4)
            GATE.set()
        if b"drop me" in body:
            time.sleep(0.5)
            GATE.wait()
            self.close_connection = True
            self.connection.close()
            return
        base = UPSTREAMS.get(json.loads(body)["model"])
        if base is None:
            self._answer(404, "text/plain", b"no such model")
            return
        request = urllib.request.Request(base + self.path, body, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request) as answer:
                self._answer(answer.status, answer.headers["content-type"], answer.read())
        except urllib.error.HTTPError as error:
            self._answer(error.code, "application/json", error.read())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if "die" in HABITS:
    sys.exit("no mood for it")
if "stay" in HABITS:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"],
        start_new_session=True,
    )
if "sulk" in HABITS:
    time.sleep(600)
print("listening", PORT, flush=True)
ThreadingHTTPServer(("127.0.0.1", PORT), Relay).serve_forever()
