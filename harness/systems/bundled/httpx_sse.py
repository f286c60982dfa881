# /// script
# dependencies = ["httpx-sse==0.4.3", "httpx==0.28.1"]
# ///
"""The parser httpx-sse: `aconnect_sse` over httpx, as its README shows; each event's data is read as JSON.

It knows frames and no answers. Its caller is who knows that an answer without a stop reason was cut off.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import _sse
import httpx
from harness_kit import Case, Event, serve
from httpx_sse import aconnect_sse


async def run(case: Case) -> AsyncIterator[Event]:
    caller = _sse.Caller(case)
    async with (
        httpx.AsyncClient(timeout=case.options.get("timeout_s")) as client,
        aconnect_sse(client, "POST", **_sse.call(case)) as source,
    ):
        source.response.raise_for_status()
        async for event in source.aiter_sse():
            for canonical in caller.read(event.data):
                yield canonical
    yield caller.end()


serve(name="httpx-sse", distribution="httpx-sse", kind="parser", dialects=_sse.DIALECTS, run=run)
