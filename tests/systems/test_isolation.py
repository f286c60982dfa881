"""In isolation there is loopback and nothing else; where there can be no isolation, we say why."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness.systems.isolation import Isolation, isolate

PROGRAM = """
import os, socket, threading
from harness.systems.isolation import isolate
isolation = isolate()
print("active", isolation.active)
if isolation.active:
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=5)
    except OSError as error:
        print("outside", error.errno)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        print("loopback ok")
    child = os.popen("{python} -c 'import socket; socket.create_connection((\\"192.0.2.1\\", 80), timeout=5)' 2>&1")
    print("child", "Network is unreachable" in child.read())
    print("owner", os.getuid(), os.stat("/proc/self").st_uid)
else:
    print(isolation.why_not)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
def test_it_leaves_loopback_alone_and_cuts_off_everything_else() -> None:
    program = PROGRAM.replace("{python}", sys.executable)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    if run.stdout.startswith("active False"):
        pytest.skip(f"this machine allows no namespace: {run.stdout}")
    lines = run.stdout.splitlines()
    assert lines[:4] == ["active True", "outside 101", "loopback ok", "child True"]
    assert lines[4].split()[1] == lines[4].split()[2]


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
def test_a_process_that_has_threads_is_left_as_it_is() -> None:
    program = """
import threading
from harness.systems.isolation import isolate
stop = threading.Event()
threading.Thread(target=stop.wait).start()
print(isolate())
stop.set()
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "active=False, why_not='this process has threads already, which would stay outside'" in run.stdout


def test_another_platform_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert isolate() == Isolation(False, "network namespaces are Linux's; this is darwin")
