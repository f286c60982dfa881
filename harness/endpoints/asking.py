"""A dialect as one provider takes it: its requests with the provider's path, key header and body, and a probe's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from harness import __version__
from harness.dialects import dialect as dialect_named
from harness.dialects.base import Dialect, HttpRequest
from harness.dialects.decoding import compact_json, read_json
from harness.endpoints.providers import Changes, Where
from harness.request import Request

_OURS = {"accept-encoding": "identity", "user-agent": f"harness/{__version__}"}
"""Recordings are to be read: a packed body would hide where the provider cut it."""


def dialect_at(where: Where, changes: Iterable[Changes] = ()) -> Dialect:
    """The record of `where`'s dialect, whose requests that provider takes, with `changes` done to them last."""
    record = dialect_named(where.dialect)
    return replace(record, build_request=_builder(record, where, (where.endpoint.body, *changes)))


def _builder(
    record: Dialect, where: Where, changes: tuple[Changes, ...]
) -> Callable[[Request, str | None], HttpRequest]:
    def build(request: Request, key: str | None) -> HttpRequest:
        endpoint = where.endpoint
        own = {endpoint.key_header: key or ""} if endpoint.key_header else {"authorization": f"Bearer {key}"}
        elsewhere = bool(endpoint.key_header or endpoint.bearer)
        wire = record.build_request(request, None if elsewhere else key)
        headers = {**wire.headers, **_OURS, **(own if elsewhere and key else {})}
        return replace(wire, path=endpoint.path or wire.path, headers=headers, body=changed(wire.body, changes))

    return build


def changed(body: bytes, changes: Iterable[Changes]) -> bytes:
    """A JSON body after each of the changes, in order; as it is where none does anything."""
    wanted = [each for each in changes if each != Changes()]
    document = read_json(body) if wanted else None
    if not isinstance(document, dict):
        return body
    for each in wanted:
        _change(document, each)
    return compact_json(document).encode()


def _change(document: dict[str, Any], changes: Changes) -> None:
    for old, new in changes.rename.items():
        found = _taken(document, old)
        if found is not None:
            holder, name = _holder(document, new, make=True)
            holder[name] = found
    for name in changes.drop:
        _taken(document, name)
    _merge(document, changes.put)


def _taken(document: dict[str, Any], dotted: str) -> Any:
    """The value of that field, which is taken out; None where it was not there."""
    holder, name = _holder(document, dotted)
    return holder.pop(name, None)


def _holder(document: dict[str, Any], dotted: str, *, make: bool = False) -> tuple[dict[str, Any], str]:
    *steps, name = dotted.split(".")
    for step in steps:
        inner = document.get(step)
        if not isinstance(inner, dict):
            inner = {}
            if make:
                document[step] = inner
        document = inner
    return document, name


def _merge(document: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        old = document.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value)
        else:
            document[name] = value
