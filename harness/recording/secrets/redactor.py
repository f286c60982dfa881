"""Cleans an exchange of secrets before it reaches the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import msgspec

from harness.recording.cassette import Exchange, RecordedRequest
from harness.recording.secrets.bodies import Body, Headers, Unsearchable, chunks_of, unpacked_body, without_codings
from harness.recording.secrets.headers import header_hits, url_hits
from harness.recording.secrets.names import known_values
from harness.recording.secrets.search import Hit, Search, masked
from harness.wire.response import WireResponse

KNOWN_LENGTH = 6
"""Characters that a value given to a redactor has at least; a shorter one would be found in ordinary words."""
UNSEARCHED = "unsearched-coding"
"""The rule of a body that could not be searched because of how it is packed; it is kept as it is."""
_PASSES = 4
"""How often a text is searched at most: what a mask uncovers is found the next time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret that was found: by which rule, in which place of the exchange, and where in its bytes."""

    rule: str
    place: str
    """`request.url`, `request.headers.NAME`, `request.body`, likewise of `response`; `transcript`, `note` and so on."""
    offset: int


class Redactor:
    """Masks secrets in exchanges, each with as many asterisks as it has bytes.

    `values` are secrets that are known (6 characters or more); those of the environment's key variables are too: of
    `variables`, or of all variables that have the name of a key; those of `more_variables` whatever they look like.
    Masking a second time changes nothing.
    """

    def __init__(
        self,
        values: Iterable[str] = (),
        *,
        environment: Mapping[str, str] = os.environ,
        variables: Iterable[str] | None = None,
        more_variables: Iterable[str] = (),
    ) -> None:
        given = [*values, *(environment.get(name, "") for name in more_variables)]
        known = [value for value in given if len(value) >= KNOWN_LENGTH]
        self._search = Search([*known, *known_values(environment, variables)])

    def __repr__(self) -> str:
        return "Redactor()"  # its values are nobody's business

    def clean(self, exchange: Exchange) -> tuple[Exchange, tuple[Finding, ...]]:
        """The exchange without its secrets, and what was found. A body that held one inside of a content coding is kept
        unpacked, and the note says so."""
        work = _Work(self._search)
        response = work.response(exchange.response)
        cleaned = replace(
            exchange,
            request=work.request(exchange.request),
            response=response,
            header_form=tuple(
                (name, value and work.text("response.headers", value)) for name, value in exchange.header_form
            ),
            reason=work.text("response.reason", exchange.reason),
            provider=work.text("provider", exchange.provider),
            scenario=work.text("scenario", exchange.scenario),
            tool=work.text("tool", exchange.tool),
            recorded_at=work.text("recorded_at", exchange.recorded_at),
            note=work.text("note", exchange.note),
            transcript=work.tree("transcript", exchange.transcript),
        )
        if cleaned.transcript is not None and response.chunks != exchange.response.chunks:
            cleaned = replace(cleaned, transcript=_of_cleaned(exchange, cleaned))
        count = sum(finding.rule != UNSEARCHED for finding in work.findings)
        return replace(cleaned, masked=exchange.masked + count, note=_with(cleaned.note, work.notes)), tuple(
            work.findings
        )

    def clean_text(self, text: bytes) -> tuple[bytes, tuple[Finding, ...]]:
        """Any other text without its secrets, and what was found in it; the place of each is empty."""
        work = _Work(self._search)
        return work.bytes("", text), tuple(work.findings)

    def plain_findings(self, text: bytes) -> tuple[Finding, ...]:
        """The secrets that stand in a text as they are; far quicker than looking into every encoding."""
        return tuple(Finding(hit.rule, "", hit.spans[0][0]) for hit in self._search.plain_hits(text))


def _of_cleaned(exchange: Exchange, cleaned: Exchange) -> Mapping[str, Any] | None:
    """The golden transcript of a cleaned body. An escape of several letters is masked by as many asterisks, so that the
    decode may change by more than what was masked in the transcript: where it was the decode before, it is so again."""
    from harness.recording.golden import Undecoded, decoded  # brings the decoders, which few cleanings need

    was, now = decoded(exchange), decoded(cleaned)
    if isinstance(was, Undecoded) or isinstance(now, Undecoded) or was.to_dict() != exchange.transcript:
        return cleaned.transcript
    return now.to_dict()


def _with(note: str | None, more: Iterable[str]) -> str | None:
    """A note with remarks, each of which it has once."""
    lines = [note] if note else []
    lines += [line for line in more if line not in (note or "")]
    return "; ".join(lines) or None


class _Work:
    """The cleaning of one exchange: what was found so far, and what a reader should know."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self.findings: list[Finding] = []
        self.notes: list[str] = []

    def request(self, request: RecordedRequest) -> RecordedRequest:
        headers, (body,) = self._body("request", request.headers, (request.body,))
        return RecordedRequest(
            self.text("request.method", request.method), self._url(request.url), self._headers("request", headers), body
        )

    def response(self, response: WireResponse) -> WireResponse:
        reads = tuple(chunk.data for chunk in response.chunks)
        headers, cleaned = self._body("response", response.headers, reads)
        chunks = response.chunks if cleaned == reads else chunks_of(cleaned, response.chunks)
        return replace(response, headers=self._headers("response", headers), chunks=chunks)

    def _body(self, side: str, headers: Headers, reads: Sequence[bytes]) -> tuple[Headers, tuple[bytes, ...]]:
        place = f"{side}.body"
        try:
            body = unpacked_body(reads, headers)
        except Unsearchable as problem:
            self.findings.append(Finding(UNSEARCHED, place, 0))
            self.notes.append(f"the {side}'s body was not searched for secrets: it is packed as {problem}")
            body = Body(tuple(reads))
        plain = body.data
        cleaned = self.bytes(place, plain)
        if cleaned == plain:
            return headers, tuple(reads)
        if body.was_packed:
            self.notes.append(f"the {side}'s body was unpacked, because a secret was masked in it")
            headers = without_codings(headers)
        return headers, body.cut(cleaned)

    def _headers(self, side: str, headers: Headers) -> Headers:
        names = (self.text(f"{side}.headers", name) for name, _ in headers)
        return tuple((name, self._header(side, name, value)) for name, (_, value) in zip(names, headers, strict=True))

    def _header(self, side: str, name: str, value: str) -> str:
        raw = _bytes(value)
        hits = [*header_hits(name, raw), *url_hits(raw)]
        return _text(self.bytes(f"{side}.headers.{name}", raw, hits))

    def _url(self, url: str) -> str:
        raw = _bytes(url)
        return _text(self.bytes("request.url", raw, list(url_hits(raw))))

    @overload
    def text(self, place: str, text: str) -> str: ...
    @overload
    def text(self, place: str, text: str | None) -> str | None: ...
    def text(self, place: str, text: str | None) -> str | None:
        """A text without what in it is a secret wherever it stands."""
        return None if text is None else _text(self.bytes(place, _bytes(text)))

    def tree(self, place: str, tree: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Plain values as JSON has them, their texts cleaned."""
        if tree is None:
            return None
        raw = msgspec.json.encode(tree)
        cleaned = self.bytes(place, raw)
        return tree if cleaned == raw else dict(msgspec.json.decode(cleaned))

    def bytes(self, place: str, raw: bytes, named: Sequence[Hit] = ()) -> bytes:
        """Bytes without their secrets: those `named` because of where they stand, and those that the search finds."""
        cleaned = raw
        for _ in range(_PASSES):
            hits = self._search.hits(cleaned, named)
            if not hits:
                break
            self.findings += [Finding(hit.rule, place, hit.spans[0][0]) for hit in hits]
            cleaned, named = masked(cleaned, hits), ()
        return cleaned


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")
