# /// script
# dependencies = ["sseclient-py==1.9.0", "requests==2.34.2"]
# ///
"""The parser sseclient-py over a response of requests, as its README shows; each event's data is read as JSON.

It knows frames and no answers. Its caller is who knows that an answer without a stop reason was cut off.
"""

from __future__ import annotations

from collections.abc import Iterator

import _sse
import requests
from harness_kit import Case, Event, serve
from sseclient import SSEClient


def run(case: Case) -> Iterator[Event]:
    caller = _sse.Caller(case)
    with requests.post(**_sse.call(case), timeout=case.options.get("timeout_s"), stream=True) as response:
        response.raise_for_status()
        for event in SSEClient(response).events():
            yield from caller.read(event.data)
    yield caller.end()


serve(name="sseclient-py", distribution="sseclient-py", kind="parser", dialects=_sse.DIALECTS, run=run)
