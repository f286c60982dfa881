# /// script
# dependencies = ["sseclient-py==1.9.0", "requests==2.34.2"]
# ///
"""The parser sseclient-py over a response of requests, as its README shows; each event's data is read as JSON.

It knows frames and no answers: what an answer is, and whether it was whole, is its caller's affair.
"""

from __future__ import annotations

from collections.abc import Iterator

import _sse
import requests
from harness_kit import Case, Event, serve
from sseclient import SSEClient


def run(case: Case) -> Iterator[Event]:
    read = _sse.reader(case)
    with requests.post(**_sse.call(case), timeout=case.options.get("timeout_s"), stream=True) as response:
        response.raise_for_status()
        for event in SSEClient(response).events():
            yield from read(event.data)


serve(name="sseclient-py", distribution="sseclient-py", kind="parser", dialects=_sse.DIALECTS, run=run)
