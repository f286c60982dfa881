"""Tries to reach a server outside of the network that it was put into, in every way it can think of."""

import subprocess
import sys

from harness_kit import Finish, Text, serve

CONNECT = "import socket; socket.create_connection(('127.0.0.1', {port}), timeout=5); print('out', flush=True)"

ENTER = """
import ctypes, os
if ctypes.CDLL(None, use_errno=True).setns(os.open('/proc/{process}/ns/net', os.O_RDONLY), 0):
    raise OSError(ctypes.get_errno(), 'setns')
"""

LEAVE = """
import os
if os.fork():
    os.wait()
    raise SystemExit
os.setsid()
if os.fork():
    os._exit(0)
"""


def run(case):
    port, process = case.request["messages"][0]["content"][0]["text"].split()
    connect = CONNECT.format(port=port)
    ways = {
        "child": connect,
        "orphan": LEAVE + connect,
        "namespace": ENTER.format(process=process) + connect,
    }
    for way, program in ways.items():
        tried = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        yield Text(f"{way}: {'out' if 'out' in tried.stdout else 'kept in'}\n")
    yield Finish("stop")


serve(name="tries-to-get-out", version="1", dialects=["openai-chat"], run=run)
