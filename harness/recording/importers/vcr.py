"""Cassettes of vcrpy's whole family: vcrpy of every age, go-vcr, and Ruby's VCR.

vcrpy since 1.0 is what our own cassettes are, and is read like them. Before 1.0 it wrote a bare list, with addresses
in parts and, in YAML, Python tags: nothing in those is executed, they are taken off. None of them keeps network reads.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from harness.recording.cassette import Exchange, RecordedRequest, UnreadableCassette, load_cassette
from harness.recording.document import DocumentError, read_document
from harness.recording.importers.imported import ONE_CHUNK, Imported, Source, Step, Wishes, Wrong
from harness.recording.importers.whole import Skip, Whole, check_wanted
from harness.recording.received import Headers

MEND = "record it again, or mend it by hand"
_PYTHON_TAGS = re.compile(
    r"(?<=[:\-] )(?:!!python/object:vcr\.request\.Request|!!python/object/apply:(?:__builtin__|builtins)\.frozenset)"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def import_vcr(source: Source, wishes: Wishes) -> Imported:
    """A cassette of any of them, YAML or JSON."""
    try:
        data = read_document(_PYTHON_TAGS.sub("", source.text).encode(), only_json=_is_json(source)).data
    except DocumentError as error:
        raise Wrong(str(error), MEND, line=error.line) from None
    match data:
        case {"http_interactions": list(items)}:
            return _imported("cassette of Ruby's VCR", items, "http_interactions", _of_ruby, wishes)
        case {"interactions": [{"response": {"code": _} | {"duration": _}}, *_] as items}:
            return _imported("cassette of go-vcr", items, "interactions", _of_go, wishes)
        case {"version": _, "interactions": list()}:
            return _of_today(source, wishes)
        case list(items):
            return _imported("cassette of vcrpy before 1.0", items, None, _of_old, wishes)
    raise Wrong("this is no cassette of vcrpy, go-vcr or Ruby's VCR", MEND)


def _is_json(source: Source) -> bool:
    return source.raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def _of_today(source: Source, wishes: Wishes) -> Imported:
    """What our own loader reads; cassettes of ours pass through as they are."""
    try:
        exchanges = load_cassette(source.path).exchanges
    except UnreadableCassette as error:
        raise Wrong(str(error).removeprefix(str(source.path)).lstrip(": "), "nothing was written") from None
    taken, left = [], Counter[str]()
    for exchange in exchanges:
        try:
            check_wanted(wishes, exchange.request, exchange.response.headers)
        except Skip as skip:
            left[str(skip)] += 1
            continue
        note = exchange.note if exchange.tool else ONE_CHUNK
        taken.append(replace(exchange, provider=wishes.provider or exchange.provider, note=note))
    form = "cassette of ours" if any(exchange.tool for exchange in exchanges) else "cassette of vcrpy"
    return Imported(form, tuple(taken), _left_out(left, len(exchanges)))


def _left_out(left: Counter[str], total: int) -> tuple[str, ...]:
    return tuple(f"left out: {count} of {total} exchanges, {why}" for why, count in left.most_common())


def _imported(
    form: str, items: list[Any], key: str | None, read: Callable[[Any, tuple[Step, ...]], Whole], wishes: Wishes
) -> Imported:
    taken: list[Exchange] = []
    left = Counter[str]()
    for number, item in enumerate(items):
        place = (*((key,) if key else ()), number)
        try:
            taken.append(read(item, place).exchange(wishes, place))
        except Skip as skip:
            left[str(skip)] += 1
    return Imported(form, tuple(taken), _left_out(left, len(items)))


def _of_old(item: Any, place: tuple[Step, ...]) -> Whole:
    """vcrpy before 1.0: `protocol`, `host`, `port` and `path` instead of an address."""
    match item:
        case {
            "request": {
                "method": str(method),
                "protocol": str(protocol),
                "host": str(host),
                "path": str(path),
                **asked,
            },
            "response": {"status": {"code": int(status), **told}, **answer},
        }:
            port = asked.get("port")
            written = "" if port in (None, _DEFAULT_PORTS.get(protocol)) else f":{port}"
            headers = _headers(asked.get("headers"), (*place, "request", "headers"))
            body = _body(asked.get("body"), (*place, "request", "body"))
            request = _request(method, f"{protocol}://{host}{written}{path}", headers, body)
        case {"request": {"uri": str()}}:
            raise Wrong("an old cassette's list has requests with `protocol`, `host` and `path`", MEND, place)
        case _:
            raise Wrong("an interaction has a `request` and a `response`, each with its parts", MEND, place)
    came = _headers(answer.get("headers"), (*place, "response", "headers"))
    return Whole(request, _status(status, place), came, _body(answer.get("body"), place), _words(told.get("message")))


def _of_go(item: Any, place: tuple[Step, ...]) -> Whole:
    """go-vcr, versions 1 to 3 of its format: the bodies are text, the status is `code`."""
    match item:
        case {
            "request": {"method": str(method), "url": str(url), **asked},
            "response": {"code": int(status), **answer},
        }:
            headers = _headers(asked.get("headers"), (*place, "request", "headers"))
            request = _request(method, url, headers, _body(asked.get("body"), (*place, "request", "body")))
        case _:
            message = "an interaction has a `request` with `method` and `url`, and a `response` with `code`"
            raise Wrong(message, MEND, place)
    came = _headers(answer.get("headers"), (*place, "response", "headers"))
    reason = _words(answer.get("status")).partition(" ")[2]
    return Whole(request, _status(status, place), came, _body(answer.get("body"), (*place, "response", "body")), reason)


def _of_ruby(item: Any, place: tuple[Step, ...]) -> Whole:
    """Ruby's VCR: a body is `string`, or `base64_string`."""
    match item:
        case {
            "request": {"method": str(method), "uri": str(url), **asked},
            "response": {"status": {"code": int(status), **told}, **answer},
        }:
            headers = _headers(asked.get("headers"), (*place, "request", "headers"))
            request = _request(method, url, headers, _body(asked.get("body"), (*place, "request", "body")))
        case _:
            message = "an interaction has a `request` with `method` and `uri`, and a `response` with a `status`"
            raise Wrong(message, MEND, place)
    came = _headers(answer.get("headers"), (*place, "response", "headers"))
    body = _body(answer.get("body"), (*place, "response", "body"))
    return Whole(request, _status(status, place), came, body, _words(told.get("message")))


def _request(method: str, url: str, headers: Headers, body: bytes) -> RecordedRequest:
    return RecordedRequest(method.upper(), url, tuple((name.lower(), value) for name, value in headers), body)


def _words(said: Any) -> str:
    return said if isinstance(said, str) else ""


def _status(status: int, place: tuple[Step, ...]) -> int:
    if not 200 <= status <= 999:
        raise Wrong(f"{status} is no status of a final response", MEND, (*place, "response"))
    return status


def _headers(data: Any, place: tuple[Step, ...]) -> Headers:
    """A mapping of names to a value or several; or, in old cassettes, a list of pairs or of whole lines."""
    return tuple((name, value.strip()) for name, value in _fields(data, place) if name)


def _fields(data: Any, place: tuple[Step, ...]) -> Iterator[tuple[str, str]]:
    match data:
        case None:
            return
        case dict():
            for name, values in data.items():
                for value in values if isinstance(values, list) else [values]:
                    yield _text(name, place), _text(value, place)
        case [list(pairs)] if all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            for name, value in pairs:  # the one argument of a frozenset
                yield _text(name, place), _text(value, place)
        case list():
            for line in data:
                name, _, value = _text(line, place).partition(":")
                yield name.strip(), value
        case _:
            raise Wrong("headers are a mapping, or a list of lines", MEND, place)


def _text(value: Any, place: tuple[Step, ...]) -> str:
    match value:
        case bytes():
            return value.decode("latin-1")
        case str() | int() | float() if not isinstance(value, bool):
            return str(value)
    raise Wrong("a header's name and value are text", MEND, place)


def _body(data: Any, place: tuple[Step, ...]) -> bytes:
    match data:
        case None:
            return b""
        case str():
            return data.encode("utf-8", "surrogatepass")
        case bytes():
            return data
        case {"base64_string": str(text)}:
            try:
                return base64.b64decode(text)
            except (binascii.Error, ValueError):
                raise Wrong("`base64_string` is no base64", MEND, place) from None
        case {"string": inner} if not isinstance(inner, dict):
            return _body(inner, place)
    raise Wrong("a body is text, bytes, or a mapping with `string`", MEND, place)
