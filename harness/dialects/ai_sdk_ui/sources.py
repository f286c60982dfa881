"""Where vendors keep the addresses that an answer cites: what a chat front end shows as its sources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.dialects.decoding import as_dict, as_list, as_str
from harness.events import Other

_HOLDERS = ("citation", "annotation", "annotations", "citations", "search_results", "groundingMetadata")


def sources(event: Other) -> Iterator[tuple[str, str]]:
    """The (address, title) pairs that a piece of evidence cites; the title may be empty."""
    if event.kind not in _HOLDERS:
        return
    data = event.data
    items = as_list(as_dict(data).get("groundingChunks")) or (data if type(data) is list else [data])
    for item in items:
        if type(item) is str:
            yield from _web(item, "")
        else:
            yield from _cited(as_dict(item))


def _cited(item: dict[str, Any]) -> Iterator[tuple[str, str]]:
    held = as_dict(item.get("url_citation")) or as_dict(item.get("web")) or item
    yield from _web(as_str(held.get("url")) or as_str(held.get("uri")), as_str(held.get("title")))


def _web(address: str, title: str) -> Iterator[tuple[str, str]]:
    if address.startswith(("http://", "https://")):
        yield address, title
